//! The rest of a day with kubectl, as a non-admin behind a real control plane: apply, defaults, validation, status,
//! scale, replace and a watch, on the widgets of the example.

use aggboot_tests::control_plane::kubectl::Ran;
use aggboot_tests::control_plane::server::Server;
use aggboot_tests::control_plane::users::{User, rule};
use aggboot_tests::control_plane::{ControlPlane, Lease, Shared};
use aggboot_tests::ours::{self, GROUP, widget};
use serde_json::{Value, json};

const VERBS: [&str; 8] = ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"];

struct Ours {
    plane: ControlPlane,
    _server: Server,
}

impl AsRef<ControlPlane> for Ours {
    fn as_ref(&self) -> &ControlPlane {
        &self.plane
    }
}

static OURS: Shared<Ours> = Shared::new();

/// Somebody with every right on widgets in a namespace, and none elsewhere.
struct Worker<'a> {
    ours: Lease<'a, Ours>,
    user: User,
    namespace: String,
}

async fn worker() -> Option<Worker<'static>> {
    let make = async || {
        let plane = ControlPlane::start().await?;
        let server = ours::start(&plane, env!("CARGO_BIN_EXE_widgets")).await;
        Some(Ours { plane, _server: server })
    };
    let ours = OURS.get(make).await?;
    let namespace = ours.plane.namespace("work").await;
    let user = ours.plane.user(&format!("worker-{}", ours.plane.next()), &["workers"]);
    let resources = ["widgets", "widgets/status", "widgets/scale"];
    let rules = resources.map(|resource| rule(GROUP, &[resource], &VERBS));
    ours.plane.grant_in(&namespace, &user, &rules).await;
    Some(Worker { ours, user, namespace })
}

impl Worker<'_> {
    async fn run(&self, arguments: &[&str]) -> Ran {
        self.with_input(arguments, "").await
    }

    async fn with_input(&self, arguments: &[&str], input: &str) -> Ran {
        self.user.kubectl_with_input(&[&["-n", &self.namespace], arguments].concat(), input).await
    }

    async fn apply(&self, name: &str, spec: &Value) -> Ran {
        self.with_input(&["apply", "-f", "-"], &widget(name, spec).to_string()).await
    }

    async fn get(&self, name: &str) -> Value {
        self.run(&["get", "widget", name, "-o", "json"]).await.assert_ok().json()
    }
}

#[tokio::test]
async fn apply_creates_changes_and_leaves_alone() {
    let Some(worker) = worker().await else { return };
    let spec = json!({"image": "example:1", "replicas": 2});
    worker.apply("one", &spec).await.assert_ok().assert_says("widget.custom.example.com/one created");
    let created = worker.get("one").await;
    assert_eq!(created["spec"], json!({"image": "example:1", "replicas": 2, "color": "blue"}), "defaulted");
    assert_eq!(created["metadata"]["generation"], 1);
    worker.apply("one", &spec).await.assert_ok().assert_says("unchanged");
    let spec = json!({"image": "example:2"});
    let diff = worker.with_input(&["diff", "-f", "-"], &widget("one", &spec).to_string()).await;
    assert_eq!(diff.code, 1, "{diff:#?}");
    diff.assert_says("+  image: example:2").assert_says("-  replicas: 2").assert_says("+  replicas: 1");
    worker.apply("one", &spec).await.assert_ok().assert_says("configured");
    let changed = worker.get("one").await;
    assert_eq!(changed["spec"], json!({"image": "example:2", "replicas": 1, "color": "blue"}), "{changed:#}");
    assert_eq!(changed["metadata"]["generation"], 2);
    assert_eq!(changed["metadata"]["uid"], created["metadata"]["uid"]);
}

#[tokio::test]
async fn what_does_not_fit_is_refused_by_the_field() {
    let Some(worker) = worker().await else { return };
    let refused = worker.apply("bad", &json!({"image": "example:1", "replicas": 101})).await.assert_failed();
    let expected = "The Widget \"bad\" is invalid: spec.replicas: Invalid value: 101: \
                    spec.replicas in body should be less than or equal to 100";
    assert_eq!(refused.error(), expected, "{refused:#?}");
    let refused = worker.apply("bad", &json!({"replicas": 1})).await.assert_failed();
    assert!(refused.error().contains("spec.image: Required value"), "{refused:#?}");
    let refused = worker.apply("bad", &json!({"image": "example:1", "colour": "red"})).await.assert_failed();
    assert!(refused.stderr.contains("unknown field \"spec.colour\""), "{refused:#?}");
    worker.run(&["get", "widget", "bad"]).await.assert_failed();
}

#[tokio::test]
async fn scale_goes_through_the_subresource() {
    let Some(worker) = worker().await else { return };
    worker.apply("scaled", &json!({"image": "example:1", "replicas": 2})).await.assert_ok();
    let scaled = worker.run(&["scale", "widget", "scaled", "--replicas=5", "--current-replicas=2"]).await;
    scaled.assert_ok().assert_says("widget.custom.example.com/scaled scaled");
    let found = worker.get("scaled").await;
    assert_eq!((&found["spec"]["replicas"], &found["metadata"]["generation"]), (&json!(5), &json!(2)));
    let refused = worker.run(&["scale", "widget", "scaled", "--replicas=101"]).await.assert_failed();
    assert!(refused.stderr.contains("100"), "{refused:#?}");
    let scale = worker.run(&["get", "widget", "scaled", "--subresource=scale", "-o", "json"]).await;
    let scale = scale.assert_ok().json();
    assert_eq!((&scale["kind"], &scale["spec"]["replicas"]), (&json!("Scale"), &json!(5)), "{scale:#}");
}

#[tokio::test]
async fn status_is_written_apart_and_can_be_waited_for() {
    let Some(worker) = worker().await else { return };
    worker.apply("phased", &json!({"image": "example:1"})).await.assert_ok();
    let status = json!({"status": {"phase": "Running"}, "spec": {"color": "red"}}).to_string();
    worker.run(&["patch", "widget", "phased", "--type=merge", "-p", &status]).await.assert_ok();
    let found = worker.get("phased").await;
    assert_eq!((&found["spec"]["color"], found["status"].get("phase")), (&json!("red"), None), "{found:#}");
    let (waiting, patched) = tokio::join!(
        worker.run(&["wait", "--for=jsonpath={.status.phase}=Running", "widget/phased", "--timeout=60s"]),
        worker.run(&[
            "patch",
            "widget",
            "phased",
            "--subresource=status",
            "--type=merge",
            "-p",
            r#"{"status": {"phase": "Running"}, "spec": {"color": "pink"}}"#,
        ]),
    );
    patched.assert_ok();
    waiting.assert_ok().assert_says("condition met");
    let found = worker.get("phased").await;
    assert_eq!((&found["spec"]["color"], &found["status"]["phase"]), (&json!("red"), &json!("Running")));
    let table = worker.run(&["get", "wd"]).await.assert_ok();
    let words = |line: Option<&str>| -> Vec<String> {
        line.unwrap_or_default().split_whitespace().map(String::from).collect()
    };
    let mut lines = table.stdout.lines();
    assert_eq!(words(lines.next()), ["NAME", "REPLICAS", "IMAGE", "COLOR", "PHASE", "AGE"]);
    assert_eq!(words(lines.next())[..5], ["phased", "1", "example:1", "red", "Running"].map(String::from));
}

#[tokio::test]
async fn replace_dry_run_selectors_and_deletion_with_finalizers() {
    let Some(worker) = worker().await else { return };
    let manifest = widget("dry", &json!({"image": "example:1"})).to_string();
    let dry = ["create", "-f", "-", "--dry-run=server", "-o", "json"];
    let dry = worker.with_input(&dry, &manifest).await.assert_ok().json();
    assert_eq!(dry["spec"]["color"], "blue");
    worker.run(&["get", "widget", "dry"]).await.assert_failed();

    worker.apply("kept", &json!({"image": "example:1", "color": "red"})).await.assert_ok();
    worker.apply("other", &json!({"image": "example:1"})).await.assert_ok();
    let selected = worker.run(&["get", "widgets", "--field-selector=spec.color=red", "-o", "name"]).await;
    assert_eq!(selected.assert_ok().stdout, "widget.custom.example.com/kept\n");

    let mut kept = worker.get("kept").await;
    kept["metadata"]["finalizers"] = json!(["example.com/hold"]);
    let stale = kept.to_string();
    worker.with_input(&["replace", "-f", "-"], &stale).await.assert_ok().assert_says("replaced");
    let conflict = worker.with_input(&["replace", "-f", "-"], &stale).await;
    // kubectl replaces what it is given at the revision it is given.
    assert!(conflict.assert_failed().stderr.contains("the object has been modified"));

    worker.run(&["delete", "widget", "kept", "--wait=false"]).await.assert_ok();
    let held = worker.get("kept").await;
    assert!(held["metadata"]["deletionTimestamp"].is_string(), "{held:#}");
    let release = r#"[{"op": "remove", "path": "/metadata/finalizers"}]"#;
    worker.run(&["patch", "widget", "kept", "--type=json", "-p", release]).await.assert_ok();
    worker.run(&["wait", "--for=delete", "widget/kept", "--timeout=60s"]).await.assert_ok();
}

#[tokio::test]
async fn discovery_and_explain_know_the_kind() {
    let Some(worker) = worker().await else { return };
    let listed = worker.run(&["api-resources", "--api-group", GROUP, "-o", "wide"]).await.assert_ok();
    let listed = listed.assert_says("widgets").assert_says("wd").assert_says("all");
    for verb in VERBS {
        assert!(listed.stdout.contains(verb), "no {verb} in {listed:#?}");
    }
    let explained = worker.run(&["explain", "widget.spec.replicas"]).await.assert_ok();
    explained.assert_says("<integer>").assert_says("How many to run");
    let explained = worker.run(&["explain", "widget", "--recursive"]).await.assert_ok();
    explained.assert_says("ownerReferences").assert_says("lastUpdated");
    drop(worker.ours);
}
