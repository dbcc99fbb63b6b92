//! The durable backend in one file: redb behind one committer.
//!
//! A write goes to the committer's thread, which takes all that wait into one transaction: preconditions against the
//! table and the writes before, commit and fsync, apply, answer, wake the watchers. Reads and watches are served from
//! the table in memory and never wait for the disk.
//!
//! On disk the log, revision → row, is the data *and* the history; see `layout`. One process at a time can have the
//! file open. What to do about a full or failing disk is decided above: here the store goes down and says why.

mod committer;
mod garbage;
mod layout;
mod load;

#[cfg(test)]
mod tests;

use std::fmt;
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use redb::Database;
use tokio::sync::{oneshot, watch};

use self::committer::{Committer, Request};
use super::table::{MAX_VALUE, Table};
use super::{
    At, BoxFuture, Error, Events, Facts, Health, Key, Page, Prefix, Query, Read, Result, Retention, Revision,
    Start, Storage, Stored, Write,
};

/// The file in the data directory.
const FILE: &str = "storage.redb";
/// redb's own default is 1 GiB.
const PAGE_CACHE: usize = 32 << 20;

/// A store in one file of a directory.
pub struct Embedded {
    table: Arc<Table>,
    /// `None` only while it is dropped.
    requests: Option<mpsc::Sender<Request>>,
    committer: Option<JoinHandle<()>>,
}

impl Embedded {
    /// Opens the store in that directory, which is made when it is missing. Reads everything: not for an async task.
    ///
    /// A store that is in use, damaged, foreign or newer is [`Error::Incompatible`], and says what to do.
    pub fn open(dir: &Path) -> Result<Self> {
        Self::open_keeping(dir, Retention::default())
    }

    /// Opens the store in that directory and keeps so much history.
    pub fn open_keeping(dir: &Path, retention: Retention) -> Result<Self> {
        let path = dir.join(FILE);
        load::guarded(&path, || {
            let database = load::database(dir, &path)?;
            Self::start(database, &path, retention)
        })
    }

    fn start(database: Database, path: &Path, retention: Retention) -> Result<Self> {
        let loaded = load::load(&database, path, retention)?;
        let table = Arc::new(Table::new(loaded.state));
        let (requests, incoming) = mpsc::channel();
        let committer = Committer::new(database, Arc::clone(&table), loaded.garbage, incoming);
        let thread = std::thread::Builder::new().name("storage".into()).spawn(move || committer.run());
        let thread = thread.map_err(|why| Error::Unavailable {
            why: format!("the thread that commits cannot be started: {why}"),
            retry_after: Duration::from_secs(1),
        })?;
        Ok(Self { table, requests: Some(requests), committer: Some(thread) })
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
        Facts { shared: false, durable: true, max_value: MAX_VALUE }
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
