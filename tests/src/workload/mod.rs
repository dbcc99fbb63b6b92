//! Writers and watchers of one kind of object, who go on whatever happens to the servers, and what must be true of all they
//! were told: nothing acknowledged is lost, no event is missed or doubled, and errors say when to try again.

mod watcher;
mod writer;

use crate::control_plane::certificates::Identity;
use crate::http::{Answer, Call, Endpoint};
use crate::local_server::LocalServer;
use crate::wait::wait_for;
use http::{Method, StatusCode};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use tokio::task::JoinHandle;

use watcher::{View, watch};
use writer::{Report, write};

/// Where the objects are.
pub const WIDGETS: &str = "/apis/custom.example.com/v1/namespaces/default/widgets";

/// Names, and what is there.
pub type Objects = BTreeMap<String, Object>;

/// An object as it was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// Its resourceVersion.
    pub revision: u64,
    /// What tells one write from all others.
    pub image: String,
}

/// A server, and the right to call it.
#[derive(Clone, Debug)]
pub struct Door(Endpoint, Identity);

impl Door {
    /// The door of a server, as its administrator.
    pub fn of(server: &LocalServer) -> Self {
        Self(server.endpoint(), server.admin())
    }

    /// A request.
    pub fn call(&self, method: Method, path: &str) -> Call {
        self.0.call(method, path).identity(&self.1)
    }

    /// What is there, and at which revision; `None` where that is not answered now.
    pub async fn list(&self) -> Option<(Objects, u64)> {
        let listed = self.call(Method::GET, WIDGETS).try_send().await.ok()?;
        if listed.status != StatusCode::OK {
            assert_is_passing_error(&listed);
            return None;
        }
        let listed = listed.json();
        let revision = listed["metadata"]["resourceVersion"].as_str()?.parse().ok()?;
        let items = listed["items"].as_array().expect("items").iter().map(object);
        Some((items.collect(), revision))
    }
}

/// Writers and watchers at work.
pub struct Workload {
    acknowledged: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
    writers: Vec<JoinHandle<Report>>,
    watchers: Vec<(JoinHandle<()>, Arc<View>)>,
}

impl Workload {
    /// Sets so many writers to work at one door, `pause` apart from one write to the next, and a watcher at each.
    pub async fn start(
        write_at: &Door,
        watch_at: &[Door],
        writers: usize,
        pause: std::time::Duration,
    ) -> Self {
        let (acknowledged, stop) = (Arc::<AtomicUsize>::default(), Arc::<AtomicBool>::default());
        let mut watchers = Vec::new();
        for door in watch_at {
            let (objects, revision) = wait_for("a list", async || door.list().await.ok_or("none")).await;
            let view = Arc::new(View::of(objects, revision));
            watchers.push((tokio::spawn(watch(door.clone(), Arc::clone(&view))), view));
        }
        let writers = (0..writers)
            .map(|number| {
                let (stop, acknowledged) = (Arc::clone(&stop), Arc::clone(&acknowledged));
                tokio::spawn(write(number, write_at.clone(), pause, stop, acknowledged))
            })
            .collect();
        Self { acknowledged, stop, writers, watchers }
    }

    /// Waits until so many more writes are acknowledged.
    pub async fn acknowledges(&self, more: usize) {
        let enough = self.acknowledged.load(Ordering::Acquire) + more;
        wait_for("writes to be acknowledged", async || {
            let now = self.acknowledged.load(Ordering::Acquire);
            if now >= enough { Ok(()) } else { Err(format!("{now} of {enough}")) }
        })
        .await;
        for writer in &self.writers {
            assert!(!writer.is_finished(), "a writer ended: see its panic");
        }
    }

    /// Ends it and judges all that was told; the table is what the door lists.
    pub async fn judge(self, door: &Door) {
        self.stop.store(true, Ordering::Release);
        let mut reports = Vec::new();
        for writer in self.writers {
            reports.push(writer.await.expect("a writer ends when it is told"));
        }
        for (watcher, view) in self.watchers {
            wait_for("a watcher's view to equal the table", async || {
                assert!(!watcher.is_finished(), "a watcher ended: see its panic");
                let (table, _) = door.list().await.ok_or("no list")?;
                let seen = view.objects();
                if seen == table { Ok(()) } else { Err(difference(&seen, &table)) }
            })
            .await;
            watcher.abort();
            for report in &reports {
                view.judge(report);
            }
        }
    }
}

/// An error that asks to try again: 503 and 429 say when; 504 does so of a read only, since whoever obeys would repeat a
/// write that may have been made.
pub fn assert_is_passing_error(answer: &Answer) {
    let says_when = answer.headers.contains_key(http::header::RETRY_AFTER);
    let expected = match answer.status {
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => says_when,
        StatusCode::GATEWAY_TIMEOUT => true,
        _ => false,
    };
    assert!(expected, "an error that does not ask to try again: {} {}", answer.status, answer.text());
    let status = answer.json();
    assert_eq!(status["kind"], "Status", "{status:#}");
    assert_eq!(status["code"], answer.status.as_u16(), "{status:#}");
}

/// A value that names its object and its number at both ends, of many lengths.
pub fn image(name: &str, number: usize) -> String {
    format!("{name}:{number}:{}:{number}:{name}", "x".repeat(number * 97 % 3000))
}

/// The name of a widget that was found, and what it is; it must not be half-written.
pub fn object(found: &Value) -> (String, Object) {
    let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("no text in {found:#}")).to_owned();
    let (name, image_) = (text(&found["metadata"]["name"]), text(&found["spec"]["image"]));
    let number = image_.split(':').nth(1).and_then(|number| number.parse().ok()).expect("a number");
    assert_eq!(image_, image(&name, number), "half-written");
    let revision = text(&found["metadata"]["resourceVersion"]).parse().expect("a number");
    (name, Object { revision, image: image_ })
}

fn difference(seen: &Objects, table: &Objects) -> String {
    let names = seen.keys().chain(table.keys()).filter(|name| seen.get(*name) != table.get(*name));
    let short = |object: Option<&Object>| object.map(|object| (object.revision, object.image.len()));
    let of = |name: &String| format!("{name}: {:?} but {:?}", short(seen.get(name)), short(table.get(name)));
    names.map(of).collect::<Vec<_>>().join(", ")
}
