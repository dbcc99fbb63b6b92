//! Directories and files that only their owner may read, from the moment they exist.
//!
//! What exists already keeps the permissions that somebody gave it.

use std::path::Path;
use std::{fs, io};

/// Makes a directory, and those above it that are missing.
pub(crate) fn directory(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Options with which a file that is created is its owner's.
#[cfg(feature = "embedded")]
pub(crate) fn file() -> fs::OpenOptions {
    #[allow(unused_mut, reason = "where files have no mode")]
    let mut options = fs::OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}
