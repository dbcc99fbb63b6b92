//! Watches: each event once, in order, nothing missed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::task::JoinHandle;

use super::super::{Error, Revision, Start};
use super::Subject;
use super::steps::{Store, batch, caught_up, follow, now, prefix, put, remove, snapshot, told, until, watch};

pub(super) async fn from_now_sees_what_follows(subject: Subject) {
    let store = subject.open().await;
    let before = put(&store, "g/r/a", "1").await;
    let mut events = watch(&store, "g/r/", Start::Now).await;
    let first = batch(&mut events).await;
    assert!(first.events.is_empty() && first.through >= before, "{first:?}");
    put(&store, "g/r/a", "2").await;
    put(&store, "g/r/b", "1").await;
    let last = remove(&store, "g/r/a").await;
    let seen = until(&mut events, last).await;
    assert_eq!(told(&seen), ["g/r/a=2", "g/r/b=1", "g/r/a-2"]);
    assert!(
        seen[0]
            .previous
            .as_ref()
            .is_some_and(|previous| previous.revision == before && previous.value == "1")
    );
    assert_eq!(seen[1].previous, None);
}

pub(super) async fn after_a_revision_sees_what_followed(subject: Subject) {
    let store = subject.open().await;
    let empty = now(&store).await;
    let first = put(&store, "g/r/a", "1").await;
    put(&store, "g/r/a", "2").await;
    let deleted = remove(&store, "g/r/a").await;
    for (after, expected) in
        [(empty, &["g/r/a=1", "g/r/a=2", "g/r/a-2"][..]), (first, &["g/r/a=2", "g/r/a-2"]), (deleted, &[])]
    {
        let mut events = watch(&store, "g/r/", Start::After(after)).await;
        assert_eq!(told(&until(&mut events, deleted).await), expected, "after {after}");
    }
}

pub(super) async fn every_event_knows_what_it_replaced(subject: Subject) {
    let store = subject.open().await;
    let (empty, start) = snapshot(&store, "g/r/").await;
    let mut live = watch(&store, "g/r/", Start::Now).await;
    let mut states = vec![(empty, start)];
    for (name, value) in [("g/r/a", "1"), ("g/r/a", "2"), ("g/r/b", "1"), ("g/r/a", ""), ("g/r/a", "3")] {
        match value {
            "" => remove(&store, name).await,
            value => put(&store, name, value).await,
        };
        states.push(snapshot(&store, "g/r/").await);
    }
    let end = states[states.len() - 1].0.clone();
    let told_live = caught_up(&store, &mut live).await;
    assert_eq!(told_live.len(), 5);
    follow(&mut states[0].0.clone(), &told_live);
    for (number, (mut state, after)) in states.into_iter().enumerate() {
        let mut replayed = watch(&store, "g/r/", Start::After(after)).await;
        let seen = caught_up(&store, &mut replayed).await;
        assert_eq!(seen, told_live[number..], "after {after}");
        follow(&mut state, &seen);
        assert_eq!(state, end, "after {after}");
    }
}

pub(super) async fn a_deletion_has_the_last_value(subject: Subject) {
    let store = subject.open().await;
    let created = put(&store, "g/r/a", "last").await;
    let mut live = watch(&store, "g/r/", Start::Now).await;
    let deleted = remove(&store, "g/r/a").await;
    let mut replayed = watch(&store, "g/r/", Start::After(created)).await;
    for events in [&mut live, &mut replayed] {
        let seen = until(events, deleted).await;
        let [event] = &seen[..] else { panic!("{seen:?}") };
        assert_eq!((event.revision, &event.value), (deleted, &None));
        let previous = event.previous.as_ref().expect("asked for");
        assert_eq!((previous.revision, &previous.value[..]), (created, &b"last"[..]));
    }
}

pub(super) async fn a_watch_keeps_to_its_prefix(subject: Subject) {
    let store = subject.open().await;
    let start = now(&store).await;
    let mut live = watch(&store, "g/r/a/", Start::Now).await;
    for name in ["g/r/a-b/x", "g/r/a.b/x", "g/r/a/x", "g/r/ab/x", "g/rr/a/x", "g/r/a"] {
        put(&store, name, "1").await;
    }
    let last = put(&store, "g/r/a/y", "1").await;
    let mut replayed = watch(&store, "g/r/a/", Start::After(start)).await;
    for events in [&mut live, &mut replayed] {
        assert_eq!(told(&until(events, last).await), ["g/r/a/x=1", "g/r/a/y=1"]);
    }
    let mut all = watch(&store, "", Start::After(start)).await;
    assert_eq!(until(&mut all, last).await.len(), 7);
}

pub(super) async fn the_future_is_refused(subject: Subject) {
    let store = subject.open().await;
    let current = put(&store, "g/r/a", "1").await;
    let asked = Revision::new(current.get() + 1000).expect("not 0");
    let refused = store.watch(&prefix("g/r/"), Start::After(asked), false).await;
    assert!(matches!(refused, Err(Error::Future { .. })), "{refused:?}");
}

/// Changes some keys many times, with deletions, and answers the last revision.
pub(super) async fn churn(store: Store, writer: usize, rounds: usize) -> Revision {
    let mut last = None;
    for round in 0..rounds {
        let name = format!("g/r/{writer}-{}", round % 3);
        last = Some(put(&store, &name, &round.to_string()).await);
        if round % 5 == 4 {
            last = Some(remove(&store, &name).await);
        }
        // A store that is always ready would run one writer after the other.
        tokio::task::yield_now().await;
    }
    last.expect("at least one round")
}

pub(super) async fn concurrent_writes_come_complete_and_in_order(subject: Subject) {
    let store = subject.open().await;
    put(&store, "g/r/before", "1").await;
    let (mut state, from) = snapshot(&store, "g/r/").await;
    let mut live = watch(&store, "g/r/", Start::After(from)).await;
    let writers: Vec<_> = (0..8).map(|writer| tokio::spawn(churn(store.clone(), writer, 30))).collect();
    let mut last = from;
    for writer in writers {
        last = last.max(writer.await.expect("all written"));
    }
    let seen = until(&mut live, last).await;
    assert_eq!(seen.len(), 8 * (30 + 6));
    follow(&mut state, &seen);
    assert_eq!(state, snapshot(&store, "g/r/").await.0);
}

pub(super) async fn replay_joins_live_events_without_a_seam(subject: Subject) {
    let store = subject.open().await;
    let enough = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> =
        (0..4).map(|writer| tokio::spawn(churn_until(store.clone(), writer, Arc::clone(&enough)))).collect();
    let mut watches = Vec::new();
    while watches.len() < 50 && !writers.iter().all(JoinHandle::is_finished) {
        let (state, from) = snapshot(&store, "g/r/").await;
        watches.push((state, watch(&store, "g/r/", Start::After(from)).await));
        tokio::task::yield_now().await;
    }
    enough.store(true, Ordering::Relaxed);
    for writer in writers {
        writer.await.expect("all written");
    }
    let (end, _) = snapshot(&store, "g/r/").await;
    for (mut state, mut events) in watches {
        follow(&mut state, &caught_up(&store, &mut events).await);
        assert_eq!(state, end);
    }
}

/// Changes keys until it is enough, but not so often that a watch which nobody reads may fall behind.
async fn churn_until(store: Store, writer: usize, enough: Arc<AtomicBool>) -> Revision {
    let mut last = churn(store.clone(), writer, 1).await;
    for _ in 0..100 {
        if enough.load(Ordering::Relaxed) {
            break;
        }
        last = churn(store.clone(), writer, 5).await;
    }
    last
}
