//! list: order, pages, revisions, selectors, forms.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{ALL_WIDGETS, Answer, Bench, GADGETS, WIDGETS, views};
use crate::cluster::namespaces::EveryNamespace;
use crate::storage::Storage;
use crate::storage::cache::tests::flaky::Flaky;
use crate::verbs::Views;

fn names(answer: &Answer) -> Vec<&str> {
    assert_eq!(answer.code, 200, "{}", answer.text);
    let items = answer.body["items"].as_array().expect("items");
    items.iter().map(|item| item["metadata"]["name"].as_str().expect("a name")).collect()
}

fn version(answer: &Answer) -> &str {
    answer.body["metadata"]["resourceVersion"].as_str().expect("a revision")
}

async fn with_widgets(names: &[&str]) -> Bench {
    let bench = Bench::new();
    for name in names {
        bench.widget(name).await;
    }
    bench
}

#[tokio::test]
async fn an_empty_list_is_a_list() {
    let answer = Bench::new().get(ALL_WIDGETS).await;
    assert_eq!(
        (&answer.body["kind"], &answer.body["apiVersion"], &answer.body["items"]),
        (&json!("WidgetList"), &json!("example.com/v1"), &json!([]))
    );
    assert!(version(&answer).parse::<u64>().is_ok_and(|version| version > 0));
}

#[tokio::test]
async fn items_are_in_the_order_of_their_keys() {
    let bench = Bench::new();
    for (namespace, name) in [("h1", "a"), ("h1-a", "b"), ("h0", "z")] {
        let uri = format!("/apis/example.com/v1/namespaces/{namespace}/widgets");
        assert_eq!(bench.post(&uri, json!({"metadata": {"name": name}})).await.code, 201);
    }
    assert_eq!(names(&bench.get(ALL_WIDGETS).await), ["z", "b", "a"]);
    assert_eq!(names(&bench.get("/apis/example.com/v1/namespaces/h1/widgets").await), ["a"]);
    let selected = bench.get(&format!("{ALL_WIDGETS}?fieldSelector=metadata.namespace=h0")).await;
    assert_eq!(names(&selected), ["z"]);
}

#[tokio::test]
async fn pages_are_of_the_first_pages_revision() {
    let bench = with_widgets(&["a", "b", "c", "d", "e"]).await;
    let first = bench.get(&format!("{WIDGETS}?limit=2")).await;
    assert_eq!(names(&first), ["a", "b"]);
    assert_eq!(first.body["metadata"]["remainingItemCount"], 3);
    let token = |answer: &Answer| answer.body["metadata"]["continue"].as_str().unwrap_or_default().to_owned();
    bench.widget("bb").await;
    let second = bench.get(&format!("{WIDGETS}?limit=2&continue={}", token(&first))).await;
    assert_eq!((names(&second), version(&second)), (vec!["c", "d"], version(&first)));
    let third = bench.get(&format!("{WIDGETS}?limit=2&continue={}", token(&second))).await;
    assert_eq!((names(&third), token(&third)), (vec!["e"], String::new()));
    assert_eq!(third.body["metadata"]["remainingItemCount"], Value::Null);
    assert_eq!(names(&bench.get(WIDGETS).await).len(), 6);
    for (query, code) in [
        (format!("continue={}&resourceVersion=1", token(&first)), 400),
        ("continue=nonsense".to_owned(), 400),
        ("limit=2&resourceVersion=0".to_owned(), 200),
    ] {
        assert_eq!(bench.get(&format!("{WIDGETS}?{query}")).await.code, code, "{query}");
    }
}

#[tokio::test]
async fn an_expired_page_says_how_to_go_on() {
    let bench = with_widgets(&["a", "b", "c"]).await;
    let first = bench.get(&format!("{WIDGETS}?limit=1")).await;
    bench.widget("d").await;
    let now = bench.storage.barrier().await.expect("a revision");
    bench.storage.compact(now).await.expect("compacted");
    // A cache keeps what it has seen.
    let bench = bench.again();
    let token = first.body["metadata"]["continue"].as_str().expect("a token");
    let expired = bench.get(&format!("{WIDGETS}?limit=1&continue={token}")).await;
    assert_eq!((expired.code, expired.body["reason"].as_str()), (410, Some("Expired")));
    let token = expired.body["metadata"]["continue"].as_str().expect("a token");
    let rest = bench.get(&format!("{WIDGETS}?continue={token}")).await;
    assert_eq!(names(&rest), ["b", "c", "d"]);
    let exact =
        bench.get(&format!("{WIDGETS}?resourceVersionMatch=Exact&resourceVersion={}", version(&first))).await;
    assert_eq!(
        (exact.code, exact.body["message"].as_str()),
        (410, Some("The resourceVersion for the provided list is too old."))
    );
}

#[tokio::test]
async fn a_list_can_be_of_a_revision() {
    let bench = with_widgets(&["a"]).await;
    let before = bench.get(WIDGETS).await;
    bench.widget("b").await;
    let at = version(&before);
    for (query, expected) in [
        (format!("resourceVersion={at}&resourceVersionMatch=Exact"), vec!["a"]),
        (format!("resourceVersion={at}&limit=5"), vec!["a"]),
        (format!("resourceVersion={at}"), vec!["a", "b"]),
        (format!("resourceVersion={at}&resourceVersionMatch=NotOlderThan"), vec!["a", "b"]),
        ("resourceVersion=0".to_owned(), vec!["a", "b"]),
        // A list of one object has no pages, so that a limit says nothing about the revision.
        (format!("resourceVersion={at}&limit=1&fieldSelector=metadata.name%3Db"), vec!["b"]),
        (format!("resourceVersion={at}&resourceVersionMatch=Exact&fieldSelector=metadata.name%3Db"), vec![]),
    ] {
        assert_eq!(names(&bench.get(&format!("{WIDGETS}?{query}")).await), expected, "{query}");
    }
    for (query, code) in [
        ("resourceVersion=x", 400),
        ("resourceVersionMatch=Exact", 422),
        ("sendInitialEvents=true", 422),
        ("labelSelector=%3D%3D", 400),
        ("fieldSelector=spec.x%3D1", 400),
    ] {
        assert_eq!(bench.get(&format!("{WIDGETS}?{query}")).await.code, code, "{query}");
    }
}

#[tokio::test]
async fn selectors_select_across_pages() {
    let bench = Bench::new();
    for number in 0..30 {
        let (color, label) =
            (if number % 3 == 0 { "red" } else { "green" }, if number % 2 == 0 { "x" } else { "y" });
        let body = json!({"metadata": {"name": format!("w{number:02}"), "labels": {"l": label}}, "spec": {"color": color}});
        assert_eq!(bench.post(WIDGETS, body).await.code, 201);
    }
    let both = "labelSelector=l%3Dx&fieldSelector=spec.color%3Dred";
    assert_eq!(names(&bench.get(&format!("{WIDGETS}?{both}")).await), ["w00", "w06", "w12", "w18", "w24"]);
    let page = bench.get(&format!("{WIDGETS}?{both}&limit=2")).await;
    assert_eq!(names(&page), ["w00", "w06"]);
    assert_eq!(page.body["metadata"]["remainingItemCount"], Value::Null);
    let token = page.body["metadata"]["continue"].as_str().expect("a token");
    assert_eq!(
        names(&bench.get(&format!("{WIDGETS}?{both}&limit=2&continue={token}")).await),
        ["w12", "w18"]
    );
    let one = bench.get(&format!("{WIDGETS}?fieldSelector=metadata.name%3Dw05")).await;
    assert_eq!(names(&one), ["w05"]);
    let none = bench.get(&format!("{WIDGETS}?fieldSelector=metadata.name%3Dw05&labelSelector=l%3Dx")).await;
    assert_eq!(names(&none), Vec::<&str>::new());
}

#[tokio::test]
async fn a_list_has_several_forms() {
    let bench = with_widgets(&["a", "b"]).await;
    assert_eq!(bench.post(GADGETS, json!({"metadata": {"name": "g"}})).await.code, 201);
    let ask = |accept: &'static str| bench.ask("GET", WIDGETS).header("accept", accept).send();
    let partial = ask("application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1").await;
    assert_eq!(partial.body["kind"], "PartialObjectMetadataList");
    assert_eq!(names(&partial), ["a", "b"]);
    let table = ask("application/json;as=Table;g=meta.k8s.io;v=v1").await;
    assert_eq!(table.body["rows"].as_array().map(Vec::len), Some(2));
    assert_eq!(table.body["rows"][0]["cells"][0], "a");
    assert_eq!(ask("application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1").await.code, 406);
    assert!(ask("application/yaml").await.text.contains("kind: WidgetList"));
}

#[tokio::test(start_paused = true)]
async fn who_comes_too_early_is_told_when_to_come_again() {
    let storage = Flaky::new(true);
    let bench = Bench::over(Arc::clone(&storage) as Arc<dyn Storage>, Arc::new(EveryNamespace));
    let code = if views() == Views::Cached { 429 } else { 503 };
    for uri in [WIDGETS, &format!("{WIDGETS}?resourceVersion=0"), &format!("{WIDGETS}?watch=true")] {
        let (response, _) = bench.ask("GET", uri).open().await;
        let after = response.headers().get("retry-after").map(|after| after.to_str().expect("text"));
        assert_eq!((response.status().as_u16(), after), (code, Some("1")), "{uri}");
    }
    storage.bring_up();
    assert_eq!(names(&bench.get(WIDGETS).await), Vec::<&str>::new());
}
