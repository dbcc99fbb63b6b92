//! The storage contract on a real etcd, as it is and behind the watch cache.

use aggboot::storage::cache::Through;
use aggboot::storage::contract::{self, Subject, Trouble};
use aggboot::storage::etcd::{Config, Etcd};
use aggboot::storage::{BoxFuture, Storage};
use aggboot_tests::etcd::{self, Line, Relay};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

/// How many cases run at a time. Nearly all of them is waiting.
const AT_ONCE: usize = 4;

/// What a server has of a store.
type Layer = fn(Arc<Etcd>) -> BoxFuture<'static, Arc<dyn Storage>>;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn etcd_keeps_the_contract() {
    let Some(machineries) = machineries(AT_ONCE).await else { return };
    contract::run_side_by_side(machineries.into_iter().map(|machinery| move || machinery.subject(as_it_is)))
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cache_over_etcd_keeps_the_contract() {
    let Some(machineries) = machineries(AT_ONCE).await else { return };
    contract::run_side_by_side(machineries.into_iter().map(|machinery| {
        // A replica that did not compact itself still knows.
        move || machinery.subject(behind_a_cache).remembering()
    }))
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn soak_etcd_keeps_the_order_of_random_calls() {
    play(|machinery| machinery.subject(as_it_is)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn soak_a_cache_over_etcd_keeps_the_order_of_random_calls() {
    play(|machinery| machinery.subject(behind_a_cache).remembering()).await;
}

/// Each of their calls goes through etcd: fewer than elsewhere, and in the long run several at a time.
async fn play(subject: impl Fn(&Machinery) -> Subject) {
    let (lanes, histories) = if aggboot_tests::long_run() { (AT_ONCE, 500) } else { (1, 20) };
    let Some(machineries) = machineries(lanes).await else { return };
    let lanes = machineries.iter().map(|machinery| contract::play(|| subject(machinery), histories / lanes));
    futures::future::join_all(lanes).await;
}

fn as_it_is(store: Arc<Etcd>) -> BoxFuture<'static, Arc<dyn Storage>> {
    Box::pin(std::future::ready(store as Arc<dyn Storage>))
}

/// As a server that is ready.
fn behind_a_cache(store: Arc<Etcd>) -> BoxFuture<'static, Arc<dyn Storage>> {
    Box::pin(async move {
        let store = Through::new(store);
        store.loaded().await;
        Arc::new(store) as Arc<dyn Storage>
    })
}

/// One etcd for the cases that run one after the other, a prefix for each, and a line to it that can be cut.
struct Machinery {
    etcd: Arc<Mutex<etcd::Etcd>>,
    relay: Arc<Relay>,
    cases: AtomicUsize,
}

async fn machineries(count: usize) -> Option<Vec<Machinery>> {
    let mut all = Vec::with_capacity(count);
    while all.len() < count {
        let etcd = etcd::Etcd::start(&["--unsafe-no-fsync"]).await?;
        let relay = Arc::new(Relay::to(etcd.member.address()).await);
        all.push(Machinery { etcd: Arc::new(Mutex::new(etcd)), relay, cases: AtomicUsize::new(0) });
    }
    Some(all)
}

impl Machinery {
    /// A store that crashes together with its etcd, and whose line to it fails.
    fn subject(&self, layer: Layer) -> Subject {
        let case = self.cases.fetch_add(1, Ordering::Relaxed);
        let config = config(format!("http://{}", self.relay.address()), format!("/case-{case}"));
        let (etcd, relay) = (Arc::clone(&self.etcd), Arc::clone(&self.relay));
        let (line, cut) = (Arc::clone(&relay), Arc::clone(&relay));
        let handles = Arc::new(Mutex::new(Vec::<Weak<Etcd>>::new()));
        let opened = Arc::clone(&handles);
        Subject::new(move || {
            line.set(Line::Up);
            let (config, opened) = (config.clone(), Arc::clone(&opened));
            async move {
                let store = open(config).await;
                opened.lock().expect("nobody panics with it").push(Arc::downgrade(&store));
                layer(store).await
            }
        })
        .crashing(move || {
            // The end of our process, whatever is under way; then that of etcd's.
            cut.set(Line::Down);
            for store in handles.lock().expect("nobody panics with it").drain(..) {
                if let Some(store) = store.upgrade() {
                    store.close();
                }
            }
            let member = &mut etcd.lock().expect("nobody panics with it").member;
            member.kill();
            member.spawn_again();
            std::future::ready(())
        })
        .failing(move |trouble| {
            relay.set(match trouble {
                Trouble::Over => Line::Up,
                Trouble::Writes => Line::Down,
                Trouble::Answers => Line::Unanswered,
            });
            std::future::ready(())
        })
    }
}

fn config(url: String, prefix: String) -> Config {
    let mut config = Config::new(vec![url], prefix);
    // The cases say themselves when.
    config.compaction_interval = Duration::ZERO;
    // There is no other member to wait for.
    config.patience = Duration::from_millis(100);
    config
}

async fn open(config: Config) -> Arc<Etcd> {
    Arc::new(Etcd::open(&config).await.unwrap_or_else(|error| panic!("opening {config:?}: {error}")))
}
