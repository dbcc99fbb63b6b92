//! What the answers mean while the machinery fails: cases for subjects that say how they are hurt.

use std::collections::BTreeSet;
use std::time::Duration;

use super::super::{At, Error, Health, Revision, Start};
use super::steps::{Store, caught_up, contents, follow, key, now, put, remove, snapshot, text, until, watch};
use super::{Subject, Trouble};

/// How many failed writes are enough, and how many are tried for them.
const FAILURES: usize = 5;
const TRIES: usize = 200;

/// What became of writes, by the names of their keys.
#[derive(Default)]
struct Outcomes {
    written: BTreeSet<String>,
    refused: BTreeSet<String>,
    unknown: BTreeSet<String>,
}

impl Outcomes {
    fn failed(&self) -> usize {
        self.refused.len() + self.unknown.len()
    }
}

/// Writes keys of their own until enough of it failed.
async fn write_amid(store: &Store, trouble: Trouble) -> Outcomes {
    let mut outcomes = Outcomes::default();
    for number in 0..TRIES {
        if outcomes.failed() >= FAILURES {
            break;
        }
        let name = format!("g/r/{number:03}");
        let into = match store.create(key(&name), "1".into()).await {
            Ok(_) => &mut outcomes.written,
            Err(Error::Unavailable { .. } | Error::ReadOnly { .. }) => &mut outcomes.refused,
            Err(Error::Unknown { .. }) => &mut outcomes.unknown,
            Err(why) => panic!("{name} amid {trouble:?}: {why}"),
        };
        into.insert(name);
        tokio::task::yield_now().await;
    }
    assert!(outcomes.failed() > 0, "{TRIES} writes amid {trouble:?}, and none of them failed");
    outcomes
}

/// Waits until the store has recovered by itself: answers the revision of a write.
async fn recovered(store: &Store, from: Trouble) -> Revision {
    for attempt in 0.. {
        let name = format!("g/r/after-{from:?}-{attempt}");
        let written = store.create(key(&name), "1".into()).await;
        match written {
            Ok(revision) => return revision,
            Err(Error::Unavailable { .. } | Error::ReadOnly { .. } | Error::Unknown { .. }) => {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            Err(why) => panic!("writing after the trouble: {why}"),
        }
    }
    unreachable!("the case ends before that")
}

pub(super) async fn refused_is_not_written_and_unknown_may_be(subject: Subject) {
    if !subject.fails() {
        return;
    }
    let store = subject.open().await;
    for trouble in [Trouble::Writes, Trouble::Answers] {
        for name in contents(&store, "g/r/", At::Latest).await {
            let name = format!("g/r/{}", name.split('=').next().expect("a name"));
            remove(&store, &name).await;
        }
        let start = now(&store).await;
        subject.hurt(trouble).await;
        let outcomes = write_amid(&store, trouble).await;
        subject.hurt(Trouble::Over).await;
        let last = recovered(&store, trouble).await;

        let mut events = watch(&store, "g/r/", Start::After(start)).await;
        let log = until(&mut events, last).await;
        let mut appeared = BTreeSet::new();
        for event in log.iter().filter(|event| !event.key.as_str().starts_with("g/r/after")) {
            assert!(appeared.insert(event.key.as_str().to_owned()), "{} was written twice", event.key);
        }
        let lost: Vec<_> = outcomes.written.difference(&appeared).collect();
        assert!(lost.is_empty(), "{trouble:?}: acknowledged and lost: {lost:?}");
        let lied: Vec<_> = outcomes.refused.intersection(&appeared).collect();
        assert!(lied.is_empty(), "{trouble:?}: refused and written: {lied:?}");
        for name in &appeared {
            let known = outcomes.written.contains(name) || outcomes.unknown.contains(name);
            assert!(known, "{trouble:?}: {name} was never written");
        }
        let (mut table, _) = snapshot(&store, "g/r/").await;
        table.retain(|_, stored| stored.revision <= last);
        assert_eq!(table.len(), log.len(), "an unknown write is there if and only if its event is");
    }
}

pub(super) async fn reads_and_watches_stay_true(subject: Subject) {
    if !subject.fails() {
        return;
    }
    let store = subject.open().await;
    let before = put(&store, "g/r/before", "1").await;
    let (mut state, from) = snapshot(&store, "g/r/").await;
    let mut events = watch(&store, "g/r/", Start::After(from)).await;
    for trouble in [Trouble::Writes, Trouble::Answers] {
        subject.hurt(trouble).await;
        for number in 0..FAILURES {
            // Whatever becomes of it, the table and the watch tell the same.
            let _ = store.create(key(&format!("g/r/{trouble:?}-{number}")), "1".into()).await;
            match store.get(&key("g/r/before"), At::Latest).await {
                Ok(got) => {
                    let stored = got.value.expect("nobody deleted it");
                    assert_eq!((stored.revision, text(&stored.value)), (before, "1".into()));
                }
                Err(Error::Unavailable { .. } | Error::Timeout { .. } | Error::Unknown { .. }) => {}
                Err(why) => panic!("reading amid {trouble:?}: {why}"),
            }
        }
        subject.hurt(Trouble::Over).await;
        recovered(&store, trouble).await;
        let (table, at) = snapshot(&store, "g/r/").await;
        // What may be written may be written even now.
        let (seen, later): (Vec<_>, Vec<_>) =
            caught_up(&store, &mut events).await.into_iter().partition(|event| event.revision <= at);
        follow(&mut state, &seen);
        assert_eq!(state, table, "after {trouble:?}");
        follow(&mut state, &later);
    }
}

pub(super) async fn health_tells(subject: Subject) {
    if !subject.fails() {
        return;
    }
    let store = subject.open().await;
    let mut health = store.health();
    assert_eq!(*health.borrow(), Health::Ready);
    subject.hurt(Trouble::Writes).await;
    write_amid(&store, Trouble::Writes).await;
    let told = health.wait_for(|health| *health != Health::Ready).await;
    match &*told.expect("the store is open") {
        Health::ReadOnly(why) | Health::Down(why) => assert!(!why.is_empty(), "it does not say why"),
        Health::Ready => unreachable!("it was waited for"),
    }
    subject.hurt(Trouble::Over).await;
    recovered(&store, Trouble::Writes).await;
    health.wait_for(|health| *health == Health::Ready).await.expect("the store is open");
}
