//! How a request says that it may take long, and leaves the task of its connection, where others would wait for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What is larger is read, changed, written or compressed in a millisecond or more.
const LARGE: usize = 128 << 10;

/// Where a connection learns that the request it has just polled wants to leave.
#[derive(Debug, Default)]
pub(crate) struct Aside {
    wanted: Arc<AtomicBool>,
    left: AtomicBool,
}

impl Aside {
    /// For another request of the same connection.
    pub(crate) fn another(&self) -> Aside {
        Aside { wanted: Arc::clone(&self.wanted), left: AtomicBool::new(false) }
    }

    /// Leaves, where it is run by a connection. Who has left says so no more: it would be taken for somebody else.
    pub(crate) async fn step(&self) {
        if !self.left.swap(true, Ordering::Relaxed) {
            self.wanted.store(true, Ordering::Relaxed);
            tokio::task::yield_now().await;
        }
    }

    /// Leaves if what is to be worked on is so long that others would notice.
    pub(crate) async fn step_with(&self, length: usize) {
        if length > LARGE {
            self.step().await;
        }
    }

    /// Whether somebody wanted to leave.
    pub(crate) fn taken(&self) -> bool {
        self.wanted.swap(false, Ordering::Relaxed)
    }
}
