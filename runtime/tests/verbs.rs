//! The verbs of a stored kind, over a real socket, by the client that users have.
#![cfg(feature = "testing")]

use aggboot::kube;
use aggboot::kube::api::{
    Api, DeleteParams, ListParams, Patch, PatchParams, PostParams, WatchEvent, WatchParams,
};
use aggboot::prelude::*;
use aggboot::testing::{TestServer, serve};
use futures::{StreamExt as _, pin_mut};
use serde_json::{Value, json};

/// Something to turn.
#[derive(Debug, ApiResource)]
#[api(group = "verbs.example.com", version = "v1")]
pub struct Knob {
    pub metadata: ObjectMeta,
    pub spec: KnobSpec,
    pub status: KnobStatus,
}

/// What is wanted.
#[derive(Debug, ApiType)]
pub struct KnobSpec {
    /// How many.
    #[api(minimum = 0, scale = "spec.replicas")]
    pub replicas: i32,
    /// Its color.
    #[api(default = "blue", selectable, column)]
    pub color: String,
}

/// What is.
#[derive(Debug, ApiType)]
pub struct KnobStatus {
    /// How many there are.
    #[api(scale = "status.replicas")]
    pub replicas: Option<i32>,
}

impl Validate for Knob {
    fn validate(&self, _old: Option<&Self>, errors: &mut FieldErrors) {
        if self.spec.replicas > 100 {
            errors.invalid("spec.replicas", self.spec.replicas, "must be at most 100");
        }
    }
}

fn knob(name: &str, replicas: i32) -> Knob {
    serde_json::from_value(json!({
        "apiVersion": "verbs.example.com/v1", "kind": "Knob",
        "metadata": {"name": name}, "spec": {"replicas": replicas},
    }))
    .expect("a knob")
}

async fn with_api() -> (TestServer, Api<Knob>) {
    let server = serve([Knob::stored().into()]).await;
    let api = Api::namespaced(server.client(), "default");
    (server, api)
}

/// Asks by hand what the typed client has no word for.
async fn ask(server: &TestServer, path: &str, accept: &str) -> Value {
    let request = http::Request::get(path).header("accept", accept).body(Vec::new()).expect("a request");
    server.client().request(request).await.expect("an answer")
}

fn code(error: kube::Error) -> u16 {
    match error {
        kube::Error::Api(status) => status.code,
        other => panic!("no answer: {other}"),
    }
}

#[tokio::test]
async fn an_object_lives_and_dies() {
    let (_server, api) = with_api().await;
    let post = PostParams::default();
    let created = api.create(&post, &knob("a", 1)).await.expect("created");
    assert_eq!((created.spec.color.as_str(), created.metadata.generation), ("blue", Some(1)));
    assert_eq!(code(api.create(&post, &knob("a", 1)).await.expect_err("taken")), 409);
    assert_eq!(code(api.create(&post, &knob("b", 101)).await.expect_err("too many")), 422);

    let mut changed = created.clone();
    changed.spec.replicas = 2;
    let replaced = api.replace("a", &post, &changed).await.expect("replaced");
    assert_eq!(replaced.metadata.generation, Some(2));
    assert_eq!(code(api.replace("a", &post, &changed).await.expect_err("stale")), 409);

    let patch = Patch::Merge(json!({"spec": {"color": "red"}}));
    let patched = api.patch("a", &PatchParams::default(), &patch).await.expect("patched");
    assert_eq!((patched.spec.replicas, patched.spec.color.as_str()), (2, "red"));
    let status = Patch::Merge(json!({"status": {"replicas": 7}}));
    let patched = api.patch_status("a", &PatchParams::default(), &status).await.expect("patched");
    assert_eq!(patched.status.replicas, Some(7));

    let scale = Patch::Merge(json!({"spec": {"replicas": 5}}));
    let scaled = api.patch_scale("a", &PatchParams::default(), &scale).await.expect("scaled");
    assert_eq!(scaled.spec.and_then(|spec| spec.replicas), Some(5));
    assert_eq!(api.get("a").await.expect("found").spec.replicas, 5);

    assert!(api.delete("a", &DeleteParams::default()).await.expect("deleted").is_right());
    assert_eq!(code(api.get("a").await.expect_err("gone")), 404);
}

#[tokio::test]
async fn lists_are_paged_selected_and_printed() {
    let (server, api) = with_api().await;
    for name in ["a", "b", "c"] {
        api.create(&PostParams::default(), &knob(name, 1)).await.expect("created");
    }
    let first = api.list(&ListParams::default().limit(2)).await.expect("a page");
    let token = first.metadata.continue_.clone().expect("more");
    let rest = api.list(&ListParams::default().limit(2).continue_token(&token)).await.expect("a page");
    assert_eq!((first.items.len(), rest.items.len()), (2, 1));
    assert_eq!(first.metadata.resource_version, rest.metadata.resource_version);
    let none = api.list(&ListParams::default().fields("spec.color=red")).await.expect("a list");
    assert!(none.items.is_empty());

    let path = "/apis/verbs.example.com/v1/namespaces/default/knobs";
    let table = ask(&server, path, "application/json;as=Table;v=v1;g=meta.k8s.io").await;
    assert_eq!(table["kind"], "Table");
    assert_eq!(table["rows"][0]["cells"][0], "a");
    let partial =
        ask(&server, path, "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io").await;
    assert_eq!(partial["items"][2]["metadata"]["name"], "c");
    let deleted = api.delete_collection(&DeleteParams::default(), &ListParams::default()).await;
    assert!(deleted.expect("deleted").is_left());
    assert!(api.list(&ListParams::default()).await.expect("a list").items.is_empty());
}

#[tokio::test]
async fn a_watch_tells_and_ends_with_the_server() {
    let (server, api) = with_api().await;
    let first = api.create(&PostParams::default(), &knob("a", 1)).await.expect("created");
    let from = first.metadata.resource_version.expect("a revision");
    let events = api.watch(&WatchParams::default(), &from).await.expect("a watch");
    pin_mut!(events);
    api.create(&PostParams::default(), &knob("b", 1)).await.expect("created");
    api.delete("a", &DeleteParams::default()).await.expect("deleted");
    let mut told = Vec::new();
    for _ in 0..2 {
        told.push(match events.next().await {
            Some(Ok(WatchEvent::Added(knob))) => ("ADDED", knob.metadata.name),
            Some(Ok(WatchEvent::Deleted(knob))) => ("DELETED", knob.metadata.name),
            other => panic!("not expected: {other:?}"),
        });
    }
    assert_eq!(told, [("ADDED", Some("b".to_owned())), ("DELETED", Some("a".to_owned()))]);
    let stopped = tokio::spawn(server.stop());
    assert!(!matches!(events.next().await, Some(Ok(_))));
    stopped.await.expect("the server stops");
}
