//! kill -9 of a server under concurrent writers, again and again on the same data: what was acknowledged is there as it
//! was, nothing is half-written, and a watch goes on where it was cut off: no event is missed or told twice.

use aggboot_tests::http::Lines;
use aggboot_tests::local_server::LocalServer;
use aggboot_tests::long_run;
use aggboot_tests::ours::widget;
use aggboot_tests::workload::{Objects, WIDGETS, image, object};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const WRITERS: usize = 16;
/// The objects of one writer.
const OBJECTS: usize = 5;

/// A write that was sent and not answered: it happened as a whole, or not at all.
#[derive(Debug)]
struct Unanswered {
    name: String,
    /// What the object would be; none where it would be gone.
    image: Option<String>,
}

/// What one writer knows when the server is gone.
struct Known {
    objects: Objects,
    unanswered: Option<Unanswered>,
}

/// What a watch saw before it was cut off.
struct Seen {
    objects: Objects,
    revision: u64,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn soak_what_was_acknowledged_is_there_and_watches_go_on() {
    let rounds = if long_run() { 100 } else { 20 };
    let directory = tempfile::tempdir().expect("a temporary directory");
    let mut server = LocalServer::start(env!("CARGO_BIN_EXE_widgets"), directory.path()).await;
    let (mut objects, mut revision) = list(&server).await;
    for round in 0..rounds {
        // Somewhere in a stretch of writes, at another place each time.
        let writes = 30 + round * 37 % 71;
        let (known, seen) = killed_under_writers(&mut server, writes, &objects, revision, round).await;
        server.start_again().await;
        let (found, at) = list(&server).await;
        compare(&known, &found, round);
        let highest =
            known.iter().flat_map(|known| known.objects.values()).map(|object| object.revision).max();
        assert!(highest <= Some(at), "round {round}: listed at {at}, acknowledged up to {highest:?}");
        let seen = resume(&server, seen, &found, round).await;
        (objects, revision) = (seen.objects, seen.revision);
    }
    assert_eq!(server.component.interrupt().await.code(), Some(0));
}

/// Lets the writers write and kills the server after so many acknowledgements.
async fn killed_under_writers(
    server: &mut LocalServer,
    writes: usize,
    objects: &Objects,
    revision: u64,
    round: usize,
) -> (Vec<Known>, Seen) {
    let acknowledged = Arc::new(AtomicUsize::new(0));
    let watch = tokio::spawn(watch(watch_from(server, revision), objects.clone(), revision));
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let mine = |name: &&String| name.starts_with(&format!("w{writer}-"));
            let mine =
                objects.keys().filter(mine).map(|name| (name.clone(), objects[name].clone())).collect();
            let calls = Calls::of(server);
            tokio::spawn(write(writer, round, mine, calls, Arc::clone(&acknowledged)))
        })
        .collect();
    while acknowledged.load(Ordering::Acquire) < writes {
        server.component.assert_running();
        assert!(!writers.iter().all(tokio::task::JoinHandle::is_finished), "the writers ended by themselves");
        tokio::task::yield_now().await;
    }
    server.component.kill();
    let mut known = Vec::new();
    for writer in writers {
        known.push(writer.await.expect("a writer ends when the server is gone"));
    }
    (known, watch.await.expect("a watch ends when the server is gone"))
}

/// Requests as the administrator, apart from the process.
#[derive(Clone)]
struct Calls(aggboot_tests::http::Endpoint, aggboot_tests::control_plane::certificates::Identity);

impl Calls {
    fn of(server: &LocalServer) -> Self {
        Self(server.endpoint(), server.admin())
    }

    fn call(&self, method: Method, path: &str) -> aggboot_tests::http::Call {
        self.0.call(method, path).identity(&self.1)
    }
}

/// Creates, replaces and deletes objects of its own until the server is gone.
async fn write(
    writer: usize,
    round: usize,
    mut objects: Objects,
    calls: Calls,
    acknowledged: Arc<AtomicUsize>,
) -> Known {
    for number in 0.. {
        let name = format!("w{writer}-{}", number % OBJECTS);
        let there = objects.get(&name).map(|object| object.revision);
        let delete = there.is_some() && number % 4 == 3;
        let image = image(&name, round * 10_000 + number);
        let path = format!("{WIDGETS}/{name}");
        let mut body = widget(&name, &json!({"image": image}));
        let (call, expected) = match there {
            Some(_) if delete => (calls.call(Method::DELETE, &path), StatusCode::OK),
            Some(revision) => {
                body["metadata"]["resourceVersion"] = revision.to_string().into();
                (calls.call(Method::PUT, &path).json(&body), StatusCode::OK)
            }
            None => (calls.call(Method::POST, WIDGETS).json(&body), StatusCode::CREATED),
        };
        let Ok(answer) = call.try_send().await else {
            let unanswered = Unanswered { name, image: (!delete).then_some(image) };
            return Known { objects, unanswered: Some(unanswered) };
        };
        assert_eq!(answer.status, expected, "{name}: {}", answer.text());
        if delete {
            objects.remove(&name);
        } else {
            let object = object(&answer.json());
            assert_eq!(object.1.image, image);
            objects.insert(object.0, object.1);
        }
        acknowledged.fetch_add(1, Ordering::AcqRel);
    }
    unreachable!("the numbers do not end")
}

async fn list(server: &LocalServer) -> (Objects, u64) {
    let listed = server.call(Method::GET, WIDGETS).send().await;
    assert_eq!(listed.status, StatusCode::OK, "{}", listed.text());
    let listed = listed.json();
    let revision = listed["metadata"]["resourceVersion"].as_str().expect("a revision");
    let items = listed["items"].as_array().expect("items").iter().map(object);
    (items.collect(), revision.parse().expect("a number"))
}

/// What is there is what was acknowledged, except where a write was not answered.
fn compare(known: &[Known], found: &Objects, round: usize) {
    let mut left = found.clone();
    for known in known {
        let mut expected = known.objects.clone();
        if let Some(Unanswered { name, image }) = &known.unanswered {
            let (before, now) = (expected.remove(name), left.remove(name));
            let happened = now.as_ref().map(|object| &object.image) == image.as_ref()
                && now.as_ref().map(|object| object.revision) > before.as_ref().map(|object| object.revision);
            let deleted = image.is_none() && now.is_none();
            assert!(
                now == before || happened || deleted,
                "round {round}: {name} was {before:?}, would be {image:?} and is {now:?}"
            );
        }
        for (name, object) in expected {
            assert_eq!(left.remove(&name), Some(object), "round {round}: {name}");
        }
    }
    assert!(left.is_empty(), "round {round}: nobody wrote {left:#?}");
}

fn watch_from(server: &LocalServer, revision: u64) -> aggboot_tests::http::Call {
    server.call(Method::GET, &format!("{WIDGETS}?watch=true&resourceVersion={revision}"))
}

/// Follows a watch until it is cut off.
async fn watch(call: aggboot_tests::http::Call, objects: Objects, revision: u64) -> Seen {
    let mut seen = Seen { objects, revision };
    // The server may be gone before it answers.
    let Ok(mut lines) = call.try_stream().await else { return seen };
    assert_eq!(lines.status, StatusCode::OK);
    while let Ok(Some(line)) = lines.try_next().await {
        // The last line may be cut.
        let Ok(event) = serde_json::from_slice::<Value>(&line) else { break };
        seen.take(&event);
    }
    seen
}

impl Seen {
    fn take(&mut self, event: &Value) {
        let (name, object) = object(&event["object"]);
        assert!(object.revision > self.revision, "{} after {}", object.revision, self.revision);
        self.revision = object.revision;
        let before = match event["type"].as_str() {
            Some("DELETED") => self.objects.remove(&name).is_some(),
            Some("ADDED") => self.objects.insert(name.clone(), object).is_none(),
            Some("MODIFIED") => self.objects.insert(name.clone(), object).is_some(),
            _ => panic!("an event of no type: {event:#}"),
        };
        assert!(before, "{} of {name} does not follow from what was seen", event["type"]);
    }
}

/// Goes on behind what was seen, until that is what is there; the next event is then that of the next write.
async fn resume(server: &LocalServer, mut seen: Seen, found: &Objects, round: usize) -> Seen {
    let mut lines = watch_from(server, seen.revision).stream().await;
    assert_eq!(lines.status, StatusCode::OK, "round {round}: history is kept for minutes");
    while seen.objects != *found {
        seen.take(&next(&mut lines, round).await);
    }
    let created = server.call(Method::POST, WIDGETS).json(&widget("marker", &marker())).send().await;
    assert_eq!(created.status, StatusCode::CREATED, "round {round}: {}", created.text());
    let deleted = server.call(Method::DELETE, &format!("{WIDGETS}/marker")).send().await;
    assert_eq!(deleted.status, StatusCode::OK, "round {round}: {}", deleted.text());
    for kind in ["ADDED", "DELETED"] {
        let event = next(&mut lines, round).await;
        let (told, name) = (&event["type"], &event["object"]["metadata"]["name"]);
        assert_eq!((told.as_str(), name.as_str()), (Some(kind), Some("marker")), "round {round}");
        seen.take(&event);
    }
    seen
}

fn marker() -> Value {
    json!({"image": image("marker", 0)})
}

async fn next(lines: &mut Lines, round: usize) -> Value {
    lines.next_json().await.unwrap_or_else(|| panic!("round {round}: the watch ended"))
}
