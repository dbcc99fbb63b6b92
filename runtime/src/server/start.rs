//! From options to a server that answers.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::task::{JoinHandle, JoinSet};

use super::capabilities::Capabilities;
use super::claim::Needed;
use super::{Lifecycle, Local, Options, local, serving, store};
use crate::authentication::Authenticator;
use crate::authorization::{AlwaysAllowed, Authorizer};
use crate::cluster::lease::{Claim, Guarded, Standing};
use crate::cluster::namespaces::Namespaces;
use crate::health::{Check, Health, Metrics};
use crate::kind::Registration;
use crate::kind::registry::Registry;
use crate::layers::{Deadlines, InFlight, MaxInFlight, Routes, Stack};
use crate::respond::lease::Leases;
use crate::storage::Storage;
use crate::transport::{self, Identity, Limits, Listener, Source};
use crate::verbs::{Kinds, Views};
use crate::{Error, Result};

/// A server that answers.
pub(crate) struct Running {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// What local mode generated, in local mode.
    pub(crate) local: Option<Local>,
    kubeconfig: Option<PathBuf>,
    claim: Option<Arc<Claim>>,
    registry: Arc<Registry>,
    stack: Arc<Stack>,
    serving: JoinHandle<()>,
    /// What runs beside the requests; ends with the server.
    _beside: JoinSet<()>,
}

/// How long requests that were begun may take when the server stops.
const DRAIN: Duration = Duration::from_secs(60);
/// How long watches may take for it: they are told to end, and only one whose reader stalls does not.
const DRAIN_LONG_RUNNING: Duration = Duration::from_secs(5);
/// How often the serving certificate is looked at.
const RELOAD: Duration = Duration::from_secs(60);
/// How long a start waits until the stored kinds are cached.
const CACHING: Duration = Duration::from_secs(30);
const PORT: u16 = 443;

/// Where a server is and what it shows.
struct Place {
    address: SocketAddr,
    identity: Identity,
    source: Source,
    local: Option<Local>,
}

/// Starts a server. It answers when this is done; it is asked to wait (503) while its storage opens.
pub(crate) async fn start(options: Options, registrations: Vec<Registration>) -> Result<Running> {
    #[cfg(feature = "etcd")]
    options.etcd.go.warn();
    let registry = Arc::new(Registry::compile(registrations)?);
    let plan = store::plan(&options, &registry)?;
    let needed = Needed::of(&options, &plan, &registry)?;
    let place = place(&options)?;
    let mut beside = JoinSet::new();
    let capabilities = match &place.local {
        Some(local) => Capabilities::local(local),
        None => Capabilities::cluster(&options, needed, &mut beside).await?,
    };
    let (namespaces, claim) = (Arc::clone(&capabilities.namespaces), capabilities.claim.clone());
    let opened = store::Opened::default();
    let stack = Arc::new(stack(&options, capabilities, &opened)?);
    let listener = Listener::bind(place.address).await?;
    let address = listener.address()?;
    let tls = transport::config(place.identity.clone())?;
    beside.spawn(transport::reload(place.identity, place.source, RELOAD));
    let leases = Arc::clone(&stack.leases);
    beside.spawn(async move { leases.reap().await });
    let limits = Limits::new(options.http2_max_streams_per_connection);
    let (draining, closing) = (stack.lifecycle.draining(), stack.lifecycle.closing());
    let serving = tokio::spawn(listener.serve(tls, limits, Arc::clone(&stack), draining, closing));
    // From here on dropping stops what was begun.
    let (local, kubeconfig) = (place.local, None);
    let running = Running { address, local, kubeconfig, claim, registry, stack, serving, _beside: beside };
    let views = if options.watch_cache { Views::Cached } else { Views::Plain };
    running.open(&plan, namespaces, &opened, views).await
}

impl Running {
    /// Opens the storage, then the gate.
    async fn open(
        mut self,
        plan: &store::Plan,
        namespaces: Arc<dyn Namespaces>,
        opened: &store::Opened,
        views: Views,
    ) -> Result<Running> {
        let storage = self.storage(plan).await?;
        let _ = opened.set(Arc::clone(&storage));
        let kinds = Kinds::new(Arc::clone(&self.registry), storage, namespaces, views);
        if tokio::time::timeout(CACHING, kinds.loaded()).await.is_err() {
            tracing::warn!(
                "some kinds are not read yet: until they are, their lists and watches are answered with 429"
            );
        }
        let routes = Routes::new(Arc::clone(&self.registry), &self.stack.health, kinds);
        self.stack.routes.set(routes).map_err(|_| Error::new("the routes of a server are set once"))?;
        if let Some(local) = &self.local {
            self.kubeconfig = Some(local.write_kubeconfig(self.address)?);
        }
        tracing::info!(address = %self.address, "serving");
        Ok(self)
    }

    /// The storage, once this server is the one that writes to its kind.
    async fn storage(&self, plan: &store::Plan) -> Result<Arc<dyn Storage>> {
        let Some(claim) = &self.claim else { return store::open(plan).await };
        let changed_hands = claim.held().await.map_err(Error::new)?;
        let store = store::open(plan).await?;
        let guarded: Arc<dyn Storage> = Arc::new(Guarded::new(Arc::clone(&store), Arc::clone(claim)));
        store::raise_above_served(&*guarded, changed_hands, claim.served()).await?;
        claim.name_the_store(&store).await.map_err(Error::new)?;
        Ok(guarded)
    }

    /// Ends when the server stopped by itself, which it never should, or must not go on; says why.
    pub(crate) async fn died(&mut self) -> Error {
        let gone = gone(self.claim.as_deref());
        tokio::select! {
            ended = &mut self.serving => {
                if let Err(error) = ended {
                    tracing::error!(%error, "the listener failed");
                }
                Error::new("the server stopped taking connections; its log says why")
            }
            why = gone => Error::new(why),
        }
    }

    /// Stops the server: see `shutdown` for the steps.
    pub(crate) async fn stop(&mut self, delay: Duration) {
        let lifecycle = &self.stack.lifecycle;
        lifecycle.stop();
        tokio::time::sleep(delay).await;
        lifecycle.drain();
        let in_flight = &self.stack.in_flight;
        let (long_running, others) = tokio::join!(
            tokio::time::timeout(DRAIN_LONG_RUNNING, in_flight.no_long_running()),
            tokio::time::timeout(DRAIN, in_flight.no_others()),
        );
        if long_running.is_err() || others.is_err() {
            tracing::warn!("some requests did not end in time and are cut off");
        }
        lifecycle.close();
        let _ = (&mut self.serving).await;
        if let Some(claim) = &self.claim {
            // Last: from here on somebody else may write.
            claim.release().await;
        }
        tracing::info!("stopped");
    }

    /// Says how to use a local server, now that `/readyz` answers.
    pub(super) fn say_how_to_use_it(&self) -> Result<()> {
        match &self.kubeconfig {
            Some(kubeconfig) => local::say_how_to_use_it(kubeconfig, self.address, &self.registry),
            None => Ok(()),
        }
    }
}

/// Ends when somebody else has become the one that writes; never where nobody can.
async fn gone(claim: Option<&Claim>) -> String {
    let Some(claim) = claim else { return std::future::pending().await };
    let mut standing = claim.standing();
    let gone = standing.wait_for(|standing| matches!(standing, Standing::Gone(_))).await;
    match gone.as_deref() {
        Ok(Standing::Gone(why)) => why.clone(),
        _ => std::future::pending().await,
    }
}

impl Drop for Running {
    /// Nothing goes on behind the back of whoever dropped it.
    fn drop(&mut self) {
        self.stack.lifecycle.drain();
        self.stack.lifecycle.close();
        self.serving.abort();
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running").field("address", &self.address).finish_non_exhaustive()
    }
}

fn place(options: &Options) -> Result<Place> {
    if options.local {
        let address = Local::address(options)?;
        let local = Local::prepare(options)?;
        let (identity, source) = local.identity()?;
        return Ok(Place { address, identity, source, local: Some(local) });
    }
    let ip = options.bind_address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    let address = SocketAddr::new(ip, options.secure_port.unwrap_or(PORT));
    let (identity, source) = serving::identity(options, ip)?;
    Ok(Place { address, identity, source, local: None })
}

fn stack(options: &Options, capabilities: Capabilities, opened: &store::Opened) -> Result<Stack> {
    let metrics = Metrics::new();
    let lifecycle = Arc::new(Lifecycle::default());
    let stopping = Arc::clone(&lifecycle);
    let shutdown = Check::readiness("shutdown", move || {
        if stopping.is_stopping() { Err("process is shutting down".to_owned()) } else { Ok(()) }
    });
    let routes = Arc::new(OnceLock::new());
    let (there, open) = (Arc::clone(&routes), Arc::clone(opened));
    let serving = Check::readiness("routes", move || served(&there, &open));
    let checks = [store::check(opened)].into_iter().chain(capabilities.checks).chain([serving, shutdown]);
    let paths = AlwaysAllowed::parse(&options.authorization_always_allow_paths)?;
    let (reads, writes) = (options.max_requests_inflight, options.max_mutating_requests_inflight);
    Ok(Stack {
        in_flight: Arc::new(InFlight::default()),
        leases: Arc::new(Leases::default()),
        deadlines: Deadlines(options.request_timeout),
        authenticator: Authenticator::new(capabilities.trusted, capabilities.tokens),
        max_in_flight: MaxInFlight::new(reads, writes, &metrics),
        authorizer: Authorizer::new(paths, capabilities.reviews),
        health: Health::new(checks),
        routes,
        lifecycle,
        metrics,
    })
}

/// Whether objects are served: between an open storage and that lies the reading of all of them.
fn served(routes: &OnceLock<Routes>, opened: &store::Opened) -> Result<(), String> {
    let why = match opened.get() {
        None => "the storage is not open yet",
        Some(_) => "the stored objects are being read",
    };
    routes.get().map(drop).ok_or_else(|| why.to_owned())
}
