//! Whether a certificate chain leads to an authority, for a client, now.

use rustls::crypto::ring::default_provider;
use rustls_pki_types::{CertificateDer, TrustAnchor, UnixTime};
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert};

use crate::certificates::files::parse_bundle;

/// The authorities of a bundle.
#[derive(Debug)]
pub(crate) struct Anchors(Vec<TrustAnchor<'static>>);

impl Anchors {
    /// Reads a PEM bundle; nothing when it holds no usable authority. One that cannot be used is left out and logged.
    pub(crate) fn parse(pem: &[u8]) -> Option<Anchors> {
        let anchors: Vec<_> = parse_bundle(pem)
            .iter()
            .filter_map(|certificate| match anchor_from_trusted_cert(certificate) {
                Ok(anchor) => Some(anchor.to_owned()),
                Err(error) => {
                    tracing::warn!(%error, "a certificate authority was left out: it cannot be read");
                    None
                }
            })
            .collect();
        if anchors.is_empty() { None } else { Some(Anchors(anchors)) }
    }

    /// Verifies the first certificate; the others are intermediates. The error is for the log.
    pub(super) fn verify(&self, certificates: &[CertificateDer<'static>]) -> Result<(), String> {
        let [leaf, intermediates @ ..] = certificates else {
            return Err("there is no certificate".to_owned());
        };
        let algorithms = default_provider().signature_verification_algorithms;
        let leaf = EndEntityCert::try_from(leaf).map_err(|error| error.to_string())?;
        let (now, usage) = (UnixTime::now(), KeyUsage::client_auth());
        leaf.verify_for_usage(algorithms.all, &self.0, intermediates, now, usage, None, None)
            .map(|_| ())
            .map_err(|error| error.to_string())
    }
}
