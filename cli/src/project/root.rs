//! Where the project is: the nearest folder upward that holds an `aggboot.toml`.

use super::{MANIFEST, Manifest};
use crate::failure::{Failure, Result};
use std::path::{Path, PathBuf};

/// The project that `from` is in.
pub(crate) fn find(from: &Path) -> Result<PathBuf> {
    let root = from.ancestors().find(|folder| folder.join(MANIFEST).is_file());
    root.map(Path::to_owned).ok_or_else(|| Failure::Broken {
        path: from.display().to_string(),
        found: format!("there is no {MANIFEST} here or in a folder above"),
        advice: "make a project with: aggboot init repo --domain example.com".to_owned(),
    })
}

/// Its manifest.
pub(crate) fn load(root: &Path) -> Result<Manifest> {
    let path = root.join(MANIFEST);
    let text = std::fs::read_to_string(&path).map_err(Failure::io("read", &path))?;
    Manifest::parse(&text)
}
