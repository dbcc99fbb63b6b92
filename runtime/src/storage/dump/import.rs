//! Lines to a store.

use std::io::BufRead;

use super::super::{At, Query, Revision, Storage, Write};
use super::contents::Contents;
use super::export::query;
use super::fill::Fill;
use super::{Dump, Error, Moved, Progress, Result};

/// Puts the records of a dump into an empty store.
///
/// The store is raised above the highest revision that the source served, and above `floor`, before the first record
/// is written: every record has a new revision, and whoever holds one of before is told to list. Afterwards the store
/// is read and compared with the dump.
///
/// A dump is known to be whole when its last line is read: call [`Dump::verify`] on it before, or import into a store
/// that nobody sees yet, as [`super::super::embedded::upkeep::Staged`] is. After a failure the store may hold some of the
/// records.
///
/// # Errors
/// [`Error::NotEmpty`] before anything is written; or when the dump was cut or changed, or the store fails.
pub async fn import<R: BufRead + Send>(
    mut dump: Dump<R>,
    storage: &dyn Storage,
    floor: Option<Revision>,
    progress: Progress<'_>,
) -> Result<Moved> {
    let first = storage.list(Query { limit: 1, ..query(None, At::Latest) }).await?.value;
    if !first.items.is_empty() {
        return Err(Error::NotEmpty {
            count: first.items.len() as u64 + first.remaining.unwrap_or_default(),
        });
    }
    storage.raise(dump.revision().max(floor.unwrap_or(Revision::FIRST))).await?;
    let (mut fill, mut contents) = (Fill::new(storage), Contents::default());
    while let Some(record) = dump.next_record()? {
        contents.add(&record.key, &record.value);
        fill.add(Write::create(record.key, record.value)).await?;
        progress(contents.count);
    }
    fill.flush().await?;
    let count = contents.count;
    Ok(Moved { count, revision: contents.compare(storage).await? })
}
