//! The reference backend: everything in memory, gone with the process.
//!
//! It begins at the wall clock in microseconds, so that revisions do not go back when a server is started again, and
//! clients that hold older ones are told to list.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use tokio::sync::watch;

use super::table::{MAX_VALUE, Past, Stage, State, Table};
use super::{
    At, BoxFuture, Error, Events, Facts, Health, Key, Page, Prefix, Query, Read, Result, Retention, Revision,
    Start, Storage, Stored, Write,
};

/// A store in memory.
pub struct Memory {
    table: Table,
    /// Held from a change to its publication, so that watchers see changes in the order of their revisions.
    committing: Mutex<()>,
}

impl Memory {
    /// An empty store that begins at the wall clock.
    pub fn new() -> Self {
        Self::keeping(Retention::default())
    }

    /// An empty store that begins at the wall clock and keeps so much history.
    pub fn keeping(retention: Retention) -> Self {
        Self {
            table: Table::new(State::empty(Revision::wall_clock(), retention)),
            committing: Mutex::new(()),
        }
    }

    fn commit(&self, writes: Vec<Write>) -> Vec<Result<Revision>> {
        let _order = self.committing.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let mut state = self.table.state_mut();
        let mut stage = Stage::default();
        let outcomes = writes.into_iter().map(|write| stage.write(&state, write)).collect();
        state.apply(stage.events(), now);
        let forgotten = state.due(now).map(|through| state.compact(through));
        let through = state.revision();
        drop(state);
        drop(forgotten);
        self.table.publish(stage.events(), through);
        outcomes
    }

    fn change(&self, change: impl FnOnce(&mut State) -> Vec<Past>) -> Revision {
        let _order = self.committing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut state = self.table.state_mut();
        let forgotten = change(&mut state);
        let (compacted, through) = (state.compacted(), state.revision());
        drop(state);
        drop(forgotten);
        self.table.publish(&[], through);
        compacted
    }
}

impl Storage for Memory {
    fn get<'a>(&'a self, key: &'a Key, at: At) -> BoxFuture<'a, Result<Read<Option<Stored>>>> {
        Box::pin(async move { self.table.get(key, at) })
    }

    fn list(&self, query: Query) -> BoxFuture<'_, Result<Read<Page>>> {
        Box::pin(async move { self.table.list(&query) })
    }

    fn write(&self, writes: Vec<Write>) -> BoxFuture<'_, Vec<Result<Revision>>> {
        Box::pin(async move { self.commit(writes) })
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
        Box::pin(async move { Ok(self.change(|state| state.compact(through))) })
    }

    fn raise(&self, floor: Revision) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            self.change(|state| state.lift(floor.next()));
            Ok(())
        })
    }

    fn facts(&self) -> Facts {
        Facts { shared: false, durable: false, max_value: MAX_VALUE }
    }

    fn health(&self) -> watch::Receiver<Health> {
        self.table.health()
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        self.table.close(Error::closed());
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Memory")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::contract::{self, Subject};
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn memory_keeps_the_contract() {
        contract::run(|| Subject::new(|| async { Arc::new(Memory::new()) as Arc<dyn Storage> })).await;
    }

    /// Clients that hold revisions of the life before are told to list only when the next one begins above them.
    #[tokio::test]
    async fn a_life_of_many_writes_is_followed_by_one_above_it() {
        let store = Memory::new();
        for number in 0..5000 {
            store.create(Key::new(format!("g/r/n/{number}")), "{}".into()).await.expect("written");
        }
        let last = store.barrier().await.expect("a revision");
        drop(store);
        let next = Memory::new().barrier().await.expect("a revision");
        assert!(next > last, "{next} follows {last}");
    }
}
