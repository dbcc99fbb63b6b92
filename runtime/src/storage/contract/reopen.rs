//! What survives: cases for durable stores; the others pass by saying that they are not.

use super::super::{At, Error, Revision, Start};
use super::Subject;
use super::steps::{contents, key, now, prefix, put, read, remove, told, until, value, watch};

pub(super) async fn nothing_acknowledged_is_gone(subject: Subject) {
    let store = subject.open().await;
    if !store.facts().durable {
        return;
    }
    let mut written = Vec::new();
    for number in 0..50 {
        let name = format!("g/r/{number:02}");
        written.push((name.clone(), put(&store, &name, &number.to_string()).await));
    }
    remove(&store, "g/r/07").await;
    written[9].1 = put(&store, "g/r/09", "changed").await;
    let all = contents(&store, "g/r/", At::Latest).await;
    let end = now(&store).await;
    drop(store);

    let store = subject.open().await;
    assert_eq!(contents(&store, "g/r/", At::Latest).await, all);
    assert!(now(&store).await >= end);
    for (name, revision) in written.iter().filter(|(name, _)| name != "g/r/07") {
        let stored = read(&store, name, At::Latest).await.value.unwrap_or_else(|| panic!("{name} is gone"));
        assert_eq!(stored.revision, *revision, "{name}");
    }
    assert!(put(&store, "g/r/07", "again").await > end);
}

pub(super) async fn history_continues(subject: Subject) {
    let store = subject.open().await;
    if !store.facts().durable {
        return;
    }
    let first = put(&store, "g/r/a", "1").await;
    let second = put(&store, "g/r/a", "2").await;
    remove(&store, "g/r/a").await;
    put(&store, "g/r/b", "1").await;
    store.compact(first).await.expect("compacted");
    drop(store);

    let store = subject.open().await;
    let last = put(&store, "g/r/b", "2").await;
    let mut events = watch(&store, "g/r/", Start::After(first)).await;
    let seen = until(&mut events, last).await;
    assert_eq!(told(&seen), ["g/r/a=2", "g/r/a-2", "g/r/b=1", "g/r/b=2"]);
    assert!(
        seen[0].previous.as_ref().is_some_and(|previous| previous.revision == first && previous.value == "1")
    );
    assert_eq!(value(&store, "g/r/a", At::Exactly(second)).await.as_deref(), Some("2"));
    let below = Revision::new(first.get() - 1).expect("a store does not begin at 1 and write there");
    let refused = store.get(&key("g/r/a"), At::Exactly(below)).await;
    assert!(matches!(refused, Err(Error::Compacted { .. })), "{refused:?}");
}

pub(super) async fn revisions_do_not_go_back(subject: Subject) {
    let store = subject.open().await;
    if !store.facts().durable {
        return;
    }
    let empty = now(&store).await;
    drop(store);
    let store = subject.open().await;
    assert!(now(&store).await >= empty, "an empty store");
    put(&store, "g/r/a", "1").await;
    let deleted = remove(&store, "g/r/a").await;
    store.compact(deleted).await.expect("compacted");
    put(&store, "g/r/b", "1").await;
    let last = remove(&store, "g/r/b").await;
    store.compact(last).await.expect("compacted");
    drop(store);

    let store = subject.open().await;
    assert!(now(&store).await >= last, "deletions were the last writes, and are compacted");
    let floor = Revision::new(last.get() + 1_000_000).expect("not 0");
    store.raise(floor).await.expect("raised");
    let raised = now(&store).await;
    drop(store);

    let store = subject.open().await;
    assert!(now(&store).await >= raised);
    let refused = store.watch(&prefix("g/r/"), Start::After(floor), false).await;
    assert!(matches!(refused, Err(Error::Compacted { .. })), "{refused:?}");
    assert!(put(&store, "g/r/a", "1").await > raised);
}

pub(super) async fn closing_ends_watches(subject: Subject) {
    let store = subject.open().await;
    let mut events = watch(&store, "g/r/", Start::Now).await;
    drop(store);
    let mut ends = 0;
    while let Some(batch) = events.next().await {
        ends += usize::from(batch.is_err());
    }
    assert_eq!(ends, 1, "a watch ends with one error");
}
