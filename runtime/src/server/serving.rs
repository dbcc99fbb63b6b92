//! The certificate that a server shows: from files, or one that vouches for itself.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::Options;
use crate::certificates::{Leaf, authority, files};
use crate::transport::{Identity, Source};
use crate::{Error, Result};

/// The identity, and the files that it is read from again.
pub(super) fn identity(options: &Options, address: IpAddr) -> Result<(Identity, Source)> {
    if let (Some(certificate), Some(key)) = (&options.tls_cert_file, &options.tls_private_key_file) {
        let source = Source { certificate: certificate.clone(), key: key.clone() };
        let Some(pair) = source.read()? else {
            return Err(Error::new(format!(
                "--tls-cert-file {} or --tls-private-key-file {} does not exist",
                certificate.display(),
                key.display()
            )));
        };
        return Ok((Identity::new(&pair)?, source));
    }
    let source = Source {
        certificate: options.cert_dir.join("apiserver.crt"),
        key: options.cert_dir.join("apiserver.key"),
    };
    let pair = match source.read()? {
        Some(pair) => pair,
        None => {
            let addresses: &[IpAddr] = &[Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into(), address];
            let addresses = if address.is_unspecified() { &addresses[..2] } else { addresses };
            let leaf = Leaf { common_name: "localhost", names: &["localhost"], addresses, ..Leaf::default() };
            let pair = authority::self_signed(leaf)?;
            files::write_pair(&pair, &source.certificate, &source.key)?;
            tracing::info!(
                file = %source.certificate.display(),
                "generated a serving certificate that vouches for itself; --tls-cert-file takes a real one"
            );
            pair
        }
    };
    Ok((Identity::new(&pair)?, source))
}
