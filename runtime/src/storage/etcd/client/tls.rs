//! How etcd is known and how it knows us.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

/// The files. They are read for each connection, so that new certificates are taken up without a restart.
#[derive(Clone, Debug)]
pub(in crate::storage::etcd) struct Tls {
    pub(in crate::storage::etcd) authorities: PathBuf,
    /// Certificate and key of ours.
    pub(in crate::storage::etcd) identity: Option<(PathBuf, PathBuf)>,
}

impl Tls {
    pub(in crate::storage::etcd) fn config(&self) -> Result<ClientConfig, String> {
        let mut roots = RootCertStore::empty();
        for authority in certificates(&self.authorities)? {
            let unfit = |error| format!("{} holds no authority: {error}", self.authorities.display());
            roots.add(authority).map_err(unfit)?;
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .with_root_certificates(roots);
        let mut config = match &self.identity {
            None => config.with_no_client_auth(),
            Some((certificate, key)) => {
                let private = PrivateKeyDer::from_pem_file(key).map_err(|error| unreadable(key, &error))?;
                let unfit = |error| format!("{} with {}: {error}", certificate.display(), key.display());
                config.with_client_auth_cert(certificates(certificate)?, private).map_err(unfit)?
            }
        };
        config.alpn_protocols = vec![b"h2".to_vec()];
        Ok(config)
    }
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let all = CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    match all.map_err(|error| unreadable(file, &error))? {
        none if none.is_empty() => Err(format!("{} holds no certificate in PEM", file.display())),
        all => Ok(all),
    }
}

fn unreadable(file: &Path, error: &rustls_pki_types::pem::Error) -> String {
    format!("reading {}: {error}", file.display())
}
