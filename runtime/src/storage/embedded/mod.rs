//! The durable backend in one file: redb behind one committer.
//!
//! A write goes to the committer's thread, which takes all that wait into one transaction: preconditions against the
//! table and the writes before, commit and fsync, apply, answer, wake the watchers. Reads and watches are served from
//! the table in memory and never wait for the disk.
//!
//! On disk the log, revision → row, is the data *and* the history; see `layout`. One process at a time can have the
//! file open. A disk that fails is an outage: writes are refused and the file is opened again until it works (`engine`,
//! `reopen`), while reads go on. A disk that is full still takes deletions (`ballast`). An older copy in the place of the
//! file is noticed (`witness`).

mod ballast;
mod committer;
mod engine;
mod followed;
mod garbage;
mod layout;
mod load;
mod medium;
mod overlay;
mod pending;
mod refusal;
mod reopen;
mod space;
pub mod upkeep;
mod witness;

#[cfg(test)]
mod tests;

use std::fmt;
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::{oneshot, watch};

use self::ballast::Ballast;
use self::committer::{Committer, Request};
use self::engine::{Engine, Pace};
use self::medium::{Directory, Medium};
use self::pending::Pending;
use self::witness::Witness;
use super::table::{MAX_VALUE, Table};
use super::{
    At, BoxFuture, Error, Events, Facts, Health, Key, Page, Prefix, Query, Read, Result, Retention, Revision,
    Start, Storage, Stored, Write,
};

/// redb's own default is 1 GiB. Reads are answered by the table: the file's pages serve commits, which touch few, and an
/// opening, which reads each once or twice and would leave all of them here.
const PAGE_CACHE: usize = 4 << 20;

/// When a write is acknowledged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// When the disk has it. Writes that wait at the same time share one sync.
    #[default]
    Group,
    /// At once; the disk has it within this interval. A crash loses what it does not have, and then every client is
    /// told to list again, so that none goes on from a state that is gone.
    Relaxed(Duration),
}

/// What can be chosen about a store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// How much history it keeps.
    pub retention: Retention,
    /// When a write is acknowledged.
    pub durability: Durability,
}

/// A store in one file of a directory.
pub struct Embedded {
    table: Arc<Table>,
    /// Whether what is acknowledged is durable.
    durable: bool,
    /// Why it was taken for an older copy, if it was.
    older: Option<String>,
    /// `None` only while it is dropped.
    requests: Option<mpsc::Sender<Request>>,
    committer: Option<JoinHandle<()>>,
}

impl Embedded {
    /// Opens the store in that directory, which is made when it is missing. Reads everything: not for an async task.
    ///
    /// A store that is in use, damaged, foreign or newer is [`Error::Incompatible`], and says what to do.
    pub fn open(dir: &Path) -> Result<Self> {
        Self::open_with(dir, Settings::default())
    }

    /// Opens the store in that directory with these settings.
    pub fn open_with(dir: &Path, settings: Settings) -> Result<Self> {
        Self::on(Arc::new(Directory::lock(dir)?), settings, Pace::default())
    }

    fn on(medium: Arc<dyn Medium>, settings: Settings, pace: Pace) -> Result<Self> {
        let ballast = Arc::new(Ballast::new(Arc::clone(&medium)));
        let (database, loaded) = load::guarded(medium.path(), || {
            let database = load::database(&*medium, &ballast)?;
            let loaded = load::load(&database, &*medium, settings.retention)?;
            Ok((database, loaded))
        })?;
        let witness = Witness::new(Arc::clone(&medium), loaded.life, loaded.state.revision());
        let table = Arc::new(Table::new(loaded.state));
        let (requests, incoming) = mpsc::channel();
        let mut committer = Committer {
            engine: Engine::new(medium, Arc::clone(&ballast), database, pace),
            ballast,
            witness,
            table: Arc::clone(&table),
            garbage: loaded.garbage,
            pending: match settings.durability {
                Durability::Group => None,
                Durability::Relaxed(interval) => Some(Pending::new(interval)),
            },
            incoming,
            ask_at: None,
            slice: Vec::new(),
        };
        // A disk may be full from the beginning.
        committer.tend(Instant::now());
        let thread = std::thread::Builder::new().name("storage".into()).spawn(move || committer.run());
        let thread = thread.map_err(|why| {
            refusal::unavailable(format!("the thread that commits cannot be started: {why}"))
        })?;
        let durable = settings.durability == Durability::Group;
        let older = loaded.older;
        Ok(Self { table, durable, older, requests: Some(requests), committer: Some(thread) })
    }

    /// Why its file was taken for an older copy when it was opened, and the store raised; nothing where it was not.
    pub fn was_older(&self) -> Option<&str> {
        self.older.as_deref()
    }

    /// Hands a request over. An error means that the committer is gone and did not see it.
    fn send(&self, request: Request) -> Result<()> {
        let requests = self.requests.as_ref().ok_or_else(Error::closed)?;
        requests.send(request).map_err(|_| Error::closed())
    }

    async fn ask<T>(&self, request: impl FnOnce(oneshot::Sender<Result<T>>) -> Request) -> Result<T> {
        let (answer, answered) = oneshot::channel();
        self.send(request(answer))?;
        answered.await.unwrap_or_else(|_| Err(lost()))
    }
}

impl Storage for Embedded {
    fn get<'a>(&'a self, key: &'a Key, at: At) -> BoxFuture<'a, Result<Read<Option<Stored>>>> {
        Box::pin(async move { self.table.get(key, at) })
    }

    fn list(&self, query: Query) -> BoxFuture<'_, Result<Read<Page>>> {
        Box::pin(async move { self.table.list(&query) })
    }

    fn write(&self, writes: Vec<Write>) -> BoxFuture<'_, Vec<Result<Revision>>> {
        Box::pin(async move {
            let count = writes.len();
            let (answer, answered) = oneshot::channel();
            if let Err(why) = self.send(Request::Write { writes, answer }) {
                return vec![Err(why); count];
            }
            answered.await.unwrap_or_else(|_| vec![Err(lost()); count])
        })
    }

    fn watch<'a>(
        &'a self,
        prefix: &'a Prefix,
        from: Start,
        _previous: bool,
    ) -> BoxFuture<'a, Result<Events>> {
        Box::pin(async move { self.table.watch(prefix, from) })
    }

    fn barrier(&self) -> BoxFuture<'_, Result<Revision>> {
        Box::pin(async move { Ok(self.table.barrier()) })
    }

    fn compact(&self, through: Revision) -> BoxFuture<'_, Result<Revision>> {
        Box::pin(self.ask(move |answer| Request::Compact { through, answer }))
    }

    fn raise(&self, floor: Revision) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.ask(move |answer| Request::Raise { floor, answer }))
    }

    fn facts(&self) -> Facts {
        Facts { shared: false, durable: self.durable, max_value: MAX_VALUE }
    }

    fn health(&self) -> watch::Receiver<Health> {
        self.table.health()
    }
}

impl Drop for Embedded {
    /// Waits for what was handed over, so that the file is free when the store is gone.
    fn drop(&mut self) {
        self.requests = None;
        if let Some(committer) = self.committer.take() {
            // A panic in it has been told by the health of the store.
            let _ = committer.join();
        }
        self.table.close(Error::closed());
    }
}

impl fmt::Debug for Embedded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Embedded")
    }
}

fn lost() -> Error {
    Error::Unknown { why: "the storage stopped before it answered".into() }
}
