//! Putting records into a store, many with one call.

use super::super::{Result, Storage, Write};

/// How many writes go into one call, and how many bytes of values.
const GROUP: usize = 256;
const GROUP_BYTES: usize = 4 << 20;

/// Writes that wait for more of their kind.
pub(in crate::storage) struct Fill<'a> {
    storage: &'a dyn Storage,
    waiting: Vec<Write>,
    bytes: usize,
}

impl<'a> Fill<'a> {
    pub(in crate::storage) fn new(storage: &'a dyn Storage) -> Self {
        Self { storage, waiting: Vec::with_capacity(GROUP), bytes: 0 }
    }

    pub(in crate::storage) async fn add(&mut self, write: Write) -> Result<()> {
        self.bytes += write.value.as_ref().map_or(0, bytes::Bytes::len);
        self.waiting.push(write);
        if self.waiting.len() >= GROUP || self.bytes >= GROUP_BYTES { self.flush().await } else { Ok(()) }
    }

    /// Everything that was added is acknowledged afterwards.
    pub(in crate::storage) async fn flush(&mut self) -> Result<()> {
        self.bytes = 0;
        let writes = std::mem::replace(&mut self.waiting, Vec::with_capacity(GROUP));
        if writes.is_empty() {
            return Ok(());
        }
        for outcome in self.storage.write(writes).await {
            outcome?;
        }
        Ok(())
    }
}
