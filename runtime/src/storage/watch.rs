//! What a watch asks and yields.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::{Stream, StreamExt as _};

use super::{Key, Result, Revision, Stored};

/// Where a watch begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// At the current revision: later events only.
    Now,
    /// Behind this revision.
    After(Revision),
}

/// One change of one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Which key.
    pub key: Key,
    /// The revision of the write.
    pub revision: Revision,
    /// The new value; `None` is a deletion.
    pub value: Option<Bytes>,
    /// What was there before; `None` is a creation. Promised only to watches that asked for it.
    pub previous: Option<Stored>,
}

/// Events in the order of their revisions. Those of one revision are never split.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Shared by all watches that see them; none is progress only.
    pub events: Vec<Arc<Event>>,
    /// Nothing at or below it will follow.
    pub through: Revision,
}

/// The batches of one watch, ending with one error. Dropping it ends the watch.
pub struct Events(Pin<Box<dyn Stream<Item = Result<Batch>> + Send>>);

impl Events {
    /// The watch that yields what the stream yields.
    pub fn new(batches: impl Stream<Item = Result<Batch>> + Send + 'static) -> Self {
        Self(Box::pin(batches))
    }

    /// The next batch. `None` comes only after the error that ended the watch.
    pub async fn next(&mut self) -> Option<Result<Batch>> {
        self.0.next().await
    }
}

impl Stream for Events {
    type Item = Result<Batch>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.as_mut().poll_next(context)
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Events")
    }
}
