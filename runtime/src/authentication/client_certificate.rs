//! A user in a certificate: CN is the name, O are the groups.

use std::collections::BTreeMap;

use ring::digest::{SHA256, digest};
use rustls_pki_types::CertificateDer;

use super::Anchors;
use crate::certificates::Subject;
use crate::request::User;

const CREDENTIAL_ID: &str = "authentication.kubernetes.io/credential-id";

/// The user of a verified certificate; nobody when it names none. The error is for the log.
pub(super) fn user(
    anchors: &Anchors,
    certificates: &[CertificateDer<'static>],
) -> Result<Option<User>, String> {
    anchors.verify(certificates)?;
    let Some(leaf) = certificates.first() else { return Ok(None) };
    let mut subject = Subject::of(leaf).map_err(|error| error.to_string())?;
    if subject.common_name.is_empty() {
        return Ok(None);
    }
    if subject.uids.len() > 1 {
        return Err("it holds more than one uid".to_owned());
    }
    let fingerprint = digest(&SHA256, leaf).as_ref().iter().fold(String::new(), |mut text, byte| {
        use std::fmt::Write;
        let _ = write!(text, "{byte:02x}");
        text
    });
    let extra = BTreeMap::from([(CREDENTIAL_ID.to_owned(), vec![format!("X509SHA256={fingerprint}")])]);
    let uid = subject.uids.pop().unwrap_or_default();
    Ok(Some(User { name: subject.common_name, uid, groups: subject.organizations, extra }))
}
