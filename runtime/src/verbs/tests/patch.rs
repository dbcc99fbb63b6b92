//! patch: its kinds, retries, refusals.

use serde_json::{Value, json};

use super::{Answer, Bench, WIDGETS};

const JSON: &str = "application/json-patch+json";
const MERGE: &str = "application/merge-patch+json";

async fn patch(bench: &Bench, uri: &str, kind: &str, body: &Value) -> Answer {
    bench.ask("PATCH", uri).header("content-type", kind).json(body).send().await
}

#[tokio::test]
async fn both_kinds_change_the_object() {
    let bench = Bench::new();
    bench.widget("a").await;
    let uri = format!("{WIDGETS}/a");
    let merged = patch(&bench, &uri, MERGE, &json!({"spec": {"replicas": 2}, "status": {"x": 1}})).await;
    assert_eq!(merged.code, 200, "{}", merged.text);
    assert_eq!(merged.body["spec"], json!({"replicas": 2, "color": "blue"}));
    assert_eq!((&merged.body["status"], &merged.body["metadata"]["generation"]), (&Value::Null, &json!(2)));
    let steps = json!([{"op": "test", "path": "/spec/replicas", "value": 2},
        {"op": "add", "path": "/metadata/labels", "value": {"x": "y"}}, {"op": "remove", "path": "/spec/color"}]);
    let stepped = patch(&bench, &uri, &format!("{JSON}; charset=utf-8"), &steps).await;
    assert_eq!(stepped.code, 200, "{}", stepped.text);
    assert_eq!(stepped.body["metadata"]["labels"], json!({"x": "y"}));
    assert_eq!(stepped.body["spec"]["color"], "blue");
    let status =
        patch(&bench, &format!("{uri}/status"), MERGE, &json!({"spec": {"replicas": 9}, "status": {"x": 1}}))
            .await;
    assert_eq!((&status.body["spec"]["replicas"], &status.body["status"]), (&json!(2), &json!({"x": 1})));
    let nothing = patch(&bench, &uri, MERGE, &json!({})).await;
    assert_eq!(nothing.body["metadata"]["resourceVersion"], status.body["metadata"]["resourceVersion"]);
}

#[tokio::test]
async fn what_cannot_be_patched_is_refused() {
    let bench = Bench::new();
    bench.widget("a").await;
    let uri = format!("{WIDGETS}/a");
    for (kind, body, code) in [
        ("application/strategic-merge-patch+json", json!({}), 415),
        ("application/apply-patch+yaml", json!({}), 415),
        ("application/json", json!({}), 415),
        (MERGE, json!([]), 400),
        (JSON, json!({}), 400),
        (JSON, json!([{"op": "test", "path": "/spec/replicas", "value": 7}]), 422),
        (MERGE, json!({"metadata": {"name": "b"}}), 400),
        (MERGE, json!({"kind": "Gadget"}), 422),
        (MERGE, json!({"spec": {"replicas": "x"}}), 422),
        (MERGE, json!({"spec": {"replicas": 101}}), 422),
        (MERGE, json!({"metadata": {"resourceVersion": "1"}}), 409),
        (MERGE, json!({"metadata": {"uid": "u"}}), 422),
    ] {
        let answer = patch(&bench, &uri, kind, &body).await;
        assert_eq!(answer.code, code, "{kind} {body}: {}", answer.text);
    }
    let refused = patch(&bench, &uri, "application/strategic-merge-patch+json", &json!({})).await;
    assert_eq!(
        refused.body["message"],
        "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json"
    );
    assert_eq!(patch(&bench, &format!("{WIDGETS}/none"), MERGE, &json!({})).await.code, 404);
    assert_eq!(patch(&bench, &format!("{uri}?force=true"), MERGE, &json!({})).await.code, 422);
}

#[tokio::test]
async fn patches_at_once_all_count() {
    let bench = Bench::new();
    bench.widget("a").await;
    let uri = format!("{WIDGETS}/a");
    let keys: Vec<_> = (0..20).map(|number| format!("k{number}")).collect();
    let bodies: Vec<_> = keys.iter().map(|key| json!({"metadata": {"labels": {key: "v"}}})).collect();
    let patches = bodies.iter().map(|body| patch(&bench, &uri, MERGE, body));
    for answer in futures::future::join_all(patches).await {
        assert_eq!(answer.code, 200, "{}", answer.text);
    }
    let labels = bench.get(&uri).await.body["metadata"]["labels"].clone();
    assert_eq!(labels.as_object().map(serde_json::Map::len), Some(20));
}
