//! The live records and their recent past, without locks, clocks or files.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;

use super::super::{At, Error, Event, Key, Page, Prefix, Query, Read, Result, Revision, Start, Stored};
use super::list::{Row, page};
use super::window::{Past, Retention, Window};

pub(in crate::storage) struct State {
    live: BTreeMap<Key, Record>,
    window: Window,
    revision: Revision,
}

struct Record {
    revision: Revision,
    value: Bytes,
}

impl State {
    /// Nothing, at a revision; all before is forgotten.
    pub(in crate::storage) fn empty(start: Revision, retention: Retention) -> Self {
        Self { live: BTreeMap::new(), window: Window::new(start, retention), revision: start }
    }

    pub(in crate::storage) fn revision(&self) -> Revision {
        self.revision
    }

    pub(in crate::storage) fn compacted(&self) -> Revision {
        self.window.compacted()
    }

    pub(in crate::storage) fn current(&self, key: &str) -> Option<Stored> {
        self.live.get_key_value(key).map(|(key, record)| record.stored(key))
    }

    pub(in crate::storage) fn get(&self, key: &Key, at: At) -> Result<Read<Option<Stored>>> {
        let at = self.resolve(at)?;
        let later = self.window.after(at).find(|event| event.key == *key);
        let value =
            later.map_or_else(|| self.current(key.as_str()), |event| event.previous.as_deref().cloned());
        Ok(Read { at, value })
    }

    pub(in crate::storage) fn list(&self, query: &Query) -> Result<Read<Page>> {
        let at = self.resolve(query.at)?;
        let start = format!("{}{}", query.prefix, query.from.as_deref().unwrap_or_default());
        let end = query.prefix.end();
        let end = end.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        let live = self
            .live
            .range::<str, _>((Bound::Included(start.as_str()), end))
            .map(|(key, record)| Row { key, revision: record.revision, value: &record.value });
        if at == self.revision {
            return Ok(Read { at, value: page(live, query) });
        }
        Ok(Read { at, value: page(self.undone(at, &start, &query.prefix, live), query) })
    }

    /// The events that a new watch has to begin with, and the revision they reach.
    pub(super) fn replay(&self, prefix: &Prefix, from: Start) -> Result<(Vec<Arc<Event>>, Revision)> {
        let after = match from {
            Start::Now => self.revision,
            Start::After(revision) => self.resolve(At::Exactly(revision))?,
        };
        let events = self.window.after(after).filter(|event| event.key.under(prefix).is_some());
        Ok((events.map(Past::event).collect(), self.revision))
    }

    /// Puts a record there whose history is compacted; answers the revision that it replaces.
    #[cfg(feature = "embedded")]
    pub(in crate::storage) fn settle(
        &mut self,
        key: Key,
        revision: Revision,
        value: Option<Bytes>,
    ) -> Option<Revision> {
        let replaced = match value {
            Some(value) => self.live.insert(key, Record { revision, value }),
            None => self.live.remove(&key),
        };
        replaced.map(|record| record.revision)
    }

    /// Every live key and its revision, in order.
    #[cfg(feature = "embedded")]
    pub(in crate::storage) fn index(&self) -> impl Iterator<Item = (&str, Revision)> {
        self.live.iter().map(|(key, record)| (key.as_str(), record.revision))
    }

    /// Takes over events that are durable.
    pub(in crate::storage) fn apply(&mut self, events: &[Arc<Event>], now: Instant) {
        for event in events {
            match &event.value {
                Some(value) => {
                    let record = Record { revision: event.revision, value: value.clone() };
                    self.live.insert(event.key.clone(), record);
                }
                None => drop(self.live.remove(&event.key)),
            }
            self.revision = event.revision;
            self.window.push(event, now);
        }
    }

    /// Through which revision retention wants history forgotten by now.
    pub(in crate::storage) fn due(&self, now: Instant) -> Option<Revision> {
        self.window.due(now)
    }

    /// Forgets history, at most up to the current revision, and hands it over.
    pub(in crate::storage) fn compact(&mut self, through: Revision) -> Vec<Past> {
        self.window.compact(through.min(self.revision))
    }

    /// Lifts the revision to at least this one and forgets all history up to it.
    pub(in crate::storage) fn lift(&mut self, to: Revision) -> Vec<Past> {
        self.revision = self.revision.max(to);
        self.window.compact(to)
    }

    /// The revision that a read sees.
    fn resolve(&self, at: At) -> Result<Revision> {
        let (At::NotBefore(asked) | At::Exactly(asked)) = at else { return Ok(self.revision) };
        if asked > self.revision {
            return Err(Error::Future { asked, current: self.revision });
        }
        if matches!(at, At::NotBefore(_)) {
            return Ok(self.revision);
        }
        if asked < self.compacted() {
            return Err(Error::Compacted { asked, oldest: self.compacted() });
        }
        Ok(asked)
    }

    /// Live rows with everything after a revision undone: of each changed key, what its first event replaced.
    fn undone<'a>(
        &'a self,
        at: Revision,
        start: &str,
        prefix: &Prefix,
        live: impl Iterator<Item = Row<'a>>,
    ) -> impl Iterator<Item = Row<'a>> {
        let mut before: BTreeMap<&'a Key, Option<&'a Stored>> = BTreeMap::new();
        for event in self.window.after(at) {
            if event.key.as_str() >= start && event.key.under(prefix).is_some() {
                before.entry(&event.key).or_insert(event.previous.as_deref());
            }
        }
        let mut live = live.peekable();
        let mut before = before.into_iter().peekable();
        std::iter::from_fn(move || {
            loop {
                let Some((key, _)) = before.peek() else { return live.next() };
                if live.peek().is_some_and(|row| row.key < *key) {
                    return live.next();
                }
                live.next_if(|row| row.key == *key);
                if let Some((_, Some(stored))) = before.next() {
                    return Some(Row { key: &stored.key, revision: stored.revision, value: &stored.value });
                }
            }
        })
    }
}

impl Record {
    fn stored(&self, key: &Key) -> Stored {
        Stored { key: key.clone(), revision: self.revision, value: self.value.clone(), stale: false }
    }
}
