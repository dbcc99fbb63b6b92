//! Requests at a server that has not heard yet of what another one wrote. Writes begin with what is at hand, and end as if
//! it were not old; watches miss nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use futures::stream;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::{Answer, Bench, GADGETS, WIDGETS, views};
use crate::cluster::namespaces::EveryNamespace;
use crate::storage::memory::Memory;
use crate::storage::{
    At, BoxFuture, Events, Facts, Health, Key, Page, Prefix, Query, Read, Result, Revision, Start, Storage,
    Stored, Write,
};
use crate::verbs::Views;

/// A store for several servers whose watches tell nothing while they are held, and which counts what is read.
#[derive(Debug)]
struct Held {
    inner: Arc<Memory>,
    held: watch::Sender<bool>,
    /// Whether what was held breaks off instead of going on.
    broken: Arc<AtomicBool>,
    reads: AtomicUsize,
}

impl Storage for Held {
    fn get<'a>(&'a self, key: &'a Key, at: At) -> BoxFuture<'a, Result<Read<Option<Stored>>>> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        self.inner.get(key, at)
    }

    fn list(&self, query: Query) -> BoxFuture<'_, Result<Read<Page>>> {
        self.inner.list(query)
    }

    fn write(&self, writes: Vec<Write>) -> BoxFuture<'_, Vec<Result<Revision>>> {
        self.inner.write(writes)
    }

    fn watch<'a>(&'a self, prefix: &'a Prefix, from: Start, previous: bool) -> BoxFuture<'a, Result<Events>> {
        Box::pin(async move {
            let (events, held) = (self.inner.watch(prefix, from, previous).await?, self.held.subscribe());
            let state = (events, held, Arc::clone(&self.broken));
            Ok(Events::new(stream::unfold(state, async |(mut events, mut held, broken)| {
                let batch = events.next().await?;
                let was_held = *held.borrow();
                held.wait_for(|held| !held).await.ok()?;
                let breaks = was_held && broken.load(Ordering::Relaxed);
                (!breaks).then_some((batch, (events, held, broken)))
            })))
        })
    }

    fn barrier(&self) -> BoxFuture<'_, Result<Revision>> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        self.inner.barrier()
    }

    fn compact(&self, through: Revision) -> BoxFuture<'_, Result<Revision>> {
        self.inner.compact(through)
    }

    fn raise(&self, floor: Revision) -> BoxFuture<'_, Result<()>> {
        self.inner.raise(floor)
    }

    fn facts(&self) -> Facts {
        Facts { shared: true, ..self.inner.facts() }
    }

    fn health(&self) -> watch::Receiver<Health> {
        self.inner.health()
    }
}

/// Two servers of one store: `here` does not hear any more of what happens `there`.
struct Pair {
    here: Bench,
    there: Bench,
    store: Arc<Held>,
}

impl Pair {
    /// Both know the widget `a` and the gadget `g`.
    async fn new() -> Pair {
        let inner = Arc::new(Memory::new());
        let store = Arc::new(Held {
            inner: Arc::clone(&inner),
            held: watch::Sender::new(false),
            broken: Arc::default(),
            reads: AtomicUsize::new(0),
        });
        let here = Bench::over(Arc::clone(&store) as Arc<dyn Storage>, Arc::new(EveryNamespace));
        let pair = Pair { here, there: Bench::over(inner, Arc::new(EveryNamespace)), store };
        pair.there.widget("a").await;
        assert_eq!(pair.there.post(GADGETS, json!({"metadata": {"name": "g"}})).await.code, 201);
        for uri in [&format!("{WIDGETS}/a"), &format!("{GADGETS}/g")] {
            assert_eq!(pair.here.get(uri).await.code, 200);
        }
        pair.store.held.send_replace(true);
        pair.store.reads.store(0, Ordering::Relaxed);
        pair
    }

    /// How often the store was read since the last time.
    fn reads(&self) -> usize {
        self.store.reads.swap(0, Ordering::Relaxed)
    }
}

async fn put(bench: &Bench, uri: &str, body: &Value) -> Answer {
    bench.ask("PUT", uri).json(body).send().await
}

async fn merge(bench: &Bench, uri: &str, body: &Value) -> Answer {
    bench.ask("PATCH", uri).header("content-type", "application/merge-patch+json").json(body).send().await
}

/// What the object is told to be, with these replicas.
fn replicas(number: u64) -> Value {
    json!({"spec": {"replicas": number}})
}

fn code_and_replicas(answer: &Answer) -> (u16, &Value) {
    (answer.code, &answer.body["spec"]["replicas"])
}

#[tokio::test]
async fn a_write_that_wins_reads_nothing() {
    let pair = Pair::new().await;
    let each = if views() == Views::Cached { 0 } else { 1 };
    let uri = format!("{WIDGETS}/a");
    let mut object = pair.there.get(&uri).await.body;
    object["spec"]["replicas"] = 2.into();
    // Each begins with what the one before wrote, although no event has come.
    let answer = put(&pair.here, &uri, &object).await;
    assert_eq!((code_and_replicas(&answer), pair.reads()), ((200, &json!(2)), each), "{}", answer.text);
    let answer = merge(&pair.here, &uri, &replicas(3)).await;
    assert_eq!((code_and_replicas(&answer), pair.reads()), ((200, &json!(3)), each), "{}", answer.text);
    let answer = pair.here.ask("DELETE", &uri).send().await;
    assert_eq!((answer.code, pair.reads()), (200, each), "{}", answer.text);
    assert_eq!(pair.here.post(WIDGETS, json!({"metadata": {"name": "a"}})).await.code, 201);
    assert_eq!(pair.reads(), 0, "a create never reads");
}

#[tokio::test]
async fn an_old_object_is_changed_as_it_is_now() {
    let pair = Pair::new().await;
    let uri = format!("{WIDGETS}/a");
    assert_eq!(merge(&pair.there, &uri, &replicas(2)).await.code, 200);
    let answer = merge(&pair.here, &uri, &json!({"metadata": {"labels": {"x": "y"}}})).await;
    assert_eq!(code_and_replicas(&answer), (200, &json!(2)), "{}", answer.text);

    let mut newest = merge(&pair.there, &uri, &replicas(3)).await.body;
    newest["spec"]["replicas"] = 4.into();
    let answer = put(&pair.here, &uri, &newest).await;
    assert_eq!(code_and_replicas(&answer), (200, &json!(4)), "the newest revision is known");
    let again = put(&pair.here, &uri, &newest).await;
    assert_eq!(again.code, 409, "{}", again.text);

    assert_eq!(merge(&pair.there, &uri, &replicas(5)).await.code, 200);
    let steps = json!([
        {"op": "test", "path": "/spec/replicas", "value": 5}, {"op": "replace", "path": "/spec/replicas", "value": 6}
    ]);
    let patch = pair.here.ask("PATCH", &uri).header("content-type", "application/json-patch+json");
    let answer = patch.json(&steps).send().await;
    assert_eq!(code_and_replicas(&answer), (200, &json!(6)), "{}", answer.text);

    assert_eq!(merge(&pair.there, &uri, &replicas(7)).await.code, 200);
    let dry = merge(&pair.here, &format!("{uri}?dryRun=All"), &json!({"metadata": {"labels": null}})).await;
    assert_eq!(code_and_replicas(&dry), (200, &json!(7)), "{}", dry.text);
}

#[tokio::test]
async fn what_only_an_old_object_equals_is_written() {
    let pair = Pair::new().await;
    let uri = format!("{WIDGETS}/a");
    let changed = merge(&pair.there, &uri, &replicas(5)).await.body;
    let answer = merge(&pair.here, &uri, &replicas(1)).await;
    assert_eq!(code_and_replicas(&answer), (200, &json!(1)), "{}", answer.text);
    assert_eq!(code_and_replicas(&pair.there.get(&uri).await), (200, &json!(1)));
    let version = |object: &Value| object["metadata"]["resourceVersion"].to_string();
    assert_ne!(version(&answer.body), version(&changed));

    let uri = format!("{GADGETS}/g");
    let x = |x: u64| json!({"metadata": {"name": "g"}, "spec": {"x": x}});
    assert_eq!(put(&pair.there, &uri, &x(1)).await.code, 200);
    assert_eq!(put(&pair.here, &uri, &json!({"metadata": {"name": "g"}})).await.code, 200);
    assert_eq!(pair.there.get(&uri).await.body["spec"], Value::Null);
    // What it equals now is not written.
    let now = pair.there.get(&uri).await.body;
    assert_eq!(
        version(&put(&pair.here, &uri, &json!({"metadata": {"name": "g"}})).await.body),
        version(&now)
    );
}

#[tokio::test]
async fn preconditions_are_of_the_object_as_it_is_now() {
    let pair = Pair::new().await;
    let uri = format!("{WIDGETS}/a");
    let old = pair.there.get(&uri).await.body;
    let new = merge(&pair.there, &uri, &replicas(2)).await.body;
    let delete = |object: &Value| {
        let version = json!({"preconditions": {"resourceVersion": object["metadata"]["resourceVersion"]}});
        pair.here.ask("DELETE", &uri).json(&version).send()
    };
    let refused = delete(&old).await;
    assert_eq!(refused.code, 409, "{}", refused.text);
    let deleted = delete(&new).await;
    assert_eq!(deleted.code, 200, "{}", deleted.text);
}

#[tokio::test]
async fn what_is_gone_is_not_found_and_what_came_back_is() {
    let pair = Pair::new().await;
    let uri = format!("{WIDGETS}/a");
    assert_eq!(pair.there.ask("DELETE", &uri).send().await.code, 200);
    assert_eq!(merge(&pair.here, &uri, &replicas(2)).await.code, 404);
    assert_eq!(merge(&pair.here, &uri, &replicas(1)).await.code, 404, "although nothing would change");
    assert_eq!(pair.here.ask("DELETE", &uri).send().await.code, 404);
    let back = pair.there.widget("a").await;
    let answer = merge(&pair.here, &uri, &replicas(2)).await;
    assert_eq!(code_and_replicas(&answer), (200, &json!(2)), "{}", answer.text);
    assert_eq!(answer.body["metadata"]["uid"], back["metadata"]["uid"]);
}

#[tokio::test]
async fn a_second_deletion_sees_that_the_first_one_is_done() {
    let pair = Pair::new().await;
    pair.store.held.send_replace(false);
    let body = json!({"metadata": {"name": "f", "finalizers": ["example.com/f"]}});
    assert_eq!(pair.here.post(WIDGETS, body).await.code, 201);
    let uri = format!("{WIDGETS}/f");
    let marked = pair.here.ask("DELETE", &uri).send().await;
    assert!(marked.body["metadata"]["deletionTimestamp"].is_string(), "{}", marked.text);
    assert_eq!(pair.here.get(&uri).await.code, 200);
    pair.store.held.send_replace(true);
    let again = pair.here.ask("DELETE", &uri).send().await;
    assert_eq!((again.code, &again.body["metadata"]), (200, &marked.body["metadata"]), "nothing changes");
    assert_eq!(merge(&pair.there, &uri, &json!({"metadata": {"finalizers": null}})).await.code, 200);
    assert_eq!(pair.here.ask("DELETE", &uri).send().await.code, 404);
}

/// The client comes from a server that has heard of more. While it is waited for, this one loses the thread and begins
/// anew behind what was asked for.
#[tokio::test(start_paused = true)]
async fn a_watch_is_told_what_was_forgotten_while_it_waited() {
    let pair = Pair::new().await;
    if views() == Views::Plain {
        // Its watches are those of the store, which are not behind.
        return;
    }
    let known =
        pair.there.widget("b").await["metadata"]["resourceVersion"].as_str().expect("text").to_owned();
    pair.there.widget("c").await;
    let uri = format!("{WIDGETS}?watch=true&resourceVersion={known}");
    let (mut lines, ()) = tokio::join!(pair.here.ask("GET", &uri).watch(), async {
        // Longer than it is waited for once.
        tokio::time::sleep(Duration::from_secs(4)).await;
        let now = pair.store.barrier().await.expect("a revision");
        pair.store.compact(now).await.expect("compacted");
        pair.store.broken.store(true, Ordering::Relaxed);
        pair.store.held.send_replace(false);
    });
    let event = lines.next().await.expect("an event");
    assert_eq!((event["type"].as_str(), &event["object"]["code"]), (Some("ERROR"), &json!(410)), "{event}");
    assert_eq!(lines.next().await, None);
}
