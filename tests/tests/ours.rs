//! A server of ours behind a real control plane keeps every promise that Go's sample-apiserver keeps in `reference.rs`,
//! and those that only it makes: scale, status, computed kinds.

use aggboot_tests::conformance::identity::Answered;
use aggboot_tests::conformance::informers::End;
use aggboot_tests::conformance::{
    Subject, garbage_collection, identity, informers, kubectl, namespace_deletion,
};
use aggboot_tests::control_plane::sample_apiserver;
use aggboot_tests::control_plane::server::Server;
use aggboot_tests::control_plane::users::rule;
use aggboot_tests::control_plane::{ControlPlane, Lease, Shared};
use aggboot_tests::ours::{self, GROUP, METRICS_GROUP, METRICS_VERSION, VERSION, widgets};
use aggboot_tests::wait::wait_for;
use serde_json::json;

const PROGRAM: &str = env!("CARGO_BIN_EXE_widgets");

/// One control plane with one server of ours, for all tests of this file that need no other.
struct Ours {
    plane: ControlPlane,
    server: Server,
}

impl AsRef<ControlPlane> for Ours {
    fn as_ref(&self) -> &ControlPlane {
        &self.plane
    }
}

static OURS: Shared<Ours> = Shared::new();

async fn ours() -> Option<Lease<'static, Ours>> {
    OURS.get(async || {
        let plane = ControlPlane::start().await?;
        let server = ours::start(&plane, PROGRAM).await;
        Some(Ours { plane, server })
    })
    .await
}

#[tokio::test]
async fn it_is_available_with_a_verified_ca_bundle() {
    let Some(ours) = ours().await else { return };
    let (status, why) = ours.plane.availability(GROUP, VERSION).await;
    assert_eq!(status, "True", "{why}");
    let name = format!("{VERSION}.{GROUP}");
    let shown = ours.plane.admin().kubectl(&["get", "apiservice", &name, "-o", "json"]).await;
    let spec = shown.assert_ok().json()["spec"].clone();
    assert!(spec["caBundle"].is_string() && spec.get("insecureSkipTLSVerify").is_none(), "{spec:#}");
}

#[tokio::test]
async fn kubectl_does_a_day_of_work() {
    let Some(ours) = ours().await else { return };
    kubectl::check(&widgets(&ours.plane)).await;
}

#[tokio::test]
async fn callers_are_who_go_takes_them_for() {
    let Some(ours) = ours().await else { return };
    let go = sample_apiserver::start(&ours.plane).await;
    let flunders = Subject {
        group: sample_apiserver::GROUP,
        version: sample_apiserver::VERSION,
        plural: "flunders",
        kind: "Flunder",
        ..widgets(&ours.plane)
    };
    let expected = identity::check(&flunders, go.endpoint()).await;
    let answered = identity::check(&widgets(&ours.plane), ours.server.endpoint()).await;
    assert_eq!(nameless(&widgets(&ours.plane), answered), nameless(&flunders, expected));
    go.remove(&ours.plane).await;
}

/// Answers without the names of the resource, and without the objects of those that are allowed.
fn nameless(subject: &Subject<'_>, answered: Vec<Answered>) -> Vec<Answered> {
    let names = [subject.group, subject.plural];
    let mask = |text: String| names.iter().fold(text, |text, name| text.replace(name, "…"));
    let masked = answered.into_iter().map(|answer| Answered {
        message: if answer.status == 200 { String::new() } else { mask(answer.message) },
        ..answer
    });
    masked.collect()
}

#[tokio::test]
async fn owner_references_are_followed_both_ways() {
    let Some(ours) = ours().await else { return };
    garbage_collection::check(&widgets(&ours.plane)).await;
}

#[tokio::test]
async fn a_deleted_namespace_takes_its_objects_along() {
    let Some(ours) = ours().await else { return };
    namespace_deletion::check(&widgets(&ours.plane)).await;
}

#[tokio::test]
async fn informers_hold_what_the_server_holds() {
    let Some(ours) = ours().await else { return };
    informers::check(&widgets(&ours.plane)).await;
}

/// Every answer comes from the storage then, and every watch is one of it.
#[tokio::test]
async fn the_promises_hold_without_a_watch_cache() {
    let Some(plane) = ControlPlane::start().await else { return };
    let server = ours::start_uncached(&plane, PROGRAM).await;
    let subject = widgets(&plane);
    kubectl::check(&subject).await;
    informers::check(&subject).await;
    garbage_collection::check(&subject).await;
    namespace_deletion::check(&subject).await;
    drop(server);
}

/// On a control plane of its own: nobody else may need the server while it is away.
#[tokio::test]
async fn informers_stay_in_step_through_restarts() {
    let Some(plane) = ControlPlane::start().await else { return };
    let mut server = ours::start(&plane, PROGRAM).await;
    for end in [End::Asked, End::Killed] {
        informers::check_through_a_restart(&widgets(&plane), &mut server, end).await;
    }
}

/// While it is Available nobody has anything to complain of: counted from the first moment it is, through discovery,
/// OpenAPI, collection, and the deletion of a namespace.
#[tokio::test]
async fn no_log_has_an_error_that_names_the_group() {
    let Some(plane) = ControlPlane::start().await else { return };
    let server = ours::start(&plane, PROGRAM).await;
    let before = plane.apiserver().errors_naming(GROUP);
    let subject = widgets(&plane);
    published(&plane).await;
    kubectl::check(&subject).await;
    garbage_collection::check(&subject).await;
    namespace_deletion::check(&subject).await;
    let of_controllers = plane.controller_manager().await.errors_naming(GROUP);
    assert!(of_controllers.is_empty(), "{of_controllers:#?}");
    let mut since = plane.apiserver().errors_naming(GROUP).split_off(before.len());
    // kubectl leaving a watch when its wait is over: the same with any server, so not about ours.
    since.retain(|line| !line.contains("Timeout or abort while handling"));
    assert!(since.is_empty(), "{since:#?}");
    drop(server);
}

/// Waits until kube-apiserver publishes the kind in both of its OpenAPI documents: its controllers have read ours then.
async fn published(plane: &ControlPlane) {
    for path in ["/openapi/v2", &format!("/openapi/v3/apis/{GROUP}/{VERSION}")] {
        wait_for(&format!("{path} to name the kind"), async || {
            let answer = plane.endpoint().get(path).identity(plane.admin().identity()).send().await;
            let found = answer.status == 200 && answer.text().contains("com.example.custom.v1.Widget");
            found.then_some(()).ok_or_else(|| format!("{} without it", answer.status))
        })
        .await;
    }
}

/// What `kubectl top` prints comes from our computed kinds, for somebody who may read these and no more.
#[tokio::test]
async fn kubectl_top_shows_nodes_and_pods() {
    let Some(ours) = ours().await else { return };
    let plane = &ours.plane;
    let server = ours::start_metrics(plane, PROGRAM).await;
    let user = plane.user(&format!("watcher-{}", plane.next()), &["watchers"]);
    let read = ["get", "list"];
    let rules = [
        rule(METRICS_GROUP, &["nodes"], &read),
        rule(METRICS_GROUP, &["pods"], &read),
        rule("", &["nodes"], &read),
        rule("", &["pods"], &read),
    ];
    plane.grant(&user, &rules).await;
    plane.controller_manager().await;
    make_nodes_and_pods(plane).await;

    let nodes = user.kubectl(&["top", "nodes"]).await.assert_ok();
    let expected = [["node-1", "250m", "6%", "1024Mi", "12%"], ["node-2", "1200m", "30%", "3072Mi", "37%"]];
    assert_eq!(rows(&nodes.stdout), expected);
    let pods = user.kubectl(&["top", "pods", "-n", "default"]).await.assert_ok();
    assert_eq!(rows(&pods.stdout), [["web-0", "125m", "116Mi"], ["web-1", "80m", "90Mi"]]);
    let containers =
        user.kubectl(&["top", "pod", "web-0", "-n", "default", "--containers"]).await.assert_ok();
    assert_eq!(
        rows(&containers.stdout),
        [["web-0", "proxy", "5m", "20Mi"], ["web-0", "web", "120m", "96Mi"]]
    );
    let everywhere = user.kubectl(&["top", "pods", "-A"]).await.assert_ok();
    assert_eq!(rows(&everywhere.stdout).len(), 3, "{everywhere:#?}");
    let kinds = user.kubectl(&["api-resources", "--api-group", METRICS_GROUP]).await.assert_ok();
    kinds.assert_says("NodeMetrics").assert_says(&format!("{METRICS_GROUP}/{METRICS_VERSION}"));
    server.remove(plane).await;
}

/// The rows of a table below its header, word by word.
fn rows(table: &str) -> Vec<Vec<&str>> {
    table.lines().skip(1).map(|line| line.split_whitespace().collect()).collect()
}

/// The nodes and pods that the samples are of, as kube-apiserver knows them.
async fn make_nodes_and_pods(plane: &ControlPlane) {
    let admin = plane.admin();
    let capacity = json!({"cpu": "4", "memory": "8Gi", "pods": "10"});
    for name in ["node-1", "node-2"] {
        let node = json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}});
        admin.kubectl_with_input(&["create", "-f", "-"], &node.to_string()).await.assert_ok();
        let status = json!({"status": {"capacity": capacity, "allocatable": capacity}}).to_string();
        let patch = ["patch", "node", name, "--subresource=status", "--type=merge", "-p", &status];
        admin.kubectl(&patch).await.assert_ok();
    }
    for (name, containers) in [("web-0", &["web", "proxy"][..]), ("web-1", &["web"])] {
        let containers = containers.iter().map(|name| json!({"name": name, "image": "example:1"}));
        let pod = json!({
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, "namespace": "default"},
            "spec": {
                "nodeName": "node-1",
                "automountServiceAccountToken": false,
                "containers": containers.collect::<Vec<_>>(),
            },
        });
        // Refused until the namespace has its service account.
        wait_for(&format!("Pod {name} to be taken"), async || {
            let made = admin.kubectl_with_input(&["apply", "-f", "-"], &pod.to_string()).await;
            if made.code == 0 { Ok(()) } else { Err(made.stderr) }
        })
        .await;
    }
}
