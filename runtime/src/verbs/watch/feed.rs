//! The lines of one watch, as its connection asks for them.

use std::sync::Arc;

use bytes::Bytes;
use tokio::time::Instant;

use super::bookmarks::Bookmarks;
use crate::object::Object;
use crate::respond::event::{self, Events};
use crate::respond::list::Item;
use crate::respond::{ApiError, Chunks};
use crate::storage::view::{Change, ChangeKind, Changes, Objects, Step};
use crate::storage::{Error, Result, Revision};
use crate::verbs::selection::Selection;

/// About how many bytes are sent at once.
const CHUNK: usize = 64 << 10;

/// One watch: polled by its connection, and nothing else runs for it.
pub(super) struct Feed {
    pub(super) events: Events,
    /// Whole objects: lines are shared with other watches.
    pub(super) plain: bool,
    pub(super) selection: Selection,
    pub(super) initial: Objects,
    pub(super) source: Result<Changes, Error>,
    /// Changes up to here were not asked for.
    pub(super) skip_through: Option<Revision>,
    pub(super) reached: Option<Revision>,
    pub(super) asked: Option<Revision>,
    pub(super) deadline: Instant,
    pub(super) bookmarks: Option<Bookmarks>,
    pub(super) draining: tokio::sync::watch::Receiver<bool>,
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
        if !self.initial.is_empty() {
            return Some(self.initial_lines());
        }
        loop {
            let woken = self.wake().await;
            let now = Instant::now();
            match woken {
                Woken::End | Woken::Step(None) => return None,
                Woken::Bookmark => {
                    if let Some(line) = self.bookmark(now) {
                        return Some(line);
                    }
                }
                Woken::Step(Some(Err(error))) => return Some(self.failed(error)),
                Woken::Step(Some(Ok(step))) => {
                    let lines = self.lines(&step.changes);
                    self.reached = self.reached.max(Some(step.through));
                    if let Some(lines) = lines {
                        return Some(lines);
                    }
                }
            }
        }
    }

    async fn wake(&mut self) -> Woken {
        let source = match &mut self.source {
            Ok(source) => source,
            Err(Error::Unknown { .. }) => return Woken::End,
            Err(error) => return Woken::Step(Some(Err(error.clone()))),
        };
        let bookmark = async {
            match &self.bookmarks {
                Some(bookmarks) => tokio::time::sleep_until(bookmarks.due()).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            // The sender is gone only with the server itself.
            _ = self.draining.wait_for(|draining| *draining) => Woken::End,
            () = tokio::time::sleep_until(self.deadline) => Woken::End,
            step = source.next() => Woken::Step(step),
            () = bookmark => Woken::Bookmark,
        }
    }

    /// Some of what was there at the beginning.
    fn initial_lines(&mut self) -> Bytes {
        let mut out = Chunks::default();
        let now = jiff::Timestamp::now();
        while out.len() < CHUNK
            && let Some(object) = self.initial.next()
        {
            let version = object.resource_version();
            self.events.change(&mut out, event::Change::Added, &version, Item::from(&*object), now);
        }
        out.into_bytes()
    }

    /// The lines of the changes that are selected.
    fn lines(&mut self, changes: &[Arc<Change>]) -> Option<Bytes> {
        let mut lines: Vec<Bytes> = Vec::new();
        for change in changes {
            if self.skip_through.is_some_and(|through| change.revision() <= through) {
                continue;
            }
            let selection = &self.selection;
            let Some((kind, object)) = change.seen(|object| selection.matches(object)) else { continue };
            let events = &mut self.events;
            let line = if self.plain {
                change.line(kind, || line(events, kind, object))
            } else {
                line(events, kind, object)
            };
            lines.push(line);
        }
        match lines.len() {
            0 => None,
            1 => lines.pop(),
            _ => Some(lines.concat().into()),
        }
    }

    fn bookmark(&mut self, now: Instant) -> Option<Bytes> {
        if let Some(bookmarks) = &mut self.bookmarks {
            bookmarks.told(now);
        }
        let reached = self.reached?;
        let mut out = Chunks::default();
        self.events.bookmark(&mut out, &reached.to_string(), jiff::Timestamp::now());
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
            error => ApiError::internal(error),
        };
        event::error(error.status())
    }
}

fn line(events: &mut Events, kind: ChangeKind, object: &Object) -> Bytes {
    let change = match kind {
        ChangeKind::Added => event::Change::Added,
        ChangeKind::Modified => event::Change::Modified,
        ChangeKind::Deleted => event::Change::Deleted,
    };
    let mut out = Chunks::default();
    let version = object.resource_version();
    events.change(&mut out, change, &version, Item::from(object), jiff::Timestamp::now());
    out.into_bytes()
}
