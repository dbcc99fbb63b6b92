//! One watch of a cache: a cursor, read by whoever owns it.

use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use super::log::{Cursor, Log};
use super::shared::lock;
use crate::storage::view::Step;
use crate::storage::{Result, Revision};

/// The changes of one watch. Holds nothing but a place in what others share.
#[derive(Debug)]
pub struct Subscription {
    log: Arc<Mutex<Log>>,
    cursor: Cursor,
    ended: bool,
}

impl Subscription {
    pub(super) fn new(log: Arc<Mutex<Log>>, cursor: Cursor) -> Subscription {
        Subscription { log, cursor, ended: false }
    }

    /// What was read up to.
    pub(in crate::storage) fn reached(&self) -> Revision {
        self.cursor.reached()
    }

    /// The next step: at most about 64 KiB of objects. `None` comes only after the error that ended the watch.
    pub(in crate::storage) fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Step>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        let mut log = lock(&self.log);
        match log.read(&mut self.cursor) {
            Ok(None) => {
                log.wait(&self.cursor, context.waker());
                Poll::Pending
            }
            Ok(step) => Poll::Ready(step.map(Ok)),
            Err(error) => {
                self.ended = true;
                Poll::Ready(Some(Err(error)))
            }
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        lock(&self.log).close(&self.cursor);
    }
}
