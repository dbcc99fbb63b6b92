//! A store for several servers: etcd, in the layout of Go's aggregated servers, so that their data can be taken over.
//!
//! etcd's revisions are served as they are, plus a base that only grows (`base`). Every write is a transaction of its own on
//! the mod revision, and every read and barrier is answered by a quorum: a member that reaches only a minority makes a read
//! fail and the outcome of a write unknown, but never answers from what it has. Nothing here expires: leases would give
//! several deletions one revision.

mod barrier;
mod base;
mod carry;
mod client;
mod config;
mod core;
mod failure;
mod health;
mod history;
mod layout;
mod open;
mod page;
mod proto;
mod read;
#[cfg(test)]
mod tests;
mod trust;
mod version;
mod watch;
mod write;

use std::fmt;
use std::sync::Arc;

use tokio::sync::watch as signal;
use tokio::task::JoinSet;

pub use config::{COMPACTION_INTERVAL, Config, HEALTH_PATIENCE, MAX_REQUEST_BYTES};

use self::carry::Carried;
use self::client::Client;
use self::core::Core;
use self::layout::Layout;
use super::{
    At, BoxFuture, Error, Events, Facts, Health, Key, Page, Prefix, Query, Read, Result, Revision, Start,
    Storage, Stored, Write,
};

/// A store in etcd.
pub struct Etcd {
    core: Arc<Core>,
    /// Tells the watches that the store is closed.
    closing: signal::Sender<bool>,
    /// Health and compaction; they end with the store.
    _tasks: JoinSet<()>,
}

impl Etcd {
    /// Opens the store: waits up to 20 seconds for etcd, and refuses data that it could not serve.
    pub async fn open(config: &Config) -> Result<Self> {
        let client = Client::new(&config.servers, config.tls()?, config.patience)?;
        let core = Arc::new(Core::new(client, Layout::new(&config.prefix), config.max_value()));
        core.check().await.map_err(|error| match error {
            Error::Unavailable { why, retry_after } | Error::Timeout { why, retry_after } => {
                Error::Unavailable { why: format!("{why} (--etcd-servers)"), retry_after }
            }
            error => error,
        })?;
        let mut tasks = JoinSet::new();
        let watched = Arc::clone(&core);
        tasks.spawn(watched.watch_health(config.health_patience));
        let interval = config.compaction_interval;
        if !interval.is_zero() {
            let compacted = Arc::clone(&core);
            tasks.spawn(async move { compacted.compact_regularly(interval).await });
        }
        Ok(Self { core, closing: signal::Sender::new(false), _tasks: tasks })
    }

    /// Closes the store for all who hold it: its watches end, and no call is begun any more.
    pub fn close(&self) {
        self.core.client.close();
        self.closing.send_replace(true);
    }
}

impl Storage for Etcd {
    fn get<'a>(&'a self, key: &'a Key, at: At) -> BoxFuture<'a, Result<Read<Option<Stored>>>> {
        Box::pin(self.core.get(key, at))
    }

    fn list(&self, query: Query) -> BoxFuture<'_, Result<Read<Page>>> {
        Box::pin(self.core.list(query))
    }

    fn write(&self, writes: Vec<Write>) -> BoxFuture<'_, Vec<Result<Revision>>> {
        Box::pin(Carried::new(Arc::clone(&self.core).write_all(writes)))
    }

    fn watch<'a>(&'a self, prefix: &'a Prefix, from: Start, previous: bool) -> BoxFuture<'a, Result<Events>> {
        Box::pin(self.core.watch(prefix, from, previous, self.closing.subscribe()))
    }

    fn barrier(&self) -> BoxFuture<'_, Result<Revision>> {
        Box::pin(self.core.barrier())
    }

    fn compact(&self, through: Revision) -> BoxFuture<'_, Result<Revision>> {
        Box::pin(self.core.compact(through))
    }

    fn raise(&self, floor: Revision) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.core.raise(floor))
    }

    fn facts(&self) -> Facts {
        Facts { shared: true, durable: true, max_value: self.core.max_value }
    }

    fn health(&self) -> signal::Receiver<Health> {
        self.core.health.subscribe()
    }
}

impl Drop for Etcd {
    fn drop(&mut self) {
        // Writes that nobody waits for any more are still made.
        self.closing.send_replace(true);
    }
}

impl fmt::Debug for Etcd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.core.fmt(f)
    }
}
