//! What a watch has received and its reader has not: bounded in bytes, so that a slow reader holds up nobody.

use std::sync::Arc;

use futures::{Stream, stream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use crate::storage::{Batch, Error, Result};

/// How many bytes may wait for a reader.
const ROOM: u32 = 4 << 20;
/// What a batch and an event take besides their values.
const OVERHEAD: usize = 128;

type Item = (Result<Batch>, Option<OwnedSemaphorePermit>);

/// Where the batches of one watch come from.
#[derive(Debug)]
pub(super) struct Sender {
    batches: mpsc::UnboundedSender<Item>,
    room: Arc<Semaphore>,
}

/// The two ends of a queue.
pub(super) fn queue() -> (Sender, impl Stream<Item = Result<Batch>> + Send + 'static) {
    let (batches, waiting) = mpsc::unbounded_channel::<Item>();
    let reader = stream::unfold(waiting, async |mut waiting| {
        let (batch, _room) = waiting.recv().await?;
        Some((batch, waiting))
    });
    (Sender { batches, room: Arc::new(Semaphore::new(ROOM as usize)) }, reader)
}

impl Sender {
    /// Hands over a batch, or gives it back where there is no room.
    pub(super) fn try_send(&self, batch: Batch) -> Result<(), Batch> {
        match Arc::clone(&self.room).try_acquire_many_owned(size(&batch)) {
            Ok(room) => {
                self.send(Ok(batch), Some(room));
                Ok(())
            }
            Err(_) => Err(batch),
        }
    }

    /// Hands over a batch once there is room, and waits until half of what was there is read.
    pub(super) async fn send_slowly(&self, batch: Batch) {
        let room = Arc::clone(&self.room).acquire_many_owned(size(&batch)).await.ok();
        self.send(Ok(batch), room);
        let _half = self.room.acquire_many(ROOM / 2).await;
    }

    /// The last that is sent.
    pub(super) fn end(&self, error: Error) {
        self.send(Err(error), None);
    }

    /// Waits until nobody reads any more.
    pub(super) async fn closed(&self) {
        self.batches.closed().await;
    }

    fn send(&self, batch: Result<Batch>, room: Option<OwnedSemaphorePermit>) {
        // Where nobody reads, nobody misses it.
        let _ = self.batches.send((batch, room));
    }
}

fn size(batch: &Batch) -> u32 {
    let events = batch.events.iter().map(|event| {
        let value = event.value.as_ref().map_or(0, bytes::Bytes::len);
        let previous = event.previous.as_ref().map_or(0, |previous| previous.value.len());
        value + previous + event.key.as_str().len() + OVERHEAD
    });
    u32::try_from(events.sum::<usize>() + OVERHEAD).unwrap_or(ROOM).min(ROOM)
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures::{FutureExt as _, StreamExt as _};

    use super::*;
    use crate::storage::{Event, Key, Revision};

    fn batch(length: usize) -> Batch {
        let value = Some(vec![b'x'; length].into());
        let event = Event { key: Key::new("g/r/n"), revision: Revision::FIRST, value, previous: None };
        Batch { events: vec![Arc::new(event)], through: Revision::FIRST }
    }

    #[tokio::test]
    async fn a_batch_waits_for_room_and_none_is_lost() {
        let (sender, reader) = queue();
        let mut reader = pin!(reader);
        assert_eq!(sender.try_send(batch(3 << 20)), Ok(()));
        let refused = sender.try_send(batch(2 << 20)).expect_err("no room");
        let mut slowly = pin!(sender.send_slowly(refused));
        assert!((&mut slowly).now_or_never().is_none());
        let first = reader.next().await.expect("a batch").expect("no error");
        assert_eq!(first, batch(3 << 20));
        // It is sent now, and its sender waits until it is read.
        assert!((&mut slowly).now_or_never().is_none());
        let second = reader.next().await.expect("a batch").expect("no error");
        assert_eq!(second, batch(2 << 20));
        slowly.await;
    }

    #[tokio::test]
    async fn what_is_larger_than_the_room_passes_alone() {
        let (sender, reader) = queue();
        let mut reader = pin!(reader);
        assert_eq!(sender.try_send(batch(9 << 20)), Ok(()));
        assert!(sender.try_send(batch(0)).is_err());
        reader.next().await.expect("a batch").expect("no error");
        assert_eq!(sender.try_send(batch(0)), Ok(()));
    }
}
