//! What a project's files hold now. Reads only.

use crate::failure::{Failure, Result};
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;

/// A path that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Found {
    Nothing,
    Text(String),
}

/// The paths a plan concerns, as they were when it was made.
#[derive(Clone, Debug, Default)]
pub(crate) struct OnDisk(BTreeMap<String, Found>);

impl OnDisk {
    /// The text of a file, if there is one.
    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        match self.0.get(path) {
            Some(Found::Text(text)) => Some(text),
            Some(Found::Nothing) | None => None,
        }
    }

    #[cfg(test)]
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        Self(files.iter().map(|(path, text)| ((*path).to_owned(), Found::Text((*text).to_owned()))).collect())
    }
}

/// Reads each path below `root`.
pub(crate) fn read<'a>(root: &Path, paths: impl IntoIterator<Item = &'a str>) -> Result<OnDisk> {
    let found = paths.into_iter().map(|path| Ok((path.to_owned(), look(&root.join(path))?)));
    found.collect::<Result<_>>().map(OnDisk)
}

fn look(path: &Path) -> Result<Found> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Found::Text(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Found::Nothing),
        Err(error) => Err(Failure::io("read", path)(error)),
    }
}
