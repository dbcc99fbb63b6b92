//! The namespaces of a cluster, watched; the main API is asked before one is called missing.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use k8s_openapi::api::core::v1::Namespace;
use kube::{Api, Client, ResourceExt};
use tokio::sync::watch;

use super::follow::{Change, follow};
use super::namespaces::{Namespaces, NotReady, Phase};

/// The namespaces of a cluster.
pub(crate) struct Watched {
    api: Api<Namespace>,
    known: RwLock<HashMap<String, Phase>>,
    synced: watch::Sender<bool>,
}

/// How long a request waits for the first list, as Go's admission does.
const PATIENCE: Duration = Duration::from_secs(10);

impl Watched {
    pub(crate) fn new(client: Client) -> Arc<Self> {
        let synced = watch::Sender::new(false);
        Arc::new(Watched { api: Api::all(client), known: RwLock::default(), synced })
    }

    /// Follows the namespaces for ever.
    pub(crate) async fn run(self: Arc<Self>) {
        follow(self.api.clone(), "namespaces", None, |change| self.apply(change)).await;
    }

    /// Whether all namespaces were seen once.
    pub(crate) fn is_synced(&self) -> bool {
        *self.synced.borrow()
    }

    fn apply(&self, change: Change<Namespace>) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        match change {
            Change::All(all) => {
                *known = all.iter().map(|namespace| (namespace.name_any(), phase(namespace))).collect();
                self.synced.send_replace(true);
            }
            Change::Applied(namespace) => {
                known.insert(namespace.name_any(), phase(&namespace));
            }
            Change::Deleted(namespace) => {
                known.remove(&namespace.name_any());
            }
        }
    }

    async fn look(&self, name: &str) -> Result<Phase, NotReady> {
        let mut synced = self.synced.subscribe();
        let first_list = synced.wait_for(|synced| *synced);
        tokio::time::timeout(PATIENCE, first_list).await.map_err(|_| NotReady)?.map_err(|_| NotReady)?;
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner).get(name).copied();
        if let Some(known) = known {
            return Ok(known);
        }
        match tokio::time::timeout(PATIENCE, self.api.get_opt(name)).await {
            Ok(Ok(Some(namespace))) => Ok(phase(&namespace)),
            Ok(Ok(None)) => Ok(Phase::Missing),
            Ok(Err(error)) => {
                tracing::warn!(%error, namespace = name, "the main API could not be asked for a namespace");
                Err(NotReady)
            }
            Err(_) => Err(NotReady),
        }
    }
}

fn phase(namespace: &Namespace) -> Phase {
    let phase = namespace.status.as_ref().and_then(|status| status.phase.as_deref());
    let ends = namespace.metadata.deletion_timestamp.is_some() || phase == Some("Terminating");
    if ends { Phase::Terminating } else { Phase::Active }
}

impl fmt::Debug for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watched").field("synced", &self.is_synced()).finish_non_exhaustive()
    }
}

impl Namespaces for Watched {
    fn phase<'a>(
        &'a self,
        namespace: &'a str,
    ) -> Pin<Box<dyn Future<Output = Result<Phase, NotReady>> + Send + 'a>> {
        Box::pin(self.look(namespace))
    }
}
