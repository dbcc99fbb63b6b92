//! One read for all who want to know where etcd is: those who come before it is sent share it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;

use super::core::Core;
use super::failure::{late, unavailable};
use crate::storage::{Result, Revision};

/// How long anybody waits, whatever is tried meanwhile.
const PATIENCE: Duration = Duration::from_secs(3);

/// Who waits for the next read.
#[derive(Default)]
pub(super) struct Barrier(Mutex<State>);

type Waiting = Vec<oneshot::Sender<Result<Revision>>>;

#[derive(Default)]
struct State {
    waiting: Waiting,
    /// Whether somebody reads, and will read again for those who wait now.
    running: bool,
}

impl Barrier {
    /// Waits for the next read; answers whether somebody must begin it.
    fn join(&self, waiting: oneshot::Sender<Result<Revision>>) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.waiting.push(waiting);
        !std::mem::replace(&mut state.running, true)
    }

    /// Those for whom to read now; none, and reading ends.
    fn next(&self) -> Option<Waiting> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Who gave up meanwhile needs no read.
        state.waiting.retain(|waiting| !waiting.is_closed());
        state.running = !state.waiting.is_empty();
        state.running.then(|| std::mem::take(&mut state.waiting))
    }

    /// Reading breaks off: those who wait are let go, and whoever comes next begins anew.
    fn break_off(&self) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.running = false;
        state.waiting.clear();
    }
}

/// The one who reads. However that ends, nobody waits for it afterwards.
struct Rounds<'a> {
    barrier: &'a Barrier,
    over: bool,
}

impl<'a> Rounds<'a> {
    fn of(barrier: &'a Barrier) -> Self {
        Self { barrier, over: false }
    }

    fn next(&mut self) -> Option<Waiting> {
        let next = self.barrier.next();
        self.over = next.is_none();
        next
    }
}

impl Drop for Rounds<'_> {
    fn drop(&mut self) {
        if !self.over {
            self.barrier.break_off();
        }
    }
}

impl Core {
    /// A revision that no acknowledged write is above; open watches are told to pass it.
    pub(super) async fn barrier(self: &Arc<Self>) -> Result<Revision> {
        let (waiting, answer) = oneshot::channel();
        if self.barrier.join(waiting) {
            tokio::spawn(Arc::clone(self).read_for_all());
        }
        match timeout(PATIENCE, answer).await {
            Ok(answer) => answer.unwrap_or_else(|_| Err(unavailable("the read broke off"))),
            Err(_) => Err(late(&format!("no answer within {} s", PATIENCE.as_secs()))),
        }
    }

    async fn read_for_all(self: Arc<Self>) {
        let mut rounds = Rounds::of(&self.barrier);
        while let Some(waiting) = rounds.next() {
            let now = self.now().await;
            if let Ok(now) = &now {
                self.wanted.send_if_modified(|wanted| {
                    now.revision > std::mem::replace(wanted, now.revision.max(*wanted))
                });
            }
            let answer = now.map(|now| now.at());
            for waiting in waiting {
                // Who does not wait any more needs no answer.
                let _ = waiting.send(answer.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_reader_that_breaks_off_leaves_nobody_waiting() {
        let barrier = Barrier::default();
        let (first, read) = oneshot::channel();
        assert!(barrier.join(first), "somebody must read");
        let mut rounds = Rounds::of(&barrier);
        let reading = rounds.next().expect("one waits");
        let (second, waits) = oneshot::channel();
        assert!(!barrier.join(second), "somebody reads");
        drop((rounds, reading));
        assert!(read.await.is_err() && waits.await.is_err());
        let (third, _waits) = oneshot::channel();
        assert!(barrier.join(third), "somebody must read again");
    }

    #[tokio::test]
    async fn a_reader_that_is_done_takes_nothing_from_the_next() {
        let barrier = Barrier::default();
        let (first, _read) = oneshot::channel();
        assert!(barrier.join(first));
        let mut rounds = Rounds::of(&barrier);
        drop(rounds.next());
        assert!(rounds.next().is_none());
        let (second, mut waits) = oneshot::channel();
        assert!(barrier.join(second), "nobody reads any more");
        drop(rounds);
        assert!(waits.try_recv().is_err_and(|error| error == oneshot::error::TryRecvError::Empty));
        let (third, _read) = oneshot::channel();
        assert!(!barrier.join(third), "the second's reader is there");
    }
}
