//! What a store holds, as one number: two that hold the same keys and bytes have the same.

use bytes::Bytes;
use sha2::{Digest as _, Sha256};

use super::super::{At, Key, Revision, Storage};
use super::export::query;
use super::{Error, Result, behind, lines};

/// A digest of keys and values in the order of the keys, without revisions.
#[derive(Clone, Default)]
pub(in crate::storage) struct Contents {
    digest: Sha256,
    pub(in crate::storage) count: u64,
}

impl Contents {
    pub(in crate::storage) fn add(&mut self, key: &Key, value: &Bytes) {
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
        self.must_be(found).map_err(Error::Differs)?;
        Ok(revision)
    }

    /// The digest of both, when they are the same; else in which way they are not.
    pub(in crate::storage) fn must_be(self, found: Contents) -> Result<String, String> {
        if found.count != self.count {
            return Err(format!("{} records in place of {}", found.count, self.count));
        }
        let digest = self.digest.finalize();
        if found.digest.finalize() != digest {
            return Err("records with other keys or values".into());
        }
        Ok(lines::hex(&digest))
    }
}
