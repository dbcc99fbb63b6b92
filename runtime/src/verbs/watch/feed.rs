//! The lines of one watch, as its connection asks for them.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::time::{Instant, Sleep};

use super::bookmarks::Bookmarks;
use crate::object::Object;
use crate::respond::event::{self, Events};
use crate::respond::lease::Pinned;
use crate::respond::list::Item;
use crate::respond::{ApiError, Chunks};
use crate::storage::view::{Change, ChangeKind, Changes, Objects, Step};
use crate::storage::{BoxFuture, Error, Result, Revision};
use crate::verbs::selection::Selection;

/// About how many bytes are sent at once. A stream that stalls holds two such pieces and a little more.
const CHUNK: usize = 32 << 10;
/// How many objects are looked at in one go.
const SCAN: usize = 4096;
/// What a line has beside its object.
const FRAME: usize = 40;

/// One watch: polled by its connection, and nothing else runs for it.
pub(super) struct Feed {
    pub(super) events: Events,
    /// Whole objects: lines are shared with other watches.
    pub(super) plain: bool,
    pub(super) selection: Selection,
    /// What was there at the beginning and is not sent yet, ...
    pub(super) initial: Objects,
    /// ... of which these lines are made, ...
    pub(super) rest: Bytes,
    /// ... and the revision to tell behind it.
    pub(super) initial_end: Option<Revision>,
    /// Says that what was there at the beginning is held.
    pub(super) pinned: Option<Pinned>,
    pub(super) source: Result<Changes, Error>,
    /// Changes up to here were not asked for.
    pub(super) skip_through: Option<Revision>,
    pub(super) reached: Option<Revision>,
    pub(super) asked: Option<Revision>,
    pub(super) deadline: Instant,
    pub(super) bookmarks: Option<Bookmarks>,
    pub(super) draining: BoxFuture<'static, ()>,
    /// Until the next bookmark or the end, whichever comes first.
    pub(super) timer: Pin<Box<Sleep>>,
}

/// What ended the wait for the next line.
enum Woken {
    Step(Option<Result<Step>>),
    Bookmark,
    End,
}

impl Feed {
    /// The next lines; nothing at the end.
    pub(super) async fn next(&mut self) -> Option<Bytes> {
        if let Some(lines) = self.next_initial().await {
            return Some(lines).filter(|lines| !lines.is_empty());
        }
        loop {
            let lines = match std::future::poll_fn(|context| self.poll_wake(context)).await {
                Woken::End | Woken::Step(None) => return None,
                Woken::Bookmark => self.bookmark(Instant::now()),
                Woken::Step(Some(Err(error))) => return Some(self.failed(error)),
                Woken::Step(Some(Ok(step))) => {
                    self.reached = self.reached.max(Some(step.through));
                    self.lines(&step.changes)
                }
            };
            if lines.is_some() {
                return lines;
            }
        }
    }

    /// Some of what was there at the beginning, and then nothing. Empty where the watch ends there.
    async fn next_initial(&mut self) -> Option<Bytes> {
        while !self.rest.is_empty() || !self.initial.is_empty() || self.initial_end.is_some() {
            if self.rest.is_empty() {
                if self.is_draining().await {
                    return Some(Bytes::new());
                }
                self.rest = self.initial_lines();
            }
            if self.initial.is_empty()
                && let Some(pinned) = self.pinned.take()
            {
                pinned.release();
            }
            if !self.rest.is_empty() {
                // What is asked for more is known to take it: no piece may take a slow reader long.
                let piece = if self.rest.len() > 2 * CHUNK { CHUNK } else { self.rest.len() };
                return Some(self.rest.split_to(piece));
            }
            // Much may be looked at before something is selected.
            tokio::task::yield_now().await;
        }
        None
    }

    async fn is_draining(&mut self) -> bool {
        std::future::poll_fn(|context| Poll::Ready(self.draining.as_mut().poll(context).is_ready())).await
    }

    fn poll_wake(&mut self, context: &mut Context<'_>) -> Poll<Woken> {
        let source = match &mut self.source {
            Ok(source) => source,
            Err(Error::Unknown { .. }) => return Poll::Ready(Woken::End),
            Err(error) => return Poll::Ready(Woken::Step(Some(Err(error.clone())))),
        };
        if self.draining.as_mut().poll(context).is_ready() {
            return Poll::Ready(Woken::End);
        }
        if let Poll::Ready(step) = source.poll_next(context) {
            return Poll::Ready(Woken::Step(step));
        }
        // Nothing up to here is left: a bookmark may say so.
        self.reached = self.reached.max(source.reached());
        if self.timer.as_mut().poll(context).is_pending() {
            return Poll::Pending;
        }
        let over = Instant::now() >= self.deadline;
        Poll::Ready(if over { Woken::End } else { Woken::Bookmark })
    }

    /// Some of what was there at the beginning, and behind the last of it the bookmark.
    fn initial_lines(&mut self) -> Bytes {
        let mut out = Chunks::default();
        let now = jiff::Timestamp::now();
        for _ in 0..SCAN {
            if out.len() >= CHUNK {
                break;
            }
            let Some(object) = self.initial.next() else {
                if let Some(revision) = self.initial_end.take() {
                    self.events.end_of_initial_events(&mut out, &revision.to_string(), now);
                }
                break;
            };
            if self.selection.is_everything() || self.selection.matches(&object) {
                let version = object.resource_version();
                self.events.change(&mut out, event::Change::Added, &version, Item::from(&*object), now);
            }
        }
        out.into_bytes()
    }

    /// The lines of the changes that are selected.
    fn lines(&mut self, changes: &[Arc<Change>]) -> Option<Bytes> {
        if let [change] = changes {
            return self.line(change);
        }
        let mut out = Chunks::default();
        let now = jiff::Timestamp::now();
        for change in changes {
            if self.skip_through.is_some_and(|through| change.revision() <= through) {
                continue;
            }
            let selection = &self.selection;
            let Some((kind, object)) = change.seen(|object| selection.matches(object)) else { continue };
            if out.is_empty() {
                out.reserve(changes.len() * (object.length() + FRAME));
            }
            write(&mut self.events, &mut out, kind, object, now);
        }
        (!out.is_empty()).then(|| out.into_bytes())
    }

    /// The line of one change, shared with all watches that want it as it is.
    fn line(&mut self, change: &Change) -> Option<Bytes> {
        if self.skip_through.is_some_and(|through| change.revision() <= through) {
            return None;
        }
        let selection = &self.selection;
        let (kind, object) = change.seen(|object| selection.matches(object))?;
        let events = &mut self.events;
        let mut line = || {
            let mut out = Chunks::default();
            out.reserve(object.length() + FRAME);
            write(events, &mut out, kind, object, jiff::Timestamp::now());
            out.into_bytes()
        };
        Some(if self.plain { change.line(kind, line) } else { line() })
    }

    fn bookmark(&mut self, now: Instant) -> Option<Bytes> {
        let bookmarks = self.bookmarks.as_mut()?;
        bookmarks.told(now);
        self.timer.as_mut().reset(bookmarks.due().min(self.deadline));
        let mut out = Chunks::default();
        self.events.bookmark(&mut out, &self.reached?.to_string(), jiff::Timestamp::now());
        Some(out.into_bytes())
    }

    /// The line that ends a watch in the middle.
    fn failed(&mut self, error: Error) -> Bytes {
        // Whatever it was, the next turn is the end.
        self.source = Err(Error::Unknown { why: "the watch has ended".to_owned() });
        let error = match error {
            Error::Compacted { asked, oldest } => {
                ApiError::watch_expired(self.asked.unwrap_or(asked).get(), oldest.get())
            }
            Error::Future { asked, current } => {
                ApiError::too_large_resource_version(asked.get(), current.get(), 1)
            }
            error => ApiError::internal(error),
        };
        event::error(error.status())
    }
}

fn write(events: &mut Events, out: &mut Chunks, kind: ChangeKind, object: &Object, now: jiff::Timestamp) {
    let change = match kind {
        ChangeKind::Added => event::Change::Added,
        ChangeKind::Modified => event::Change::Modified,
        ChangeKind::Deleted => event::Change::Deleted,
    };
    events.change(out, change, &object.resource_version(), Item::from(object), now);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_watch_is_small() {
        assert!(size_of::<Feed>() <= 1024, "{} bytes", size_of::<Feed>());
    }
}
