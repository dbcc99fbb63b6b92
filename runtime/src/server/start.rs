//! From options to a server that answers.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::task::{JoinHandle, JoinSet};

use super::{Lifecycle, Local, Options, local, serving};
use crate::authentication::{Authenticator, Trust, Trusted};
use crate::authorization::{AlwaysAllowed, Authorizer};
use crate::health::{Check, Health, Metrics};
use crate::kind::Registration;
use crate::kind::registry::Registry;
use crate::layers::{Deadlines, InFlight, MaxInFlight, Routes, Stack};
use crate::transport::{self, Identity, Limits, Listener, Source};
use crate::{Error, Result};

/// A server that answers.
pub(crate) struct Running {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// What local mode generated, in local mode.
    pub(crate) local: Option<Local>,
    kubeconfig: Option<PathBuf>,
    registry: Arc<Registry>,
    stack: Arc<Stack>,
    serving: JoinHandle<()>,
    /// What runs beside the requests; ends with the server.
    _beside: JoinSet<()>,
}

/// How long requests that were begun may take when the server stops.
const DRAIN: Duration = Duration::from_secs(60);
/// How often the serving certificate is looked at.
const RELOAD: Duration = Duration::from_secs(60);
const PORT: u16 = 443;

/// Who a server is and whom it asks, decided by its options.
struct Surroundings {
    address: SocketAddr,
    identity: Identity,
    source: Source,
    trust: Trust,
    local: Option<Local>,
}

/// Starts a server. It answers when this is done; it is asked to wait (503) while its storage opens.
pub(crate) async fn start(options: Options, registrations: Vec<Registration>) -> Result<Running> {
    let registry = Arc::new(Registry::compile(registrations)?);
    let surroundings = surroundings(&options)?;
    let mut beside = JoinSet::new();
    let lifecycle = Arc::new(Lifecycle::default());
    let stack = Arc::new(stack(&options, Arc::clone(&lifecycle), surroundings.trust)?);
    let listener = Listener::bind(surroundings.address).await?;
    let address = listener.address()?;
    let tls = transport::config(surroundings.identity.clone())?;
    beside.spawn(transport::reload(surroundings.identity, surroundings.source, RELOAD));
    let limits = Limits::new(options.http2_max_streams_per_connection);
    let (draining, closing) = (lifecycle.draining(), lifecycle.closing());
    let serving = tokio::spawn(listener.serve(tls, limits, Arc::clone(&stack), draining, closing));
    let routes = Routes::new(Arc::clone(&registry), &stack.health);
    stack.routes.set(routes).map_err(|_| Error::new("the routes of a server are set once"))?;
    let kubeconfig = match &surroundings.local {
        Some(local) => Some(local.write_kubeconfig(address)?),
        None => None,
    };
    tracing::info!(%address, "serving");
    let local = surroundings.local;
    Ok(Running { address, local, kubeconfig, registry, stack, serving, _beside: beside })
}

impl Running {
    /// Ends when the server stopped by itself, which it never should.
    pub(crate) async fn died(&mut self) {
        if let Err(error) = (&mut self.serving).await {
            tracing::error!(%error, "the listener failed");
        }
    }

    /// Stops the server: see `shutdown` for the steps.
    pub(crate) async fn stop(&mut self, delay: Duration) {
        let lifecycle = &self.stack.lifecycle;
        lifecycle.stop();
        tokio::time::sleep(delay).await;
        lifecycle.drain();
        if tokio::time::timeout(DRAIN, self.stack.in_flight.none()).await.is_err() {
            tracing::warn!("some requests did not end in time and are cut off");
        }
        lifecycle.close();
        let _ = (&mut self.serving).await;
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

fn surroundings(options: &Options) -> Result<Surroundings> {
    if options.local {
        let address = Local::address(options)?;
        let local = Local::prepare(options)?;
        let (identity, source) = local.identity()?;
        return Ok(Surroundings { address, identity, source, trust: local.trust(), local: Some(local) });
    }
    let ip = options.bind_address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    let address = SocketAddr::new(ip, options.secure_port.unwrap_or(PORT));
    let (identity, source) = serving::identity(options, ip)?;
    Ok(Surroundings { address, identity, source, trust: Trust::default(), local: None })
}

fn stack(options: &Options, lifecycle: Arc<Lifecycle>, trust: Trust) -> Result<Stack> {
    let metrics = Metrics::new();
    let (reads, writes) = (options.max_requests_inflight, options.max_mutating_requests_inflight);
    let stopping = Arc::clone(&lifecycle);
    let shutdown = Check::readiness("shutdown", move || {
        if stopping.is_stopping() { Err("process is shutting down".to_owned()) } else { Ok(()) }
    });
    Ok(Stack {
        in_flight: Arc::new(InFlight::default()),
        deadlines: Deadlines(options.request_timeout),
        authenticator: Authenticator::new(Arc::new(Trusted::new(trust))),
        max_in_flight: MaxInFlight::new(reads, writes, &metrics),
        authorizer: Authorizer::new(AlwaysAllowed::parse(&options.authorization_always_allow_paths)?),
        health: Health::new([shutdown]),
        routes: OnceLock::new(),
        lifecycle,
        metrics,
    })
}
