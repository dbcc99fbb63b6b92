//! update: concurrency, isolation of the status, generation, finalizers.

use serde_json::{Value, json};

use super::{Bench, GADGETS, WIDGETS};
use crate::storage::Key;

fn uri(name: &str) -> String {
    format!("{WIDGETS}/{name}")
}

fn version(object: &Value) -> u64 {
    object["metadata"]["resourceVersion"].as_str().expect("a revision").parse().expect("a number")
}

async fn put(bench: &Bench, uri: &str, body: &Value) -> super::Answer {
    bench.ask("PUT", uri).json(body).send().await
}

#[tokio::test]
async fn an_update_of_the_latest_revision_is_stored() {
    let bench = Bench::new();
    let mut object = bench.widget("a").await;
    object["spec"]["replicas"] = 2.into();
    object["status"] = json!({"replicas": 9});
    object["metadata"]["generation"] = 77.into();
    let answer = put(&bench, &uri("a"), &object).await;
    assert_eq!(answer.code, 200, "{}", answer.text);
    assert!(version(&answer.body) > version(&object));
    assert_eq!(answer.body["spec"]["replicas"], 2);
    assert_eq!((&answer.body["status"], &answer.body["metadata"]["generation"]), (&Value::Null, &json!(2)));
    let stale = put(&bench, &uri("a"), &object).await;
    assert_eq!(
        (stale.code, stale.body["message"].as_str()),
        (
            409,
            Some(
                r#"Operation cannot be fulfilled on widgets.example.com "a": the object has been modified; please apply your changes to the latest version and try again"#
            )
        )
    );
}

#[tokio::test]
async fn an_update_that_changes_nothing_writes_nothing() {
    let bench = Bench::new();
    let object = bench.widget("a").await;
    // The same, in another order.
    let body = json!({"spec": {"replicas": 1, "color": "blue"}, "metadata": object["metadata"]});
    let answer = put(&bench, &uri("a"), &body).await;
    assert_eq!((answer.code, version(&answer.body)), (200, version(&object)));
    let labelled = json!({"metadata": {"name": "a", "labels": {"x": "y"}, "resourceVersion": object["metadata"]["resourceVersion"]}, "spec": object["spec"]});
    let answer = put(&bench, &uri("a"), &labelled).await;
    assert_eq!((answer.code, &answer.body["metadata"]["generation"]), (200, &json!(1)));
    assert_eq!(answer.body["metadata"]["uid"], object["metadata"]["uid"]);
    assert_eq!(answer.body["metadata"]["creationTimestamp"], object["metadata"]["creationTimestamp"]);
}

#[tokio::test]
async fn what_cannot_be_updated_is_refused_as_go_refuses_it() {
    let bench = Bench::new();
    let object = bench.widget("a").await;
    let with = |change: &dyn Fn(&mut Value)| {
        let mut object = object.clone();
        change(&mut object);
        object
    };
    for (name, body, code, message) in [
        (
            "none",
            json!({"metadata": {"name": "none", "resourceVersion": "1"}}),
            404,
            r#"widgets.example.com "none" not found"#,
        ),
        (
            "a",
            json!({"metadata": {"name": "a"}}),
            422,
            r#"widgets.example.com "a" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update"#,
        ),
        (
            "a",
            with(&|object| object["metadata"]["name"] = "b".into()),
            400,
            "the name of the object (b) does not match the name on the URL (a)",
        ),
        (
            "a",
            with(&|object| object["metadata"]["namespace"] = "b".into()),
            400,
            "the namespace of the provided object does not match the namespace sent on the request",
        ),
        (
            "a",
            with(&|object| object["metadata"]["deletionTimestamp"] = "2020-01-01T00:00:00Z".into()),
            422,
            r#"Widget.example.com "a" is invalid: metadata.deletionTimestamp: Invalid value: "2020-01-01T00:00:00Z": field is immutable"#,
        ),
        (
            "a",
            with(&|object| object["spec"]["replicas"] = 101.into()),
            422,
            r#"Widget.example.com "a" is invalid: spec.replicas: Invalid value: 101: must be at most 100"#,
        ),
    ] {
        let answer = put(&bench, &uri(name), &body).await;
        assert_eq!((answer.code, answer.body["message"].as_str()), (code, Some(message)), "{body}");
    }
    let other = with(&|object| object["metadata"]["uid"] = "u".into());
    let answer = put(&bench, &uri("a"), &other).await;
    assert_eq!(answer.code, 409);
    let text = answer.body["message"].as_str().expect("a message");
    assert!(text.contains("Precondition failed: UID in precondition: u, UID in object meta: "), "{text}");
}

#[tokio::test]
async fn the_status_is_changed_by_its_own_endpoint_alone() {
    let bench = Bench::new();
    let mut object = bench.widget("a").await;
    object["spec"]["replicas"] = 5.into();
    object["status"] = json!({"replicas": 3});
    object["metadata"]["labels"] = json!({"x": "y"});
    let answer = put(&bench, &format!("{}/status", uri("a")), &object).await;
    assert_eq!(answer.code, 200, "{}", answer.text);
    assert_eq!(
        (&answer.body["spec"]["replicas"], &answer.body["status"]),
        (&json!(1), &json!({"replicas": 3}))
    );
    let metadata = &answer.body["metadata"];
    assert_eq!((&metadata["generation"], &metadata["labels"]), (&json!(1), &Value::Null));
    let mut main = answer.body.clone();
    main.as_object_mut().expect("an object").remove("status");
    let kept = put(&bench, &uri("a"), &main).await;
    assert_eq!((version(&kept.body), &kept.body["status"]), (version(&answer.body), &json!({"replicas": 3})));
}

#[tokio::test]
async fn a_status_is_taken_although_the_rest_breaks_a_newer_rule() {
    let bench = Bench::new();
    let value = r#"{"apiVersion":"example.com/v1","kind":"Widget","metadata":{"name":"old","namespace":"default","uid":"u"},"spec":{"replicas":500}}"#;
    let key = Key::new("example.com/widgets/default/old");
    bench.storage.create(key, value.into()).await.expect("stored");
    let patch = |uri: String, body: Value| {
        bench.ask("PATCH", &uri).header("content-type", "application/merge-patch+json").json(&body).send()
    };
    let status = patch(format!("{}/status", uri("old")), json!({"status": {"replicas": 5}})).await;
    assert_eq!((status.code, &status.body["status"]["replicas"]), (200, &json!(5)), "{}", status.text);
    assert_eq!(patch(format!("{}/status", uri("old")), json!({"status": {"replicas": -5}})).await.code, 422);
    assert_eq!(patch(uri("old"), json!({"metadata": {"labels": {"a": "b"}}})).await.code, 422);
}

#[tokio::test]
async fn a_kind_may_be_overwritten_without_a_revision() {
    let bench = Bench::new();
    assert_eq!(bench.post(GADGETS, json!({"metadata": {"name": "g"}})).await.code, 201);
    let answer =
        put(&bench, &format!("{GADGETS}/g"), &json!({"metadata": {"name": "g"}, "spec": {"x": 1}})).await;
    assert_eq!((answer.code, &answer.body["spec"]), (200, &json!({"x": 1})), "{}", answer.text);
    assert_eq!(answer.body["metadata"]["generation"], Value::Null);
}

#[tokio::test]
async fn a_dry_run_stores_nothing() {
    let bench = Bench::new();
    let mut object = bench.widget("a").await;
    object["spec"]["replicas"] = 2.into();
    let answer = put(&bench, &format!("{}?dryRun=All", uri("a")), &object).await;
    assert_eq!((answer.code, &answer.body["spec"]["replicas"]), (200, &json!(2)));
    assert_eq!(bench.get(&uri("a")).await.body["spec"]["replicas"], 1);
    assert_eq!(version(&bench.get(&uri("a")).await.body), version(&object));
}

#[tokio::test]
async fn the_last_finalizer_takes_the_object_with_it() {
    let bench = Bench::new();
    let body = json!({"metadata": {"name": "a", "finalizers": ["example.com/f"]}});
    assert_eq!(bench.post(WIDGETS, body.clone()).await.code, 201);
    assert_eq!(bench.ask("DELETE", &uri("a")).send().await.code, 200);
    let again = bench.post(WIDGETS, body).await;
    assert_eq!(
        (again.code, again.body["message"].as_str()),
        (409, Some(r#"object is being deleted: widgets.example.com "a" already exists"#))
    );
    let mut object = bench.get(&uri("a")).await.body;
    object["metadata"]["finalizers"] = json!(["example.com/f", "example.com/g"]);
    assert_eq!(put(&bench, &uri("a"), &object).await.code, 422);
    object["metadata"].as_object_mut().expect("metadata").remove("finalizers");
    let answer = put(&bench, &uri("a"), &object).await;
    assert_eq!((answer.code, answer.body["kind"].as_str()), (200, Some("Widget")), "{}", answer.text);
    assert_eq!(bench.get(&uri("a")).await.code, 404);
}
