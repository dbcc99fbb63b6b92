//! Opening the file and reading it whole, with everything checked that the log and its index say about each other.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use redb::{
    Builder, Database, ReadTransaction, ReadableDatabase as _, ReadableTable as _,
    ReadableTableMetadata as _, TableHandle as _,
};

use super::super::table::State;
use super::super::{Error, Event, Key, Result, Retention, Revision};
use super::PAGE_CACHE;
use super::ballast::{Backed, Ballast};
use super::garbage::Garbage;
use super::layout::{self, CEILING, COMPACTED, FORMAT, FORMAT_1, LIFE, LIVE, LOG, META, Row};
use super::medium::Medium;
use super::refusal::{cannot_open, damaged, gone, refused, unreadable};
use super::witness::{self, Testimony};

/// Who waits longer than this is told how far it is.
const PATIENCE: Duration = Duration::from_secs(1);

pub(super) struct Loaded {
    pub(super) state: State,
    pub(super) garbage: Garbage,
    /// That of the file.
    pub(super) life: u64,
    /// Why it was taken for an older copy, if it was.
    pub(super) older: Option<String>,
}

impl Loaded {
    fn empty(start: Revision, retention: Retention, life: u64) -> Self {
        Self { state: State::empty(start, retention), garbage: Garbage::default(), life, older: None }
    }
}

/// redb may panic over a file that something else has changed: that is a damaged file too.
pub(super) fn guarded<T>(path: &Path, open: impl FnOnce() -> Result<T>) -> Result<T> {
    let panicked = |_| Err(damaged(path, "its pages contradict each other"));
    catch_unwind(AssertUnwindSafe(open)).unwrap_or_else(panicked)
}

/// The open database file, which is made when there is none.
pub(super) fn database(medium: &dyn Medium, ballast: &Arc<Ballast>) -> Result<Database> {
    let path = medium.path();
    if let Some(database) = existing(medium, ballast, false)? {
        return Ok(database);
    }
    // A file that is half made is never the file.
    let made = medium.create().map_err(|why| cannot_open(path, &why))?;
    let made = builder(path).create_with_backend(Backed::new(made, ballast));
    let made = made.map_err(|why| refused(path, &why))?;
    begin(&made, medium).map_err(|why| unreadable(path, why))?;
    made.close().map_err(|why| refused(path, &why))?;
    medium.adopt().map_err(|why| cannot_open(path, &why))?;
    existing(medium, ballast, false)?.ok_or_else(|| gone(path))
}

/// The database file, opened again after a failure.
pub(super) fn reopened(medium: &dyn Medium, ballast: &Arc<Ballast>) -> Result<Database> {
    existing(medium, ballast, true)?.ok_or_else(|| gone(medium.path()))
}

fn existing(medium: &dyn Medium, ballast: &Arc<Ballast>, after_failure: bool) -> Result<Option<Database>> {
    let path = medium.path();
    let file = medium.open(after_failure).map_err(|why| cannot_open(path, &why))?;
    let open = |file| builder(path).create_with_backend(Backed::new(file, ballast));
    file.map(open).transpose().map_err(|why| refused(path, &why))
}

/// Every page is checked against its checksum when the file is opened: a file that was closed in order is not trusted
/// more than one that was not, and takes as long. In return commits need not store what would spare the check.
fn builder(path: &Path) -> Builder {
    let (shown, began) = (path.display().to_string(), Instant::now());
    let mut builder = Database::builder();
    builder.set_cache_size(PAGE_CACHE).set_check_integrity_on_open(true).set_repair_callback(move |check| {
        if began.elapsed() > PATIENCE {
            tracing::info!("checking {shown}: {:.0} %", check.progress() * 100.0);
        }
    });
    builder
}

/// The state of the database, which is begun when it is empty.
pub(super) fn load(database: &Database, medium: &dyn Medium, retention: Retention) -> Result<Loaded> {
    let (began, path) = (Instant::now(), medium.path());
    let read = database.begin_read().map_err(|why| unreadable(path, why.into()))?;
    let tables = read.list_tables().map_err(|why| unreadable(path, why.into()))?;
    let names: Vec<_> = tables.map(|table| table.name().to_owned()).collect();
    if names.is_empty() {
        let (start, life) = begin(database, medium).map_err(|why| unreadable(path, why))?;
        return Ok(Loaded::empty(start, retention, life));
    }
    if !names.iter().any(|name| name == META.name()) {
        let found = names.join(", ");
        return Err(Error::Incompatible(format!(
            "{} belongs to another program (its tables are {found}): choose another data directory",
            path.display()
        )));
    }
    let compacted = compacted(&read, path)?;
    let mut loaded = replay(&read, compacted, path, retention)?;
    check_index(&read, &loaded.state, path)?;
    loaded.life = meta(&read, LIFE, path)?.unwrap_or_default();
    let ceiling = meta(&read, CEILING, path)?.and_then(Revision::new);
    loaded.settle_the_past(database, medium, ceiling)?;
    tracing::info!(
        "opened {} at revision {}: {} objects in {} ms",
        path.display(),
        loaded.state.revision(),
        loaded.state.index().count(),
        began.elapsed().as_millis()
    );
    Ok(loaded)
}

/// Begins an empty store; where one was before, behind it. Answers its revision and its life.
fn begin(database: &Database, medium: &dyn Medium) -> Result<(Revision, u64), redb::Error> {
    let before = Testimony::of(medium);
    let start = before.as_ref().map_or_else(Revision::wall_clock, |said| Revision::above(said.revision));
    let known = before.is_some();
    let life = before.map_or(0, |said| said.newest());
    let transaction = database.begin_write()?;
    transaction.open_table(LOG)?;
    transaction.open_table(LIVE)?;
    {
        let mut meta = transaction.open_table(META)?;
        meta.insert(FORMAT, FORMAT_1)?;
        meta.insert(COMPACTED, start.get())?;
        meta.insert(LIFE, life)?;
    }
    transaction.commit()?;
    if known {
        witness::tell(medium, start, life);
    }
    Ok((start, life))
}

/// The compacted revision of a file of our format.
pub(super) fn compacted(read: &ReadTransaction, path: &Path) -> Result<Revision> {
    match meta(read, FORMAT, path)? {
        Some(FORMAT_1) => {}
        Some(newer) => {
            return Err(Error::Incompatible(format!(
                "{} is of storage format {newer} and this version reads format {FORMAT_1}: run the version that wrote it",
                path.display()
            )));
        }
        None => return Err(damaged(path, "it does not say its format")),
    }
    let compacted = meta(read, COMPACTED, path)?;
    compacted.and_then(Revision::new).ok_or_else(|| damaged(path, "it does not say its compacted revision"))
}

fn meta(read: &ReadTransaction, name: &str, path: &Path) -> Result<Option<u64>> {
    let number = || -> Result<Option<u64>, redb::Error> {
        Ok(read.open_table(META)?.get(name)?.map(|number| number.value()))
    };
    number().map_err(|why| unreadable(path, why))
}

/// Goes through the log once, in order.
fn replay(read: &ReadTransaction, compacted: Revision, path: &Path, retention: Retention) -> Result<Loaded> {
    let mut loaded = Loaded::empty(compacted, retention, 0);
    let now = Instant::now();
    let mut progress = Progress::new(now);
    let log = read.open_table(LOG).map_err(|why| unreadable(path, why.into()))?;
    let count = log.len().map_err(|why| unreadable(path, why.into()))?;
    for row in log.iter().map_err(|why| unreadable(path, why.into()))? {
        progress.row(count, path);
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

/// Tells how far the reading is, when it takes long.
struct Progress {
    rows: u64,
    tell_at: Instant,
}

impl Progress {
    fn new(now: Instant) -> Self {
        Self { rows: 0, tell_at: now + PATIENCE }
    }

    fn row(&mut self, of: u64, path: &Path) {
        self.rows += 1;
        if self.rows.is_multiple_of(4096) && Instant::now() >= self.tell_at {
            self.tell_at += PATIENCE;
            tracing::info!("reading {}: {} of {of} rows", path.display(), self.rows);
        }
    }
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
        row.replaces(previous.as_ref())?;
        let key = previous.as_ref().map_or_else(|| Key::new(row.key), |previous| previous.key.clone());
        let value = row.value.map(Bytes::copy_from_slice);
        self.state.apply(&[Arc::new(Event { key, revision, value, previous })], now);
        Ok(())
    }

    /// Behind all revisions that were given away and are not in the file: before a crash, or if it is an older copy.
    fn settle_the_past(
        &mut self,
        database: &Database,
        medium: &dyn Medium,
        ceiling: Option<Revision>,
    ) -> Result<()> {
        let (path, said) = (medium.path(), Testimony::of(medium));
        if let Some(why) = witness::contradiction(said.as_ref(), self.life, self.state.revision()) {
            let said = said.unwrap_or_default();
            let known = said.revision.max(self.state.revision().get());
            let to = Revision::above(known).max(ceiling.unwrap_or(Revision::FIRST));
            let shown = path.display();
            tracing::warn!("{shown}: {why}. It goes on at revision {to}, and clients list again");
            self.older = Some(why);
            // With the raise, so that one that fails is done again.
            self.life = said.newest();
            self.jump(database, to, path)?;
            witness::tell(medium, to, self.life);
            return Ok(());
        }
        let Some(ceiling) = ceiling else { return Ok(()) };
        tracing::warn!(
            "{} was not closed in order, while writes were acknowledged before they were durable: some may be lost. \
             It goes on at revision {ceiling}, and clients list again",
            path.display()
        );
        self.jump(database, ceiling, path)
    }

    fn jump(&mut self, database: &Database, to: Revision, path: &Path) -> Result<()> {
        let forgotten = self.state.lift(to);
        forgotten.iter().for_each(|event| self.garbage.forget(event));
        let jump = || -> Result<(), redb::Error> {
            let transaction = database.begin_write()?;
            {
                let mut meta = transaction.open_table(META)?;
                meta.insert(COMPACTED, self.state.compacted().get())?;
                meta.insert(LIFE, self.life)?;
                meta.remove(CEILING)?;
            }
            Ok(transaction.commit()?)
        };
        jump().map_err(|why| unreadable(path, why))
    }
}

/// The index must say what the log says.
pub(super) fn check_index(read: &ReadTransaction, state: &State, path: &Path) -> Result<()> {
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
