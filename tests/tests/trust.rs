//! Whom a server of ours believes, and what it does when there is nobody to ask: it takes over new authorities while it
//! runs, says no in Kubernetes' words, and never yes for want of an answer.

use aggboot_tests::conformance::Subject;
use aggboot_tests::control_plane::certificates::{Authority, Identity};
use aggboot_tests::control_plane::kubeconfig::kubeconfig;
use aggboot_tests::control_plane::ports::free_address;
use aggboot_tests::control_plane::process::Component;
use aggboot_tests::control_plane::sample_apiserver;
use aggboot_tests::control_plane::users::rule;
use aggboot_tests::control_plane::{ControlPlane, FRONT_PROXY_NAME};
use aggboot_tests::http::{Answer, Call, Endpoint};
use aggboot_tests::ours::{self, GROUP, widget, widgets};
use aggboot_tests::wait::wait_for;
use http::{Method, StatusCode};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::Api;
use kube::api::PostParams;
use serde_json::json;
use std::path::Path;
use std::process::Command;

const PROGRAM: &str = env!("CARGO_BIN_EXE_widgets");
const WIDGETS: &str = "/apis/custom.example.com/v1/namespaces/default/widgets";

fn as_master(call: Call) -> Call {
    call.header("X-Remote-User", "admin").header("X-Remote-Group", "system:masters")
}

#[tokio::test]
async fn an_added_front_proxy_authority_is_believed_without_a_restart() {
    let Some(plane) = ControlPlane::start().await else { return };
    let mut server = ours::start(&plane, PROGRAM).await;
    let (before, added) = (plane.front_proxy_identity(), Authority::new("added-front-proxy-ca"));
    let after = added.client(FRONT_PROXY_NAME, &[]);
    let other_name = added.client("another-proxy", &[]);
    let get = |identity: &Identity| as_master(server.endpoint().get(WIDGETS)).identity(identity);
    let (get_before, get_after, get_other) = (get(&before), get(&after), get(&other_name));
    assert_eq!(get_before.clone().send().await.status, StatusCode::OK);
    assert_eq!(get_after.clone().send().await.status, StatusCode::UNAUTHORIZED);

    add_authority(&plane, &added.pem()).await;
    wait_for("the added authority to be believed", async || {
        let answer = get_after.clone().send().await;
        if answer.status == StatusCode::OK { Ok(()) } else { Err(answer.text()) }
    })
    .await;
    assert_eq!(get_before.send().await.status, StatusCode::OK, "the first one still is");
    assert_eq!(get_other.send().await.status, StatusCode::UNAUTHORIZED, "names still matter");
    server.component().assert_running();
}

/// Adds an authority to what the cluster publishes; kube-apiserver adds its own to what it finds there.
async fn add_authority(plane: &ControlPlane, pem: &str) {
    let published = Api::<ConfigMap>::namespaced(plane.client(), "kube-system");
    let name = "extension-apiserver-authentication";
    wait_for("the ConfigMap to be changed", async || {
        let mut found = published.get(name).await.map_err(|error| error.to_string())?;
        let data = found.data.get_or_insert_default();
        data.entry("requestheader-client-ca-file".into()).or_default().push_str(pem);
        published.replace(name, &PostParams::default(), &found).await.map_err(|error| error.to_string())
    })
    .await;
}

/// Every kind of no, straight to both servers, as the same user.
#[tokio::test]
async fn a_denied_user_reads_what_a_go_server_says() {
    let Some(plane) = ControlPlane::start().await else { return };
    let own = ours::start(&plane, PROGRAM).await;
    let go = sample_apiserver::start(&plane).await;
    let flunders = Subject {
        group: sample_apiserver::GROUP,
        version: sample_apiserver::VERSION,
        plural: "flunders",
        kind: "Flunder",
        ..widgets(&plane)
    };
    let nobody = plane.user("nobody", &["nobodies"]);
    let expected = refusals(&flunders, go.endpoint(), nobody.identity()).await;
    assert_eq!(refusals(&widgets(&plane), own.endpoint(), nobody.identity()).await, expected);
}

/// What is said to requests that are not allowed, without the names of the resource.
async fn refusals(subject: &Subject<'_>, endpoint: &Endpoint, identity: &Identity) -> Vec<(u16, String)> {
    let (here, group) = (subject.path("default"), format!("/apis/{}/{}", subject.group, subject.version));
    let requests = [
        (Method::GET, here.clone()),
        (Method::GET, format!("{group}/{}", subject.plural)),
        (Method::GET, format!("{here}?watch=true")),
        (Method::GET, format!("{here}/one")),
        (Method::PUT, format!("{here}/one")),
        (Method::PUT, format!("{here}/one/status")),
        (Method::PATCH, format!("{here}/one")),
        (Method::POST, here.clone()),
        (Method::DELETE, here.clone()),
        (Method::DELETE, format!("{here}/one")),
        (Method::GET, format!("{group}/unheard-of")),
        (Method::GET, "/metrics".to_owned()),
        (Method::POST, "/somewhere".to_owned()),
    ];
    let mut said = Vec::new();
    for (method, path) in requests {
        let answer = endpoint.call(method.clone(), &path).identity(identity).send().await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{method} {path}: {}", answer.text());
        let text = answer.text().replace(subject.group, "<group>").replace(subject.plural, "<plural>");
        // One line: that Go ends it is no part of what is said.
        said.push((answer.status.as_u16(), text.trim_end().to_owned()));
    }
    said
}

/// Somebody who was allowed is refused once nobody can be asked whether they still are.
#[tokio::test]
async fn without_kube_apiserver_nobody_is_allowed_by_guess() {
    let Some(mut plane) = ControlPlane::start().await else { return };
    let mut server = ours::start(&plane, PROGRAM).await;
    let reader = plane.user("reader", &["readers"]);
    plane.grant(&reader, &[rule(GROUP, &["widgets"], &["list"])]).await;
    let get = server.endpoint().get(WIDGETS).identity(reader.identity());
    assert_eq!(get.clone().send().await.status, StatusCode::OK);
    plane.kill_apiserver();
    // What was asked before is kept for ten seconds.
    wait_for("the kept answer to be forgotten", async || {
        let answer = get.clone().send().await;
        match answer.status {
            StatusCode::INTERNAL_SERVER_ERROR => Ok(()),
            StatusCode::OK => Err("still allowed".to_owned()),
            _ => panic!("{} {}", answer.status, answer.text()),
        }
    })
    .await;
    let token = server.endpoint().get(WIDGETS).header("Authorization", "Bearer abc").send().await;
    assert_eq!(token.status, StatusCode::UNAUTHORIZED, "{}", token.text());
    let master = server.endpoint().get(WIDGETS).identity(plane.admin().identity()).send().await;
    assert_eq!(master.status, StatusCode::OK, "members of system:masters are not asked about");
    server.component().assert_running();
}

/// A server whose kube-apiserver was never there.
struct Alone {
    component: Component,
    endpoint: Endpoint,
    clients: Authority,
    proxies: Authority,
    _directory: tempfile::TempDir,
}

async fn alone() -> Alone {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let [clients, proxies, serving] = ["client-ca", "proxy-ca", "serving-ca"].map(Authority::new);
    let write = |name: &str, text: &str| write(directory.path(), name, text);
    let pair = serving.server(&["localhost", "127.0.0.1"]);
    let nobody_listens = format!("https://{}", free_address());
    let dead = kubeconfig(&nobody_listens, &serving.pem(), Some(&clients.client("server", &[])));
    let dead = write("kubeconfig", &dead);
    let address = free_address();
    let mut command = Command::new(PROGRAM);
    command.args([
        "--storage=memory".to_owned(),
        "--leader-elect=false".to_owned(),
        "--authentication-skip-lookup=true".to_owned(),
        format!("--kubeconfig={dead}"),
        format!("--authentication-kubeconfig={dead}"),
        format!("--authorization-kubeconfig={dead}"),
        format!("--client-ca-file={}", write("clients.crt", &clients.pem())),
        format!("--requestheader-client-ca-file={}", write("proxies.crt", &proxies.pem())),
        format!("--requestheader-allowed-names={FRONT_PROXY_NAME}"),
        "--bind-address=127.0.0.1".to_owned(),
        format!("--secure-port={}", address.port()),
        format!("--tls-cert-file={}", write("serving.crt", &pair.certificate)),
        format!("--tls-private-key-file={}", write("serving.key", &pair.key)),
    ]);
    let mut component = Component::spawn("alone", &command, directory.path());
    let endpoint = Endpoint { address, name: "localhost".into(), ca: serving.pem() };
    wait_for("the server to answer", async || {
        component.assert_running();
        let answer = endpoint.get("/livez").try_send().await?;
        if answer.status == StatusCode::OK { Ok(()) } else { Err(answer.text()) }
    })
    .await;
    Alone { component, endpoint, clients, proxies, _directory: directory }
}

fn write(directory: &Path, name: &str, text: &str) -> String {
    let path = directory.join(name);
    std::fs::write(&path, text).unwrap_or_else(|error| panic!("writing {}: {error}", path.display()));
    path.display().to_string()
}

fn message(answer: &Answer) -> String {
    answer.json()["message"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_server_that_can_ask_nobody_refuses_what_it_would_have_to_ask() {
    let mut alone = alone().await;
    let (user, master) =
        (alone.clients.client("somebody", &[]), alone.clients.client("admin", &["system:masters"]));
    let proxy = alone.proxies.client(FRONT_PROXY_NAME, &[]);
    let list = alone.endpoint.get(WIDGETS);

    let asked = list.clone().identity(&user).send().await;
    assert_eq!(asked.status, StatusCode::INTERNAL_SERVER_ERROR, "authorization: {}", asked.text());
    let behind = list.clone().identity(&proxy).header("X-Remote-User", "somebody").send().await;
    assert_eq!(behind.status, StatusCode::INTERNAL_SERVER_ERROR, "authorization: {}", behind.text());

    let token = list.clone().header("Authorization", "Bearer abc").send().await;
    assert_eq!(token.status, StatusCode::UNAUTHORIZED, "token: {}", token.text());

    assert_eq!(list.identity(&master).send().await.status, StatusCode::OK, "masters are not asked about");
    let sent = widget("one", &json!({"image": "example:1"}));
    let create = alone.endpoint.call(Method::POST, WIDGETS).identity(&master).json(&sent).send().await;
    assert_eq!(create.status, StatusCode::FORBIDDEN, "admission: {}", create.text());
    assert_eq!(
        message(&create),
        format!("widgets.{GROUP} \"one\" is forbidden: not yet ready to handle request")
    );
    alone.component.assert_running();
}
