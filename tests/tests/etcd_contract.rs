//! The storage contract on a real etcd.

use aggboot::storage::Storage;
use aggboot::storage::contract::{self, Subject, Trouble};
use aggboot::storage::etcd::{Config, Etcd};
use aggboot_tests::etcd::{self, Line, Relay};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// One etcd for all cases, a prefix for each, and a line to it that can be cut.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn etcd_keeps_the_contract() {
    let Some(etcd) = etcd::Etcd::start(&["--unsafe-no-fsync"]).await else { return };
    let relay = Arc::new(Relay::to(etcd.member.address()).await);
    let (etcd, cases) = (Arc::new(Mutex::new(etcd)), AtomicUsize::new(0));
    contract::run(|| {
        let case = cases.fetch_add(1, Ordering::Relaxed);
        subject(Arc::clone(&etcd), Arc::clone(&relay), format!("/case-{case}"))
    })
    .await;
}

/// Random histories of several tasks.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn soak_histories() {
    let Some(etcd) = etcd::Etcd::start(&["--unsafe-no-fsync"]).await else { return };
    let (url, stores) = (etcd.member.url(), AtomicUsize::new(0));
    contract::soak(|| {
        let config = config(url.clone(), format!("/soak-{}", stores.fetch_add(1, Ordering::Relaxed)));
        Subject::new(move || open(config.clone()))
    })
    .await;
}

/// A store that crashes with its etcd, and whose line to it fails.
fn subject(etcd: Arc<Mutex<etcd::Etcd>>, relay: Arc<Relay>, prefix: String) -> Subject {
    let config = config(format!("http://{}", relay.address()), prefix);
    let (line, cut) = (Arc::clone(&relay), Arc::clone(&relay));
    Subject::new(move || {
        line.set(Line::Up);
        open(config.clone())
    })
    .crashing(move || {
        // The handles of before do not come back.
        cut.set(Line::Down);
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

fn config(url: String, prefix: String) -> Config {
    let mut config = Config::new(vec![url], prefix);
    // The cases say themselves when.
    config.compaction_interval = Duration::ZERO;
    // There is no other member to wait for.
    config.patience = Duration::from_millis(100);
    config
}

async fn open(config: Config) -> Arc<dyn Storage> {
    Arc::new(Etcd::open(&config).await.unwrap_or_else(|error| panic!("opening {config:?}: {error}")))
}
