//! Changes of objects, shared by all the watchers that see them.

use std::collections::{HashMap, VecDeque};
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::Stream as _;

use super::Known;
use crate::object::Object;
use crate::storage::cache::Subscription;
use crate::storage::{Event, Events, Key, Result, Revision, Stored};

/// How many changes are kept for watchers that come to them a little later than others.
const KEPT: usize = 256;
/// What they may take, in bytes; the latest change is kept whatever it takes.
const BUDGET: usize = 16 << 20;

/// What a watcher is told of a change; which one it is depends on the watcher's selector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// The object came to be, or began to match.
    Added,
    /// The object changed.
    Modified,
    /// The object went, or ceased to match.
    Deleted,
}

/// One change of one object.
#[derive(Debug)]
pub struct Change {
    revision: Revision,
    old: Option<Arc<Object>>,
    new: Option<Arc<Object>>,
    /// Nobody watches most changes, and many are kept.
    told: OnceLock<Box<Forms>>,
}

/// What watchers are told of a change, made by the first who needs it.
#[derive(Debug, Default)]
struct Forms {
    /// The old object at the revision of the change.
    last: OnceLock<Arc<Object>>,
    lines: [OnceLock<Bytes>; 3],
}

impl Change {
    /// The revision of the write.
    #[must_use]
    pub fn revision(&self) -> Revision {
        self.revision
    }

    /// The object before.
    #[must_use]
    pub fn before(&self) -> Option<&Arc<Object>> {
        self.old.as_ref()
    }

    /// The object after.
    #[must_use]
    pub fn after(&self) -> Option<&Arc<Object>> {
        self.new.as_ref()
    }

    /// What a watcher with that predicate is told, and of which object; nothing if neither state matches.
    pub fn seen(&self, matches: impl Fn(&Object) -> bool) -> Option<(ChangeKind, &Arc<Object>)> {
        let old = self.old.as_ref().filter(|object| matches(object));
        let new = self.new.as_ref().filter(|object| matches(object));
        match (old, new) {
            (None, None) => None,
            (None, Some(new)) => Some((ChangeKind::Added, new)),
            (Some(_), Some(new)) => Some((ChangeKind::Modified, new)),
            (Some(old), None) => {
                let last = self.told().last.get_or_init(|| Arc::new(old.at(self.revision)));
                Some((ChangeKind::Deleted, last))
            }
        }
    }

    /// The line of a plain watch, made by the first watcher that needs it.
    pub fn line(&self, kind: ChangeKind, make: impl FnOnce() -> Bytes) -> Bytes {
        self.told().lines[kind as usize].get_or_init(make).clone()
    }

    /// A change at a revision: what stood there before, and what stands there since.
    pub(in crate::storage) fn new(
        revision: Revision,
        old: Option<Arc<Object>>,
        new: Option<Arc<Object>>,
    ) -> Change {
        Change { revision, old, new, told: OnceLock::new() }
    }

    fn told(&self) -> &Forms {
        self.told.get_or_init(Box::default)
    }

    /// Which object changed.
    pub(in crate::storage) fn key(&self) -> Option<&Key> {
        self.new.as_ref().or(self.old.as_ref()).map(|object| object.key())
    }

    /// What it takes once watchers have seen it: the objects, and the line that most of them are sent. Lines of
    /// other kinds come of selectors only and are not counted.
    pub(in crate::storage) fn size(&self) -> usize {
        let size = |object: &Option<Arc<Object>>| object.as_ref().map_or(0, |object| object.length());
        let (old, new) = (size(&self.old), size(&self.new));
        // A deletion is told with one more object: the old one at its revision.
        old + if self.new.is_some() { 2 * new } else { 2 * old }
    }
}

/// Changes in the order of their revisions.
#[derive(Debug)]
pub struct Step {
    /// The changes; none is progress only.
    pub changes: Vec<Arc<Change>>,
    /// Nothing at or below it will follow.
    pub through: Revision,
}

/// The changes of one watch, ending with one error. Dropping it ends the watch.
#[derive(Debug)]
pub enum Changes {
    /// Made of the events of a store.
    Plain(Told),
    /// Shared with other watches of a cache.
    Cached(Subscription),
}

/// The events of a store, told as changes.
#[derive(Debug)]
pub struct Told {
    events: Events,
    known: Arc<Known>,
    /// The only object that is watched, if it is one.
    only: Option<Key>,
}

impl Changes {
    pub(super) fn of(events: Events, known: Arc<Known>, only: Option<Key>) -> Self {
        Changes::Plain(Told { events, known, only })
    }

    /// The next step. `None` comes only after the error that ended the watch.
    pub async fn next(&mut self) -> Option<Result<Step>> {
        std::future::poll_fn(|context| self.poll_next(context)).await
    }

    /// Up to where nothing was left when [`Changes::poll_next`] had nothing, where that is known.
    #[must_use]
    pub fn reached(&self) -> Option<Revision> {
        match self {
            Changes::Plain(_) => None,
            Changes::Cached(subscription) => Some(subscription.reached()),
        }
    }

    /// The next step, as soon as there is one.
    pub fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Step>>> {
        match self {
            Changes::Plain(told) => told.poll_next(context),
            Changes::Cached(subscription) => subscription.poll_next(context),
        }
    }
}

impl Told {
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Step>>> {
        Pin::new(&mut self.events).poll_next(context).map(|batch| {
            let batch = match batch? {
                Ok(batch) => batch,
                Err(error) => return Some(Err(error)),
            };
            let wanted = |event: &&Arc<Event>| self.only.as_ref().is_none_or(|key| *key == event.key);
            let changes = batch.events.iter().filter(wanted).map(|event| self.known.change(event));
            let changes = changes.collect::<Result<_>>();
            Some(changes.map(|changes| Step { changes, through: batch.through }))
        })
    }
}

/// The latest changes, by revision.
#[derive(Debug, Default)]
pub(super) struct Recent(Mutex<Window>);

#[derive(Debug, Default)]
struct Window {
    changes: HashMap<Revision, (Arc<Event>, Arc<Change>)>,
    order: VecDeque<Revision>,
    size: usize,
}

impl Known {
    /// The change that an event tells, made once for all watchers.
    fn change(&self, event: &Arc<Event>) -> Result<Arc<Change>> {
        if let Some(change) = self.changes.get(event) {
            return Ok(change);
        }
        let stored = event.value.as_ref().map(|value| Stored {
            key: event.key.clone(),
            revision: event.revision,
            value: value.clone(),
            stale: false,
        });
        let old = event.previous.as_ref().map(|stored| self.object(stored)).transpose()?;
        let new = stored.map(|stored| self.object(&stored)).transpose()?;
        if new.is_none() {
            self.objects.forget(&event.key);
        }
        Ok(self.changes.put(event, Arc::new(Change::new(event.revision, old, new))))
    }
}

impl Recent {
    fn get(&self, event: &Arc<Event>) -> Option<Arc<Change>> {
        let window = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (known, change) = window.changes.get(&event.revision)?;
        // A store may give several keys one revision.
        (known.key == event.key).then(|| Arc::clone(change))
    }

    /// Keeps a change; answers the one that is already kept for the event, if somebody was quicker.
    fn put(&self, event: &Arc<Event>, change: Arc<Change>) -> Arc<Change> {
        let mut window = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, kept)) = window.changes.get(&event.revision) {
            return if known.key == event.key { Arc::clone(kept) } else { change };
        }
        window.make_room(change.size());
        window.order.push_back(event.revision);
        window.changes.insert(event.revision, (Arc::clone(event), Arc::clone(&change)));
        change
    }
}

impl Window {
    /// Drops the oldest changes until one of that size fits, and counts it.
    fn make_room(&mut self, size: usize) {
        while (self.order.len() >= KEPT || self.size + size > BUDGET)
            && let Some(oldest) = self.order.pop_front()
        {
            self.size -= self.changes.remove(&oldest).map_or(0, |(_, change)| change.size());
        }
        self.size += size;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(revision: u64, label: &str) -> Arc<Object> {
        let value = format!(r#"{{"metadata":{{"name":"n","labels":{{"l":"{label}"}}}}}}"#).into();
        let revision = Revision::new(revision).expect("not 0");
        let stored = Stored { key: Key::new("g/ks/n"), revision, value, stale: false };
        Arc::new(Object::read(&stored, &[]).expect("an object"))
    }

    #[test]
    fn few_large_changes_are_kept_or_many_small_ones() {
        // length of the object, how many there are, how many are kept
        for (length, changes, kept) in [(0, 300, KEPT), (1 << 20, 10, 7), (BUDGET, 2, 1)] {
            let recent = Recent::default();
            for revision in 1..=changes {
                let new = object(revision, &"x".repeat(length));
                let revision = new.revision();
                let event = Event { key: new.key().clone(), revision, value: None, previous: None };
                recent.put(&Arc::new(event), Arc::new(Change::new(revision, None, Some(new))));
            }
            let window = recent.0.into_inner().expect("not poisoned");
            assert_eq!((window.order.len(), window.changes.len()), (kept, kept), "{length}");
            assert_eq!(window.order.back().map(|revision| revision.get()), Some(changes));
            assert_eq!(window.size, window.changes.values().map(|(_, change)| change.size()).sum::<usize>());
        }
    }

    #[test]
    fn a_selector_decides_what_a_change_looks_like() {
        use ChangeKind::{Added, Deleted, Modified};
        for (old, new, seen) in [
            (None, Some("yes"), Some(Added)),
            (None, Some("no"), None),
            (Some("no"), Some("yes"), Some(Added)),
            (Some("yes"), Some("yes"), Some(Modified)),
            (Some("yes"), Some("no"), Some(Deleted)),
            (Some("yes"), None, Some(Deleted)),
            (Some("no"), None, None),
        ] {
            let revision = Revision::new(7).expect("not 0");
            let change =
                Change::new(revision, old.map(|label| object(3, label)), new.map(|label| object(7, label)));
            let told = change.seen(|object| object.label("l") == Some("yes"));
            assert_eq!(told.map(|(kind, _)| kind), seen, "{old:?} -> {new:?}");
            if let Some((_, object)) = told {
                assert_eq!(object.revision(), change.revision());
                assert_eq!(object.label("l"), Some("yes"));
            }
        }
    }
}
