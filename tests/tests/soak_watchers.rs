//! Clients that watch stay equal to the store: client-go's informers (their first list as a list and as a watch, with
//! client-go's detector of inconsistencies) and kube-rs watchers, while objects change at random, the server is killed
//! and started again, and the history from which they would go on is forgotten.

use aggboot::storage::embedded::Embedded;
use aggboot::storage::etcd::{Config, Etcd};
use aggboot::storage::{Prefix, Query, Storage as _, Write};
use aggboot_tests::control_plane::certificates::Identity;
use aggboot_tests::control_plane::informer::Informer;
use aggboot_tests::control_plane::users::User;
use aggboot_tests::etcd;
use aggboot_tests::http::{Call, Endpoint};
use aggboot_tests::local_server::LocalServer;
use aggboot_tests::ours::{GROUP, VERSION, widget};
use aggboot_tests::wait::wait_for;
use futures::StreamExt as _;
use http::{Method, StatusCode};
use kube::Api;
use kube::api::{DynamicObject, ListParams};
use kube::runtime::reflector::{self, Store};
use kube::runtime::{WatchStreamExt as _, watcher};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const PROGRAM: &str = env!("CARGO_BIN_EXE_widgets");
const NAMESPACES: [&str; 2] = ["one", "two"];
const WRITERS: u64 = 4;
/// The objects of one writer.
const OBJECTS: u64 = 15;
/// The writes of one round.
const WRITES: usize = 150;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn soak_watchers_stay_equal_to_the_store() {
    if !Informer::available().await {
        return;
    }
    let directory = tempfile::tempdir().expect("a temporary directory");
    let server = LocalServer::start(PROGRAM, directory.path()).await;
    stay_equal(server, directory.path(), async |server, seed| {
        write(server, seed).await;
        server.component.kill();
        forget(server.data()).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn soak_watchers_stay_equal_to_etcd() {
    if !Informer::available().await {
        return;
    }
    let Some(etcd) = etcd::Etcd::start(&["--unsafe-no-fsync"]).await else { return };
    let servers = format!("--etcd-servers={}", etcd.member.url());
    let server = LocalServer::start_with(PROGRAM, etcd.directory(), &[&servers]).await;
    let config = Config::new(vec![etcd.member.url()], format!("/registry/{GROUP}"));
    let store = Etcd::open(&config).await.expect("etcd is there");
    stay_equal(server, etcd.directory(), async |server, seed| {
        // While everybody watches, and while nobody does.
        compact(&store).await;
        write(server, seed).await;
        compact(&store).await;
        write(server, seed + 1).await;
        server.component.kill();
        compact(&store).await;
    })
    .await;
}

/// Writes, kills and starts the server; every other time by `spoil`, after which it is gone and its history forgotten.
async fn stay_equal(
    mut server: LocalServer,
    directory: &Path,
    mut spoil: impl AsyncFnMut(&mut LocalServer, u64),
) {
    let mut watchers = Watchers::start(&server, directory).await;
    let lasts = Duration::from_secs(if aggboot_tests::long_run() { 60 } else { 6 });
    let (began, seed) = (Instant::now(), seed());
    let mut round = 0;
    while round < 2 || began.elapsed() < lasts {
        let what = format!("AGGBOOT_SEED={seed}, round {round}");
        if round % 2 == 0 {
            write_until_killed(&mut server, seed + round).await;
        } else {
            write(&server, seed + round).await;
            watchers.equal(&mut server, &what).await;
            spoil(&mut server, seed + round).await;
        }
        server.start_again().await;
        watchers.equal(&mut server, &format!("{what}, started again")).await;
        round += 1;
    }
}

/// Repeats a run where it is set, as far as the order of tasks allows.
fn seed() -> u64 {
    let wanted = std::env::var("AGGBOOT_SEED").ok().and_then(|seed| seed.parse().ok());
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    wanted.unwrap_or_else(now)
}

/// Everybody who watches.
struct Watchers {
    informers: Vec<Informer>,
    api: Api<DynamicObject>,
    /// By a list and a watch, and by a watch that begins with a list.
    stores: [Store<DynamicObject>; 2],
}

type Held = BTreeMap<String, String>;

impl Watchers {
    async fn start(server: &LocalServer, directory: &Path) -> Self {
        let resource = format!("{GROUP}/{VERSION}/widgets");
        let user = |name: &str| {
            let home = directory.join(name);
            std::fs::create_dir(&home).expect("a directory");
            User::new("admin", server.admin(), &server.endpoint(), &home)
        };
        let mut informers = vec![
            Informer::start(&user("lists"), &resource, None, false).await,
            Informer::start(&user("watch-lists"), &resource, None, true).await,
            Informer::start_detecting(&user("detects"), &resource, None).await,
        ];
        for informer in &mut informers {
            informer.wait_synced().await;
        }
        let api = Api::all_with(user("kube-rs").client(), &kind());
        let strategies = [watcher::Config::default(), watcher::Config::default().streaming_lists()];
        let stores = strategies.map(|config| follow(&api, config));
        Self { informers, api, stores }
    }

    /// Waits until everybody holds what the server has.
    async fn equal(&mut self, server: &mut LocalServer, when: &str) {
        server.component.assert_running();
        let listed = self.api.list(&ListParams::default()).await.expect("a list");
        let expected: Held = listed.items.iter().map(held).collect();
        wait_for(&format!("everybody to hold what the server has ({when})"), async || {
            for (number, store) in self.stores.iter().enumerate() {
                let found = store.state().iter().map(|object| held(object)).collect();
                same(&format!("kube-rs watcher {number}"), &found, &expected)?;
            }
            for (number, informer) in self.informers.iter_mut().enumerate() {
                for (name, found) in informer.dump().await {
                    same(&format!("informer {number} {name}"), &found, &expected)?;
                }
            }
            Ok::<_, String>(())
        })
        .await;
    }
}

fn same(who: &str, found: &Held, expected: &Held) -> Result<(), String> {
    if found == expected {
        return Ok(());
    }
    let (found, expected): (BTreeSet<_>, BTreeSet<_>) = (found.iter().collect(), expected.iter().collect());
    let (missing, extra): (Vec<_>, Vec<_>) =
        (expected.difference(&found).collect(), found.difference(&expected).collect());
    Err(format!("{who} lacks {missing:?} and has {extra:?}"))
}

fn held(object: &DynamicObject) -> (String, String) {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let metadata = &object.metadata;
    (format!("{}/{}", text(&metadata.namespace), text(&metadata.name)), text(&metadata.resource_version))
}

fn kind() -> kube::discovery::ApiResource {
    let widgets = kube::api::GroupVersionKind::gvk(GROUP, VERSION, "Widget");
    kube::discovery::ApiResource::from_gvk_with_plural(&widgets, "widgets")
}

/// A store kept by a watcher of kube-rs.
fn follow(api: &Api<DynamicObject>, config: watcher::Config) -> Store<DynamicObject> {
    let writer = reflector::store::Writer::new(kind());
    let store = writer.as_reader();
    let events = watcher(api.clone(), config).default_backoff().reflect(writer);
    // It ends with the test's runtime; what fails is tried again by the watcher itself.
    tokio::spawn(events.for_each(|_| std::future::ready(())));
    store
}

/// One who writes objects of their own.
struct Writer {
    number: u64,
    random: u64,
    endpoint: Endpoint,
    admin: Identity,
    answered: Arc<AtomicUsize>,
}

impl Writer {
    fn all(server: &LocalServer, seed: u64, answered: &Arc<AtomicUsize>) -> Vec<Self> {
        let writer = |number| Self {
            number,
            random: seed.wrapping_mul(WRITERS).wrapping_add(number),
            endpoint: server.endpoint(),
            admin: server.admin(),
            answered: Arc::clone(answered),
        };
        (0..WRITERS).map(writer).collect()
    }

    /// splitmix64.
    fn below(&mut self, end: u64) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.random ^ (self.random >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }

    fn call(&self, method: Method, path: &str) -> Call {
        self.endpoint.call(method, path).identity(&self.admin)
    }

    /// Creates, changes and deletes until so many calls of all were answered, or the server is gone.
    async fn write(mut self, limit: usize) {
        while self.answered.load(Ordering::Acquire) < limit {
            let namespace = NAMESPACES[usize::from(self.below(2) == 1)];
            let (writer, number) = (self.number, self.below(OBJECTS));
            let name = format!("w{writer}-{number}");
            let all = format!("/apis/{GROUP}/{VERSION}/namespaces/{namespace}/widgets");
            let one = format!("{all}/{name}");
            let spec = json!({"image": format!("image:{}", self.below(u64::MAX))});
            let call = match self.below(4) {
                0 => self.call(Method::DELETE, &one),
                1 => self.call(Method::POST, &all).json(&widget(&name, &spec)),
                _ => {
                    let patch = json!({ "spec": spec }).to_string();
                    self.call(Method::PATCH, &one).body("application/merge-patch+json", patch)
                }
            };
            let Ok(answer) = call.try_send().await else { return };
            // Deleting and changing what is not there, and creating what is.
            let there = [StatusCode::OK, StatusCode::CREATED, StatusCode::NOT_FOUND, StatusCode::CONFLICT];
            assert!(there.contains(&answer.status), "{name}: {}", answer.text());
            self.answered.fetch_add(1, Ordering::AcqRel);
        }
    }
}

async fn write(server: &LocalServer, seed: u64) {
    let writers = Writer::all(server, seed, &Arc::default());
    let writing: Vec<_> = writers.into_iter().map(|writer| tokio::spawn(writer.write(WRITES))).collect();
    for writer in writing {
        writer.await.expect("the answers are those of a server");
    }
}

/// Kills the server while everybody writes.
async fn write_until_killed(server: &mut LocalServer, seed: u64) {
    let answered = Arc::default();
    let writers = Writer::all(server, seed, &answered);
    let writing: Vec<_> = writers.into_iter().map(|writer| tokio::spawn(writer.write(usize::MAX))).collect();
    while answered.load(Ordering::Acquire) < WRITES {
        server.component.assert_running();
        assert!(!writing.iter().all(tokio::task::JoinHandle::is_finished), "the writers ended by themselves");
        tokio::task::yield_now().await;
    }
    server.component.kill();
    for writer in writing {
        writer.await.expect("the answers are those of a server");
    }
}

/// Changes behind everybody's back, and then forgets how it was before: who goes on from there is told to list.
async fn forget(data: &Path) {
    let data = data.to_owned();
    let opened = tokio::task::spawn_blocking(move || Embedded::open(&data)).await;
    let store = opened.expect("it does not panic").expect("the server is gone");
    let all = store.list(Query::all(Prefix::everything())).await.expect("a list").value.items;
    let touched = all.into_iter().step_by(2);
    let touches = touched.map(|there| Write::replace(there.key, there.revision, there.value)).collect();
    for outcome in store.write(touches).await {
        outcome.expect("nobody else writes");
    }
    let now = store.barrier().await.expect("a revision");
    assert!(store.compact(now).await.expect("compacted") >= now);
}

/// Forgets all of etcd's past.
async fn compact(store: &Etcd) {
    let now = store.barrier().await.expect("a revision");
    assert!(store.compact(now).await.expect("compacted") >= now);
}
