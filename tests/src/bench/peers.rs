//! The servers that are compared, behind one control plane: ours with its embedded store, Go's
//! sample-apiserver on an etcd that syncs to the same disk, ours on that same etcd, and the floor.

use super::client::{Body, Connection};
use super::process::Process;
use super::programs;
use super::rounds::Contest;
use crate::control_plane::ControlPlane;
use crate::control_plane::binary;
use crate::control_plane::certificates::Identity;
use crate::control_plane::ports::free_address;
use crate::control_plane::process::Component;
use crate::control_plane::sample_apiserver::{GROUP, VERSION};
use crate::control_plane::server::{Launch, Server};
use crate::control_plane::users::rule;
use crate::http::Endpoint;
use crate::wait::wait_for;
use http::{Method, StatusCode, request};
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// All of them, and what they share.
pub(super) struct Peers {
    pub(super) ours: Arc<Peer>,
    /// Ours on Go's etcd, where this build has such a storage.
    pub(super) ours_on_etcd: Option<Arc<Peer>>,
    pub(super) go: Arc<Peer>,
    pub(super) floor: Arc<Peer>,
    /// The namespace of the objects that are read.
    pub(super) read: String,
    /// The namespace that is written to.
    pub(super) written: String,
    /// The namespace that is watched.
    pub(super) watched: String,
    /// The namespace that grows.
    pub(super) grown: String,
    /// Where data lie.
    pub(super) directory: PathBuf,
    pub(super) etcd_url: String,
}

/// One server under measurement.
pub(super) struct Peer {
    name: &'static str,
    runs: Runs,
    identity: Identity,
    etcd: Option<Arc<Component>>,
    numbers: AtomicU64,
}

enum Runs {
    Server(Box<Server>),
    Bare(Component, Endpoint),
}

impl Peers {
    /// Starts them. Their clients are one user with rights by RBAC: authorization is asked of
    /// kube-apiserver and cached, as every day.
    pub(super) async fn start(plane: &ControlPlane) -> Self {
        let user = plane.user("bench", &["benchers"]);
        let verbs = ["create", "get", "list", "patch", "watch"];
        plane.grant(&user, &[rule(GROUP, &["flunders"], &verbs)]).await;
        let peer = |name, runs, etcd| {
            let (identity, numbers) = (user.identity().clone(), AtomicU64::new(0));
            Arc::new(Peer { name, runs, identity, etcd, numbers })
        };
        let (etcd, etcd_url) = etcd(plane).await;
        let go = Server::start(plane, "go", launch(go(&etcd_url))).await;
        let mut ours_on_etcd = None;
        if let Some(command) = our_command_on_etcd(&etcd_url) {
            let server = Server::start(plane, "ours-on-etcd", launch(command)).await;
            ours_on_etcd =
                Some(peer("ours on etcd", Runs::Server(Box::new(server)), Some(Arc::clone(&etcd))));
        }
        let ours = Server::start(plane, "ours", launch(our_command(plane))).await;
        Self {
            ours: peer("ours", Runs::Server(Box::new(ours)), None),
            ours_on_etcd,
            go: peer("Go", Runs::Server(Box::new(go)), Some(etcd)),
            floor: peer("the floor", bare(plane).await, None),
            read: plane.namespace("bench-read").await,
            written: plane.namespace("bench-written").await,
            watched: plane.namespace("bench-watched").await,
            grown: plane.namespace("bench-grown").await,
            directory: plane.directory().to_owned(),
            etcd_url,
        }
    }

    /// Ours beside Go's.
    pub(super) fn pair(&self) -> Contest<'_> {
        Contest { ours: &self.ours, go: Some(&self.go), floor: None }
    }

    /// Ours beside Go's and the floor.
    pub(super) fn three(&self) -> Contest<'_> {
        Contest { floor: Some(&self.floor), ..self.pair() }
    }

    /// Gives the floor the bytes with which ours answers, under `path`.
    pub(super) async fn teach(&self, path: &str, request: http::Request<Body>) {
        let asked = format!("{} {}", request.method(), request.uri());
        let (status, headers, body) = self.ours.connect().await.whole(request).await;
        assert_eq!(status, StatusCode::OK, "{asked}");
        let mut taught = self.floor.request(Method::PUT, path);
        for (name, value) in &headers {
            taught = taught.header(name, value);
        }
        let taught = taught.body(Body::new(body)).expect("a request");
        let (status, _, _) = self.floor.connect().await.whole(taught).await;
        assert_eq!(status, StatusCode::OK, "teaching the floor {path}");
    }
}

impl Peer {
    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    /// Whether it knows bytes only.
    pub(super) fn is_floor(&self) -> bool {
        matches!(self.runs, Runs::Bare(..))
    }

    /// The server; panics for the floor.
    pub(super) fn server(&self) -> &Server {
        match &self.runs {
            Runs::Server(server) => server,
            Runs::Bare(..) => panic!("the floor is no server of an API"),
        }
    }

    /// To stop it and start it again, while nobody else holds it.
    pub(super) fn server_mut(self: &mut Arc<Self>) -> &mut Server {
        match &mut Arc::get_mut(self).expect("nobody measures").runs {
            Runs::Server(server) => server,
            Runs::Bare(..) => panic!("the floor is no server of an API"),
        }
    }

    /// Its process.
    pub(super) fn process(&self) -> Process {
        match &self.runs {
            Runs::Server(server) => Process::of(server.process_id()),
            Runs::Bare(component, _) => Process::of(component.id()),
        }
    }

    /// The process of its etcd.
    pub(super) fn store(&self) -> Option<Process> {
        self.etcd.as_ref().map(|etcd| Process::of(etcd.id()))
    }

    /// Who its client is.
    pub(super) fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Where it listens.
    pub(super) fn endpoint(&self) -> &Endpoint {
        match &self.runs {
            Runs::Server(server) => server.endpoint(),
            Runs::Bare(_, endpoint) => endpoint,
        }
    }

    /// A number that no request to it had.
    pub(super) fn number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }

    /// A new connection to it.
    pub(super) async fn connect(&self) -> Connection {
        let opened = Connection::open(self.endpoint(), &self.identity).await;
        opened.unwrap_or_else(|why| panic!("connecting to {}: {why}", self.name))
    }

    /// The head of a request to it.
    pub(super) fn request(&self, method: Method, path: &str) -> request::Builder {
        let endpoint = self.endpoint();
        let uri = format!("https://{}:{}{path}", endpoint.name, endpoint.address.port());
        http::Request::builder().method(method).uri(uri)
    }

    /// A GET of it.
    pub(super) fn get(&self, path: &str) -> http::Request<Body> {
        self.request(Method::GET, path).body(Body::default()).expect("a request")
    }
}

/// Ours with an embedded store of its own.
fn our_command(plane: &ControlPlane) -> Command {
    let mut command = Command::new(programs::ours());
    command.arg("--storage=embedded");
    command.arg(format!(
        "--data-dir={}",
        plane.directory().join(format!("ours-data-{}", plane.next())).display()
    ));
    command
}

/// Ours on etcd, where the program knows such a storage.
fn our_command_on_etcd(etcd_url: &str) -> Option<Command> {
    let help = Command::new(programs::ours()).arg("--help").output().expect("our program starts");
    if !String::from_utf8_lossy(&help.stdout).contains("--etcd-servers") {
        return None;
    }
    let mut command = Command::new(programs::ours());
    command.args(["--storage=etcd", "--etcd-prefix=/ours"]).arg(format!("--etcd-servers={etcd_url}"));
    Some(command)
}

fn go(etcd_url: &str) -> Command {
    let mut command = Command::new(programs::go());
    command.arg(format!("--etcd-servers={etcd_url}"));
    command
}

fn launch(command: Command) -> Launch<'static> {
    Launch { command, group: GROUP, versions: &[VERSION] }
}

/// The floor, listening.
async fn bare(plane: &ControlPlane) -> Runs {
    let (address, serving) = (free_address(), plane.serving("bare"));
    let write = |name: &str, content: &str| {
        let path = plane.directory().join(name);
        std::fs::write(&path, content).unwrap_or_else(|error| panic!("writing {}: {error}", path.display()));
        path
    };
    let mut command = Command::new(programs::bare());
    command.arg(address.to_string());
    command.arg(write("bare.crt", &serving.identity.certificate));
    command.arg(write("bare.key", &serving.identity.key));
    let mut component = Component::spawn("bare", &command, plane.directory());
    listening(&mut component, &address.to_string(), "the bare server").await;
    Runs::Bare(component, Endpoint { address, name: serving.host, ca: serving.ca })
}

/// An etcd of its own, with etcd's defaults: that of the control plane does not sync.
async fn etcd(plane: &ControlPlane) -> (Arc<Component>, String) {
    let (client, peer) = (free_address(), free_address());
    let (client_url, peer_url) = (format!("http://{client}"), format!("http://{peer}"));
    let mut command = binary::command("etcd").unwrap_or_else(|why| panic!("no etcd: {why}"));
    command.args([
        "--name=bench".to_owned(),
        format!(
            "--data-dir={}",
            plane.directory().join(format!("bench-etcd-data-{}", plane.next())).display()
        ),
        format!("--listen-client-urls={client_url}"),
        format!("--advertise-client-urls={client_url}"),
        format!("--listen-peer-urls={peer_url}"),
        format!("--initial-advertise-peer-urls={peer_url}"),
        format!("--initial-cluster=bench={peer_url}"),
        format!("--quota-backend-bytes={}", 8_u64 << 30),
        "--log-level=warn".to_owned(),
    ]);
    let mut etcd = Component::spawn("bench-etcd", &command, plane.directory());
    listening(&mut etcd, &client.to_string(), "etcd").await;
    (Arc::new(etcd), client_url)
}

async fn listening(component: &mut Component, address: &str, what: &str) {
    wait_for(&format!("{what} to listen"), async || {
        component.assert_running();
        tokio::net::TcpStream::connect(address).await.map(|_| ())
    })
    .await;
}
