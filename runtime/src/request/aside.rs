//! How a request says that it may take long, and leaves the task of its connection, where others would wait for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What is larger is read, changed, written or compressed in a millisecond or more.
const LARGE: usize = 128 << 10;

/// Where a connection learns that the request it has just polled wants to leave. Only one is polled at a time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Aside(Arc<AtomicBool>);

impl Aside {
    /// Leaves, where it is run by a connection.
    pub(crate) async fn step(&self) {
        self.0.store(true, Ordering::Relaxed);
        tokio::task::yield_now().await;
    }

    /// Leaves if what is to be worked on is so long that others would notice.
    pub(crate) async fn step_with(&self, length: usize) {
        if length > LARGE {
            self.step().await;
        }
    }

    /// Whether somebody wanted to leave.
    pub(crate) fn taken(&self) -> bool {
        self.0.swap(false, Ordering::Relaxed)
    }
}
