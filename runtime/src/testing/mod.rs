//! A real server in one line, for tests: in this process, on a free port of this machine, in memory.

use std::path::Path;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use tempfile::TempDir;

use crate::certificates::files::parse_bundle;
use crate::certificates::{Leaf, Pair};
use crate::server::{Local, Running, StorageKind, start};
use crate::{Error, Options, Registration, Result};

/// A server for a test. It stops when it is dropped.
#[derive(Debug)]
pub struct TestServer {
    kubeconfig: String,
    running: Running,
    _folder: Option<TempDir>,
}

/// Serves kinds, each empty.
///
/// # Panics
/// When the server cannot start: this is for tests.
pub async fn serve(registrations: impl IntoIterator<Item = Registration>) -> TestServer {
    serve_with(Options::default(), registrations).await.expect("the test server starts")
}

/// Serves kinds with options: in local mode, on a free port unless one is named, in memory and in a folder of its own
/// unless the options name another data directory, which is then used with the storage they name.
///
/// # Errors
/// When the server cannot start.
pub async fn serve_with(
    mut options: Options,
    registrations: impl IntoIterator<Item = Registration>,
) -> Result<TestServer> {
    options.local = true;
    options.secure_port.get_or_insert(0);
    let mut folder = None;
    if options.data_dir == Path::new("data") {
        let own = TempDir::new()?;
        options.data_dir = own.path().to_owned();
        options.storage = Some(StorageKind::Memory);
        folder = Some(own);
    }
    let running = start(options, registrations.into_iter().collect()).await?;
    let kubeconfig = local(&running)?.kubeconfig(running.address);
    Ok(TestServer { kubeconfig, running, _folder: folder })
}

impl TestServer {
    /// Where it listens: `https://127.0.0.1:port`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("https://{}", self.running.address)
    }

    /// A client that may do everything.
    ///
    /// # Panics
    /// When no client can be made: this is for tests.
    #[must_use]
    pub fn client(&self) -> kube::Client {
        self.client_of(&self.local().admin)
    }

    /// A client of anybody else, by a certificate.
    ///
    /// # Panics
    /// When no client can be made: this is for tests.
    #[must_use]
    pub fn client_for(&self, name: &str, groups: &[&str]) -> kube::Client {
        self.client_of(&self.pair_for(name, groups))
    }

    fn client_of(&self, pair: &Pair) -> kube::Client {
        let mut config = kube::Config::new(self.url().parse().expect("a URL"));
        let authorities = parse_bundle(self.ca_pem().as_bytes());
        config.root_cert = Some(authorities.iter().map(|authority| authority.to_vec()).collect());
        let credentials = serde_json::json!({
            "client-certificate-data": BASE64.encode(&pair.certificate),
            "client-key-data": BASE64.encode(&pair.key),
        });
        config.auth_info = serde_json::from_value(credentials).expect("credentials");
        kube::Client::try_from(config).expect("a client")
    }

    /// The kubeconfig of somebody who may do everything, as YAML.
    #[must_use]
    pub fn kubeconfig(&self) -> &str {
        &self.kubeconfig
    }

    /// The certificate of the authority that signed the server's.
    ///
    /// # Panics
    /// Never while the server lives.
    #[must_use]
    pub fn ca_pem(&self) -> String {
        self.local().authority.pair.certificate.clone()
    }

    /// A certificate and key of somebody who may do everything.
    #[must_use]
    pub fn admin_pem(&self) -> String {
        let pair = &self.local().admin;
        format!("{}{}", pair.certificate, pair.key)
    }

    /// A certificate and key of anybody else.
    ///
    /// # Panics
    /// When none can be made: this is for tests.
    #[must_use]
    pub fn user_pem(&self, name: &str, groups: &[&str]) -> String {
        let pair = self.pair_for(name, groups);
        format!("{}{}", pair.certificate, pair.key)
    }

    fn pair_for(&self, name: &str, groups: &[&str]) -> Pair {
        let leaf = Leaf { common_name: name, organizations: groups, ..Leaf::default() };
        self.local().authority.issue(leaf).expect("a certificate")
    }

    /// Stops the server as SIGTERM does, and waits until it is done.
    pub async fn stop(mut self) {
        self.running.stop(Duration::ZERO).await;
    }

    fn local(&self) -> &Local {
        local(&self.running).expect("always in local mode")
    }
}

fn local(running: &Running) -> Result<&Local> {
    running.local.as_ref().ok_or_else(|| Error::new("a test server is in local mode"))
}
