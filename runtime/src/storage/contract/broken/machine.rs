//! A machine whose disk is a store in memory: it keeps what is written over crashes, and fails on demand.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::{Stream, StreamExt as _};
use tokio::sync::watch;

use super::super::super::memory::Memory;
use super::super::super::{
    At, Batch, BoxFuture, Error, Events, Facts, Health, Key, Page, Prefix, Query, Read, Result, Revision,
    Start, Storage, Stored, Write,
};
use super::super::Trouble;

#[derive(Debug)]
pub(super) struct Machine {
    disk: Arc<Memory>,
    trouble: Mutex<Trouble>,
    health: watch::Sender<Health>,
    /// The handles of before are dead when it moves on.
    boots: watch::Sender<usize>,
    /// How many writes were asked for amid lost answers.
    unanswered: AtomicUsize,
}

impl Machine {
    pub(super) fn new() -> Self {
        Self {
            disk: Arc::new(Memory::new()),
            trouble: Mutex::new(Trouble::Over),
            health: watch::Sender::new(Health::Ready),
            boots: watch::Sender::new(0),
            unanswered: AtomicUsize::new(0),
        }
    }

    /// A handle, until the next crash.
    pub(super) fn boot(self: &Arc<Self>) -> Arc<Handle> {
        let boot = *self.boots.borrow();
        Arc::new(Handle { machine: Arc::clone(self), boot, open: watch::Sender::new(true) })
    }

    pub(super) fn crash(&self) {
        self.boots.send_modify(|boots| *boots += 1);
    }

    pub(super) fn hurt(&self, trouble: Trouble) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
        let health = match trouble {
            Trouble::Over => Health::Ready,
            Trouble::Writes => Health::ReadOnly("the disk is full".into()),
            Trouble::Answers => Health::Down("the disk does not answer".into()),
        };
        self.health.send_replace(health);
    }
}

/// One life of the store.
#[derive(Debug)]
pub(super) struct Handle {
    machine: Arc<Machine>,
    boot: usize,
    open: watch::Sender<bool>,
}

fn gone() -> Error {
    Error::Unavailable { why: "the machine crashed".into(), retry_after: Duration::from_secs(1) }
}

fn lost() -> Error {
    Error::Unknown { why: "the answer was lost".into() }
}

impl Handle {
    fn alive(&self) -> Result<&Memory> {
        if *self.machine.boots.borrow() == self.boot { Ok(&self.machine.disk) } else { Err(gone()) }
    }

    fn trouble(&self) -> Trouble {
        *self.machine.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What dies with the handle dies at the same moments as its watches.
    pub(super) fn until_closed(&self, events: impl Stream<Item = Result<Batch>> + Send + 'static) -> Events {
        let (mut boots, mut open, boot) = (self.machine.boots.subscribe(), self.open.subscribe(), self.boot);
        let closed = async move {
            tokio::select! {
                _ = boots.wait_for(move |boots| *boots != boot) => {}
                _ = open.wait_for(|open| !open) => {}
            }
        };
        let events = events.take_until(Box::pin(closed)).chain(futures::stream::once(async { Err(gone()) }));
        // One error, the first.
        Events::new(events.scan(false, |ended, batch| {
            let goes_on = !std::mem::replace(ended, batch.is_err());
            std::future::ready(goes_on.then_some(batch))
        }))
    }
}

/// What a machine makes of writes, even when nobody waits for it.
async fn carry_out(
    machine: Arc<Machine>,
    boot: usize,
    trouble: Trouble,
    writes: Vec<Write>,
) -> Vec<Result<Revision>> {
    let count = writes.len();
    // As if there were a disk behind.
    tokio::task::yield_now().await;
    let dead = || *machine.boots.borrow() != boot;
    if dead() {
        return vec![Err(gone()); count];
    }
    match trouble {
        Trouble::Writes => {
            let refused =
                Error::Unavailable { why: "the disk is full".into(), retry_after: Duration::from_secs(1) };
            return vec![Err(refused); count];
        }
        Trouble::Answers if machine.unanswered.fetch_add(1, Ordering::Relaxed).is_multiple_of(2) => {
            return vec![Err(lost()); count];
        }
        Trouble::Answers | Trouble::Over => {}
    }
    let outcomes = machine.disk.write(writes).await;
    tokio::task::yield_now().await;
    if dead() || trouble == Trouble::Answers { vec![Err(lost()); count] } else { outcomes }
}

impl Storage for Handle {
    fn get<'a>(&'a self, key: &'a Key, at: At) -> BoxFuture<'a, Result<Read<Option<Stored>>>> {
        Box::pin(async move { self.alive()?.get(key, at).await })
    }

    fn list(&self, query: Query) -> BoxFuture<'_, Result<Read<Page>>> {
        Box::pin(async move { self.alive()?.list(query).await })
    }

    fn write(&self, writes: Vec<Write>) -> BoxFuture<'_, Vec<Result<Revision>>> {
        Box::pin(async move {
            let count = writes.len();
            let carried = carry_out(Arc::clone(&self.machine), self.boot, self.trouble(), writes);
            tokio::spawn(carried).await.unwrap_or_else(|_| vec![Err(lost()); count])
        })
    }

    fn watch<'a>(&'a self, prefix: &'a Prefix, from: Start, previous: bool) -> BoxFuture<'a, Result<Events>> {
        Box::pin(async move {
            let events = self.alive()?.watch(prefix, from, previous).await?;
            Ok(self.until_closed(events))
        })
    }

    fn barrier(&self) -> BoxFuture<'_, Result<Revision>> {
        Box::pin(async move { self.alive()?.barrier().await })
    }

    fn compact(&self, through: Revision) -> BoxFuture<'_, Result<Revision>> {
        Box::pin(async move { self.alive()?.compact(through).await })
    }

    fn raise(&self, floor: Revision) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move { self.alive()?.raise(floor).await })
    }

    fn facts(&self) -> Facts {
        Facts { durable: true, ..self.machine.disk.facts() }
    }

    fn health(&self) -> watch::Receiver<Health> {
        self.machine.health.subscribe()
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.open.send_replace(false);
    }
}
