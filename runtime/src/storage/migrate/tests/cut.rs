//! A target that is cut off after so many changes: the last one may still have happened, and nothing answers any more.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use super::super::super::{
    At, BoxFuture, Error, Events, Facts, Health, Key, Page, Prefix, Query, Read, Result, Revision, Start,
    Storage, Stored, Write,
};

#[derive(Debug)]
pub(super) struct Cut {
    inner: Arc<dyn Storage>,
    left: AtomicUsize,
    /// Whether the change that is cut off happens all the same.
    happens: bool,
    off: AtomicBool,
}

impl Cut {
    pub(super) fn after(changes: usize, happens: bool, inner: &Arc<dyn Storage>) -> Self {
        let (inner, left) = (Arc::clone(inner), AtomicUsize::new(changes));
        Self { inner, left, happens, off: AtomicBool::new(false) }
    }

    fn answers(&self) -> Result<()> {
        if self.off.load(Ordering::SeqCst) { Err(gone()) } else { Ok(()) }
    }

    /// Whether a change is carried out, and whether it is answered.
    fn change(&self) -> (bool, bool) {
        let left = self.left.load(Ordering::SeqCst);
        if left > 0 {
            self.left.store(left - 1, Ordering::SeqCst);
            return (true, true);
        }
        let first = !self.off.swap(true, Ordering::SeqCst);
        (first && self.happens, false)
    }
}

fn gone() -> Error {
    Error::Unavailable { why: "it is cut off".into(), retry_after: Duration::ZERO }
}

fn unknown() -> Error {
    Error::Unknown { why: "it is cut off".into() }
}

impl Storage for Cut {
    fn get<'a>(&'a self, key: &'a Key, at: At) -> BoxFuture<'a, Result<Read<Option<Stored>>>> {
        Box::pin(async move {
            self.answers()?;
            self.inner.get(key, at).await
        })
    }

    fn list(&self, query: Query) -> BoxFuture<'_, Result<Read<Page>>> {
        Box::pin(async move {
            self.answers()?;
            self.inner.list(query).await
        })
    }

    fn write(&self, writes: Vec<Write>) -> BoxFuture<'_, Vec<Result<Revision>>> {
        Box::pin(async move {
            let mut outcomes = Vec::with_capacity(writes.len());
            for write in writes {
                let (happens, answered) = self.change();
                let outcome = match happens {
                    true => self.inner.write(vec![write]).await.remove(0),
                    false => Err(gone()),
                };
                outcomes.push(if answered { outcome } else { Err(unknown()) });
            }
            outcomes
        })
    }

    fn watch<'a>(&'a self, prefix: &'a Prefix, from: Start, previous: bool) -> BoxFuture<'a, Result<Events>> {
        self.inner.watch(prefix, from, previous)
    }

    fn barrier(&self) -> BoxFuture<'_, Result<Revision>> {
        Box::pin(async move {
            self.answers()?;
            self.inner.barrier().await
        })
    }

    fn compact(&self, through: Revision) -> BoxFuture<'_, Result<Revision>> {
        self.inner.compact(through)
    }

    fn raise(&self, floor: Revision) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            let (happens, answered) = self.change();
            let outcome = if happens { self.inner.raise(floor).await } else { Err(gone()) };
            if answered { outcome } else { Err(unknown()) }
        })
    }

    fn facts(&self) -> Facts {
        self.inner.facts()
    }

    fn health(&self) -> tokio::sync::watch::Receiver<Health> {
        self.inner.health()
    }
}
