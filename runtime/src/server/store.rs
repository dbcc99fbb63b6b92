//! The storage that options ask for.

use std::sync::{Arc, OnceLock};

use super::options::{Options, StorageKind};
use crate::Result;
use crate::health::Check;
use crate::storage::memory::Memory;
use crate::storage::{Health, Storage};

/// The storage once it is open, for whoever has to know meanwhile.
pub(super) type Opened = Arc<OnceLock<Arc<dyn Storage>>>;

/// Opens the storage. The embedded one reads all it has, so it may take a while.
pub(super) async fn open(options: &Options) -> Result<Arc<dyn Storage>> {
    match options.storage {
        StorageKind::Memory => Ok(Arc::new(Memory::new())),
        #[cfg(feature = "embedded")]
        StorageKind::Embedded => {
            let folder = options.data_dir.clone();
            let (opened, opening) = tokio::sync::oneshot::channel();
            // A thread of its own: the runtime would wait for its blocking threads when the process ends meanwhile.
            std::thread::Builder::new().name("storage-open".into()).spawn(move || {
                let _ = opened.send(crate::storage::embedded::Embedded::open(&folder));
            })?;
            let failed = |error: &dyn std::fmt::Display| {
                let folder = options.data_dir.display();
                crate::Error::new(format!("opening the storage in {folder} (--data-dir): {error}"))
            };
            let store = opening.await.map_err(|_| failed(&"it broke off; the log says why"))?;
            Ok(Arc::new(store.map_err(|error| failed(&error))?))
        }
    }
}

/// Whether objects can be read and written.
pub(super) fn check(opened: &Opened) -> Check {
    let opened = Arc::clone(opened);
    Check::health("storage", move || match opened.get() {
        None => Err("the storage is not open yet".to_owned()),
        Some(store) => match &*store.health().borrow() {
            Health::Ready => Ok(()),
            Health::ReadOnly(why) => Err(format!("the storage is read-only: {why}")),
            Health::Down(why) => Err(format!("the storage is down: {why}")),
        },
    })
}
