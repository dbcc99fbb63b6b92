//! What a server needs to be the only one that writes: which Leases, and under whose name it holds them.

use std::sync::Arc;

use kube::Client;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::Options;
#[cfg(feature = "embedded")]
use super::data_dir;
use super::store::Plan;
use crate::Result;
use crate::cluster::lease::{Claim, Holder, Keeper};
use crate::kind::registry::{Backend, Registry};

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
        let (store, (process, lock)) = match plan {
            Plan::Memory => (Uuid::new_v4().to_string(), (Uuid::new_v4().to_string(), None)),
            #[cfg(feature = "embedded")]
            Plan::Embedded(folder, _) => (data_dir::store(folder)?, data_dir::process(folder)),
            #[cfg(feature = "etcd")]
            Plan::Etcd(_) => return Ok(None),
        };
        let namespace = options.leader_elect_resource_namespace.clone();
        Ok(Some(Self { names, holder: Holder { host: host(), process, store, _lock: lock }, namespace }))
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
