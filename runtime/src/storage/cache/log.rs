//! Who is told of a change: one window for all, and a queue for each narrower scope that is watched.
//!
//! A watch of everything reads the window itself. A watch of a namespace or an object catches up in the window and then
//! reads the queue of its scope, so that it neither wakes nor falls behind for what it does not see.

use std::sync::Arc;
use std::task::Waker;
use std::time::Instant;

use super::queue::Waiting;
use super::scopes::Scopes;
use super::taken::{SCAN, Taken};
use super::window::{Keep, Window};
use crate::storage::view::{Change, Step};
use crate::storage::{Error, Key, Prefix, Result, Revision};

/// How many changes leave the window at once, unless it is too large: what a burst of writes left behind is not freed while
/// all wait.
const LEAVING: usize = 16;

/// What a watch sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Sight {
    All,
    Under(Prefix),
    Of(Key),
}

/// Where a watch reads on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Window(u64),
    Queue(u64),
}

/// One watch, as the log knows it.
#[derive(Debug)]
pub(super) struct Cursor {
    sight: Sight,
    place: Place,
    /// By which others tell it apart.
    number: u64,
    epoch: u64,
    /// What it was told.
    reached: Revision,
    /// Whether it is told of progress without changes.
    progress: bool,
    begun: bool,
}

/// The changes and who waits for them.
#[derive(Debug)]
pub(super) struct Log {
    window: Window,
    keep: Keep,
    scopes: Scopes,
    /// Watches of everything.
    all: Waiting,
    /// Watches that want to know of progress.
    progress: Waiting,
    /// Nothing at or below it will follow.
    through: Revision,
    /// Watches of earlier epochs have ended, ...
    epoch: u64,
    /// ... and this is why, unless they just came too late.
    why: Option<Error>,
    numbers: u64,
    /// How many watches are open.
    open: usize,
}

impl Log {
    pub(super) fn new(keep: Keep) -> Log {
        Log {
            window: Window::new(Revision::FIRST, keep),
            keep,
            scopes: Scopes::default(),
            all: Waiting::default(),
            progress: Waiting::default(),
            through: Revision::FIRST,
            epoch: 0,
            why: None,
            numbers: 0,
            open: 0,
        }
    }

    /// The recent changes.
    pub(super) fn window(&self) -> &Window {
        &self.window
    }

    /// Whether anybody watches.
    pub(super) fn is_watched(&self) -> bool {
        self.open > 0
    }

    /// Begins a watch behind a revision, or behind what is known. Where it has nothing to catch up with it needs the window
    /// no more: it may be read for the first time long after.
    pub(super) fn open(&mut self, sight: Sight, after: Option<Revision>, progress: bool) -> Result<Cursor> {
        let place = match after {
            None => self.window.end(),
            Some(asked) => {
                let oldest = self.window.start();
                self.window.place(asked).ok_or(Error::Compacted { asked, oldest })?
            }
        };
        self.numbers += 1;
        self.open += 1;
        let mut cursor = Cursor {
            sight,
            place: Place::Window(place),
            number: self.numbers,
            epoch: self.epoch,
            reached: after.unwrap_or(self.through),
            progress,
            begun: false,
        };
        if self.is_caught_up(&cursor, place) {
            self.join(&mut cursor);
        }
        Ok(cursor)
    }

    /// Whether a watch sees nothing of the window from a place on. As much is looked at as when it is read.
    fn is_caught_up(&self, cursor: &Cursor, place: u64) -> bool {
        let behind = self.window.end() - place;
        cursor.sight != Sight::All
            && behind <= SCAN as u64
            && !self.window.from(place).any(|change| cursor.sight.sees(change))
    }

    /// What a watch has not seen; nothing when it has to wait.
    pub(super) fn read(&mut self, cursor: &mut Cursor) -> Result<Option<Step>> {
        if cursor.epoch != self.epoch {
            let oldest = self.window.start().max(cursor.reached.next());
            let late = Error::Compacted { asked: cursor.reached, oldest };
            return Err(self.why.clone().unwrap_or(late));
        }
        let Taken { changes, read, last } = self.take(cursor)?;
        cursor.place = match cursor.place {
            Place::Window(place) => Place::Window(place + read as u64),
            Place::Queue(place) => Place::Queue(place + read as u64),
        };
        let through = last.unwrap_or(self.through);
        if last.is_none() {
            self.join(cursor);
        }
        let quiet = changes.is_empty() && last.is_none() && cursor.begun;
        let nothing = quiet && !(cursor.progress && through > cursor.reached);
        cursor.begun = true;
        cursor.reached = cursor.reached.max(through);
        Ok((!nothing).then_some(Step { changes, through: cursor.reached }))
    }

    /// Wakes a watch at the next change that it sees.
    pub(super) fn wait(&mut self, cursor: &Cursor, waker: &Waker) {
        let waiting = match &cursor.sight {
            Sight::All => Some(&mut self.all),
            sight => self.scopes.get_mut(sight).map(|queue| &mut queue.waiting),
        };
        if let Some(waiting) = waiting {
            waiting.add(cursor.number, waker);
        }
        if cursor.progress {
            self.progress.add(cursor.number, waker);
        }
    }

    /// Ends a watch.
    pub(super) fn close(&mut self, cursor: &Cursor) {
        self.open -= 1;
        self.all.remove(cursor.number);
        self.progress.remove(cursor.number);
        let Place::Queue(place) = cursor.place else { return };
        if cursor.epoch != self.epoch {
            return;
        }
        if let Some(queue) = self.scopes.get_mut(&cursor.sight) {
            queue.waiting.remove(cursor.number);
        }
        self.scopes.leave(&cursor.sight, place);
    }

    /// Adds a change and collects who has waited for it.
    pub(super) fn push(&mut self, change: Arc<Change>, now: Instant, wake: &mut Vec<Waker>) {
        wake.extend(self.all.take());
        self.scopes.seeing(&change, |queue| {
            queue.push(&change);
            wake.extend(queue.waiting.take());
        });
        self.through = self.through.max(change.revision());
        self.window.add(change, now);
        self.leave(now);
    }

    /// Lets some of what is to be kept no longer leave the window. Says whether there may be more.
    pub(super) fn leave(&mut self, now: Instant) -> bool {
        let mut leaving = 0;
        while leaving < LEAVING || self.window.is_too_large() {
            let Some(left) = self.window.leave(now) else { return false };
            self.scopes.outlive(&left, self.keep.count);
            leaving += 1;
        }
        true
    }

    /// Nothing at or below a revision will follow.
    pub(super) fn reach(&mut self, through: Revision, wake: &mut Vec<Waker>) {
        self.through = self.through.max(through);
        wake.extend(self.progress.take());
    }

    /// Begins anew with the history of another life; whoever watches is told why to begin anew too.
    pub(super) fn restart(&mut self, window: Window, through: Revision, wake: &mut Vec<Waker>) {
        self.cut(None, wake);
        self.window = window;
        self.through = through;
    }

    /// Puts a part of the past before the window.
    pub(super) fn recall(&mut self, start: Revision, changes: Vec<Arc<Change>>, at: Instant) -> bool {
        self.window.prepend(start, changes, at)
    }

    /// A change that cannot be told: watches end, and none begins before it any more.
    pub(super) fn lose(&mut self, at: Revision, why: Error, wake: &mut Vec<Waker>) {
        self.cut(Some(why), wake);
        self.window = Window::new(at, self.keep);
        self.through = self.through.max(at);
    }

    /// Ends all watches.
    pub(super) fn cut(&mut self, why: Option<Error>, wake: &mut Vec<Waker>) {
        self.epoch += 1;
        self.why = why;
        wake.extend(self.all.take());
        wake.extend(self.progress.take());
        for mut queue in self.scopes.drain() {
            wake.extend(queue.waiting.take());
        }
    }

    /// A watch that has caught up reads the queue of its scope from now on.
    fn join(&mut self, cursor: &mut Cursor) {
        if matches!(cursor.place, Place::Window(_)) {
            cursor.place = self.scopes.join(&cursor.sight).map_or(cursor.place, Place::Queue);
        }
    }

    fn take(&mut self, cursor: &Cursor) -> Result<Taken> {
        let late = |oldest| Error::Compacted { asked: cursor.reached, oldest };
        match (cursor.place, &cursor.sight) {
            (Place::Window(place), _) if place < self.window.first() => Err(late(self.window.start())),
            (Place::Window(place), sight) => {
                Ok(Taken::of(self.window.from(place), |change| sight.sees(change)))
            }
            (Place::Queue(place), sight) => {
                let Some(queue) = self.scopes.get_mut(sight) else { return Ok(Taken::default()) };
                let taken = Taken::of(queue.from(place).map_err(late)?, |_| true);
                queue.read(place, taken.read);
                Ok(taken)
            }
        }
    }
}

impl Cursor {
    pub(super) fn reached(&self) -> Revision {
        self.reached
    }
}

impl Sight {
    fn sees(&self, change: &Change) -> bool {
        match self {
            Sight::All => true,
            Sight::Under(prefix) => change.key().is_some_and(|key| key.under(prefix).is_some()),
            Sight::Of(key) => change.key() == Some(key),
        }
    }
}
