//! Local mode: one command, nothing else installed, this machine only; and what was stored is there the next time.

use aggboot_tests::control_plane::binary;
use aggboot_tests::control_plane::ports::free_address;
use aggboot_tests::control_plane::process::Component;
use aggboot_tests::local_server::LocalServer;
use aggboot_tests::ours::widget;
use aggboot_tests::wait::wait_for;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const PROGRAM: &str = env!("CARGO_BIN_EXE_widgets");
const WIDGETS: &str = "/apis/custom.example.com/v1/namespaces/default/widgets";

async fn started() -> (tempfile::TempDir, LocalServer) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let server = LocalServer::start(PROGRAM, directory.path()).await;
    (directory, server)
}

#[tokio::test]
async fn it_says_how_to_use_it_once_it_is_ready() {
    let (_directory, mut server) = started().await;
    let ready = server.call(Method::GET, "/readyz").send().await;
    assert_eq!((ready.status, ready.text().as_str()), (StatusCode::OK, "ok"));
    let said = server.component.output();
    let kubeconfig = format!("export KUBECONFIG={}", server.kubeconfig().display());
    assert!(said.contains(&kubeconfig) && said.contains("kubectl get widgets"), "{said}");
    assert_eq!(server.component.interrupt().await.code(), Some(0), "{}", server.component.output());
}

#[tokio::test]
async fn keys_are_for_nobody_else() {
    let (_directory, server) = started().await;
    let pki = server.data().join("pki");
    let mut secret = vec![server.kubeconfig()];
    let files =
        fs::read_dir(&pki).expect("the folder of the certificates").map(|entry| entry.expect("an entry"));
    secret.extend(
        files.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|end| end == "key")),
    );
    assert_eq!(secret.len(), 4, "{secret:?}");
    for path in secret {
        let mode = fs::metadata(&path).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", path.display());
    }
}

#[tokio::test]
async fn only_this_machine_and_only_who_has_the_key() {
    let (_directory, server) = started().await;
    let endpoint = server.endpoint();
    assert_eq!(listeners(endpoint.address.port()), ["0100007F"], "127.0.0.1 as /proc has it");
    let anonymous = endpoint.get(WIDGETS).send().await;
    assert_eq!(anonymous.status, StatusCode::FORBIDDEN, "{}", anonymous.text());
    let forged =
        endpoint.get(WIDGETS).header("X-Remote-User", "admin").header("X-Remote-Group", "system:masters");
    assert_eq!(forged.send().await.status, StatusCode::FORBIDDEN);
}

/// The addresses that listen on a port.
fn listeners(port: u16) -> Vec<String> {
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"].map(|path| fs::read_to_string(path).unwrap_or_default());
    let listening = |line: &str| {
        let mut words = line.split_whitespace().skip(1);
        let (address, here) = words.next()?.split_once(':')?;
        let listens = words.nth(1)? == "0A" && u16::from_str_radix(here, 16) == Ok(port);
        listens.then(|| address.to_owned())
    };
    tables.iter().flat_map(|table| table.lines().filter_map(listening)).collect()
}

#[tokio::test]
async fn another_machines_address_is_refused_in_a_sentence() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let output = Command::new(PROGRAM)
        .args(["--local", "--bind-address=0.0.0.0", "--data-dir"])
        .arg(directory.path())
        .output()
        .expect("the server starts");
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("--bind-address 0.0.0.0") && said.contains("127.0.0.1"), "{said}");
}

#[tokio::test]
async fn ctrl_c_ends_watches_in_peace_and_the_data_stays() {
    let (_directory, mut server) = started().await;
    let sent = widget("kept", &json!({"image": "example:1"}));
    let created = server.call(Method::POST, WIDGETS).json(&sent).send().await;
    assert_eq!(created.status, StatusCode::CREATED, "{}", created.text());
    let created = created.json();
    let (authority, admin) = (server.endpoint().ca, server.admin().certificate);
    let mut watch = server.call(Method::GET, &format!("{WIDGETS}?watch=true")).stream().await;
    assert_eq!(watch.next_json().await.expect("what is there")["type"], "ADDED");

    let (ended, rest) = tokio::join!(server.component.interrupt(), watch.next());
    assert_eq!(ended.code(), Some(0), "{}", server.component.output());
    assert_eq!(rest, None, "the watch ended as it should");

    server.start_again().await;
    assert_eq!((server.endpoint().ca, server.admin().certificate), (authority, admin), "used again");
    let found = server.call(Method::GET, &format!("{WIDGETS}/kept")).send().await;
    assert_eq!((found.status, found.json()), (StatusCode::OK, created));
}

/// Two servers on one folder would ruin each other's data: the second is told so.
#[tokio::test]
async fn a_data_directory_has_one_server() {
    let (directory, server) = started().await;
    let mut command = Command::new(PROGRAM);
    command.args(["--local", &format!("--secure-port={}", free_address().port())]);
    command.arg(format!("--data-dir={}", server.data().display()));
    let mut second = Component::spawn("second", &command, directory.path());
    let ended = wait_for("the second server to give up", async || second.ended().ok_or("it runs")).await;
    assert!(!ended.success());
    let said = second.output();
    assert!(said.contains(&server.data().display().to_string()), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kubectl_works_with_the_kubeconfig_it_wrote() {
    let Some(program) = kubectl() else { return };
    let (directory, server) = started().await;
    let kubectl = |arguments: &[&str]| run(&program, &server.kubeconfig(), directory.path(), arguments);
    let manifest = directory.path().join("widget.json");
    fs::write(&manifest, widget("one", &json!({"image": "example:1"})).to_string()).expect("written");
    let manifest = manifest.display().to_string();
    assert_eq!(kubectl(&["apply", "-f", &manifest]), "widget.custom.example.com/one created\n");
    assert_eq!(kubectl(&["apply", "-f", &manifest]), "widget.custom.example.com/one unchanged\n");
    let found: Value = serde_json::from_str(&kubectl(&["get", "widget", "one", "-o", "json"])).expect("JSON");
    assert_eq!(found["spec"]["color"], "blue");
    assert!(kubectl(&["get", "widgets"]).contains("example:1"));
    assert!(kubectl(&["explain", "widget.spec.replicas"]).contains("How many to run"));
    // client-go asks for OpenAPI v2 as protobuf here.
    let older = kubectl(&["explain", "widget.spec.replicas", "--output=plaintext-openapiv2"]);
    assert!(older.contains("How many to run"), "{older}");
    assert!(kubectl(&["api-resources"]).contains("widgets"));
    assert!(kubectl(&["version"]).contains("Server Version"));
    assert_eq!(
        kubectl(&["scale", "widget", "one", "--replicas=3"]),
        "widget.custom.example.com/one scaled\n"
    );
    assert!(kubectl(&["delete", "widget", "one"]).contains("deleted"));
}

/// The control plane's kubectl, else the machine's; without either it is said that the test was skipped.
fn kubectl() -> Option<PathBuf> {
    let built = binary::command("kubectl").ok().map(|command| PathBuf::from(command.get_program()));
    let found = built.or_else(|| {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path).map(|folder| folder.join("kubectl")).find(|path| path.is_file())
    });
    if found.is_none() {
        assert!(std::env::var("CI").is_err(), "there is no kubectl");
        binary::say("SKIPPED, there is no kubectl");
    }
    found
}

fn run(program: &Path, kubeconfig: &Path, home: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new(program);
    command.args(arguments).env("KUBECONFIG", kubeconfig).env("HOME", home);
    let Output { status, stdout, stderr } = command.output().expect("kubectl starts");
    assert!(status.success(), "kubectl {arguments:?}: {}", String::from_utf8_lossy(&stderr));
    String::from_utf8(stdout).expect("kubectl writes text")
}
