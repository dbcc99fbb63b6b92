//! create, and what every write does to an object.

use std::future::ready;
use std::pin::Pin;
use std::sync::Arc;

use serde_json::{Value, json};

use super::{Bench, GADGETS, WIDGETS};
use crate::cluster::namespaces::{Namespaces, NotReady, Phase};

#[tokio::test]
async fn a_created_object_has_an_identity_and_no_status() {
    let bench = Bench::new();
    let answer = bench
        .post(
            WIDGETS,
            json!({
                "metadata": {"name": "a", "uid": "mine", "creationTimestamp": null, "generation": 7,
                    "deletionTimestamp": "2020-01-01T00:00:00Z", "managedFields": [{"manager": "m"}]},
                "spec": {"replicas": 3},
                "status": {"replicas": 9},
            }),
        )
        .await;
    assert_eq!(answer.code, 201, "{}", answer.text);
    let body = answer.body;
    assert_eq!((&body["apiVersion"], &body["kind"]), (&json!("example.com/v1"), &json!("Widget")));
    assert_eq!(body["spec"], json!({"replicas": 3, "color": "blue"}));
    let metadata = &body["metadata"];
    assert_eq!(metadata["namespace"], "default");
    assert_eq!(metadata["generation"], 1);
    assert_eq!(metadata["uid"].as_str().map(str::len), Some(36));
    assert!(metadata["creationTimestamp"].as_str().is_some_and(|time| time.ends_with('Z')));
    assert!(metadata["resourceVersion"].as_str().is_some_and(|version| version.parse::<u64>().is_ok()));
    assert_eq!((&metadata["deletionTimestamp"], &metadata["managedFields"]), (&Value::Null, &Value::Null));
    assert_eq!(body["status"], Value::Null);
    assert_eq!(bench.get(&format!("{WIDGETS}/a")).await.body, body);
}

#[tokio::test]
async fn what_cannot_be_created_is_refused_as_go_refuses_it() {
    let bench = Bench::new();
    bench.widget("taken").await;
    let named = |name: &str| json!({"metadata": {"name": name}});
    for (body, code, message) in [
        (named("taken"), 409, r#"widgets.example.com "taken" already exists"#),
        (
            json!({"metadata": {}}),
            422,
            r#"Widget.example.com "" is invalid: metadata.name: Required value: name or generateName is required"#,
        ),
        (
            json!({"metadata": {"name": "a", "namespace": "other"}}),
            400,
            "the namespace of the provided object does not match the namespace sent on the request",
        ),
        (
            json!({"apiVersion": "example.com/v2", "metadata": {"name": "a"}}),
            400,
            r#"Widget in version "v2" cannot be handled as a Widget: no kind "Widget" is registered for version "example.com/v2""#,
        ),
        (
            json!({"kind": "Gadget", "metadata": {"name": "a"}}),
            400,
            r#"Gadget in version "v1" cannot be handled as a Widget: no kind "Gadget" is registered for version "example.com/v1""#,
        ),
        (
            json!({"metadata": {"name": "a"}, "spec": {"replicas": 101}}),
            422,
            r#"Widget.example.com "a" is invalid: spec.replicas: Invalid value: 101: must be at most 100"#,
        ),
        (
            json!({"metadata": {"name": "a", "resourceVersion": "7"}}),
            500,
            "resourceVersion should not be set on objects to be created",
        ),
        (
            named("a/b"),
            422,
            r#"Widget.example.com "a/b" is invalid: metadata.name: Invalid value: "a/b": may not contain '/'"#,
        ),
    ] {
        let answer = bench.post(WIDGETS, body.clone()).await;
        assert_eq!((answer.code, answer.body["message"].as_str()), (code, Some(message)), "{body}");
    }
    for (body, start) in [
        ("", "the object provided is unrecognized (must be of type Widget): "),
        ("{", "the object provided is unrecognized (must be of type Widget): "),
        ("[]", "the object provided is unrecognized (must be of type Widget): couldn't get version/kind"),
    ] {
        let answer = bench.ask("POST", WIDGETS).text(body).send().await;
        assert_eq!(answer.code, 400, "{body}");
        assert!(
            answer.body["message"].as_str().is_some_and(|text| text.starts_with(start)),
            "{}",
            answer.text
        );
    }
}

#[tokio::test]
async fn names_are_generated() {
    let bench = Bench::new();
    let body = json!({"metadata": {"generateName": "web-"}});
    let (one, two) = (bench.post(WIDGETS, body.clone()).await, bench.post(WIDGETS, body).await);
    let name = |answer: &super::Answer| answer.body["metadata"]["name"].as_str().expect("a name").to_owned();
    assert_eq!((one.code, two.code), (201, 201));
    assert_ne!(name(&one), name(&two));
    assert!(name(&one).starts_with("web-") && name(&one).len() == 9);
}

#[tokio::test]
async fn a_dry_run_answers_and_stores_nothing() {
    let bench = Bench::new();
    let uri = format!("{WIDGETS}?dryRun=All");
    let body = json!({"metadata": {"name": "a"}, "spec": {"replicas": 1}});
    let answer = bench.post(&uri, body.clone()).await;
    assert_eq!((answer.code, &answer.body["spec"]["color"]), (201, &json!("blue")));
    assert_eq!(answer.body["metadata"]["resourceVersion"], Value::Null);
    assert_eq!(bench.get(&format!("{WIDGETS}/a")).await.code, 404);
    bench.widget("a").await;
    assert_eq!(bench.post(&uri, body).await.code, 409);
}

#[tokio::test]
async fn duplicate_fields_and_owners_are_told() {
    let bench = Bench::new();
    let text = r#"{"metadata":{"name":"a","ownerReferences":[
        {"apiVersion":"v1","kind":"K","name":"o","uid":"u"},{"apiVersion":"v1","kind":"K","name":"o","uid":"u"}]},
        "spec":{"replicas":1,"replicas":2}}"#;
    let strict = bench.ask("POST", &format!("{WIDGETS}?fieldValidation=Strict")).text(text).send().await;
    assert_eq!(
        (strict.code, strict.body["message"].as_str()),
        (
            400,
            Some(
                r#"Widget in version "v1" cannot be handled as a Widget: strict decoding error: duplicate field "spec.replicas""#
            )
        )
    );
    let warned = bench.ask("POST", WIDGETS).text(text).send().await;
    assert_eq!(warned.code, 201, "{}", warned.text);
    assert_eq!(warned.warnings[0], r#"duplicate field "spec.replicas""#);
    assert!(warned.warnings[1].ends_with("duplicate UID(s) observed: u"), "{:?}", warned.warnings);
    assert_eq!(warned.body["spec"]["replicas"], 2);
    assert_eq!(warned.body["metadata"]["ownerReferences"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn yaml_is_read_and_written() {
    let bench = Bench::new();
    let answer = bench
        .ask("POST", WIDGETS)
        .header("content-type", "application/yaml")
        .header("accept", "application/yaml")
        .text("metadata:\n  name: a\nspec:\n  replicas: 2\n")
        .send()
        .await;
    assert_eq!((answer.code, answer.content_type.as_str()), (201, "application/yaml"));
    assert!(answer.text.contains("\nspec:\n  color: blue\n  replicas: 2\n"), "{}", answer.text);
}

#[tokio::test]
async fn a_kind_without_strategy_keeps_what_it_is_sent() {
    let bench = Bench::new();
    let answer = bench.post(GADGETS, json!({"metadata": {"name": "g"}, "status": {"x": 1}})).await;
    assert_eq!(answer.code, 201, "{}", answer.text);
    assert_eq!(answer.body["status"], json!({"x": 1}));
    let metadata = &answer.body["metadata"];
    assert_eq!((&metadata["generation"], &metadata["namespace"]), (&Value::Null, &Value::Null));
}

#[derive(Debug)]
struct Terminating;

impl Namespaces for Terminating {
    fn phase<'a>(&'a self, _: &'a str) -> Pin<Box<dyn Future<Output = Result<Phase, NotReady>> + Send + 'a>> {
        Box::pin(ready(Ok(Phase::Terminating)))
    }
}

#[tokio::test]
async fn nothing_is_created_in_a_namespace_that_goes() {
    let bench = Bench::with(Arc::new(Terminating));
    let answer = bench.post(WIDGETS, json!({"metadata": {"name": "a"}})).await;
    assert_eq!(answer.code, 403);
    assert_eq!(answer.body["details"]["causes"][0]["reason"], "NamespaceTerminating");
    assert_eq!(bench.post(GADGETS, json!({"metadata": {"name": "a"}})).await.code, 201);
}

#[tokio::test]
async fn metadata_is_read_as_strictly_as_the_rest() {
    let bench = Bench::new();
    let labels = bench.post(WIDGETS, json!({"metadata": {"name": "a", "labels": {"x": 1}}})).await;
    assert_eq!(labels.code, 400, "{}", labels.text);
    let body = json!({"metadata": {"name": "a", "nmae": "b"}, "sepc": {}});
    let unknown = bench.post(WIDGETS, body.clone()).await;
    assert_eq!((unknown.code, &unknown.body["metadata"]["nmae"]), (201, &Value::Null), "{}", unknown.text);
    assert_eq!(unknown.warnings, [r#"unknown field "metadata.nmae""#, r#"unknown field "sepc""#]);
    let strict = bench.post(&format!("{WIDGETS}?fieldValidation=Strict"), body).await;
    assert_eq!(strict.code, 400);
}
