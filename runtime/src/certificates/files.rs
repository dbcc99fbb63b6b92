//! Certificates and keys in files: read with the flag in the sentence, written so that only the owner reads keys.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, SystemTime};

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use super::{Pair, Subject};
use crate::{Error, Result, owner_only};

/// Reads a file of PEM certificates. There must be one at least.
pub(crate) fn read_bundle(path: &Path, flag: &str) -> Result<Vec<u8>> {
    let pem = fs::read(path)
        .map_err(|error| Error::new(format!("reading the file of {flag}, {}: {error}", path.display())))?;
    if parse_bundle(&pem).is_empty() {
        return Err(Error::new(format!("the file of {flag}, {}, holds no PEM certificate", path.display())));
    }
    Ok(pem)
}

/// The certificates of a PEM bundle; sections of other kinds are skipped.
pub(crate) fn parse_bundle(pem: &[u8]) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_slice_iter(pem).filter_map(Result::ok).collect()
}

/// Reads a pair; nothing when either file is missing.
pub(crate) fn read_pair(certificate: &Path, key: &Path) -> Result<Option<Pair>> {
    let read = |path: &Path| match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::new(format!("reading {}: {error}", path.display()))),
    };
    Ok(match (read(certificate)?, read(key)?) {
        (Some(certificate), Some(key)) => Some(Pair { certificate, key }),
        _ => None,
    })
}

/// Writes a pair: the certificate for everybody, the key for its owner.
pub(crate) fn write_pair(pair: &Pair, certificate: &Path, key: &Path) -> Result<()> {
    write(key, pair.key.as_bytes(), 0o600)?;
    write(certificate, pair.certificate.as_bytes(), 0o644)
}

/// Writes a whole file or nothing, with these permissions from the first byte on.
pub(crate) fn write(path: &Path, content: &[u8], mode: u32) -> Result<()> {
    let failed = |error| Error::new(format!("writing {}: {error}", path.display()));
    if let Some(folder) = path.parent() {
        owner_only::directory(folder).map_err(failed)?;
    }
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let staged = path.with_file_name(name);
    // What an interrupted start left behind may be readable by others.
    let _ = fs::remove_file(&staged);
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    let mut file = options.open(&staged).map_err(failed)?;
    file.write_all(content).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    fs::rename(&staged, path).map_err(failed)
}

/// Whether a PEM certificate is still good for a while.
pub(crate) fn lasts(pem: &str, at_least: Duration) -> bool {
    let Some(certificate) = parse_bundle(pem.as_bytes()).into_iter().next() else { return false };
    Subject::of(&certificate).is_ok_and(|subject| subject.not_after > SystemTime::now() + at_least)
}
