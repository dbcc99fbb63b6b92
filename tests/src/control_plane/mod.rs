//! A real control plane for tests: etcd, kube-apiserver and, where asked for,
//! kube-controller-manager on free loopback ports, and what tests do with one: users and their
//! rights, kubectl, registering an aggregated server, and Go's sample-apiserver as the peer.

pub mod aggregation;
pub mod binary;
pub mod certificates;
pub mod directory;
pub mod informer;
pub mod kubeconfig;
pub mod kubectl;
pub mod ports;
pub mod process;
pub mod sample_apiserver;
pub mod server;
mod start;
pub mod users;

use crate::http::Endpoint;
use binary::Unavailable;
use certificates::{Authority, Identity};
use directory::RunDirectory;
use process::Component;
use std::ops::Deref;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::OnceCell;
use users::User;

/// The CN kube-apiserver's aggregator dials with, the only one in `--requestheader-allowed-names`.
pub const FRONT_PROXY_NAME: &str = "front-proxy-client";

/// A running control plane. Dropping it ends its processes.
pub struct ControlPlane {
    endpoint: Endpoint,
    etcd_url: String,
    authorities: Authorities,
    admin: User,
    controller_manager: OnceCell<Component>,
    apiserver: Component,
    _etcd: Component,
    serial: AtomicUsize,
    /// Last, so that nobody writes into it any more when it goes.
    directory: RunDirectory,
}

/// The authorities of one control plane, each trusted for one purpose.
struct Authorities {
    serving: Authority,
    client: Authority,
    front_proxy: Authority,
}

impl ControlPlane {
    /// Starts etcd and kube-apiserver and waits until they are ready (some 4 seconds). `None`
    /// where they cannot be had, said loudly; with `CI=true` that is a panic.
    pub async fn start() -> Option<Self> {
        let programs = tokio::task::spawn_blocking(start::Programs::find).await;
        match programs.expect("finding the programs does not panic") {
            Ok(programs) => Some(start::start(&programs).await),
            Err(why) => {
                refuse(&why);
                None
            }
        }
    }

    /// Starts kube-controller-manager too. It learns of resources as it starts and every 30
    /// seconds from then on, so register what it must know of before.
    pub async fn with_controller_manager(self) -> Self {
        self.controller_manager().await;
        self
    }

    /// kube-controller-manager, started on the first call.
    pub async fn controller_manager(&self) -> &Component {
        self.controller_manager.get_or_init(async || start::controller_manager(self).await).await
    }

    /// kube-apiserver's process, for its log.
    pub fn apiserver(&self) -> &Component {
        &self.apiserver
    }

    /// Ends kube-apiserver as a crash does, for good.
    pub fn kill_apiserver(&mut self) {
        self.apiserver.kill();
    }

    /// Where kube-apiserver listens.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Where etcd listens, for `--etcd-servers`.
    pub fn etcd_url(&self) -> &str {
        &self.etcd_url
    }

    /// A member of `system:masters`.
    pub fn admin(&self) -> &User {
        &self.admin
    }

    /// A client for the administrator, belonging to the calling test's runtime.
    pub fn client(&self) -> kube::Client {
        self.admin.client()
    }

    /// The directory of this run; its logs are kept if a test fails.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// What the aggregator presents to aggregated servers.
    pub fn front_proxy_identity(&self) -> Identity {
        self.front_proxy_identity_with_cn(FRONT_PROXY_NAME)
    }

    /// A certificate of the front proxies' authority with this CN.
    pub fn front_proxy_identity_with_cn(&self, common_name: &str) -> Identity {
        self.authorities.front_proxy.client(common_name, &[])
    }

    /// A certificate of an authority nobody here knows, claiming to be the administrator.
    pub fn foreign_ca_identity(&self) -> Identity {
        Authority::new("foreign-ca").client("admin", &["system:masters"])
    }

    /// A number no other call got, for names.
    pub fn next(&self) -> usize {
        self.serial.fetch_add(1, Ordering::Relaxed)
    }
}

impl Drop for ControlPlane {
    fn drop(&mut self) {
        self.directory.keep_if_failing();
    }
}

/// Something several tests of one process share, made once, with its control plane's logs kept if
/// any of those tests fails: `static SHARED: Shared<T> = Shared::new();`.
pub struct Shared<T> {
    cell: OnceCell<Option<T>>,
}

impl<T: AsRef<ControlPlane>> Shared<T> {
    /// Not made yet.
    #[allow(clippy::new_without_default)]
    pub const fn new() -> Self {
        Self { cell: OnceCell::const_new() }
    }

    /// What is shared, made by `make` on the first call; `None` where it cannot be had.
    pub async fn get(&self, make: impl AsyncFnOnce() -> Option<T>) -> Option<Lease<'_, T>> {
        let shared = self.cell.get_or_init(|| make()).await;
        shared.as_ref().map(|shared| Lease { shared })
    }
}

/// One test's use of something shared.
pub struct Lease<'a, T: AsRef<ControlPlane>> {
    shared: &'a T,
}

impl<T: AsRef<ControlPlane>> Deref for Lease<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.shared
    }
}

impl<T: AsRef<ControlPlane>> Drop for Lease<'_, T> {
    fn drop(&mut self) {
        self.shared.as_ref().directory.keep_if_failing();
    }
}

impl AsRef<Self> for ControlPlane {
    fn as_ref(&self) -> &Self {
        self
    }
}

/// Says loudly that tests are skipped, or panics where they must not be.
pub(crate) fn refuse(why: &Unavailable) {
    let must = std::env::var("CI").is_ok_and(|ci| ci == "true");
    match why {
        Unavailable::NoToolchain(_) if !must => {
            binary::say(&format!("SKIPPED, no test control plane: {why}"));
        }
        _ => panic!("no test control plane: {why}"),
    }
}
