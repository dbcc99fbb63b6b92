//! The log as states: what was where at which revision.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use super::super::super::{Event, Key, Prefix, Revision, Stored};

/// For each key the revisions of its changes, and what they left there.
pub(super) struct Timeline<'a>(BTreeMap<&'a Key, BTreeMap<Revision, Option<Stored>>>);

impl<'a> Timeline<'a> {
    pub(super) fn new(log: &'a [Arc<Event>]) -> Self {
        let mut keys: BTreeMap<_, BTreeMap<_, _>> = BTreeMap::new();
        for event in log {
            let (key, revision) = (event.key.clone(), event.revision);
            let now = event.value.clone().map(|value| Stored { key, revision, value, stale: false });
            keys.entry(&event.key).or_default().insert(revision, now);
        }
        Self(keys)
    }

    /// What was under a key at a revision.
    pub(super) fn at(&self, key: &Key, revision: Revision) -> Option<&Stored> {
        self.0.get(key)?.range(..=revision).next_back()?.1.as_ref()
    }

    /// What the change at a revision replaced.
    pub(super) fn before(&self, key: &Key, revision: Revision) -> Option<&Stored> {
        self.0.get(key)?.range(..revision).next_back()?.1.as_ref()
    }

    /// What was under a prefix at a revision, in order.
    pub(super) fn under(&self, prefix: &Prefix, revision: Revision) -> Vec<&Stored> {
        let of_prefix = self.0.keys().filter(|key| key.under(prefix).is_some());
        of_prefix.filter_map(|key| self.at(key, revision)).collect()
    }

    /// Whether a key was like this, for a moment at least, not before a revision.
    pub(super) fn was(&self, key: &Key, like: Option<&Stored>, since: Revision) -> bool {
        if self.at(key, since) == like {
            return true;
        }
        let later = (Bound::Excluded(since), Bound::Unbounded);
        self.0.get(key).is_some_and(|changes| changes.range(later).any(|(_, now)| now.as_ref() == like))
    }
}
