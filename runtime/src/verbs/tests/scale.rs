//! scale: the replicas of an object by themselves.

use serde_json::{Value, json};

use super::{Bench, WIDGETS};

#[tokio::test]
async fn a_scale_is_read_and_written() {
    let bench = Bench::new();
    let object = bench.widget("a").await;
    let (uri, main) = (format!("{WIDGETS}/a/scale"), format!("{WIDGETS}/a"));
    let status = json!({"metadata": {"name": "a", "resourceVersion": object["metadata"]["resourceVersion"]},
        "status": {"replicas": 1, "selector": "app=a"}});
    assert_eq!(bench.ask("PUT", &format!("{main}/status")).json(&status).send().await.code, 200);
    let scale = bench.get(&uri).await;
    assert_eq!(scale.code, 200, "{}", scale.text);
    assert_eq!((&scale.body["kind"], &scale.body["apiVersion"]), (&json!("Scale"), &json!("autoscaling/v1")));
    assert_eq!(scale.body["spec"], json!({"replicas": 1}));
    assert_eq!(scale.body["status"], json!({"replicas": 1, "selector": "app=a"}));
    assert_eq!(scale.body["metadata"]["uid"], object["metadata"]["uid"]);
    assert_eq!(scale.body["metadata"]["generation"], Value::Null);
    let mut wanted = scale.body.clone();
    wanted["spec"]["replicas"] = 4.into();
    let scaled = bench.ask("PUT", &uri).json(&wanted).send().await;
    assert_eq!((scaled.code, &scaled.body["spec"]["replicas"]), (200, &json!(4)), "{}", scaled.text);
    let parent = bench.get(&main).await.body;
    assert_eq!((&parent["spec"]["replicas"], &parent["metadata"]["generation"]), (&json!(4), &json!(2)));
    assert_eq!(parent["metadata"]["resourceVersion"], scaled.body["metadata"]["resourceVersion"]);
    assert_eq!(parent["spec"]["color"], "blue");
    assert_eq!(bench.ask("PUT", &uri).json(&wanted).send().await.code, 409);
}

#[tokio::test]
async fn a_scale_can_be_patched_and_refused() {
    let bench = Bench::new();
    bench.widget("a").await;
    let uri = format!("{WIDGETS}/a/scale");
    let patch = |replicas: Value| {
        let body = json!({"spec": {"replicas": replicas}});
        bench.ask("PATCH", &uri).header("content-type", "application/merge-patch+json").json(&body).send()
    };
    let patched = patch(json!(3)).await;
    assert_eq!((patched.code, &patched.body["spec"]["replicas"]), (200, &json!(3)), "{}", patched.text);
    assert_eq!(patch(json!(-1)).await.code, 422);
    assert_eq!(patch(json!("x")).await.code, 400);
    let zero = patch(json!(0)).await;
    assert_eq!((zero.code, &zero.body["spec"]), (200, &json!({})), "{}", zero.text);
    for (body, code) in [
        (json!({"metadata": {"name": "b"}, "spec": {"replicas": 1}}), 400),
        (json!({"kind": "Widget", "metadata": {"name": "a"}, "spec": {"replicas": 1}}), 400),
        (json!({"metadata": {"name": "a"}, "spec": {"replicas": 1}}), 200),
    ] {
        assert_eq!(bench.ask("PUT", &uri).json(&body).send().await.code, code, "{body}");
    }
    let bare = json!({"metadata": {"name": "bare"}});
    assert_eq!(bench.post(WIDGETS, bare).await.code, 201);
    assert_eq!(bench.get(&format!("{WIDGETS}/bare/scale")).await.code, 500);
}
