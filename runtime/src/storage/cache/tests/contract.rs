//! The storage contract, kept through a cache.

use std::sync::Arc;

use crate::storage::Storage;
use crate::storage::cache::Through;
use crate::storage::contract::{self, Subject};
use crate::storage::memory::Memory;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cache_over_memory_keeps_the_contract() {
    let open = || async { Arc::new(Through::new(Arc::new(Memory::new()))) as Arc<dyn Storage> };
    contract::run(|| Subject::new(open)).await;
}

#[cfg(feature = "embedded")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cache_over_embedded_keeps_the_contract() {
    use crate::storage::embedded::Embedded;

    contract::run(|| {
        let dir = Arc::new(tempfile::tempdir().expect("a temporary directory"));
        Subject::new(move || {
            let dir = Arc::clone(&dir);
            async move {
                // The feed of a cache that was dropped lets go of the storage a moment later.
                let free = async {
                    loop {
                        match Embedded::open(dir.path()) {
                            Ok(store) => return store,
                            Err(_) => tokio::task::yield_now().await,
                        }
                    }
                };
                let store =
                    tokio::time::timeout(std::time::Duration::from_secs(30), free).await.expect("it opens");
                Arc::new(Through::new(Arc::new(store))) as Arc<dyn Storage>
            }
        })
    })
    .await;
}
