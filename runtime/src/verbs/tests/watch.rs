//! watch: order, beginnings, selectors, ends.

use std::time::Duration;

use serde_json::{Value, json};

use super::{ALL_WIDGETS, Bench, WIDGETS};

fn version(object: &Value) -> String {
    object["metadata"]["resourceVersion"].as_str().expect("a revision").to_owned()
}

async fn update(bench: &Bench, object: &Value, change: impl Fn(&mut Value)) -> Value {
    let mut object = object.clone();
    change(&mut object);
    let uri = format!("{WIDGETS}/{}", object["metadata"]["name"].as_str().expect("a name"));
    let answer = bench.ask("PUT", &uri).json(&object).send().await;
    assert_eq!(answer.code, 200, "{}", answer.text);
    answer.body
}

fn told(kind: &str, object: &Value) -> (String, String, String) {
    let name = object["metadata"]["name"].as_str().expect("a name").to_owned();
    (kind.to_owned(), name, version(object))
}

#[tokio::test]
async fn what_is_there_comes_first_and_then_what_changes() {
    let bench = Bench::new();
    let (a, b) = (bench.widget("a").await, bench.widget("b").await);
    let longest = format!("{WIDGETS}?watch=1&timeoutSeconds={}", i64::MAX);
    for uri in [format!("{WIDGETS}?watch=true"), format!("{ALL_WIDGETS}?watch=1&resourceVersion=0"), longest]
    {
        let mut lines = bench.ask("GET", &uri).watch().await;
        assert_eq!(lines.told().await, told("ADDED", &a));
        assert_eq!(lines.told().await, told("ADDED", &b));
    }
    let mut lines =
        bench.ask("GET", &format!("{WIDGETS}?watch=true&resourceVersion={}", version(&a))).watch().await;
    assert_eq!(lines.told().await, told("ADDED", &b));
    let a = update(&bench, &a, |a| a["spec"]["replicas"] = 2.into()).await;
    let event = lines.next().await.expect("an event");
    assert_eq!((event["type"].as_str(), &event["object"]), (Some("MODIFIED"), &a));
    assert_eq!(bench.ask("DELETE", &format!("{WIDGETS}/a")).send().await.code, 200);
    let (kind, name, at) = lines.told().await;
    assert_eq!((kind.as_str(), name.as_str()), ("DELETED", "a"));
    assert!(at.parse::<u64>().expect("a number") > version(&a).parse().expect("a number"));
}

#[tokio::test]
async fn selectors_turn_changes_into_comings_and_goings() {
    let bench = Bench::new();
    let a = bench.widget("a").await;
    let from = version(&a);
    let colored = format!("{WIDGETS}?watch=true&resourceVersion={from}&fieldSelector=spec.color%3Dred");
    let labelled = format!("{WIDGETS}?watch=true&resourceVersion={from}&labelSelector=l%3Dx");
    let named = format!("{WIDGETS}?watch=true&resourceVersion={from}&fieldSelector=metadata.name%3Db");
    let mut colored = bench.ask("GET", &colored).watch().await;
    let mut labelled = bench.ask("GET", &labelled).watch().await;
    let mut named = bench.ask("GET", &named).watch().await;
    let red = update(&bench, &a, |a| a["spec"]["color"] = "red".into()).await;
    let both = update(&bench, &red, |a| a["metadata"]["labels"] = json!({"l": "x"})).await;
    let blue = update(&bench, &both, |a| a["spec"]["color"] = "blue".into()).await;
    let b = bench.widget("b").await;
    assert_eq!(colored.told().await, told("ADDED", &red));
    assert_eq!(colored.told().await, told("MODIFIED", &both));
    let gone = colored.next().await.expect("an event");
    assert_eq!((gone["type"].as_str(), version(&gone["object"])), (Some("DELETED"), version(&blue)));
    assert_eq!(gone["object"]["spec"]["color"], "red");
    assert_eq!(labelled.told().await, told("ADDED", &both));
    assert_eq!(labelled.told().await, told("MODIFIED", &blue));
    assert_eq!(named.told().await, told("ADDED", &b));
}

#[tokio::test]
async fn a_forgotten_revision_is_told_in_the_stream() {
    let bench = Bench::new();
    let a = bench.widget("a").await;
    bench.widget("b").await;
    let now = bench.storage.barrier().await.expect("a revision");
    bench.storage.compact(now).await.expect("compacted");
    // A cache keeps what it has seen.
    let bench = bench.again();
    let mut lines =
        bench.ask("GET", &format!("{WIDGETS}?watch=true&resourceVersion={}", version(&a))).watch().await;
    let event = lines.next().await.expect("an event");
    assert_eq!((event["type"].as_str(), &event["object"]["code"]), (Some("ERROR"), &json!(410)));
    let text = event["object"]["message"].as_str().expect("a message");
    assert!(text.starts_with(&format!("too old resource version: {} (", version(&a))), "{text}");
    assert_eq!(lines.next().await, None);
}

#[tokio::test]
async fn a_revision_of_the_future_is_waited_for() {
    let bench = Bench::new();
    let a = bench.widget("a").await;
    let future = version(&a).parse::<u64>().expect("a number") + 1;
    let mut lines = bench.ask("GET", &format!("{WIDGETS}?watch=true&resourceVersion={future}")).watch().await;
    // A revision may be any number above the last.
    let mut last = update(&bench, &a, |a| a["spec"]["replicas"] = 2.into()).await;
    while version(&last).parse::<u64>().expect("a number") <= future {
        last = update(&bench, &last, |a| a["spec"]["replicas"] = version(a).len().into()).await;
        last = update(&bench, &last, |a| a["metadata"]["labels"] = json!({"v": version(a)})).await;
    }
    let (_, _, first) = lines.told().await;
    assert!(first.parse::<u64>().expect("a number") > future);
}

#[tokio::test]
async fn a_watch_ends_in_time_with_a_bookmark_before() {
    let bench = Bench::new();
    let uri = format!("{WIDGETS}?watch=true&allowWatchBookmarks=true&timeoutSeconds=3");
    let mut lines = bench.ask("GET", &uri).watch().await;
    assert!(lines.next().await.is_some_and(|begun| begun.pointer(END).is_some()));
    let bookmark = lines.next().await.expect("an event");
    assert_eq!(bookmark.pointer(END), None);
    assert_eq!(bookmark["type"], "BOOKMARK");
    let object = bookmark["object"].as_object().expect("an object");
    assert_eq!(object.keys().map(String::as_str).collect::<Vec<_>>(), ["apiVersion", "kind", "metadata"]);
    assert!(version(&bookmark["object"]).parse::<u64>().is_ok_and(|version| version > 0));
    assert_eq!(lines.next().await, None);
    let mut quiet = bench.ask("GET", &format!("{WIDGETS}?watch=true&timeoutSeconds=1")).watch().await;
    assert_eq!(quiet.next().await, None);
}

#[tokio::test]
async fn a_draining_server_ends_its_watches() {
    let bench = Bench::new();
    bench.widget("a").await;
    let mut lines = bench.ask("GET", &format!("{WIDGETS}?watch=true")).watch().await;
    lines.next().await.expect("an event");
    bench.drain();
    assert_eq!(lines.next().await, None);
}

/// A watch of more than is sent at once, which begins with it.
async fn long_beginning(bench: &Bench) -> super::Lines {
    for number in 0..40 {
        let object =
            json!({"metadata": {"name": format!("w{number}"), "annotations": {"a": "x".repeat(4096)}}});
        assert_eq!(bench.post(WIDGETS, object).await.code, 201);
    }
    long_again(bench).await
}

async fn long_again(bench: &Bench) -> super::Lines {
    let uri = format!(
        "{WIDGETS}?watch=true&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan"
    );
    bench.ask("GET", &uri).watch().await
}

#[tokio::test]
async fn a_watch_that_is_stalled_at_its_beginning_ends_and_a_slow_one_does_not() {
    let bench = Bench::new();
    let (mut stalled, mut slow) = (long_beginning(&bench).await, long_again(&bench).await);
    tokio::time::pause();
    for number in 0..40 {
        tokio::time::advance(Duration::from_secs(3)).await;
        let event = slow.next().await.expect("an event");
        assert_eq!(event["type"], "ADDED", "{number}");
    }
    assert!(slow.next().await.is_some_and(|event| event.pointer(END).is_some()));
    assert_eq!(stalled.next().await, None);
    // Once nothing is held any more it may take its time.
    tokio::time::advance(Duration::from_secs(600)).await;
    tokio::time::resume();
    bench.widget("last").await;
    while slow.told().await.1 != "last" {}
}

#[tokio::test]
async fn a_draining_server_ends_a_watch_that_is_still_at_its_beginning() {
    let bench = Bench::new();
    let mut lines = long_beginning(&bench).await;
    lines.next().await.expect("an event");
    bench.drain();
    let mut rest = 0;
    while let Some(event) = lines.next().await {
        assert_eq!(event["type"], "ADDED");
        rest += 1;
    }
    assert!(rest < 20, "{rest} more were sent");
}

#[tokio::test]
async fn tables_and_metadata_are_watched_too() {
    let bench = Bench::new();
    bench.widget("a").await;
    bench.widget("b").await;
    let ask =
        |accept: &'static str| bench.ask("GET", &format!("{WIDGETS}?watch=true")).header("accept", accept);
    let mut tables = ask("application/json;as=Table;g=meta.k8s.io;v=v1").watch().await;
    let (first, second) = (tables.next().await.expect("a table"), tables.next().await.expect("a table"));
    assert_eq!(first["object"]["kind"], "Table");
    assert!(
        first["object"]["columnDefinitions"].is_array() && second["object"]["columnDefinitions"].is_null()
    );
    assert_eq!(second["object"]["rows"][0]["cells"][0], "b");
    let mut partial = ask("application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1").watch().await;
    assert_eq!(partial.next().await.expect("an event")["object"]["kind"], "PartialObjectMetadata");
}

#[tokio::test]
async fn what_cannot_be_watched_is_refused_before_the_stream() {
    let bench = Bench::new();
    for (query, accept, code) in [
        ("resourceVersion=x", "application/json", 500),
        ("sendInitialEvents=true", "application/json", 422),
        ("sendInitialEvents=true&resourceVersionMatch=Exact", "application/json", 422),
        ("resourceVersionMatch=NotOlderThan&resourceVersion=1", "application/json", 422),
        ("", "application/yaml", 406),
    ] {
        let answer =
            bench.ask("GET", &format!("{WIDGETS}?watch=true&{query}")).header("accept", accept).send().await;
        assert_eq!(answer.code, code, "{query}: {}", answer.text);
    }
}

#[tokio::test]
async fn watchers_share_their_lines_and_their_order() {
    let bench = Bench::new();
    let uri = format!("{WIDGETS}?watch=true");
    let mut watchers = Vec::new();
    for _ in 0..5 {
        watchers.push(bench.ask("GET", &uri).watch().await);
    }
    for number in 0..10 {
        bench.widget(&format!("w{number}")).await;
    }
    for lines in &mut watchers {
        let mut last = 0;
        for number in 0..10 {
            let (kind, name, at) = lines.told().await;
            assert_eq!((kind.as_str(), name), ("ADDED", format!("w{number}")));
            let at = at.parse::<u64>().expect("a number");
            assert!(at > last);
            last = at;
        }
    }
}

/// The annotation by which informers know that they have everything.
const END: &str = "/object/metadata/annotations/k8s.io~1initial-events-end";

#[tokio::test]
async fn a_watch_says_where_its_initial_events_end() {
    let bench = Bench::new();
    let (a, b) = (bench.widget("a").await, bench.widget("b").await);
    let list = "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";
    let named = format!("{list}&fieldSelector=metadata.name%3Db");
    for (query, objects) in [
        (list.to_owned(), vec![&a, &b]),
        (format!("{list}&resourceVersion=0"), vec![&a, &b]),
        (format!("{list}&resourceVersion={}", version(&a)), vec![&a, &b]),
        (named, vec![&b]),
        (format!("{list}&labelSelector=none"), vec![]),
        // As watches from anywhere have always done, now with the bookmark.
        ("allowWatchBookmarks=true".to_owned(), vec![&a, &b]),
        ("allowWatchBookmarks=true&resourceVersion=0".to_owned(), vec![&a, &b]),
    ] {
        let mut lines = bench.ask("GET", &format!("{WIDGETS}?watch=true&{query}")).watch().await;
        for object in objects {
            assert_eq!(lines.told().await, told("ADDED", object), "{query}");
        }
        let end = lines.next().await.expect("a bookmark");
        assert_eq!(end.pointer(END).and_then(Value::as_str), Some("true"), "{query}: {end}");
        assert_eq!((&end["type"], &end["object"]["kind"]), (&json!("BOOKMARK"), &json!("Widget")));
        assert!(
            version(&end["object"]).parse::<u64>().is_ok_and(|at| at >= version(&b).parse().unwrap_or(0))
        );
    }
}

#[tokio::test]
async fn the_end_of_initial_events_is_a_table_among_tables() {
    let bench = Bench::new();
    bench.widget("a").await;
    let uri = format!("{WIDGETS}?watch=true&allowWatchBookmarks=true");
    let accept = "application/json;as=Table;g=meta.k8s.io;v=v1";
    let mut lines = bench.ask("GET", &uri).header("accept", accept).watch().await;
    lines.next().await.expect("an event");
    let end = lines.next().await.expect("a bookmark");
    assert_eq!(end["object"]["kind"], "Table");
    let annotation = end.pointer("/object/rows/0/object/metadata/annotations/k8s.io~1initial-events-end");
    assert_eq!(annotation.and_then(Value::as_str), Some("true"));
}

#[tokio::test]
async fn initial_events_can_be_declined() {
    let bench = Bench::new();
    bench.widget("a").await;
    for version in ["", "&resourceVersion=0"] {
        let query = format!("sendInitialEvents=false&resourceVersionMatch=NotOlderThan{version}");
        let mut lines = bench.ask("GET", &format!("{WIDGETS}?watch=true&{query}")).watch().await;
        let b = bench.widget(&format!("b{}", version.len())).await;
        assert_eq!(lines.told().await, told("ADDED", &b), "{query}");
    }
}

#[tokio::test]
async fn initial_events_of_the_future_are_refused_in_the_stream() {
    let bench = Bench::new();
    let a = bench.widget("a").await;
    let future = version(&a).parse::<u64>().expect("a number") + 1000;
    let query = format!("sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion={future}");
    let mut lines = bench.ask("GET", &format!("{WIDGETS}?watch=true&{query}")).watch().await;
    let event = lines.next().await.expect("an event");
    assert_eq!((&event["type"], &event["object"]["code"]), (&json!("ERROR"), &json!(504)), "{event}");
    assert_eq!(lines.next().await, None);
}
