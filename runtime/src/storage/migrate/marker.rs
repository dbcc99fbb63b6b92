//! The record in a target that says that it is not whole yet. No object has such a key, and on etcd no list has it.

use serde::{Deserialize, Serialize};

use super::super::{At, Error, Key, Result, Revision, Storage, Stored, Write, only};

/// What keys begin with that are of no object. No group begins with `~`.
pub(super) const RESERVED: &str = "~aggboot/";
const KEY: &str = "~aggboot/migration";
const FORMAT: &str = "aggboot-migration/1";

/// A migration that did not come to its end yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unfinished {
    format: String,
    /// What its source is called.
    pub source: String,
    /// The highest revision that the source had served.
    pub above: u64,
}

impl Unfinished {
    pub(super) fn new(source: &str, above: Revision) -> Self {
        Self { format: FORMAT.to_owned(), source: source.to_owned(), above: above.get() }
    }

    pub(super) fn above(&self) -> Revision {
        Revision::new(self.above).unwrap_or(Revision::FIRST)
    }
}

/// The migration into that store that did not come to its end yet.
///
/// # Errors
/// When the store fails, or the record was written by a newer version.
pub async fn unfinished(storage: &dyn Storage) -> Result<Option<Unfinished>> {
    read(storage).await.map(|read| read.map(|(marker, _)| marker))
}

/// Puts it there, or in the place of an earlier one.
pub(super) async fn put(storage: &dyn Storage, marker: &Unfinished) -> Result<()> {
    let value = serde_json::to_vec(marker).map_err(|why| Error::Incompatible(why.to_string()))?.into();
    let write = match read(storage).await? {
        None => Write::create(Key::new(KEY), value),
        Some((_, stored)) => Write::replace(stored.key, stored.revision, value),
    };
    only(storage.write(vec![write]).await).map(drop)
}

pub(super) async fn remove(storage: &dyn Storage) -> Result<()> {
    let Some((_, stored)) = read(storage).await? else { return Ok(()) };
    storage.delete(stored.key, stored.revision).await.map(drop)
}

async fn read(storage: &dyn Storage) -> Result<Option<(Unfinished, Stored)>> {
    let Some(stored) = storage.get(&Key::new(KEY), At::Latest).await?.value else { return Ok(None) };
    let marker: Result<Unfinished, _> = serde_json::from_slice(&stored.value);
    match marker {
        Ok(marker) if marker.format == FORMAT => Ok(Some((marker, stored))),
        _ => Err(Error::Incompatible(format!(
            "the record {KEY} of a migration was written by a newer version: use that version of aggboot"
        ))),
    }
}
