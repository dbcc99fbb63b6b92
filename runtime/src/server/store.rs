//! The storage that options ask for.

#[cfg(feature = "embedded")]
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use super::options::{Options, StorageKind};
use crate::Result;
use crate::health::Check;
use crate::kind::registry::Registry;
#[cfg(feature = "embedded")]
use crate::storage::embedded::{Embedded, Settings};
use crate::storage::memory::Memory;
use crate::storage::migrate::unfinished;
use crate::storage::{Health, Revision, Storage};

/// The storage once it is open, for whoever has to know meanwhile.
pub(super) type Opened = Arc<OnceLock<Arc<dyn Storage>>>;

/// Which storage to open.
#[derive(Debug)]
pub(super) enum Plan {
    Memory,
    #[cfg(feature = "embedded")]
    Embedded(PathBuf, Settings),
    #[cfg(feature = "etcd")]
    Etcd(crate::storage::etcd::Config),
}

/// What the options say, if they do not contradict each other. Naming etcd's servers is enough to say etcd.
pub(super) fn plan(options: &Options, registry: &Registry) -> Result<Plan> {
    #[cfg(feature = "etcd")]
    if let Some(config) = etcd(options, registry)? {
        return Ok(Plan::Etcd(config));
    }
    #[cfg(not(feature = "etcd"))]
    let _ = registry;
    match options.storage.unwrap_or_default() {
        StorageKind::Memory => Ok(Plan::Memory),
        #[cfg(feature = "embedded")]
        StorageKind::Embedded => {
            let settings = Settings { durability: options.durability, ..Settings::default() };
            Ok(Plan::Embedded(options.data_dir.clone(), settings))
        }
        #[cfg(feature = "etcd")]
        StorageKind::Etcd => {
            Err(crate::Error::new("--storage=etcd needs --etcd-servers, the URLs of the etcd servers"))
        }
    }
}

#[cfg(feature = "etcd")]
fn etcd(options: &Options, registry: &Registry) -> Result<Option<crate::storage::etcd::Config>> {
    match (options.storage, options.etcd.etcd_servers.is_empty()) {
        (None | Some(StorageKind::Etcd), false) => options.etcd.config(registry).map(Some),
        (Some(kind), false) => {
            let kind = format!("{kind:?}").to_lowercase();
            Err(crate::Error::new(format!(
                "--storage={kind} contradicts --etcd-servers: leave one of them out"
            )))
        }
        (_, true) => Ok(None),
    }
}

/// Opens the storage. The embedded one reads all it has, so it may take a while.
pub(super) async fn open(plan: &Plan) -> Result<Arc<dyn Storage>> {
    let store = open_any(plan).await?;
    match unfinished(&*store).await {
        Ok(None) => Ok(store),
        Ok(Some(half)) => Err(crate::Error::new(format!(
            "the storage has only a part of what {} has: run that `aggboot migrate` again, it goes on where it was",
            half.source
        ))),
        Err(error) => {
            Err(crate::Error::new(format!("looking for an unfinished migration in the storage: {error}")))
        }
    }
}

async fn open_any(plan: &Plan) -> Result<Arc<dyn Storage>> {
    match plan {
        Plan::Memory => Ok(Arc::new(Memory::new())),
        #[cfg(feature = "embedded")]
        Plan::Embedded(folder, settings) => embedded(folder, *settings).await,
        #[cfg(feature = "etcd")]
        Plan::Etcd(config) => {
            let failed = |error| crate::Error::new(format!("opening the storage in etcd: {error}"));
            Ok(Arc::new(crate::storage::etcd::Etcd::open(config).await.map_err(failed)?))
        }
    }
}

#[cfg(feature = "embedded")]
async fn embedded(folder: &Path, settings: Settings) -> Result<Arc<dyn Storage>> {
    let (opened, opening) = tokio::sync::oneshot::channel();
    let owned = folder.to_owned();
    // A thread of its own: the runtime would wait for its blocking threads when the process ends meanwhile.
    std::thread::Builder::new().name("storage-open".into()).spawn(move || {
        let _ = opened.send(Embedded::open_with(&owned, settings));
    })?;
    let failed = |error: &dyn std::fmt::Display| {
        crate::Error::new(format!("opening the storage in {} (--data-dir): {error}", folder.display()))
    };
    let store = opening.await.map_err(|_| failed(&"it broke off; the log says why"))?;
    Ok(Arc::new(store.map_err(|error| failed(&error))?))
}

/// None of the revisions that clients hold may come a second time: those of another store, or of this one, if it is
/// a copy of before.
pub(super) async fn raise_above_served(store: &dyn Storage, changed_hands: bool, served: u64) -> Result<()> {
    let failed = |why: crate::storage::Error| {
        crate::Error::new(format!("raising the storage above what was served before: {why}"))
    };
    let revision = store.barrier().await.map_err(failed)?.get();
    if !changed_hands && revision >= served {
        return Ok(());
    }
    if !changed_hands {
        tracing::warn!(
            "the storage is at revision {revision}, and the Lease says that {served} was served: it is an older copy, \
             so it is raised above, and clients list again"
        );
    }
    store.raise(Revision::above(served)).await.map_err(failed)
}

/// Whether objects can be read, and written unless the storage is read-only, which is said: a server that is not ready
/// gets no requests, and a full disk needs those that delete.
pub(super) fn check(opened: &Opened) -> Check {
    let opened = Arc::clone(opened);
    Check::health("storage", move || match opened.get() {
        None => Err("the storage is not open yet".to_owned()),
        Some(store) => well(&store.health().borrow()),
    })
}

fn well(health: &Health) -> Result<Option<String>, String> {
    match health {
        Health::Ready => Ok(None),
        Health::ReadOnly(why) => Ok(Some(format!("read-only: {why}"))),
        Health::Down(why) => Err(format!("the storage is down: {why}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(feature = "embedded")]
    use crate::storage::Key;

    #[cfg(feature = "etcd")]
    #[test]
    fn options_that_contradict_each_other_are_refused_by_name() {
        let registry = Registry::default();
        let planned = |storage, servers: &[&str]| {
            let mut options = Options { storage, ..Options::default() };
            options.etcd.etcd_servers = servers.iter().map(ToString::to_string).collect();
            plan(&options, &registry)
        };
        let servers = &["http://127.0.0.1:2379"][..];
        for storage in [None, Some(StorageKind::Etcd)] {
            assert!(matches!(planned(storage, servers), Ok(Plan::Etcd(config)) if config.servers == servers));
        }
        assert!(matches!(planned(Some(StorageKind::Memory), &[]), Ok(Plan::Memory)));
        #[cfg(feature = "embedded")]
        assert!(matches!(planned(None, &[]), Ok(Plan::Embedded(..))));
        let refused = planned(Some(StorageKind::Memory), servers).expect_err("two storages").to_string();
        assert!(refused.contains("--storage=memory") && refused.contains("--etcd-servers"), "{refused}");
        let refused = planned(Some(StorageKind::Etcd), &[]).expect_err("no servers").to_string();
        assert!(refused.contains("--storage=etcd") && refused.contains("--etcd-servers"), "{refused}");
    }

    #[test]
    fn a_full_disk_is_told_by_those_that_are_ready() {
        assert_eq!(well(&Health::Ready), Ok(None));
        assert_eq!(well(&Health::ReadOnly("full".into())), Ok(Some("read-only: full".into())));
        assert_eq!(well(&Health::Down("gone".into())), Err("the storage is down: gone".into()));
    }

    #[tokio::test]
    async fn a_store_is_raised_where_clients_may_hold_higher_revisions() {
        let store = Memory::new();
        let at = async || store.barrier().await.expect("a revision").get();
        let begun = at().await;
        raise_above_served(&store, false, begun).await.expect("nothing to do");
        assert_eq!(at().await, begun, "it served that itself");
        raise_above_served(&store, false, begun + 1).await.expect("raised");
        let raised = at().await;
        assert!(raised > begun + 1, "an older copy: {raised}");
        raise_above_served(&store, true, 0).await.expect("raised");
        assert!(at().await >= raised, "another store");
        let ahead = at().await * 2;
        raise_above_served(&store, true, ahead).await.expect("raised");
        assert!(at().await > ahead, "the clock of the one before was ahead");
    }

    #[cfg(feature = "embedded")]
    #[tokio::test]
    async fn a_part_of_a_store_is_refused() {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let plan = Plan::Embedded(folder.path().to_owned(), Settings::default());
        let store = open(&plan).await.expect("an empty store");
        let begun = r#"{"format":"aggboot-migration/1","source":"etcd:https://a:1 below /g","above":7}"#;
        store.create(Key::new("~aggboot/migration"), begun.into()).await.expect("written");
        drop(store);
        let refused = open(&plan).await.expect_err("a part").to_string();
        assert!(refused.contains("only a part of what etcd:https://a:1 below /g has"), "{refused}");
    }
}
