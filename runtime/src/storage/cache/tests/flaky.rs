//! A store whose watches break, whose lists are refused and whose history is slow, when a test says so.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use futures::stream;
use tokio::sync::{Semaphore, watch};

use crate::storage::memory::Memory;
use crate::storage::{
    At, BoxFuture, Error, Events, Facts, Health, Key, Page, Prefix, Query, Read, Result, Revision, Start,
    Storage, Stored, Write,
};

#[derive(Debug)]
pub(crate) struct Flaky {
    inner: Memory,
    /// Whether it is one that others write to too.
    far: AtomicBool,
    /// Whether lists and watches are refused, ...
    down: AtomicBool,
    /// ... or watches alone.
    mute: AtomicBool,
    /// How often it was asked for a list.
    lists: AtomicUsize,
    /// Why watches were ended, one time after the other.
    cuts: watch::Sender<Vec<Error>>,
    /// How many watches of the past are let through, ...
    past: Semaphore,
    /// ... and how many of those that come next break off.
    broken: AtomicUsize,
}

impl Flaky {
    pub(crate) fn new(down: bool) -> Arc<Flaky> {
        Arc::new(Flaky {
            inner: Memory::new(),
            far: AtomicBool::new(false),
            down: AtomicBool::new(down),
            mute: AtomicBool::new(false),
            lists: AtomicUsize::new(0),
            cuts: watch::Sender::default(),
            past: Semaphore::new(Semaphore::MAX_PERMITS),
            broken: AtomicUsize::new(0),
        })
    }

    /// From now on it is as one that others write to too: its past is read in stretches.
    pub(super) fn be_far_away(&self) {
        self.far.store(true, Ordering::Relaxed);
    }

    /// Ends all watches, and refuses new ones until it is up again.
    pub(super) fn take_down(&self) {
        self.refuse();
        self.cut(down());
    }

    /// Ends all watches and refuses new ones until it is up again.
    pub(super) fn fall_mute(&self) {
        self.mute.store(true, Ordering::Relaxed);
        self.cut(down());
    }

    /// How often it was asked for a list since the last time.
    pub(super) fn lists(&self) -> usize {
        self.lists.swap(0, Ordering::Relaxed)
    }

    /// Refuses new watches and lists until it is up again.
    pub(super) fn refuse(&self) {
        self.down.store(true, Ordering::Relaxed);
    }

    /// Ends all watches that are open.
    pub(super) fn cut(&self, why: Error) {
        self.cuts.send_modify(|cuts| cuts.push(why));
    }

    pub(crate) fn bring_up(&self) {
        self.down.store(false, Ordering::Relaxed);
        self.mute.store(false, Ordering::Relaxed);
    }

    /// Lets through so many watches of the past, until there are more.
    pub(super) fn let_past(&self, count: usize) {
        self.past.forget_permits(Semaphore::MAX_PERMITS);
        self.past.add_permits(count);
    }

    /// Breaks off the next watches of the past.
    pub(super) fn break_past(&self, count: usize) {
        self.broken.store(count, Ordering::Relaxed);
    }

    /// Waits until a watch of the past is let through; answers whether it breaks off.
    async fn pass(&self) -> bool {
        self.past.acquire().await.expect("never closed").forget();
        let next = |left: usize| left.checked_sub(1);
        self.broken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).is_ok()
    }

    fn up(&self) -> Result<()> {
        if self.down.load(Ordering::Relaxed) { Err(down()) } else { Ok(()) }
    }
}

fn down() -> Error {
    Error::Unavailable { why: "the test wants it so".into(), retry_after: Duration::from_secs(1) }
}

impl Storage for Flaky {
    fn get<'a>(&'a self, key: &'a Key, at: At) -> BoxFuture<'a, Result<Read<Option<Stored>>>> {
        self.inner.get(key, at)
    }

    fn list(&self, query: Query) -> BoxFuture<'_, Result<Read<Page>>> {
        Box::pin(async move {
            self.lists.fetch_add(1, Ordering::Relaxed);
            // It takes a while: others come meanwhile.
            tokio::task::yield_now().await;
            self.up()?;
            self.inner.list(query).await
        })
    }

    fn write(&self, writes: Vec<Write>) -> BoxFuture<'_, Vec<Result<Revision>>> {
        self.inner.write(writes)
    }

    fn watch<'a>(&'a self, prefix: &'a Prefix, from: Start, previous: bool) -> BoxFuture<'a, Result<Events>> {
        Box::pin(async move {
            self.up()?;
            if self.mute.load(Ordering::Relaxed) {
                return Err(down());
            }
            // Only who looks back asks for what was there before.
            if previous && self.pass().await {
                return Ok(Events::new(stream::iter([Err(down())])));
            }
            let events = self.inner.watch(prefix, from, previous).await?;
            let (cut, before) = (self.cuts.subscribe(), self.cuts.borrow().len());
            Ok(Events::new(stream::unfold(Some((events, cut)), move |state| async move {
                let (mut events, mut cut) = state?;
                let batch = tokio::select! {
                    biased;
                    cuts = cut.wait_for(|cuts| cuts.len() > before) => Err(cuts.map_or_else(|_| down(), |cuts| cuts[before].clone())),
                    batch = events.next() => Ok(batch?),
                };
                Some(match batch {
                    Ok(batch) => (batch, Some((events, cut))),
                    Err(why) => (Err(why), None),
                })
            })))
        })
    }

    fn barrier(&self) -> BoxFuture<'_, Result<Revision>> {
        self.inner.barrier()
    }

    fn compact(&self, through: Revision) -> BoxFuture<'_, Result<Revision>> {
        self.inner.compact(through)
    }

    fn raise(&self, floor: Revision) -> BoxFuture<'_, Result<()>> {
        self.inner.raise(floor)
    }

    fn facts(&self) -> Facts {
        Facts { shared: self.far.load(Ordering::Relaxed), ..self.inner.facts() }
    }

    fn health(&self) -> watch::Receiver<Health> {
        self.inner.health()
    }
}
