//! Long runs of random histories on the stores of this crate. `AGGBOOT_SOAK=full` makes them long.

use std::sync::Arc;

use super::super::Storage;
use super::super::cache::Through;
use super::super::memory::Memory;
use super::{Subject, soak};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_keeps_the_order_of_random_calls() {
    soak(|| Subject::new(|| async { Arc::new(Memory::new()) as Arc<dyn Storage> })).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cache_keeps_the_order_of_random_calls() {
    let open = || async { Arc::new(Through::new(Arc::new(Memory::new()))) as Arc<dyn Storage> };
    soak(|| Subject::new(open)).await;
}

#[cfg(feature = "embedded")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn embedded_keeps_the_order_of_random_calls() {
    use super::super::embedded::Embedded;
    soak(|| {
        let dir = tempfile::tempdir().expect("a temporary directory");
        Subject::new(move || {
            let store = Embedded::open(dir.path()).expect("it opens");
            async { Arc::new(store) as Arc<dyn Storage> }
        })
    })
    .await;
}
