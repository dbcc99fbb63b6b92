//! What is said about a file that cannot be opened or read: what was found, and what to do.

use std::io;
use std::path::Path;
use std::time::Duration;

use redb::{DatabaseError, StorageError};

use super::super::Error;

/// Two processes must not write to one file.
pub(super) fn in_use(path: &Path) -> Error {
    Error::Incompatible(format!(
        "{} is in use by another process: stop that one, or choose another data directory",
        path.display()
    ))
}

/// What opening the database says.
pub(super) fn refused(path: &Path, why: &DatabaseError) -> Error {
    let shown = path.display();
    match why {
        DatabaseError::DatabaseAlreadyOpen => in_use(path),
        DatabaseError::UpgradeRequired(version) => Error::Incompatible(format!(
            "{shown} is of version {version} of redb's file format, which is not read here: \
             run the version that wrote it"
        )),
        DatabaseError::Storage(StorageError::Corrupted(why)) => damaged(path, why),
        DatabaseError::Storage(StorageError::Io(io)) if io.kind() == io::ErrorKind::InvalidData => {
            damaged(path, &io.to_string())
        }
        why => unavailable(format!("{shown} cannot be opened: {why}")),
    }
}

/// What the system says about the file.
pub(super) fn cannot_open(path: &Path, why: &io::Error) -> Error {
    match why.kind() {
        io::ErrorKind::InvalidData => damaged(path, &why.to_string()),
        _ => unavailable(format!("{} cannot be opened: {why}", path.display())),
    }
}

/// What reading the open database says.
pub(super) fn unreadable(path: &Path, why: redb::Error) -> Error {
    match why {
        redb::Error::Io(why) => unavailable(format!("{} cannot be read: {why}", path.display())),
        redb::Error::PreviousIo => unavailable(format!("{} cannot be read: {why}", path.display())),
        why => damaged(path, &why.to_string()),
    }
}

pub(super) fn damaged(path: &Path, why: &str) -> Error {
    Error::Incompatible(format!(
        "{} is damaged: {why}. Put a backup in its place, or move it away to begin with an empty store",
        path.display()
    ))
}

pub(super) fn gone(path: &Path) -> Error {
    unavailable(format!(
        "{} is gone: put it back, or start again to begin with an empty store",
        path.display()
    ))
}

pub(super) fn unavailable(why: String) -> Error {
    Error::Unavailable { why, retry_after: Duration::from_secs(1) }
}
