//! A kube-rs watcher stays in step while our server is away and comes back, however it went; and nobody's log says more
//! of it than of Go's server that did the same.

use aggboot_tests::conformance::Subject;
use aggboot_tests::control_plane::ControlPlane;
use aggboot_tests::control_plane::sample_apiserver;
use aggboot_tests::control_plane::server::Server;
use aggboot_tests::ours::{self, GROUP, widgets};
use aggboot_tests::wait::wait_for;
use futures::StreamExt as _;
use kube::api::{DeleteParams, DynamicObject, ListParams};
use kube::runtime::reflector::{self, Store};
use kube::runtime::{WatchStreamExt as _, watcher};
use kube::{Api, ResourceExt as _};
use serde_json::json;
use std::collections::BTreeMap;

const PROGRAM: &str = env!("CARGO_BIN_EXE_widgets");

#[tokio::test]
async fn a_kube_rs_watcher_stays_in_step() {
    let Some(plane) = ControlPlane::start().await else { return };
    let mut server = ours::start(&plane, PROGRAM).await;
    let subject = widgets(&plane);
    for killed in [false, true] {
        let namespace = plane.namespace("watched").await;
        for name in ["kept", "removed"] {
            subject.create(&namespace, name).await;
        }
        let api = subject.api(&namespace);
        let store = follow(&api);
        in_step(&api, &store).await;
        if killed {
            server.component().kill();
        } else {
            server.stop().await;
        }
        server.start_again().await;
        server.wait_available(&plane).await;
        subject.create(&namespace, "added").await;
        api.delete("removed", &DeleteParams::default()).await.expect("deleting after the restart");
        in_step(&api, &store).await;
    }
}

/// A store kept by a watcher of kube-rs, with its usual strategy and pauses.
fn follow(api: &Api<DynamicObject>) -> Store<DynamicObject> {
    let kind = kube::discovery::ApiResource::from_gvk_with_plural(
        &kube::api::GroupVersionKind::gvk(GROUP, ours::VERSION, "Widget"),
        "widgets",
    );
    let writer = reflector::store::Writer::new(kind);
    let store = writer.as_reader();
    let events = watcher(api.clone(), watcher::Config::default()).default_backoff().reflect(writer);
    // It ends with the test's runtime; what fails is tried again by the watcher itself.
    tokio::spawn(events.for_each(|_| std::future::ready(())));
    store
}

async fn in_step(api: &Api<DynamicObject>, store: &Store<DynamicObject>) {
    let revision = |object: &DynamicObject| (object.name_any(), object.resource_version());
    let listed = api.list(&ListParams::default()).await.expect("listing widgets");
    let expected: BTreeMap<_, _> = listed.items.iter().map(revision).collect();
    wait_for("the watcher to hold what the server holds", async || {
        let held: BTreeMap<_, _> = store.state().iter().map(|object| revision(object)).collect();
        if held == expected { Ok(()) } else { Err(format!("it holds {held:?}, the server {expected:?}")) }
    })
    .await;
}

/// Errors that name a group in the logs of kube-apiserver and of the controllers.
async fn complaints(plane: &ControlPlane, group: &str) -> usize {
    let controllers = plane.controller_manager().await;
    plane.apiserver().errors_naming(group).len() + controllers.errors_naming(group).len()
}

#[tokio::test]
async fn a_restart_is_no_noisier_than_gos() {
    let Some(plane) = ControlPlane::start().await else { return };
    let mut go = sample_apiserver::start(&plane).await;
    let mut own = ours::start(&plane, PROGRAM).await;
    let flunders = Subject {
        group: sample_apiserver::GROUP,
        version: sample_apiserver::VERSION,
        plural: "flunders",
        kind: "Flunder",
        spec: || json!({"reference": "something"}),
        ..widgets(&plane)
    };
    let of_go = noise(&flunders, &mut go).await;
    let of_own = noise(&widgets(&plane), &mut own).await;
    assert!(of_own <= of_go, "{of_own} errors name our group, {of_go} Go's");
}

/// The errors that a kill and a restart cause, until garbage collection works again.
async fn noise(subject: &Subject<'_>, server: &mut Server) -> usize {
    aggboot_tests::conformance::garbage_collection::check(subject).await;
    let before = complaints(subject.plane, subject.group).await;
    server.component().kill();
    wait_for("kube-apiserver to notice", async || {
        match subject.plane.availability(subject.group, subject.version).await {
            (status, _) if status == "False" => Ok(()),
            (status, why) => Err(format!("Available={status}: {why}")),
        }
    })
    .await;
    server.start_again().await;
    server.wait_available(subject.plane).await;
    aggboot_tests::conformance::garbage_collection::check(subject).await;
    complaints(subject.plane, subject.group).await - before
}
