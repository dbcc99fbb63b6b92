//! What of the cluster a server uses: decided by its options, all of it or nothing.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use tokio::task::JoinSet;

use super::claim::Needed;
use super::{Local, Options};
use crate::Result;
use crate::authentication::{Sources, TokenReviews, Trust, Trusted};
use crate::authorization::{AccessReviews, Keep};
use crate::cluster::lease::Claim;
use crate::cluster::namespaces::{EveryNamespace, Namespaces};
use crate::cluster::{Clients, Watched, config_map};
use crate::health::Check;

/// What a server may ask, and whom it believes.
pub(super) struct Capabilities {
    pub(super) trusted: Arc<Trusted>,
    pub(super) tokens: Option<TokenReviews>,
    pub(super) reviews: Option<AccessReviews>,
    pub(super) namespaces: Arc<dyn Namespaces>,
    /// What must be held before anything is stored.
    pub(super) claim: Option<Arc<Claim>>,
    pub(super) checks: Vec<Check>,
}

impl fmt::Debug for Capabilities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Capabilities").field("namespaces", &self.namespaces).finish_non_exhaustive()
    }
}

impl Capabilities {
    /// Without a cluster: every namespace exists, and the admin certificate is `system:masters`.
    pub(super) fn local(local: &Local) -> Self {
        Capabilities {
            trusted: Arc::new(Trusted::new(local.trust())),
            tokens: None,
            reviews: None,
            namespaces: Arc::new(EveryNamespace),
            claim: None,
            checks: Vec::new(),
        }
    }

    /// With a cluster. What follows it is spawned into `beside`.
    pub(super) async fn cluster(
        options: &Options,
        needed: Option<Needed>,
        beside: &mut JoinSet<()>,
    ) -> Result<Self> {
        let sources = Sources::read(options)?;
        let clients = Clients::new(options).await?;
        let trusted = trusted(options, sources, &clients, beside).await?;
        let claim = needed.map(|needed| needed.claim(&clients.core, beside));
        let namespaces = Watched::new(clients.core);
        beside.spawn(Arc::clone(&namespaces).run());
        let synced = Arc::clone(&namespaces);
        let informer_sync = Check::readiness("informer-sync", move || {
            if synced.is_synced() { Ok(()) } else { Err("namespaces were not listed yet".to_owned()) }
        });
        let keep = Keep {
            allowed: options.authorization_webhook_cache_authorized_ttl,
            denied: options.authorization_webhook_cache_unauthorized_ttl,
        };
        let keep_tokens = options.authentication_token_webhook_cache_ttl;
        Ok(Capabilities {
            trusted,
            tokens: Some(TokenReviews::new(clients.authentication, keep_tokens)),
            reviews: Some(AccessReviews::new(clients.authorization, keep)),
            namespaces,
            checks: [informer_sync].into_iter().chain(claim.as_ref().map(leader)).collect(),
            claim,
        })
    }
}

/// Whether this server is the one that writes.
fn leader(claim: &Arc<Claim>) -> Check {
    let claim = Arc::clone(claim);
    Check::readiness("leader-election", move || claim.check())
}

/// The trust of flags and of the cluster, kept up to date.
async fn trusted(
    options: &Options,
    sources: Sources,
    clients: &Clients,
    beside: &mut JoinSet<()>,
) -> Result<Arc<Trusted>> {
    if !sources.need_the_cluster() {
        return Ok(Arc::new(Trusted::new(sources.trust(&BTreeMap::new())?)));
    }
    let client = clients.authentication.clone();
    let read = config_map::read(client.clone()).await.and_then(|published| sources.trust(&published));
    let trust = match read {
        Ok(trust) => trust,
        Err(error) if options.authentication_tolerate_lookup_failure => {
            tracing::warn!(%error, "nobody is known yet; starting all the same");
            Trust::default()
        }
        Err(error) => return Err(error),
    };
    let trusted = Arc::new(Trusted::new(trust));
    let kept = Arc::clone(&trusted);
    beside.spawn(config_map::watch(client, move |published| match sources.trust(&published) {
        Ok(trust) => kept.replace(trust),
        Err(error) => {
            tracing::warn!(%error, "what the cluster publishes cannot be used; the old trust stays");
        }
    }));
    Ok(trusted)
}
