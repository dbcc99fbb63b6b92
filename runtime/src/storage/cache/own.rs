//! Writes of this process on their way through the store: their event is known by its bytes, and parsed by nobody twice.
//!
//! Never by its revision: an event may come before the answer that tells which one it is.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use bytes::Bytes;

use crate::object::Object;
use crate::storage::{Key, Revision};

/// A write and the object that it makes.
#[derive(Debug)]
pub(super) struct Candidate {
    value: Bytes,
    /// Without a revision.
    draft: Object,
    /// At the revision of the write, made by whoever learns that first.
    made: OnceLock<Arc<Object>>,
}

impl Candidate {
    /// The object at a revision.
    pub(super) fn at(&self, revision: Revision) -> Arc<Object> {
        let made = self.made.get_or_init(|| Arc::new(self.draft.at(revision)));
        // Two writers may have written the same bytes.
        if made.revision() == revision { Arc::clone(made) } else { Arc::new(self.draft.at(revision)) }
    }
}

/// The writes whose event has not come.
#[derive(Debug, Default)]
pub(super) struct Own(Mutex<HashMap<Key, Vec<Arc<Candidate>>>>);

impl Own {
    /// A write is about to be made.
    pub(super) fn expect(&self, value: Bytes, draft: Object) -> Arc<Candidate> {
        let key = draft.key().clone();
        let candidate = Arc::new(Candidate { value, draft, made: OnceLock::new() });
        self.lock().entry(key).or_default().push(Arc::clone(&candidate));
        candidate
    }

    /// The write that an event tells of; it is expected no longer.
    pub(super) fn adopt(&self, key: &Key, value: &Bytes) -> Option<Arc<Candidate>> {
        let mut writes = self.lock();
        let candidates = writes.get_mut(key)?;
        let place = candidates
            .iter()
            .position(|candidate| candidate.value.as_ptr() == value.as_ptr() && candidate.value == *value)
            .or_else(|| candidates.iter().position(|candidate| candidate.value == *value))?;
        let candidate = candidates.swap_remove(place);
        if candidates.is_empty() {
            writes.remove(key);
        }
        Some(candidate)
    }

    /// The newest object of a key whose write was answered and whose event has not come.
    pub(super) fn written(&self, key: &Key) -> Option<Arc<Object>> {
        let writes = self.lock();
        let made = writes.get(key)?.iter().filter_map(|candidate| candidate.made.get());
        made.max_by_key(|object| object.revision()).cloned()
    }

    /// The event of a write will not come, or has come.
    pub(super) fn forget(&self, key: &Key, candidate: &Arc<Candidate>) {
        let mut writes = self.lock();
        let Some(candidates) = writes.get_mut(key) else { return };
        candidates.retain(|other| !Arc::ptr_eq(other, candidate));
        if candidates.is_empty() {
            writes.remove(key);
        }
    }

    /// The events of all writes may have been missed.
    pub(super) fn clear(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Vec<Arc<Candidate>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Forgets a write that is given up.
pub(super) struct Pending<'a> {
    pub(super) own: &'a Own,
    pub(super) key: &'a Key,
    pub(super) candidate: Option<Arc<Candidate>>,
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        if let Some(candidate) = self.candidate.take() {
            self.own.forget(self.key, &candidate);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::revision;
    use super::*;

    fn expect(own: &Own, value: &'static str) -> (Bytes, Arc<Candidate>) {
        let value = Bytes::from(value.to_owned());
        let draft = Object::draft(Key::new("g/ks/a"), value.clone(), &[]).expect("an object");
        (value.clone(), own.expect(value, draft))
    }

    #[test]
    fn an_event_finds_its_write_by_its_bytes() {
        const ONE: &str = r#"{"metadata":{"name":"a"},"n":1}"#;
        const TWO: &str = r#"{"metadata":{"name":"a"},"n":2}"#;
        let (own, key) = (Own::default(), Key::new("g/ks/a"));
        let ((_, first), (bytes, second), (_, other)) =
            (expect(&own, ONE), expect(&own, ONE), expect(&own, TWO));
        assert!(own.adopt(&key, &Bytes::from_static(b"{}")).is_none());
        assert!(own.adopt(&Key::new("g/ks/b"), &bytes).is_none());
        // The same allocation comes before the same content.
        assert!(own.adopt(&key, &bytes).is_some_and(|found| Arc::ptr_eq(&found, &second)));
        assert!(own.adopt(&key, &bytes).is_some_and(|found| Arc::ptr_eq(&found, &first)));
        assert!(own.adopt(&key, &bytes).is_none());
        own.forget(&key, &other);
        assert!(own.lock().is_empty());
    }

    #[test]
    fn whoever_learns_the_revision_first_makes_the_object() {
        let own = Own::default();
        let (_, write) = expect(&own, r#"{"metadata":{"name":"a"}}"#);
        assert!(own.written(write.draft.key()).is_none());
        let object = write.at(revision(7));
        assert!(own.written(object.key()).is_some_and(|written| Arc::ptr_eq(&object, &written)));
        assert!(Arc::ptr_eq(&object, &write.at(revision(7))));
        assert_eq!(object.bytes(), &br#"{"metadata":{"resourceVersion":"7","name":"a"}}"#[..]);
        assert_eq!(write.at(revision(8)).bytes(), &br#"{"metadata":{"resourceVersion":"8","name":"a"}}"#[..]);
    }
}
