//! The database while it works, and the outage while it does not.
//!
//! After any failure the file cannot be trusted before it is opened again: redb refuses it, and the page cache may
//! hold what the disk never took. When to try, and what to do with what is found then, the committer knows. Opening reads
//! the whole file, which takes long: a thread of its own does it, and writes are refused meanwhile.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use redb::{Database, Durability, ReadableTable as _, WriteTransaction};

use super::super::{Error, Event, Result, Revision};
use super::ballast::Ballast;
use super::layout::{self, CEILING, COMPACTED, LIFE, LIVE, LOG, META};
use super::load;
use super::medium::Medium;
use super::refusal::{damaged, unavailable};

/// How long to wait before a file that failed is opened again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// At first; twice as long after each failure, ...
    pub(super) first: Duration,
    /// ... up to this.
    pub(super) most: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self { first: Duration::from_millis(100), most: Duration::from_secs(5) }
    }
}

/// What one durable transaction writes.
#[derive(Clone, Copy)]
pub(super) struct Change<'a> {
    pub(super) events: &'a [Arc<Event>],
    /// Rows that go.
    pub(super) garbage: &'a [Revision],
    pub(super) compacted: Option<Revision>,
    /// Below which revisions may be given away before they are durable; 0 is none.
    pub(super) ceiling: Option<u64>,
    /// The name of the life that begins.
    pub(super) life: Option<u64>,
}

pub(super) struct Engine {
    medium: Arc<dyn Medium>,
    ballast: Arc<Ballast>,
    pace: Pace,
    database: Result<Database, Outage>,
    row: Vec<u8>,
}

struct Outage {
    why: String,
    wait: Duration,
    next: Instant,
    opening: Option<JoinHandle<Result<Database>>>,
}

/// How often the thread that opens the file is looked at.
const LOOK: Duration = Duration::from_millis(10);

/// A transaction that did not work.
enum Failed {
    /// Certainly nothing of it is written.
    Before(redb::Error),
    /// It may be written.
    AtCommit(String),
}

impl Engine {
    pub(super) fn new(
        medium: Arc<dyn Medium>,
        ballast: Arc<Ballast>,
        database: Database,
        pace: Pace,
    ) -> Self {
        Self { medium, ballast, pace, database: Ok(database), row: Vec::new() }
    }

    pub(super) fn path(&self) -> &Path {
        self.medium.path()
    }

    /// The answer to writes while there is an outage.
    pub(super) fn refusal(&self, now: Instant) -> Option<Error> {
        let outage = self.database.as_ref().err()?;
        let retry_after = outage.next.saturating_duration_since(now).max(Duration::from_secs(1));
        Some(Error::Unavailable { why: outage.why.clone(), retry_after })
    }

    /// When to try to end the outage.
    pub(super) fn retry_at(&self) -> Option<Instant> {
        self.database.as_ref().err().map(|outage| outage.next)
    }

    /// One durable transaction. After `Unknown` it may be there.
    pub(super) fn commit(&mut self, change: Change<'_>) -> Result<()> {
        if let Some(refusal) = self.refusal(Instant::now()) {
            return Err(refusal);
        }
        let Self { database: Ok(database), row, .. } = self else { return Err(Error::closed()) };
        let written = catch_unwind(AssertUnwindSafe(|| write(database, change, row)));
        let failed = match written {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(failed)) => failed,
            Err(_) => Failed::AtCommit("its pages contradict each other".into()),
        };
        Err(self.fail(&failed))
    }

    /// Opens the file again; nothing is answered while that goes on, unless it is waited for. The file is taken into
    /// use with [`Engine::resume`].
    pub(super) fn open_again(&mut self, now: Instant, wait: bool) -> Option<Result<Database>> {
        let Err(outage) = &mut self.database else { return None };
        let (medium, ballast) = (Arc::clone(&self.medium), Arc::clone(&self.ballast));
        let open = move || load::guarded(medium.path(), || load::reopened(&*medium, &ballast));
        let begin = || std::thread::Builder::new().name("storage-open".into()).spawn(open);
        let opening = match outage.opening.take().map_or_else(begin, Ok) {
            Ok(opening) => opening,
            Err(why) => {
                return Some(Err(unavailable(format!("the thread that opens it cannot be started: {why}"))));
            }
        };
        if !wait && !opening.is_finished() {
            (outage.opening, outage.next) = (Some(opening), now + LOOK);
            return None;
        }
        let path = self.medium.path();
        Some(opening.join().unwrap_or_else(|_| Err(damaged(path, "its pages contradict each other"))))
    }

    /// Whether the file is being opened.
    pub(super) fn is_opening(&self) -> bool {
        self.database.as_ref().is_err_and(|outage| outage.opening.is_some())
    }

    pub(super) fn resume(&mut self, database: Database) {
        self.database = Ok(database);
    }

    /// It could not be opened, or not be used.
    pub(super) fn postpone(&mut self, why: &str, now: Instant) {
        let wait = match &self.database {
            Err(outage) => (outage.wait * 2).min(self.pace.most),
            Ok(_) => self.pace.first,
        };
        // Closes what is open. redb may panic over what it failed to write.
        let outage = Err(Outage { why: why.to_owned(), wait, next: now + wait, opening: None });
        let failed = std::mem::replace(&mut self.database, outage);
        let _ = catch_unwind(AssertUnwindSafe(|| drop(failed)));
    }

    pub(super) fn why_down(&self) -> Option<&str> {
        self.database.as_ref().err().map(|outage| outage.why.as_str())
    }

    fn fail(&mut self, failed: &Failed) -> Error {
        let path = self.medium.path().display();
        let why = match failed {
            Failed::Before(why) => format!("writing to {path} failed: {why}"),
            Failed::AtCommit(why) => format!("writing to {path} failed at the commit: {why}"),
        };
        tracing::error!("{why}; the file is opened again");
        self.postpone(&why, Instant::now());
        match failed {
            Failed::Before(_) => Error::Unavailable { why, retry_after: Duration::from_secs(1) },
            Failed::AtCommit(_) => Error::Unknown { why },
        }
    }
}

impl Drop for Engine {
    /// Nobody has the file afterwards.
    fn drop(&mut self) {
        if let Err(outage) = &mut self.database
            && let Some(opening) = outage.opening.take()
        {
            drop(opening.join());
        }
    }
}

fn write(database: &Database, change: Change<'_>, row: &mut Vec<u8>) -> Result<(), Failed> {
    let transaction = fill(database, change, row).map_err(Failed::Before)?;
    transaction.commit().map_err(|why| Failed::AtCommit(why.to_string()))
}

fn fill(database: &Database, change: Change<'_>, row: &mut Vec<u8>) -> Result<WriteTransaction, redb::Error> {
    let mut transaction = database.begin_write()?;
    transaction.set_durability(Durability::Immediate)?;
    {
        let mut log = transaction.open_table(LOG)?;
        let mut live = transaction.open_table(LIVE)?;
        for event in change.events {
            layout::encode(event, row);
            log.insert(event.revision.get(), row.as_slice())?;
            match event.value {
                Some(_) => drop(live.insert(event.key.as_str(), event.revision.get())?),
                None => drop(live.remove(event.key.as_str())?),
            }
        }
        for revision in change.garbage {
            log.remove(revision.get())?;
        }
    }
    if change.compacted.is_some() || change.ceiling.is_some() || change.life.is_some() {
        let mut meta = transaction.open_table(META)?;
        if let Some(compacted) = change.compacted {
            let known = meta.get(COMPACTED)?.map_or(0, |known| known.value());
            meta.insert(COMPACTED, known.max(compacted.get()))?;
        }
        match change.ceiling {
            Some(0) => drop(meta.remove(CEILING)?),
            Some(ceiling) => drop(meta.insert(CEILING, ceiling)?),
            None => {}
        }
        if let Some(life) = change.life {
            meta.insert(LIFE, life)?;
        }
    }
    Ok(transaction)
}
