//! The live records, the window of history and the watchers of one process: what memory and embedded have in common.
//!
//! A backend decides when a change is durable. Only then does it [`Table::apply`] the events, [`Table::publish`] them to
//! the watchers and answer its writers, in this order and from one place. Locks are held for the copying of pointers.

mod list;
mod stage;
mod state;
mod watcher;
mod watchers;
mod window;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use tokio::sync::watch;

use super::{
    At, Error, Event, Events, Health, Key, Page, Prefix, Query, Read, Result, Revision, Start, Stored,
};

pub(super) use stage::Stage;
pub(super) use state::State;
pub(super) use window::Past;
pub use window::Retention;

use watchers::Watchers;

/// The largest value taken: the request limit of 3 MiB, and room for what the server adds (managedFields).
pub(super) const MAX_VALUE: usize = 4 << 20;

/// How many items a list copies before it lets writers in.
const CHUNK: usize = 2048;

pub(super) struct Table {
    state: RwLock<State>,
    watchers: Arc<Watchers>,
    health: watch::Sender<Health>,
}

impl Table {
    pub(super) fn new(state: State) -> Self {
        let watchers = Arc::new(Watchers::new(state.revision()));
        Self { state: RwLock::new(state), watchers, health: watch::Sender::new(Health::Ready) }
    }

    pub(super) fn get(&self, key: &Key, at: At) -> Result<Read<Option<Stored>>> {
        self.state().get(key, at)
    }

    pub(super) fn list(&self, query: &Query) -> Result<Read<Page>> {
        list::in_chunks(query, CHUNK, |part| self.state().list(part))
    }

    pub(super) fn watch(&self, prefix: &Prefix, from: Start) -> Result<Events> {
        // What is applied but not published yet is in the replay, and skipped when it is published.
        self.watchers.add(prefix, || self.state().replay(prefix, from))
    }

    /// The current revision; every open watch is told to reach it.
    pub(super) fn barrier(&self) -> Revision {
        let revision = self.state().revision();
        self.watchers.reach(revision);
        revision
    }

    pub(super) fn health(&self) -> watch::Receiver<Health> {
        self.health.subscribe()
    }

    /// Whether that is a change.
    #[cfg(feature = "embedded")]
    pub(super) fn set_health(&self, health: Health) -> bool {
        self.health.send_if_modified(|known| {
            let changed = *known != health;
            *known = health;
            changed
        })
    }

    pub(super) fn state(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn state_mut(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells the watchers of applied events; `through` is the current revision.
    pub(super) fn publish(&self, events: &[Arc<Event>], through: Revision) {
        self.watchers.publish(events, through);
    }

    /// Ends every watch, now and later.
    pub(super) fn close(&self, why: Error) {
        self.watchers.close(why);
    }
}

/// A panic of another holder leaves data that is still whole: every change under these locks is one step.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
