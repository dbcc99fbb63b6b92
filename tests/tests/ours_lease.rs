//! Two servers with a storage each, behind one control plane: only one ever answers, whatever becomes of it.

use aggboot_tests::control_plane::ControlPlane;
use aggboot_tests::control_plane::ports::free_address;
use aggboot_tests::control_plane::process::Component;
use aggboot_tests::control_plane::server::Server;
use aggboot_tests::http::Endpoint;
use aggboot_tests::ours::{self, GROUP, VERSION, widget};
use aggboot_tests::wait::wait_for;
use http::{Method, StatusCode};
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use kube::Api;
use kube::api::{Patch, PatchParams};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::Command;

const PROGRAM: &str = env!("CARGO_BIN_EXE_widgets");
const WIDGETS: &str = "/apis/custom.example.com/v1/namespaces/default/widgets";
const READY: &str = "/readyz/leader-election";

/// The same server as another one, on a store and a port of its own.
struct Second {
    component: Component,
    command: Command,
    endpoint: Endpoint,
    directory: PathBuf,
}

impl Second {
    fn beside(plane: &ControlPlane, first: &Server) -> Self {
        let (address, data) = (free_address(), plane.directory().join(format!("data-{}", plane.next())));
        let mut command = Command::new(PROGRAM);
        for argument in first.command().get_args() {
            let argument = argument.to_str().expect("text");
            match argument.split_once('=') {
                Some(("--data-dir", _)) => command.arg(format!("--data-dir={}", data.display())),
                Some(("--secure-port", _)) => command.arg(format!("--secure-port={}", address.port())),
                _ => command.arg(argument),
            };
        }
        let directory = plane.directory().to_owned();
        let component = Component::spawn("second", &command, &directory);
        Self { component, command, endpoint: Endpoint { address, ..first.endpoint().clone() }, directory }
    }

    fn start_again(&mut self) {
        self.component = Component::spawn("second", &self.command, &self.directory);
    }

    /// Waits until it says who holds the Lease, to whoever may ask and in its log.
    async fn names(&mut self, plane: &ControlPlane, holder: &str) {
        wait_for("the second server to name the holder", async || {
            self.component.assert_running();
            let asked = self.endpoint.get(READY).identity(plane.admin().identity()).try_send().await?;
            let found = asked.status == StatusCode::INTERNAL_SERVER_ERROR && asked.text().contains(holder);
            if found { Ok(()) } else { Err(format!("{}: {}", asked.status, asked.text())) }
        })
        .await;
        let ready = self.endpoint.get("/readyz").send().await;
        assert_eq!(ready.status, StatusCode::INTERNAL_SERVER_ERROR, "{}", ready.text());
        let said = format!("not ready: {holder} holds the Lease default/{VERSION}.{GROUP}");
        assert!(self.component.output().contains(&said), "{}", self.component.output());
        let write = create(plane, &self.endpoint, "refused").await;
        assert_eq!(write.0, StatusCode::SERVICE_UNAVAILABLE, "{}", write.1);
    }

    async fn ready(&mut self) {
        wait_for("the second server to be ready", async || {
            self.component.assert_running();
            let answer = self.endpoint.get("/readyz").try_send().await?;
            if answer.status == StatusCode::OK { Ok(()) } else { Err(answer.text()) }
        })
        .await;
    }
}

async fn create(plane: &ControlPlane, endpoint: &Endpoint, name: &str) -> (StatusCode, String) {
    let sent = widget(name, &json!({"image": "example:1"}));
    let call = endpoint.call(Method::POST, WIDGETS).identity(plane.admin().identity()).json(&sent);
    let answer = call.send().await;
    (answer.status, answer.text())
}

fn revision(created: &(StatusCode, String)) -> u64 {
    assert_eq!(created.0, StatusCode::CREATED, "{}", created.1);
    let object: serde_json::Value = serde_json::from_str(&created.1).expect("an object");
    object["metadata"]["resourceVersion"].as_str().and_then(|text| text.parse().ok()).expect("a revision")
}

fn leases(plane: &ControlPlane) -> Api<Lease> {
    Api::namespaced(plane.client(), "default")
}

async fn lease(plane: &ControlPlane) -> LeaseSpec {
    let lease = leases(plane).get(&format!("{VERSION}.{GROUP}")).await.expect("a Lease");
    lease.spec.expect("a spec")
}

#[tokio::test]
async fn a_second_store_waits_for_the_first_and_takes_over_when_it_stops() {
    let Some(plane) = ControlPlane::start().await else { return };
    let mut first = ours::start(&plane, PROGRAM).await;
    let held = lease(&plane).await;
    let holder = held.holder_identity.clone().expect("a holder");
    assert_eq!(held.lease_duration_seconds, Some(15));
    let mut second = Second::beside(&plane, &first);
    second.names(&plane, &holder).await;
    let before = revision(&create(&plane, first.endpoint(), "first").await);
    assert_eq!(lease(&plane).await.holder_identity.as_ref(), Some(&holder));

    first.stop().await;
    second.ready().await;
    let taken = lease(&plane).await;
    assert!(taken.holder_identity.is_some() && taken.holder_identity != held.holder_identity, "{taken:?}");
    assert_eq!(taken.lease_transitions, held.lease_transitions.map(|transitions| transitions + 1));
    let after = revision(&create(&plane, &second.endpoint, "second").await);
    assert!(after > before, "another store, and {after} is not above {before}");
}

#[tokio::test]
async fn a_server_that_is_killed_comes_back_to_its_own_store_at_once() {
    let Some(plane) = ControlPlane::start().await else { return };
    let mut first = ours::start(&plane, PROGRAM).await;
    let before = revision(&create(&plane, first.endpoint(), "before").await);
    let held = lease(&plane).await;
    first.component().kill();
    first.start_again().await;
    let again = lease(&plane).await;
    assert_eq!(
        (&again.holder_identity, again.lease_transitions),
        (&held.holder_identity, held.lease_transitions)
    );
    assert_eq!(
        revision(&create(&plane, first.endpoint(), "after").await),
        before + 1,
        "it goes on where it was"
    );
}

/// A copy of the whole directory looks like the original; the Lease knows what was served.
#[tokio::test]
async fn an_older_copy_of_the_directory_is_raised_above_what_was_served() {
    let Some(plane) = ControlPlane::start().await else { return };
    let mut first = ours::start(&plane, PROGRAM).await;
    let data = first.command().get_args().find_map(|argument| argument.to_str()?.strip_prefix("--data-dir="));
    let data = PathBuf::from(data.expect("a directory"));
    let copy = data.with_extension("copy");
    revision(&create(&plane, first.endpoint(), "before").await);
    first.stop().await;
    std::fs::create_dir(&copy).expect("made");
    copy_files(&data, &copy);
    first.start_again().await;
    let seen = revision(&create(&plane, first.endpoint(), "after").await);
    first.stop().await;
    copy_files(&copy, &data);
    first.start_again().await;
    let again = revision(&create(&plane, first.endpoint(), "after").await);
    assert!(again > seen + 1, "{again} may stand for what was at {seen}");
    let watch = format!("{WIDGETS}?watch=true&resourceVersion={seen}&timeoutSeconds=5");
    let told = first.endpoint().get(&watch).identity(plane.admin().identity()).send().await.text();
    assert!(told.contains("\"code\":410"), "{told}");
}

fn copy_files(from: &Path, to: &Path) {
    for file in std::fs::read_dir(from).expect("a folder") {
        let file = file.expect("an entry");
        std::fs::copy(file.path(), to.join(file.file_name())).expect("copied");
    }
}

#[tokio::test]
async fn a_server_ends_when_somebody_else_has_its_lease() {
    let Some(plane) = ControlPlane::start().await else { return };
    let first = ours::start(&plane, PROGRAM).await;
    let holder = lease(&plane).await.holder_identity.expect("a holder");
    let mut second = Second::beside(&plane, &first);
    second.names(&plane, &holder).await;
    drop(first);
    // It is not released by one that is killed: the second one waits until it is silent for 15 s.
    second.ready().await;
    let stolen = json!({"spec": {"holderIdentity": "thief", "leaseDurationSeconds": 3600}});
    let name = format!("{VERSION}.{GROUP}");
    let patched = leases(&plane).patch(&name, &PatchParams::default(), &Patch::Merge(&stolen)).await;
    patched.expect("the Lease is changed");
    let status = wait_for("the server to end", async || second.component.ended().ok_or("it runs")).await;
    let said = second.component.output();
    assert!(!status.success() && said.contains("thief has it now: this storage is out of date"), "{said}");
    second.start_again();
    second.names(&plane, "thief").await;
}

#[tokio::test]
async fn a_server_that_cannot_renew_is_not_ready_and_takes_no_writes() {
    let Some(mut plane) = ControlPlane::start().await else { return };
    let first = ours::start(&plane, PROGRAM).await;
    revision(&create(&plane, first.endpoint(), "before").await);
    plane.kill_apiserver();
    let ask = first.endpoint().get(READY).identity(plane.admin().identity());
    wait_for("the Lease to be lost", async || {
        let answer = ask.clone().send().await;
        let lost = answer.status != StatusCode::OK && answer.text().contains("not renewed in time");
        if lost { Ok(()) } else { Err(answer.text()) }
    })
    .await;
    let name = format!("{WIDGETS}/before");
    let admin = plane.admin().identity();
    let delete = first.endpoint().call(Method::DELETE, &name).identity(admin).send().await;
    assert_eq!(delete.status, StatusCode::SERVICE_UNAVAILABLE, "{}", delete.text());
    assert!(delete.headers.contains_key("retry-after"), "{delete:?}");
    let read = first.endpoint().get(&name).identity(admin).send().await;
    assert_eq!(read.status, StatusCode::OK, "what is there can be read: {}", read.text());
}
