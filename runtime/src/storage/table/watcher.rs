//! What one watch has not read yet, and whom to wake.

use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use super::super::{Batch, Error, Event, Result, Revision};
use super::lock;

/// How far a watch may fall behind before it has to list again.
#[derive(Clone, Copy)]
pub(super) struct Lag {
    pub(super) events: usize,
    pub(super) bytes: usize,
}

impl Default for Lag {
    fn default() -> Self {
        Self { events: 16 << 10, bytes: 64 << 20 }
    }
}

pub(super) struct Watcher {
    queue: Mutex<Queue>,
    lag: Lag,
}

struct Queue {
    events: Vec<Arc<Event>>,
    bytes: usize,
    /// Everything up to it is in the queue or was read.
    through: Revision,
    /// What the reader has.
    read: Option<Revision>,
    waker: Option<Waker>,
    end: End,
}

enum End {
    Open,
    Failed(Error),
    Told,
}

impl Watcher {
    pub(super) fn new(events: Vec<Arc<Event>>, through: Revision, lag: Lag) -> Self {
        let queue = Queue { events, bytes: 0, through, read: None, waker: None, end: End::Open };
        Self { queue: Mutex::new(queue), lag }
    }

    /// Adds an event, unless it is known from the replay. Answers whom to wake.
    pub(super) fn push(&self, event: &Arc<Event>) -> Option<Waker> {
        let mut queue = lock(&self.queue);
        if event.revision <= queue.through || !matches!(queue.end, End::Open) {
            return None;
        }
        queue.bytes += event.value.as_ref().map_or(0, bytes::Bytes::len);
        queue.bytes += event.previous.as_ref().map_or(0, |previous| previous.value.len());
        if queue.events.len() >= self.lag.events || queue.bytes > self.lag.bytes {
            let asked = queue.read.unwrap_or(Revision::FIRST);
            return queue.fail(Error::Compacted { asked, oldest: event.revision });
        }
        queue.events.push(Arc::clone(event));
        queue.through = event.revision;
        queue.waker.take()
    }

    /// Nothing up to a revision will follow.
    pub(super) fn reach(&self, revision: Revision) -> Option<Waker> {
        let mut queue = lock(&self.queue);
        if revision <= queue.through || !matches!(queue.end, End::Open) {
            return None;
        }
        queue.through = revision;
        queue.waker.take()
    }

    /// Ends the watch; what was not read is given up.
    pub(super) fn fail(&self, why: Error) -> Option<Waker> {
        lock(&self.queue).fail(why)
    }

    pub(super) fn poll(&self, context: &mut Context<'_>) -> Poll<Option<Result<Batch>>> {
        let mut queue = lock(&self.queue);
        match std::mem::replace(&mut queue.end, End::Told) {
            End::Told => return Poll::Ready(None),
            End::Failed(why) => return Poll::Ready(Some(Err(why))),
            End::Open => queue.end = End::Open,
        }
        if queue.read == Some(queue.through) {
            match &mut queue.waker {
                Some(waker) => waker.clone_from(context.waker()),
                none => *none = Some(context.waker().clone()),
            }
            return Poll::Pending;
        }
        queue.read = Some(queue.through);
        queue.bytes = 0;
        // An idle watch keeps no buffer.
        let events = std::mem::take(&mut queue.events);
        Poll::Ready(Some(Ok(Batch { events, through: queue.through })))
    }
}

impl Queue {
    fn fail(&mut self, why: Error) -> Option<Waker> {
        if !matches!(self.end, End::Open) {
            return None;
        }
        self.end = End::Failed(why);
        self.events = Vec::new();
        self.waker.take()
    }
}
