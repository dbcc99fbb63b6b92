//! What a server needs to be the only one that writes: which Leases, and under whose name it holds them.

#[cfg(feature = "embedded")]
use std::io::{self, Write as _};
#[cfg(feature = "embedded")]
use std::path::Path;
use std::sync::Arc;

use kube::Client;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::Options;
use super::store::Plan;
use crate::Result;
use crate::cluster::lease::{Claim, Holder, Keeper};
use crate::kind::registry::{Backend, Registry};
#[cfg(feature = "embedded")]
use crate::{Error, owner_only};

/// What stands in the data directory beside the storage: who it is, wherever it is mounted.
#[cfg(feature = "embedded")]
const FILE: &str = "storage.id";

/// What must be held before anything is stored.
#[derive(Debug)]
pub(super) struct Needed {
    names: Vec<String>,
    holder: Holder,
    namespace: Option<String>,
}

impl Needed {
    /// Nothing where servers may share the storage, where nothing is stored, and where that is not wanted.
    pub(super) fn of(options: &Options, plan: &Plan, registry: &Registry) -> Result<Option<Self>> {
        let names = names(registry);
        if options.local || !options.leader_elect || names.is_empty() {
            return Ok(None);
        }
        let store = match plan {
            Plan::Memory => Uuid::new_v4().to_string(),
            #[cfg(feature = "embedded")]
            Plan::Embedded(folder, _) => identity(folder)?,
            #[cfg(feature = "etcd")]
            Plan::Etcd(_) => return Ok(None),
        };
        let namespace = options.leader_elect_resource_namespace.clone();
        Ok(Some(Self { names, holder: Holder { host: host(), store }, namespace }))
    }

    /// Begins to take the Leases.
    pub(super) fn claim(self, client: &Client, beside: &mut JoinSet<()>) -> Arc<Claim> {
        let claim = Arc::new(Claim::new());
        let namespace = self.namespace.as_deref().unwrap_or_else(|| client.default_namespace());
        let keeper = Keeper::new(Arc::clone(&claim), self.holder, client, namespace, self.names);
        beside.spawn(keeper.run());
        claim
    }
}

/// The APIServices that something is stored for.
fn names(registry: &Registry) -> Vec<String> {
    let mut names = Vec::new();
    for group in registry.groups() {
        for version in &group.versions {
            if version.resources.iter().any(|resource| matches!(resource.backend, Backend::Stored)) {
                names.push(format!("{}.{}", version.name, group.name));
            }
        }
    }
    names
}

/// The pod, or the machine.
fn host() -> String {
    let kernel = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let host = kernel.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
    host.or_else(|| std::env::var("HOSTNAME").ok()).unwrap_or_else(|| "localhost".to_owned())
}

/// Who the store in that directory is; decided when it is asked for first.
#[cfg(feature = "embedded")]
fn identity(folder: &Path) -> Result<String> {
    let path = folder.join(FILE);
    let failed = |why: &io::Error| {
        Error::new(format!(
            "reading who the store in {} is, from {}: {why}",
            folder.display(),
            path.display()
        ))
    };
    owner_only::directory(folder).map_err(|why| failed(&why))?;
    match owner_only::file().write(true).create_new(true).open(&path) {
        Ok(mut file) => {
            let id = Uuid::new_v4().to_string();
            file.write_all(id.as_bytes()).and_then(|()| file.sync_all()).map_err(|why| failed(&why))?;
            Ok(id)
        }
        Err(why) if why.kind() == io::ErrorKind::AlreadyExists => {
            let id = std::fs::read_to_string(&path).map_err(|why| failed(&why))?;
            let id = Uuid::parse_str(id.trim());
            id.map(|id| id.to_string())
                .map_err(|why| failed(&io::Error::new(io::ErrorKind::InvalidData, why)))
        }
        Err(why) => Err(failed(&why)),
    }
}

#[cfg(all(test, feature = "embedded"))]
mod tests {
    use super::*;

    #[test]
    fn a_store_keeps_its_identity_and_no_two_have_the_same() {
        let (one, two) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        let folder = one.path().join("new");
        let first = identity(&folder).expect("made");
        assert_eq!(identity(&folder).expect("read"), first);
        assert_ne!(identity(two.path()).expect("made"), first);
        std::fs::write(folder.join(FILE), "somebody").expect("written");
        let refused = identity(&folder).expect_err("no identity").to_string();
        assert!(refused.contains("storage.id"), "{refused}");
    }
}
