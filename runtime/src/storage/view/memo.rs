//! The objects that were read lately, so that a record is parsed once and its bytes are shared.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::object::Object;
use crate::storage::{Key, Revision};

const SHARDS: usize = 16;
/// What the objects of one resource may take, in bytes.
const BUDGET: usize = 64 << 20;
/// What an object takes besides its bytes, roughly.
const OVERHEAD: usize = 512;

/// The latest revision seen of each object, as far as the budget goes.
#[derive(Debug)]
pub(super) struct Memo {
    shards: [Mutex<Shard>; SHARDS],
    hasher: RandomState,
    budget: usize,
}

#[derive(Debug, Default)]
struct Shard {
    objects: HashMap<Key, Arc<Object>>,
    size: usize,
}

impl Default for Memo {
    fn default() -> Self {
        Self { shards: Default::default(), hasher: RandomState::new(), budget: BUDGET / SHARDS }
    }
}

impl Memo {
    /// The object at exactly that revision.
    pub(super) fn get(&self, key: &Key, revision: Revision) -> Option<Arc<Object>> {
        self.shard(key).objects.get(key).filter(|object| object.revision() == revision).cloned()
    }

    /// Remembers an object, unless a newer one is known.
    pub(super) fn put(&self, object: &Arc<Object>) {
        let mut shard = self.shard(object.key());
        if let Some(known) = shard.objects.get(object.key()) {
            if known.revision() >= object.revision() {
                return;
            }
            shard.size -= size(known);
        }
        shard.size += size(object);
        shard.objects.insert(object.key().clone(), Arc::clone(object));
        if shard.size > self.budget {
            shard.shrink(self.budget / 2, object);
        }
    }

    /// Forgets an object that was deleted.
    pub(super) fn forget(&self, key: &Key) {
        let mut shard = self.shard(key);
        if let Some(known) = shard.objects.remove(key) {
            shard.size -= size(&known);
        }
    }

    fn shard(&self, key: &Key) -> MutexGuard<'_, Shard> {
        #[allow(clippy::cast_possible_truncation, reason = "any bits of a hash will do")]
        let place = self.hasher.hash_one(key) as usize % SHARDS;
        self.shards[place].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shard {
    /// Drops arbitrary objects until the rest fits. The map's order is random, which is as good a guess
    /// at what is not needed as any that costs nothing.
    fn shrink(&mut self, budget: usize, keep: &Arc<Object>) {
        let mut left = self.size;
        self.objects.retain(|_, object| {
            let stays = left <= budget || Arc::ptr_eq(object, keep);
            left -= if stays { 0 } else { size(object) };
            stays
        });
        self.size = left;
    }
}

fn size(object: &Object) -> usize {
    object.length() + OVERHEAD
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::Stored;

    fn object(name: &str, revision: u64, length: usize) -> Arc<Object> {
        let padding = "x".repeat(length);
        let value = format!(r#"{{"metadata":{{"name":"{name}"}},"x":"{padding}"}}"#).into();
        let key = Key::new(format!("g/ks/{name}"));
        let stored = Stored { key, revision: Revision::new(revision).expect("not 0"), value, stale: false };
        Arc::new(Object::read(&stored, &[]).expect("an object"))
    }

    #[test]
    fn an_older_revision_never_replaces_a_newer_one() {
        let (memo, old, new) = (Memo::default(), object("a", 1, 0), object("a", 2, 0));
        memo.put(&new);
        memo.put(&old);
        assert!(memo.get(old.key(), old.revision()).is_none());
        assert!(memo.get(new.key(), new.revision()).is_some_and(|found| Arc::ptr_eq(&found, &new)));
        memo.forget(new.key());
        assert!(memo.get(new.key(), new.revision()).is_none());
    }

    #[test]
    fn the_budget_is_kept() {
        let memo = Memo { budget: 4000, ..Memo::default() };
        for number in 0..1000 {
            memo.put(&object(&format!("o{number}"), number + 1, 400));
        }
        for shard in &memo.shards {
            let shard = shard.lock().expect("not poisoned");
            assert!(shard.size <= 4000, "{}", shard.size);
            assert_eq!(shard.size, shard.objects.values().map(|object| size(object)).sum::<usize>());
        }
    }
}
