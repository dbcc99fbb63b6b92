//! Opening the file and reading it whole, with everything checked that the log and its index say about each other.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use redb::backends::FileBackend;
use redb::{
    Database, DatabaseError, ReadTransaction, ReadableDatabase as _, ReadableTable as _, StorageError,
    TableHandle as _,
};

use super::super::table::State;
use super::super::{Error, Event, Key, Result, Retention, Revision};
use super::PAGE_CACHE;
use super::garbage::Garbage;
use super::layout::{self, COMPACTED, FORMAT, FORMAT_1, LIVE, LOG, META, Row};
use crate::owner_only;

pub(super) struct Loaded {
    pub(super) state: State,
    pub(super) garbage: Garbage,
}

/// redb may panic over a file that something else has changed: that is a damaged file too.
pub(super) fn guarded<T>(path: &Path, open: impl FnOnce() -> Result<T>) -> Result<T> {
    let panicked = |_| Err(damaged(path, "its pages contradict each other"));
    catch_unwind(AssertUnwindSafe(open)).unwrap_or_else(panicked)
}

/// The open database file.
pub(super) fn database(dir: &Path, path: &Path) -> Result<Database> {
    owner_only::directory(dir)
        .map_err(|why| unavailable(format!("the data directory {} cannot be made: {why}", dir.display())))?;
    // Objects may hold secrets.
    let file = owner_only::file().read(true).write(true).create(true).truncate(false).open(path);
    let file = file.map_err(|why| unavailable(format!("{} cannot be opened: {why}", path.display())))?;
    let backend = FileBackend::new(file).map_err(|why| refused(path, &why))?;
    let shown = path.display().to_string();
    let database = Database::builder()
        .set_cache_size(PAGE_CACHE)
        .set_repair_callback(move |repair| {
            tracing::info!("checking {shown} after a crash: {:.0} %", repair.progress() * 100.0);
        })
        .create_with_backend(backend)
        .map_err(|why| refused(path, &why))?;
    // A file is durable when its name is.
    let named = File::open(dir).and_then(|dir| dir.sync_all());
    named.map_err(|why| {
        unavailable(format!("the data directory {} cannot be synced: {why}", dir.display()))
    })?;
    Ok(database)
}

/// The state of the database, which is begun when it is empty.
pub(super) fn load(database: &Database, path: &Path, retention: Retention) -> Result<Loaded> {
    let began = Instant::now();
    let read = database.begin_read().map_err(|why| unreadable(path, why.into()))?;
    let tables = read.list_tables().map_err(|why| unreadable(path, why.into()))?;
    let names: Vec<_> = tables.map(|table| table.name().to_owned()).collect();
    if names.is_empty() {
        let start = Revision::wall_clock();
        begin(database, start).map_err(|why| unreadable(path, why))?;
        return Ok(Loaded { state: State::empty(start, retention), garbage: Garbage::default() });
    }
    if !names.iter().any(|name| name == META.name()) {
        let found = names.join(", ");
        return Err(Error::Incompatible(format!(
            "{} belongs to another program (its tables are {found}): choose another data directory",
            path.display()
        )));
    }
    let compacted = compacted(&read, path)?;
    let loaded = replay(&read, compacted, path, retention)?;
    check_index(&read, &loaded.state, path)?;
    tracing::info!(
        "opened {} at revision {}: {} objects in {} ms",
        path.display(),
        loaded.state.revision(),
        loaded.state.index().count(),
        began.elapsed().as_millis()
    );
    Ok(loaded)
}

fn begin(database: &Database, start: Revision) -> Result<(), redb::Error> {
    let transaction = database.begin_write()?;
    transaction.open_table(LOG)?;
    transaction.open_table(LIVE)?;
    {
        let mut meta = transaction.open_table(META)?;
        meta.insert(FORMAT, FORMAT_1)?;
        meta.insert(COMPACTED, start.get())?;
    }
    Ok(transaction.commit()?)
}

/// The compacted revision of a file of our format.
fn compacted(read: &ReadTransaction, path: &Path) -> Result<Revision> {
    let number = |name: &str| -> Result<Option<u64>, redb::Error> {
        Ok(read.open_table(META)?.get(name)?.map(|number| number.value()))
    };
    match number(FORMAT).map_err(|why| unreadable(path, why))? {
        Some(FORMAT_1) => {}
        Some(newer) => {
            return Err(Error::Incompatible(format!(
                "{} is of storage format {newer} and this version reads format {FORMAT_1}: run the version that wrote it",
                path.display()
            )));
        }
        None => return Err(damaged(path, "it does not say its format")),
    }
    let compacted = number(COMPACTED).map_err(|why| unreadable(path, why))?;
    compacted.and_then(Revision::new).ok_or_else(|| damaged(path, "it does not say its compacted revision"))
}

/// Goes through the log once, in order.
fn replay(read: &ReadTransaction, compacted: Revision, path: &Path, retention: Retention) -> Result<Loaded> {
    let mut loaded = Loaded { state: State::empty(compacted, retention), garbage: Garbage::default() };
    let now = Instant::now();
    let log = read.open_table(LOG).map_err(|why| unreadable(path, why.into()))?;
    for row in log.iter().map_err(|why| unreadable(path, why.into()))? {
        let (number, row) = row.map_err(|why| unreadable(path, why.into()))?;
        let number = number.value();
        let wrong = |why: String| damaged(path, &format!("at revision {number}: {why}"));
        let revision = Revision::new(number).ok_or_else(|| wrong("there is no revision 0".into()))?;
        let row = layout::decode(row.value()).map_err(wrong)?;
        if revision <= compacted {
            loaded.settle(revision, &row);
        } else {
            loaded.happen(revision, &row, now).map_err(wrong)?;
        }
    }
    Ok(loaded)
}

impl Loaded {
    /// A row without history.
    fn settle(&mut self, revision: Revision, row: &Row<'_>) {
        let value = row.value.map(Bytes::copy_from_slice);
        let deletion = value.is_none();
        let replaced = self.state.settle(Key::new(row.key), revision, value);
        self.garbage.add(revision, replaced, deletion);
    }

    /// A row that is an event of the window.
    fn happen(&mut self, revision: Revision, row: &Row<'_>, now: Instant) -> Result<(), String> {
        let previous = self.state.current(row.key);
        let replaced = previous.as_ref().map(|previous| previous.revision);
        if replaced != row.replaced {
            return Err(format!("it replaced {:?} of {} and {replaced:?} is there", row.replaced, row.key));
        }
        let key = previous.as_ref().map_or_else(|| Key::new(row.key), |previous| previous.key.clone());
        let value = row.value.map(Bytes::copy_from_slice);
        self.state.apply(&[Arc::new(Event { key, revision, value, previous })], now);
        Ok(())
    }
}

/// The index must say what the log says.
fn check_index(read: &ReadTransaction, state: &State, path: &Path) -> Result<()> {
    let live = read.open_table(LIVE).map_err(|why| unreadable(path, why.into()))?;
    let mut expected = state.index();
    for row in live.iter().map_err(|why| unreadable(path, why.into()))? {
        let (key, number) = row.map_err(|why| unreadable(path, why.into()))?;
        let (key, number) = (key.value(), number.value());
        if expected.next().is_none_or(|(name, revision)| name != key || revision.get() != number) {
            return Err(damaged(path, &format!("{key} is not at revision {number}, as the index says")));
        }
    }
    match expected.next() {
        Some((key, revision)) => {
            Err(damaged(path, &format!("{key} at revision {revision} is not in the index")))
        }
        None => Ok(()),
    }
}

fn refused(path: &Path, why: &DatabaseError) -> Error {
    let shown = path.display();
    match why {
        DatabaseError::DatabaseAlreadyOpen => Error::Incompatible(format!(
            "{shown} is in use by another process: stop that one, or choose another data directory"
        )),
        DatabaseError::UpgradeRequired(version) => Error::Incompatible(format!(
            "{shown} is of version {version} of redb's file format, which is not read here: \
             run the version that wrote it"
        )),
        DatabaseError::Storage(StorageError::Corrupted(why)) => damaged(path, why),
        DatabaseError::Storage(StorageError::Io(io)) if io.kind() == std::io::ErrorKind::InvalidData => {
            damaged(path, &io.to_string())
        }
        why => unavailable(format!("{shown} cannot be opened: {why}")),
    }
}

fn unreadable(path: &Path, why: redb::Error) -> Error {
    match why {
        redb::Error::Io(why) => unavailable(format!("{} cannot be read: {why}", path.display())),
        why => damaged(path, &why.to_string()),
    }
}

fn damaged(path: &Path, why: &str) -> Error {
    Error::Incompatible(format!(
        "{} is damaged: {why}. Put a backup in its place, or move it away to begin with an empty store",
        path.display()
    ))
}

fn unavailable(why: String) -> Error {
    Error::Unavailable { why, retry_after: Duration::from_secs(1) }
}
