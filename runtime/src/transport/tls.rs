//! The TLS that is spoken: the certificate shown, the protocols offered.

use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::client_certificate::Asked;
use crate::certificates::Pair;
use crate::certificates::files::parse_bundle;
use crate::{Error, Result};

/// The certificate that the server shows. It may be exchanged at any time; new handshakes show the new one.
#[derive(Clone, Debug)]
pub(crate) struct Identity(Arc<ArcSwap<CertifiedKey>>);

impl Identity {
    /// Takes a certificate chain and its key.
    pub(crate) fn new(pair: &Pair) -> Result<Identity> {
        Ok(Identity(Arc::new(ArcSwap::new(certified(pair)?))))
    }

    /// Shows another one from now on.
    pub(crate) fn replace(&self, pair: &Pair) -> Result<()> {
        self.0.store(certified(pair)?);
        Ok(())
    }
}

impl ResolvesServerCert for Identity {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load_full())
    }
}

/// HTTP/2 and HTTP/1.1 with an optional client certificate.
pub(crate) fn config(identity: Identity) -> Result<Arc<ServerConfig>> {
    let provider = provider();
    let mut config = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()?
        .with_client_cert_verifier(Arc::new(Asked(provider)))
        .with_cert_resolver(Arc::new(identity));
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// Always named, never the process's default: another crate may have installed a different one.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn certified(pair: &Pair) -> Result<Arc<CertifiedKey>> {
    let chain = parse_bundle(pair.certificate.as_bytes());
    if chain.is_empty() {
        return Err(Error::new("the serving certificate holds no PEM certificate"));
    }
    let key = PrivateKeyDer::from_pem_slice(pair.key.as_bytes())
        .map_err(|error| Error::new(format!("the serving key is no PEM private key: {error}")))?;
    let key = CertifiedKey::from_der(chain, key, &provider())
        .map_err(|error| Error::new(format!("the serving certificate and its key: {error}")))?;
    Ok(Arc::new(key))
}
