//! One read for all who want to know where etcd is: those who come before it is sent share it.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

use super::core::{Core, ended};
use crate::storage::{Result, Revision};

/// Who waits for the next read.
#[derive(Default)]
pub(super) struct Barrier(Mutex<State>);

#[derive(Default)]
struct State {
    waiting: Vec<oneshot::Sender<Result<Revision>>>,
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
    fn next(&self) -> Option<Vec<oneshot::Sender<Result<Revision>>>> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.running = !state.waiting.is_empty();
        state.running.then(|| std::mem::take(&mut state.waiting))
    }
}

impl Core {
    /// A revision that no acknowledged write is above; open watches are told to pass it.
    pub(super) async fn barrier(self: &Arc<Self>) -> Result<Revision> {
        let (waiting, answer) = oneshot::channel();
        if self.barrier.join(waiting) {
            tokio::spawn(Arc::clone(self).read_for_all());
        }
        answer.await.unwrap_or_else(|_| Err(ended()))
    }

    async fn read_for_all(self: Arc<Self>) {
        while let Some(waiting) = self.barrier.next() {
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
