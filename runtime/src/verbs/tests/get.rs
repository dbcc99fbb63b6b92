//! get, the forms of one object, and what is served where.

use serde_json::json;

use super::{ALL_WIDGETS, Bench, GADGETS, WIDGETS};

#[tokio::test]
async fn what_is_not_there_is_404() {
    let bench = Bench::new();
    let answer = bench.get(&format!("{WIDGETS}/none")).await;
    assert_eq!(
        (answer.code, answer.body["message"].as_str()),
        (404, Some(r#"widgets.example.com "none" not found"#))
    );
    assert_eq!(answer.body["details"], json!({"name": "none", "group": "example.com", "kind": "widgets"}));
}

#[tokio::test]
async fn a_revision_of_the_future_is_not_waited_for_for_ever() {
    let bench = Bench::new();
    bench.widget("a").await;
    for (version, code) in [("0", 200), ("1", 200), ("18446744073709551615", 504), ("x", 500)] {
        let answer = bench.get(&format!("{WIDGETS}/a?resourceVersion={version}")).await;
        assert_eq!(answer.code, code, "{version}: {}", answer.text);
    }
}

#[tokio::test]
async fn an_object_has_several_forms() {
    let bench = Bench::new();
    bench.widget("a").await;
    let uri = format!("{WIDGETS}/a");
    for (accept, kind) in [
        ("application/json", "Widget"),
        ("application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1", "PartialObjectMetadata"),
        ("application/json;as=Table;g=meta.k8s.io;v=v1", "Table"),
    ] {
        let answer = bench.ask("GET", &uri).header("accept", accept).send().await;
        assert_eq!((answer.code, answer.body["kind"].as_str()), (200, Some(kind)), "{}", answer.text);
    }
    let list = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
    assert_eq!(bench.ask("GET", &uri).header("accept", list).send().await.code, 406);
    let pretty = bench.get(&format!("{uri}?pretty=true")).await;
    assert!(pretty.text.starts_with("{\n  \"apiVersion\": \"example.com/v1\",\n"), "{}", pretty.text);
    let status = bench.get(&format!("{uri}/status")).await;
    assert_eq!((status.code, status.body["kind"].as_str()), (200, Some("Widget")));
}

#[tokio::test]
async fn only_what_is_served_is_answered() {
    let bench = Bench::new();
    for (method, uri, code) in [
        ("GET", "/apis/example.com/v1/namespaces/default/others", 404),
        ("GET", "/apis/example.com/v2/namespaces/default/widgets", 404),
        ("GET", "/apis/example.com/v1/namespaces/default/gadgets", 404),
        ("DELETE", "/apis/example.com/v1/namespaces/default/gadgets", 404),
        ("GET", "/apis/example.com/v1/widgets/a", 404),
        ("GET", "/apis/example.com/v1/gadgets/a/status", 404),
        ("GET", "/apis/example.com/v1/gadgets/a/scale", 404),
        ("GET", "/apis/example.com/v1/namespaces/default/widgets/a/status/x", 404),
        ("GET", "/apis/example.com/v1/namespaces/default/widgets//status", 404),
        ("POST", "/apis/example.com/v1/namespaces/default/widgets//status", 404),
        ("DELETE", "/apis/example.com/v1/namespaces/default/widgets//scale", 404),
        ("GET", "/apis/example.com/v1/widgets//nothing", 404),
        ("POST", ALL_WIDGETS, 405),
        ("DELETE", ALL_WIDGETS, 405),
        ("PUT", WIDGETS, 405),
        ("PATCH", GADGETS, 405),
        ("POST", "/apis/example.com/v1/gadgets/a", 405),
        ("DELETE", "/apis/example.com/v1/namespaces/default/widgets/a/status", 405),
    ] {
        let answer = bench.ask(method, uri).send().await;
        let text = match code {
            404 => "the server could not find the requested resource",
            _ => "the server does not allow this method on the requested resource",
        };
        assert_eq!((answer.code, answer.body["message"].as_str()), (code, Some(text)), "{method} {uri}");
    }
}

#[tokio::test]
async fn who_works_on_a_large_object_leaves_its_connection() {
    let bench = Bench::new();
    for (name, length, large) in [("small", 100 << 10, false), ("large", 140 << 10, true)] {
        let uri = format!("{WIDGETS}/{name}");
        let text = "x".repeat(length);
        let object = json!({"metadata": {"name": name, "annotations": {"a": text}}, "spec": {"replicas": 1}});
        assert_eq!(bench.post(WIDGETS, object).await.code, 201);
        bench.stepped_aside();
        assert_eq!(bench.get(&uri).await.code, 200);
        assert_eq!(bench.stepped_aside(), large, "get {name}");
        let merge = "application/merge-patch+json";
        let patch = json!({"metadata": {"labels": {"a": "b"}}});
        let answer = bench.ask("PATCH", &uri).header("content-type", merge).json(&patch).send().await;
        assert_eq!(answer.code, 200, "{}", answer.text);
        assert_eq!(bench.stepped_aside(), large, "patch {name}");
        assert_eq!(bench.get(&format!("{uri}/scale")).await.code, 200);
        assert_eq!(bench.stepped_aside(), large, "scale {name}");
        assert_eq!(bench.ask("DELETE", &uri).send().await.code, 200);
        assert_eq!(bench.stepped_aside(), large, "delete {name}");
    }
}
