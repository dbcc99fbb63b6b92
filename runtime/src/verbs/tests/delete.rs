//! delete and deletecollection: finalizers, policies, preconditions, selections.

use serde_json::{Value, json};

use super::{Bench, WIDGETS};

fn uri(name: &str) -> String {
    format!("{WIDGETS}/{name}")
}

#[tokio::test]
async fn an_object_without_finalizers_is_gone() {
    let bench = Bench::new();
    let object = bench.widget("a").await;
    let answer = bench.ask("DELETE", &uri("a")).send().await;
    assert_eq!(answer.code, 200);
    assert_eq!(
        answer.body,
        json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success",
            "details": {"name": "a", "group": "example.com", "kind": "widgets", "uid": object["metadata"]["uid"]}})
    );
    assert_eq!(bench.get(&uri("a")).await.code, 404);
    assert_eq!(bench.ask("DELETE", &uri("a")).send().await.code, 404);
}

#[tokio::test]
async fn finalizers_are_waited_for() {
    let bench = Bench::new();
    let body = json!({"metadata": {"name": "a", "finalizers": ["example.com/f"]}});
    assert_eq!(bench.post(WIDGETS, body).await.code, 201);
    let dry = bench.ask("DELETE", &format!("{}?dryRun=All", uri("a"))).send().await;
    assert!(dry.body["metadata"]["deletionTimestamp"].is_string());
    assert_eq!(bench.get(&uri("a")).await.body["metadata"]["deletionTimestamp"], Value::Null);
    let first = bench.ask("DELETE", &uri("a")).send().await;
    let metadata = &first.body["metadata"];
    assert_eq!((first.code, &metadata["generation"]), (200, &json!(2)), "{}", first.text);
    assert_eq!(metadata["deletionGracePeriodSeconds"], 0);
    let second = bench.ask("DELETE", &uri("a")).send().await;
    assert_eq!((second.code, &second.body), (200, &first.body));
    let accepted = bench.ask("DELETE", &format!("{}?orphanDependents=false", uri("a"))).send().await;
    assert_eq!(accepted.code, 202);
}

#[tokio::test]
async fn the_policy_decides_the_garbage_collectors_finalizers() {
    for (query, body, finalizers) in [
        ("propagationPolicy=Foreground", Value::Null, Some(json!(["foregroundDeletion"]))),
        ("propagationPolicy=Orphan", Value::Null, Some(json!(["orphan"]))),
        ("orphanDependents=true", Value::Null, Some(json!(["orphan"]))),
        ("propagationPolicy=Background", Value::Null, None),
        ("propagationPolicy=Orphan", json!({"propagationPolicy": "Background"}), None),
        (
            "",
            json!({"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Foreground"}),
            Some(json!(["foregroundDeletion"])),
        ),
    ] {
        let bench = Bench::new();
        bench.widget("a").await;
        let ask = bench.ask("DELETE", &format!("{}?{query}", uri("a")));
        let ask = if body.is_null() { ask } else { ask.json(&body) };
        let answer = ask.send().await;
        assert_eq!(answer.code, 200, "{query} {body}: {}", answer.text);
        let left = answer.body["metadata"].get("finalizers").cloned();
        assert_eq!(left, finalizers, "{query} {body}");
        assert_eq!(bench.get(&uri("a")).await.code, if finalizers.is_some() { 200 } else { 404 });
    }
}

#[tokio::test]
async fn preconditions_must_hold() {
    let bench = Bench::new();
    let object = bench.widget("a").await;
    for (preconditions, text) in [
        (json!({"uid": "u"}), "the UID in the precondition (u) does not match the UID in record ("),
        (
            json!({"resourceVersion": "1"}),
            "the ResourceVersion in the precondition (1) does not match the ResourceVersion in record (",
        ),
    ] {
        let body = json!({"preconditions": preconditions});
        let answer = bench.ask("DELETE", &uri("a")).json(&body).send().await;
        let message = answer.body["message"].as_str().expect("a message");
        assert_eq!(answer.code, 409);
        let head = r#"Operation cannot be fulfilled on Widget.example.com "a": "#;
        assert!(message.starts_with(&format!("{head}{text}")), "{message}");
    }
    let metadata = &object["metadata"];
    let body =
        json!({"preconditions": {"uid": metadata["uid"], "resourceVersion": metadata["resourceVersion"]}});
    assert_eq!(bench.ask("DELETE", &uri("a")).json(&body).send().await.code, 200);
}

#[tokio::test]
async fn a_collection_is_deleted_as_selected() {
    let bench = Bench::new();
    for (name, label) in [("a", "x"), ("b", "y"), ("c", "x"), ("d", "x")] {
        let body = json!({"metadata": {"name": name, "labels": {"l": label}}});
        assert_eq!(bench.post(WIDGETS, body).await.code, 201);
    }
    let kept = json!({"metadata": {"name": "e", "finalizers": ["example.com/f"]}});
    assert_eq!(bench.post(WIDGETS, kept).await.code, 201);
    let names = |answer: &super::Answer| -> Vec<String> {
        let items = answer.body["items"].as_array().expect("items").iter();
        items.map(|item| item["metadata"]["name"].as_str().expect("a name").to_owned()).collect()
    };
    let dry = bench.ask("DELETE", &format!("{WIDGETS}?dryRun=All")).send().await;
    assert_eq!((dry.code, names(&dry).len()), (200, 5), "{}", dry.text);
    let selected = bench.ask("DELETE", &format!("{WIDGETS}?labelSelector=l%3Dx&limit=2")).send().await;
    assert_eq!(
        (selected.code, names(&selected)),
        (200, vec!["a".to_owned(), "c".to_owned()]),
        "{}",
        selected.text
    );
    assert_eq!(names(&bench.get(WIDGETS).await), ["b", "d", "e"]);
    let all = bench.ask("DELETE", WIDGETS).send().await;
    assert_eq!(names(&all), ["b", "d", "e"]);
    let left = bench.get(WIDGETS).await;
    assert_eq!(names(&left), ["e"]);
    assert!(left.body["items"][0]["metadata"]["deletionTimestamp"].is_string());
}
