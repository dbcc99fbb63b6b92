//! The two servers that are compared, behind one control plane: ours with its embedded store,
//! Go's sample-apiserver on an etcd that syncs to the same disk.

use super::client::{Body, Connection};
use super::process::Process;
use crate::control_plane::ControlPlane;
use crate::control_plane::binary;
use crate::control_plane::certificates::Identity;
use crate::control_plane::ports::free_address;
use crate::control_plane::process::Component;
use crate::control_plane::sample_apiserver::{GROUP, VERSION};
use crate::control_plane::server::{Launch, Server};
use crate::control_plane::users::rule;
use crate::wait::wait_for;
use http::{Method, request};
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

/// Both, and what they share.
pub(super) struct Peers {
    pub(super) ours: Arc<Peer>,
    pub(super) go: Arc<Peer>,
    /// The namespace of the objects that are read.
    pub(super) read: String,
    /// The namespace that is written to.
    pub(super) written: String,
}

/// One server under measurement.
pub(super) struct Peer {
    name: &'static str,
    server: Server,
    identity: Identity,
    etcd: Option<Component>,
}

impl Peers {
    /// Starts both. Their clients are one user with rights by RBAC: authorization is asked of
    /// kube-apiserver and cached, as every day.
    pub(super) async fn start(plane: &ControlPlane) -> Self {
        let user = plane.user("bench", &["benchers"]);
        let verbs = ["create", "get", "list"];
        plane.grant(&user, &[rule(GROUP, &["flunders"], &verbs)]).await;
        let peer =
            |name, server, etcd| Arc::new(Peer { name, server, identity: user.identity().clone(), etcd });
        let (etcd, etcd_url) = etcd(plane).await;
        let go = Server::start(plane, "go", launch(go(&etcd_url))).await;
        let ours = Server::start(plane, "ours", launch(ours(plane))).await;
        Self {
            ours: peer("ours", ours, None),
            go: peer("Go", go, Some(etcd)),
            read: plane.namespace("bench-read").await,
            written: plane.namespace("bench-written").await,
        }
    }
}

impl Peer {
    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    pub(super) fn server(&self) -> &Server {
        &self.server
    }

    /// To stop it and start it again, while nobody else holds it.
    pub(super) fn server_mut(self: &mut Arc<Self>) -> &mut Server {
        &mut Arc::get_mut(self).expect("nobody measures").server
    }

    /// Its process.
    pub(super) fn process(&self) -> Process {
        Process::of(self.server.process_id())
    }

    /// The process of its etcd.
    pub(super) fn store(&self) -> Option<Process> {
        self.etcd.as_ref().map(|etcd| Process::of(etcd.id()))
    }

    /// Who its client is.
    pub(super) fn identity(&self) -> &Identity {
        &self.identity
    }

    /// A new connection to it.
    pub(super) async fn connect(&self) -> Connection {
        let opened = Connection::open(self.server.endpoint(), &self.identity).await;
        opened.unwrap_or_else(|why| panic!("connecting to {}: {why}", self.name))
    }

    /// The head of a request to it.
    pub(super) fn request(&self, method: Method, path: &str) -> request::Builder {
        let endpoint = self.server.endpoint();
        let uri = format!("https://{}:{}{path}", endpoint.name, endpoint.address.port());
        http::Request::builder().method(method).uri(uri)
    }

    /// A GET of it.
    pub(super) fn get(&self, path: &str) -> http::Request<Body> {
        self.request(Method::GET, path).body(Body::default()).expect("a request")
    }
}

/// Our program that serves the kinds of Go's: built beside the one that runs.
pub(super) fn our_program() -> PathBuf {
    let own = std::env::current_exe().expect("this program is a file");
    let program = own.with_file_name(format!("wardle{}", std::env::consts::EXE_SUFFIX));
    assert!(program.is_file(), "there is no {}: `cargo xtask bench` builds it", program.display());
    program
}

/// Go's sample-apiserver in a program of its own.
pub(super) fn go_program() -> PathBuf {
    let programs = binary::ensure().unwrap_or_else(|why| panic!("no sample-apiserver: {why}"));
    programs.join(binary::STANDALONE_SAMPLE_APISERVER)
}

fn launch(command: Command) -> Launch<'static> {
    Launch { command, group: GROUP, versions: &[VERSION] }
}

fn ours(plane: &ControlPlane) -> Command {
    let mut command = Command::new(our_program());
    command.arg("--storage=embedded");
    command.arg(format!("--data-dir={}", plane.directory().join("ours-data").display()));
    command
}

fn go(etcd_url: &str) -> Command {
    let mut command = Command::new(go_program());
    command.arg(format!("--etcd-servers={etcd_url}"));
    command
}

/// An etcd of its own, with etcd's defaults: that of the control plane does not sync.
async fn etcd(plane: &ControlPlane) -> (Component, String) {
    let (client, peer) = (free_address(), free_address());
    let (client_url, peer_url) = (format!("http://{client}"), format!("http://{peer}"));
    let mut command = binary::command("etcd").unwrap_or_else(|why| panic!("no etcd: {why}"));
    command.args([
        "--name=bench".to_owned(),
        format!("--data-dir={}", plane.directory().join("bench-etcd-data").display()),
        format!("--listen-client-urls={client_url}"),
        format!("--advertise-client-urls={client_url}"),
        format!("--listen-peer-urls={peer_url}"),
        format!("--initial-advertise-peer-urls={peer_url}"),
        format!("--initial-cluster=bench={peer_url}"),
        "--log-level=warn".to_owned(),
    ]);
    let mut etcd = Component::spawn("bench-etcd", &command, plane.directory());
    wait_for("etcd to listen", async || {
        etcd.assert_running();
        tokio::net::TcpStream::connect(client).await.map(|_| ())
    })
    .await;
    (etcd, client_url)
}
