//! Forgetting the past, and lifting the present above another life's revisions.

use super::super::{At, Error, Query, Revision, Start, Write};
use super::Subject;
use super::steps::{Store, batch, contents, key, now, prefix, put, remove, text, told, until, value, watch};

/// That every way of asking for that past is refused, except by those who may remember.
pub(super) async fn assert_forgotten(store: &Store, asked: Revision, remembered: bool) {
    let get = store.get(&key("g/r/a"), At::Exactly(asked)).await.map(drop);
    let list = store.list(Query { at: At::Exactly(asked), ..Query::all(prefix("g/r/")) }).await.map(drop);
    let watch = store.watch(&prefix("g/r/"), Start::After(asked), true).await.map(drop);
    for outcome in [get, list, watch] {
        match outcome {
            Err(Error::Compacted { asked: named, oldest }) => assert!(named == asked && oldest > asked),
            Ok(()) if remembered => {}
            other => panic!("{asked} should be compacted: {other:?}"),
        }
    }
}

pub(super) async fn compaction_forgets_what_is_below(subject: Subject) {
    let store = subject.open().await;
    let empty = now(&store).await;
    let first = put(&store, "g/r/a", "1").await;
    let second = put(&store, "g/r/a", "2").await;
    put(&store, "g/r/b", "1").await;
    let third = put(&store, "g/r/a", "3").await;

    let compacted = store.compact(second).await.expect("compacted");
    assert!(compacted >= second);
    for asked in [empty, first] {
        assert_forgotten(&store, asked, subject.remembers()).await;
    }
    assert_eq!(value(&store, "g/r/a", At::Exactly(second)).await.as_deref(), Some("2"));
    assert_eq!(contents(&store, "g/r/", At::Exactly(second)).await, ["a=2"]);
    let mut events = watch(&store, "g/r/", Start::After(second)).await;
    let seen = until(&mut events, third).await;
    assert_eq!(told(&seen), ["g/r/b=1", "g/r/a=3"]);
    assert_eq!(
        seen[1].previous.as_ref().map(|previous| (previous.revision, text(&previous.value))),
        Some((second, "2".into()))
    );

    let again = store.compact(first).await.expect("compacted");
    assert!(again >= compacted, "compaction went back from {compacted} to {again}");
    assert!(store.compact(third).await.expect("compacted") >= third);
    assert_forgotten(&store, second, subject.remembers()).await;
    assert_eq!(contents(&store, "g/r/", At::Exactly(third)).await, ["a=3", "b=1"]);
    assert_eq!(contents(&store, "g/r/", At::Latest).await, ["a=3", "b=1"]);
}

pub(super) async fn compaction_stops_at_the_present(subject: Subject) {
    let store = subject.open().await;
    put(&store, "g/r/a", "1").await;
    let last = remove(&store, "g/r/a").await;
    let beyond = Revision::new(last.get() + 1000).expect("not 0");
    let compacted = store.compact(beyond).await.expect("compacted");
    assert!(last <= compacted && compacted <= now(&store).await, "compacted through {compacted}");
    let next = put(&store, "g/r/a", "2").await;
    assert!(next > last && next < beyond);
    assert_eq!(value(&store, "g/r/a", At::Exactly(next)).await.as_deref(), Some("2"));
}

pub(super) async fn compaction_leaves_open_watches_alone(subject: Subject) {
    let store = subject.open().await;
    let mut events = watch(&store, "g/r/", Start::Now).await;
    batch(&mut events).await;
    put(&store, "g/r/a", "1").await;
    let second = put(&store, "g/r/a", "2").await;
    store.compact(second).await.expect("compacted");
    let third = put(&store, "g/r/a", "3").await;
    assert_eq!(told(&until(&mut events, third).await), ["g/r/a=1", "g/r/a=2", "g/r/a=3"]);
}

pub(super) async fn compaction_of_much_history_keeps_what_lives(subject: Subject) {
    let store = subject.open().await;
    for round in 0..20 {
        let writes =
            (0..50).map(|number| Write::create(key(&format!("g/r/{round}/{number:02}")), "1".into()));
        let outcomes = store.write(writes.collect()).await;
        let deletions = outcomes.into_iter().enumerate().filter(|(number, _)| number % 10 != 0);
        let delete = |(number, outcome): (usize, Result<Revision, Error>)| {
            Write::delete(key(&format!("g/r/{round}/{number:02}")), outcome.expect("created"))
        };
        for outcome in store.write(deletions.map(delete).collect()).await {
            outcome.expect("deleted");
        }
    }
    let all = contents(&store, "g/r/", At::Latest).await;
    assert_eq!(all.len(), 100);
    store.compact(now(&store).await).await.expect("compacted");
    // Space is given back while writes go on.
    for round in 0..20 {
        put(&store, "g/other/a", &round.to_string()).await;
    }
    assert_eq!(contents(&store, "g/r/", At::Latest).await, all);
    if store.facts().durable {
        drop(store);
        assert_eq!(contents(&subject.open().await, "g/r/", At::Latest).await, all);
    }
}

pub(super) async fn raise_lifts_every_later_revision(subject: Subject) {
    let store = subject.open().await;
    let before = put(&store, "g/r/a", "1").await;
    let mut events = watch(&store, "g/r/", Start::Now).await;
    let floor = Revision::new(before.get() + 1_000_000).expect("not 0");
    store.raise(floor).await.expect("raised");

    assert!(now(&store).await > floor);
    assert_forgotten(&store, before, subject.remembers()).await;
    // What a client of another life holds is no memory of anybody's.
    assert_forgotten(&store, floor, false).await;
    assert_eq!(contents(&store, "g/r/", At::Latest).await, ["a=1"]);
    assert_eq!(value(&store, "g/r/a", At::NotBefore(floor)).await.as_deref(), Some("1"));
    let mut later = watch(&store, "g/r/", Start::After(now(&store).await)).await;
    // A record keeps the revision of its write, and that is what a replacement names.
    let next = store.replace(key("g/r/a"), before, "2".into()).await.expect("at that revision");
    assert!(next > floor);
    assert_eq!(told(&until(&mut later, next).await), ["g/r/a=2"]);
    // One from before goes on without a gap, or ends.
    loop {
        match events.next().await.expect("no end without an error") {
            Ok(batch) if batch.events.is_empty() => assert!(batch.through < next, "a gap at {next}"),
            Ok(batch) => break assert_eq!(told(&batch.events), ["g/r/a=2"]),
            Err(error) => break assert!(matches!(error, Error::Compacted { .. }), "{error}"),
        }
    }
    let barrier = store.barrier().await.expect("a revision");
    assert!(barrier >= next);
}

pub(super) async fn raise_below_the_present_forgets_only(subject: Subject) {
    let store = subject.open().await;
    let floor = put(&store, "g/r/a", "1").await;
    put(&store, "g/r/a", "2").await;
    let third = put(&store, "g/r/a", "3").await;
    store.raise(floor).await.expect("raised");
    assert_forgotten(&store, floor, subject.remembers()).await;
    assert!(now(&store).await >= third);
    assert_eq!(value(&store, "g/r/a", At::Latest).await.as_deref(), Some("3"));
    assert!(put(&store, "g/r/a", "4").await > third);
}
