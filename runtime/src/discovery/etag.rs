//! Entity tags of documents: the upper-case hex SHA-512 of their JSON, as Go's servers make them.

use sha2::{Digest, Sha512};

/// The tag without its quotes.
#[must_use]
pub(crate) fn hash(bytes: &[u8]) -> String {
    Sha512::digest(bytes).iter().map(|byte| format!("{byte:02X}")).collect()
}
