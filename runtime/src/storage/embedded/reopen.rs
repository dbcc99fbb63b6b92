//! What a file that was opened again after a failure says about the writes that were under way.
//!
//! The table in memory was served meanwhile. The file is the same, or ahead of it by the one transaction whose outcome
//! was unknown; or behind it by what is pending, where writes do not wait for the disk.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use redb::{Database, ReadTransaction, ReadableDatabase as _, ReadableTable as _};

use super::super::table::Table;
use super::super::{Error, Event, Key, Result, Revision};
use super::garbage::Garbage;
use super::layout::{self, LOG, Row};
use super::load;
use super::pending::Pending;
use super::refusal::{damaged, unreadable};

/// Brings the table up to what is durable, and tells the watchers.
pub(super) fn catch_up(
    database: &Database,
    path: &Path,
    table: &Table,
    garbage: &mut Garbage,
    pending: Option<&mut Pending>,
) -> Result<()> {
    let read = database.begin_read().map_err(|why| unreadable(path, why.into()))?;
    let compacted = load::compacted(&read, path)?;
    let known = table.state().revision();
    let durable = last(&read).map_err(|why| unreadable(path, why))?.max(compacted.get());
    let first_pending = pending.and_then(|pending| {
        pending.found(durable);
        pending.events.first().map(|event| event.revision.get())
    });
    let expected = first_pending.map_or(known.get(), |first| first - 1);
    if durable < expected {
        return Err(Error::Incompatible(format!(
            "{} is at revision {durable} and {expected} was written: it is not the file that was open. \
             Put that one in its place, or stop the server",
            path.display()
        )));
    }
    follow(&read, known, path, table)?;
    let mut state = table.state_mut();
    let forgotten = if compacted > state.revision() {
        state.lift(compacted)
    } else if compacted > state.compacted() {
        state.compact(compacted)
    } else {
        Vec::new()
    };
    let through = state.revision();
    drop(state);
    forgotten.iter().for_each(|event| garbage.forget(event));
    table.publish(&[], through);
    // What is pending is in the state and not in the index.
    if first_pending.is_none() { load::check_index(&read, &table.state(), path) } else { Ok(()) }
}

fn last(read: &ReadTransaction) -> Result<u64, redb::Error> {
    Ok(read.open_table(LOG)?.last()?.map_or(0, |(revision, _)| revision.value()))
}

/// Makes the rows behind a revision events.
fn follow(read: &ReadTransaction, known: Revision, path: &Path, table: &Table) -> Result<()> {
    let now = Instant::now();
    let log = read.open_table(LOG).map_err(|why| unreadable(path, why.into()))?;
    for row in log.range(known.next().get()..).map_err(|why| unreadable(path, why.into()))? {
        let (number, row) = row.map_err(|why| unreadable(path, why.into()))?;
        let number = number.value();
        let wrong = |why: String| damaged(path, &format!("at revision {number}: {why}"));
        let revision = Revision::new(number).ok_or_else(|| wrong("there is no revision 0".into()))?;
        let event = event(table, revision, &layout::decode(row.value()).map_err(wrong)?).map_err(wrong)?;
        table.state_mut().apply(&[Arc::clone(&event)], now);
        table.publish(&[event], revision);
    }
    Ok(())
}

fn event(table: &Table, revision: Revision, row: &Row<'_>) -> Result<Arc<Event>, String> {
    let previous = table.state().current(row.key);
    row.replaces(previous.as_ref())?;
    let key = previous.as_ref().map_or_else(|| Key::new(row.key), |previous| previous.key.clone());
    let value = row.value.map(Bytes::copy_from_slice);
    Ok(Arc::new(Event { key, revision, value, previous }))
}
