//! Starting the programs with the flags a control plane needs, and no more.

use super::binary::{self, Unavailable};
use super::certificates::{Authority, Identity, signing_key};
use super::directory::RunDirectory;
use super::ports::free_address;
use super::process::Component;
use super::users::User;
use super::{Authorities, ControlPlane, FRONT_PROXY_NAME};
use crate::http::Endpoint;
use crate::wait::wait_for;
use std::net::SocketAddr;
use std::process::Command;
use std::sync::atomic::AtomicUsize;
use tokio::sync::OnceCell;

/// The controllers tests rely on; the others only cost time.
const CONTROLLERS: [&str; 4] = [
    "namespace-controller",
    "garbage-collector-controller",
    "serviceaccount-controller",
    "horizontal-pod-autoscaler-controller",
];

/// The programs every control plane needs.
pub(super) struct Programs {
    etcd: Command,
    apiserver: Command,
}

impl Programs {
    /// Finds them, building them first if need be.
    pub(super) fn find() -> Result<Self, Unavailable> {
        Ok(Self { etcd: binary::command("etcd")?, apiserver: binary::command("kube-apiserver")? })
    }
}

/// etcd and kube-apiserver, ready.
pub(super) async fn start(programs: &Programs) -> ControlPlane {
    let directory = RunDirectory::new("aggboot-control-plane-");
    let authorities = Authorities {
        serving: Authority::new("serving-ca"),
        client: Authority::new("client-ca"),
        front_proxy: Authority::new("front-proxy-ca"),
    };
    let (etcd, etcd_url) = etcd(programs, &directory).await;
    let address = free_address();
    let mut apiserver = apiserver(programs, &directory, &authorities, &etcd_url, address);
    let endpoint = Endpoint { address, name: "localhost".into(), ca: authorities.serving.pem() };
    let admin = authorities.client.client("admin", &["system:masters"]);
    ready(&mut apiserver, &endpoint, &admin, "kube-apiserver").await;
    let admin = User::new("admin", admin, &endpoint, &directory.create_dir("admin"));
    ControlPlane {
        endpoint,
        etcd_url,
        authorities,
        admin,
        controller_manager: OnceCell::new(),
        apiserver,
        _etcd: etcd,
        serial: AtomicUsize::new(0),
        directory,
    }
}

/// Waits until `/readyz` answers 200.
pub(super) async fn ready(component: &mut Component, endpoint: &Endpoint, identity: &Identity, name: &str) {
    wait_for(&format!("{name} to be ready"), async || {
        component.assert_running();
        match endpoint.get("/readyz").identity(identity).try_send().await {
            Ok(answer) if answer.status.is_success() => Ok(()),
            Ok(answer) => Err(format!("{} {}", answer.status, answer.text())),
            Err(why) => Err(why),
        }
    })
    .await;
}

async fn etcd(programs: &Programs, directory: &RunDirectory) -> (Component, String) {
    let client = free_address();
    let (client_url, peer_url) = (format!("http://{client}"), format!("http://{}", free_address()));
    let mut command = clone(&programs.etcd);
    command.arg(format!("--data-dir={}", directory.path().join("etcd-data").display())).args([
        "--name=test".to_owned(),
        format!("--listen-client-urls={client_url}"),
        format!("--advertise-client-urls={client_url}"),
        format!("--listen-peer-urls={peer_url}"),
        format!("--initial-advertise-peer-urls={peer_url}"),
        format!("--initial-cluster=test={peer_url}"),
        "--unsafe-no-fsync".to_owned(),
        "--log-level=warn".to_owned(),
    ]);
    let mut etcd = Component::spawn("etcd", &command, directory.path());
    wait_for("etcd to listen", async || {
        etcd.assert_running();
        tokio::net::TcpStream::connect(client).await.map(|_| ())
    })
    .await;
    (etcd, client_url)
}

fn apiserver(
    programs: &Programs,
    directory: &RunDirectory,
    authorities: &Authorities,
    etcd_url: &str,
    address: SocketAddr,
) -> Component {
    let names = ["localhost", "127.0.0.1", "kubernetes.default.svc"];
    let serving = files(directory, "kube-apiserver", &authorities.serving.server(&names));
    let proxy = files(directory, "front-proxy", &authorities.front_proxy.client(FRONT_PROXY_NAME, &[]));
    let write = |name: &str, content: &str| directory.write(name, content).display().to_string();
    let client_ca = write("client-ca.crt", &authorities.client.pem());
    let front_proxy_ca = write("front-proxy-ca.crt", &authorities.front_proxy.pem());
    let (signing_key, public_key) = signing_key();
    let signing_key = write("service-account.key", &signing_key);
    let public_key = write("service-account.pub", &public_key);
    write("serving-ca.crt", &authorities.serving.pem());
    let mut command = clone(&programs.apiserver);
    command.args([
        format!("--etcd-servers={etcd_url}"),
        "--bind-address=127.0.0.1".to_owned(),
        "--advertise-address=127.0.0.1".to_owned(),
        format!("--secure-port={}", address.port()),
        format!("--tls-cert-file={}", serving.0),
        format!("--tls-private-key-file={}", serving.1),
        format!("--client-ca-file={client_ca}"),
        "--authorization-mode=RBAC".to_owned(),
        "--service-cluster-ip-range=10.0.0.0/24".to_owned(),
        "--endpoint-reconciler-type=none".to_owned(),
        "--service-account-issuer=https://kubernetes.default.svc".to_owned(),
        format!("--service-account-key-file={public_key}"),
        format!("--service-account-signing-key-file={signing_key}"),
        format!("--requestheader-client-ca-file={front_proxy_ca}"),
        format!("--requestheader-allowed-names={FRONT_PROXY_NAME}"),
        "--requestheader-username-headers=X-Remote-User".to_owned(),
        "--requestheader-group-headers=X-Remote-Group".to_owned(),
        "--requestheader-extra-headers-prefix=X-Remote-Extra-".to_owned(),
        format!("--proxy-client-cert-file={}", proxy.0),
        format!("--proxy-client-key-file={}", proxy.1),
    ]);
    Component::spawn("kube-apiserver", &command, directory.path())
}

/// kube-controller-manager, ready.
pub(super) async fn controller_manager(plane: &ControlPlane) -> Component {
    let found = tokio::task::spawn_blocking(|| binary::command("kube-controller-manager")).await;
    let found = found.expect("finding a program does not panic");
    let mut command = found.unwrap_or_else(|why| panic!("no kube-controller-manager: {why}"));
    let name = "system:kube-controller-manager";
    // Its own name would need the rights of each controller's service account besides.
    let identity = plane.authorities.client.client(name, &["system:masters"]);
    let address = free_address();
    let serving = plane.authorities.serving.server(&["localhost", "127.0.0.1"]);
    let serving = files(&plane.directory, "kube-controller-manager", &serving);
    let user =
        User::new(name, identity.clone(), &plane.endpoint, &plane.directory.create_dir("controller-manager"));
    let kubeconfig = user.kubeconfig().display();
    let directory = plane.directory();
    command.args([
        format!("--kubeconfig={kubeconfig}"),
        format!("--authentication-kubeconfig={kubeconfig}"),
        format!("--authorization-kubeconfig={kubeconfig}"),
        "--bind-address=127.0.0.1".to_owned(),
        format!("--secure-port={}", address.port()),
        format!("--tls-cert-file={}", serving.0),
        format!("--tls-private-key-file={}", serving.1),
        format!("--service-account-private-key-file={}", directory.join("service-account.key").display()),
        format!("--root-ca-file={}", directory.join("serving-ca.crt").display()),
        format!("--controllers={}", CONTROLLERS.join(",")),
        "--leader-elect=false".to_owned(),
    ]);
    let mut component = Component::spawn("kube-controller-manager", &command, directory);
    let endpoint = Endpoint { address, ..plane.endpoint.clone() };
    wait_for("kube-controller-manager to be healthy", async || {
        component.assert_running();
        match endpoint.get("/healthz").identity(&identity).try_send().await {
            Ok(answer) if answer.status.is_success() => Ok(()),
            Ok(answer) => Err(format!("{} {}", answer.status, answer.text())),
            Err(why) => Err(why),
        }
    })
    .await;
    component
}

/// Writes an identity as two files and says where.
pub(super) fn files(directory: &RunDirectory, name: &str, identity: &Identity) -> (String, String) {
    let certificate = directory.write(&format!("{name}.crt"), &identity.certificate);
    let key = directory.write(&format!("{name}.key"), &identity.key);
    (certificate.display().to_string(), key.display().to_string())
}

fn clone(command: &Command) -> Command {
    let mut copy = Command::new(command.get_program());
    copy.args(command.get_args());
    copy
}
