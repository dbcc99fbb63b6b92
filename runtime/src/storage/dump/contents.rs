//! What a store holds, as one number: two that hold the same keys and bytes have the same.

use bytes::Bytes;
use sha2::{Digest as _, Sha256};

use super::super::{At, Key, Revision, Storage};
use super::export::query;
use super::{Error, Result, behind};

/// A digest of keys and values in the order of the keys, without revisions.
#[derive(Clone, Default)]
pub(super) struct Contents {
    digest: Sha256,
    pub(super) count: u64,
}

impl Contents {
    pub(super) fn add(&mut self, key: &Key, value: &Bytes) {
        for part in [key.as_str().as_bytes(), value] {
            self.digest.update((part.len() as u64).to_le_bytes());
            self.digest.update(part);
        }
        self.count += 1;
    }

    /// Reads the store and compares. Answers the revision of what was read.
    pub(super) async fn compare(self, storage: &dyn Storage) -> Result<Revision> {
        let mut found = Contents::default();
        let (mut from, mut at) = (None, At::Latest);
        let revision = loop {
            let read = storage.list(query(from, at)).await?;
            read.value.items.iter().for_each(|stored| found.add(&stored.key, &stored.value));
            let last = read.value.items.last().filter(|_| read.value.more);
            let Some(last) = last else { break read.at };
            (from, at) = (Some(behind(&last.key)), At::Exactly(read.at));
        };
        if found.count != self.count {
            return Err(Error::Differs(format!("{} records in place of {}", found.count, self.count)));
        }
        if found.digest.finalize() != self.digest.finalize() {
            return Err(Error::Differs("records with other keys or values".into()));
        }
        Ok(revision)
    }
}
