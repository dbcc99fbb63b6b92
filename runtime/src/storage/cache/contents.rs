//! What is there now: by key, and in order.

use std::borrow::Borrow;
use std::collections::{BTreeMap, HashSet};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::page::{Page, Past};
use super::runs::{Range, Runs};
use super::window::Window;
use crate::object::Object;
use crate::storage::view::List;
use crate::storage::{Error, Key, Prefix, Query, Result, Revision};

/// The objects of a resource at a revision.
#[derive(Debug)]
pub(super) struct Contents {
    objects: HashSet<ByKey>,
    runs: Runs,
    /// Records that cannot be read, and why: reads that meet one fail.
    corrupt: BTreeMap<Key, Error>,
    /// The state is that of this revision.
    pub(super) at: Revision,
}

/// An object in a set of keys: a map beside it would hold each key once more.
#[derive(Debug)]
struct ByKey(Arc<Object>);

impl Borrow<str> for ByKey {
    fn borrow(&self) -> &str {
        self.0.key().as_str()
    }
}

impl Hash for ByKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.key().as_str().hash(state);
    }
}

impl PartialEq for ByKey {
    fn eq(&self, other: &Self) -> bool {
        self.0.key() == other.0.key()
    }
}

impl Eq for ByKey {}

impl Contents {
    /// Nothing.
    pub(super) fn empty() -> Contents {
        Contents {
            objects: HashSet::new(),
            runs: Runs::default(),
            corrupt: BTreeMap::new(),
            at: Revision::FIRST,
        }
    }

    /// The state of a revision: objects in order, and what cannot be read.
    pub(super) fn loaded(objects: Vec<Arc<Object>>, corrupt: BTreeMap<Key, Error>, at: Revision) -> Contents {
        let by_key = objects.iter().cloned().map(ByKey).collect();
        Contents { objects: by_key, runs: objects.into_iter().collect(), corrupt, at }
    }

    /// How many objects there are.
    pub(super) fn len(&self) -> usize {
        self.objects.len()
    }

    /// One object.
    pub(super) fn get(&self, key: &Key) -> Result<Option<Arc<Object>>> {
        match self.objects.get(key.as_str()) {
            Some(ByKey(object)) => Ok(Some(Arc::clone(object))),
            None => self.corrupt.get(key).map_or(Ok(None), |error| Err(error.clone())),
        }
    }

    /// One object at that revision, if it is the present one.
    pub(super) fn at(&self, key: &Key, revision: Revision) -> Option<&Arc<Object>> {
        let object = self.objects.get(key.as_str()).map(|ByKey(object)| object);
        object.filter(|object| object.revision() == revision)
    }

    /// Puts an object in its place; answers what it replaces.
    pub(super) fn put(&mut self, object: Arc<Object>) -> Option<Arc<Object>> {
        self.corrupt.remove(object.key());
        let old = self.objects.replace(ByKey(Arc::clone(&object)));
        self.runs.put(object);
        old.map(|ByKey(old)| old)
    }

    /// Takes an object out.
    pub(super) fn remove(&mut self, key: &Key) -> Option<Arc<Object>> {
        self.corrupt.remove(key);
        let ByKey(old) = self.objects.take(key.as_str())?;
        self.runs.remove(key);
        Some(old)
    }

    /// Puts a record there that cannot be read.
    pub(super) fn spoil(&mut self, key: Key, error: Error) {
        self.remove(&key);
        self.corrupt.insert(key, error);
    }

    /// A page of the present.
    pub(super) fn list(&self, query: &Query) -> Result<List> {
        let start = start(query);
        let range = Range { prefix: &query.prefix, start: &start };
        let (items, more) = Page::new(query.limit, query.max_bytes).present(&self.runs, range);
        self.judge(range, items.last(), more)?;
        let remaining = query.count.then(|| match items.last().filter(|_| more) {
            Some(last) => self.behind(&query.prefix, last.key()) as u64,
            None => 0,
        });
        Ok(List { items, more, remaining })
    }

    /// A page of the past: of the state behind which the changes from a place of the window on were made.
    pub(super) fn past(&self, query: &Query, window: &Window, place: u64) -> Result<List> {
        let start = start(query);
        let range = Range { prefix: &query.prefix, start: &start };
        let mut past = Past::new();
        for change in window.from(place) {
            let key = change.key().filter(|key| key.as_str() >= range.start && range.holds(key));
            if let Some(key) = key {
                past.entry(key.clone()).or_insert_with(|| change.before().cloned());
            }
        }
        let (items, more) = Page::new(query.limit, query.max_bytes).past(&self.runs, range, &past);
        self.judge(range, items.last(), more)?;
        let remaining = query.count.then(|| match items.last().filter(|_| more) {
            Some(last) => self.remaining(&query.prefix, last.key(), &past),
            None => 0,
        });
        Ok(List { items, more, remaining })
    }

    /// One object as it was before the changes from a place of the window on.
    pub(super) fn before(&self, key: &Key, window: &Window, place: u64) -> Result<Option<Arc<Object>>> {
        match window.from(place).find(|change| change.key() == Some(key)) {
            Some(change) => Ok(change.before().cloned()),
            None => self.get(key),
        }
    }

    /// How many objects follow a key.
    fn behind(&self, prefix: &Prefix, last: &Key) -> usize {
        self.runs.count(Range { prefix, start: &format!("{last}\0") })
    }

    /// How many objects followed a key in the past.
    fn remaining(&self, prefix: &Prefix, last: &Key, past: &Past) -> u64 {
        use std::ops::Bound::{Excluded, Unbounded};
        let present = self.behind(prefix, last);
        let changed = past.range::<Key, _>((Excluded(last), Unbounded));
        let (gone, come) = changed.fold((0, 0), |(gone, come), (key, before)| {
            let now = usize::from(self.objects.contains(key.as_str()));
            (gone + usize::from(before.is_some()), come + now)
        });
        (present + gone).saturating_sub(come) as u64
    }

    /// Fails where a record of the page cannot be read.
    fn judge(&self, range: Range<'_>, last: Option<&Arc<Object>>, more: bool) -> Result<()> {
        use std::ops::Bound::{Included, Unbounded};
        if self.corrupt.is_empty() {
            return Ok(());
        }
        let first = self.corrupt.range::<str, _>((Included(range.start), Unbounded)).next();
        match first.filter(|(key, _)| range.holds(key)) {
            Some((key, _)) if more && last.is_some_and(|last| last.key() < key) => Ok(()),
            Some((_, error)) => Err(error.clone()),
            None => Ok(()),
        }
    }
}

/// Where the keys of a query begin.
fn start(query: &Query) -> String {
    format!("{}{}", query.prefix, query.from.as_deref().unwrap_or_default())
}
