//! Preconditions and outcomes.

use std::future::poll_fn;
use std::task::Poll;

use bytes::Bytes;

use super::super::{At, Error, Expect, Result, Revision, Start, Write};
use super::Subject;
use super::steps::{Store, batch, contents, key, now, put, read, remove, told, until, value, watch};

/// The revision of what a conflict found.
fn found(outcome: Result<Revision>, name: &str) -> Option<Revision> {
    match outcome {
        Err(Error::Conflict { key, current }) => {
            assert_eq!(key.as_str(), name);
            current.map(|current| {
                assert_eq!(current.key.as_str(), name);
                current.revision
            })
        }
        other => panic!("no conflict at {name} but {other:?}"),
    }
}

pub(super) async fn create_needs_absence(subject: Subject) {
    let store = subject.open().await;
    let before = now(&store).await;
    let created = store.create(key("g/r/a"), "1".into()).await.expect("it is absent");
    assert!(created > before);
    assert_eq!(found(store.create(key("g/r/a"), "2".into()).await, "g/r/a"), Some(created));
    match store.create(key("g/r/a"), "2".into()).await {
        Err(Error::Conflict { current: Some(current), .. }) => assert_eq!(current.value, "1"),
        other => panic!("{other:?}"),
    }
    assert_eq!(value(&store, "g/r/a", At::Latest).await.as_deref(), Some("1"));
}

pub(super) async fn replace_and_delete_need_the_revision(subject: Subject) {
    let store = subject.open().await;
    let first = put(&store, "g/r/a", "1").await;
    assert_eq!(found(store.replace(key("g/r/none"), first, "2".into()).await, "g/r/none"), None);
    assert_eq!(found(store.delete(key("g/r/none"), first).await, "g/r/none"), None);

    let second = store.replace(key("g/r/a"), first, "2".into()).await.expect("it is at that revision");
    assert!(second > first);
    assert_eq!(found(store.replace(key("g/r/a"), first, "3".into()).await, "g/r/a"), Some(second));
    assert_eq!(found(store.delete(key("g/r/a"), first).await, "g/r/a"), Some(second));
    let nonsense = Write { key: key("g/r/a"), expect: Expect::Absent, value: None };
    assert_eq!(found(store.write(vec![nonsense]).await.remove(0), "g/r/a"), Some(second));
    let nonsense = Write { key: key("g/r/none"), expect: Expect::Absent, value: None };
    assert_eq!(found(store.write(vec![nonsense]).await.remove(0), "g/r/none"), None);

    let deleted = store.delete(key("g/r/a"), second).await.expect("it is at that revision");
    assert!(deleted > second);
    assert_eq!(found(store.delete(key("g/r/a"), second).await, "g/r/a"), None);
    assert_eq!(found(store.replace(key("g/r/a"), second, "3".into()).await, "g/r/a"), None);
    assert!(now(&store).await >= deleted);
}

pub(super) async fn a_refused_write_leaves_no_trace(subject: Subject) {
    let store = subject.open().await;
    let mut events = watch(&store, "g/r/", Start::Now).await;
    let first = put(&store, "g/r/a", "1").await;
    let second = put(&store, "g/r/a", "2").await;
    let refused = vec![
        Write::create(key("g/r/a"), "refused".into()),
        Write::replace(key("g/r/a"), first, "refused".into()),
        Write::delete(key("g/r/a"), first),
        Write::replace(key("g/r/none"), second, "refused".into()),
        Write::delete(key("g/r/none"), second),
    ];
    for outcome in store.write(refused).await {
        assert!(matches!(outcome, Err(Error::Conflict { .. })), "{outcome:?}");
    }
    let last = put(&store, "g/r/last", "1").await;
    assert_eq!(told(&until(&mut events, last).await), ["g/r/a=1", "g/r/a=2", "g/r/last=1"]);
    assert_eq!(contents(&store, "g/r/", At::Latest).await, ["a=2", "last=1"]);
}

pub(super) async fn an_equal_value_is_written_all_the_same(subject: Subject) {
    let store = subject.open().await;
    let first = put(&store, "g/r/a", "same").await;
    let second = store.replace(key("g/r/a"), first, "same".into()).await.expect("it is at that revision");
    assert!(second > first);
    let stored = read(&store, "g/r/a", At::Latest).await.value.expect("it is there");
    assert_eq!(stored.revision, second);
    let mut events = watch(&store, "g/r/", Start::After(first)).await;
    let seen = until(&mut events, second).await;
    assert_eq!(told(&seen), ["g/r/a=same"]);
    assert_eq!(seen[0].previous.as_ref().map(|previous| previous.revision), Some(first));
}

pub(super) async fn a_deleted_key_can_be_created_again(subject: Subject) {
    let store = subject.open().await;
    let mut last = now(&store).await;
    for round in 0..5 {
        let created = store.create(key("g/r/a"), round.to_string().into()).await.expect("it is absent");
        let deleted = remove(&store, "g/r/a").await;
        assert!(last < created && created < deleted);
        last = deleted;
    }
    assert_eq!(contents(&store, "g/r/", At::Latest).await.len(), 0);
}

pub(super) async fn writes_of_one_call_stand_alone(subject: Subject) {
    let store = subject.open().await;
    assert_eq!(store.write(Vec::new()).await, []);
    let there = put(&store, "g/r/there", "1").await;
    let outcomes = store
        .write(vec![
            Write::create(key("g/r/new"), "1".into()),
            Write::create(key("g/r/there"), "2".into()),
            Write::replace(key("g/r/there"), there, "3".into()),
            Write::delete(key("g/r/none"), there),
            Write::create(key("g/r/newer"), "1".into()),
        ])
        .await;
    let [new, taken, replaced, none, newer] = outcomes.try_into().expect("an outcome for each write");
    let (new, replaced, newer) = (new.expect("absent"), replaced.expect("there"), newer.expect("absent"));
    // Those to different keys may be applied side by side, so their revisions are in any order.
    assert!([new, replaced, newer].iter().all(|revision| there < *revision));
    assert!(new != replaced && replaced != newer && newer != new);
    assert_eq!(found(taken, "g/r/there"), Some(there));
    assert_eq!(found(none, "g/r/none"), None);
    assert_eq!(contents(&store, "g/r/", At::Latest).await, ["new=1", "newer=1", "there=3"]);
    assert_eq!(
        read(&store, "g/r/there", At::Latest).await.value.map(|stored| stored.revision),
        Some(replaced)
    );
}

pub(super) async fn writes_of_one_call_see_each_other(subject: Subject) {
    let store = subject.open().await;
    let outcomes = store
        .write(vec![Write::create(key("g/r/a"), "1".into()), Write::create(key("g/r/a"), "2".into())])
        .await;
    let [first, second] = outcomes.try_into().expect("an outcome for each write");
    let first = first.expect("it is absent");
    assert_eq!(found(second, "g/r/a"), Some(first));
    assert_eq!(value(&store, "g/r/a", At::Latest).await.as_deref(), Some("1"));

    let outcomes = store
        .write(vec![
            Write::delete(key("g/r/a"), first),
            Write::replace(key("g/r/a"), first, "2".into()),
            Write::create(key("g/r/a"), "3".into()),
        ])
        .await;
    let [deleted, replaced, created] = outcomes.try_into().expect("an outcome for each write");
    assert_eq!(found(replaced, "g/r/a"), None);
    let (deleted, created) = (deleted.expect("it was there"), created.expect("it is absent"));
    assert!(first < deleted && deleted < created);
    assert_eq!(value(&store, "g/r/a", At::Latest).await.as_deref(), Some("3"));
}

pub(super) async fn too_large_is_not_written(subject: Subject) {
    let store = subject.open().await;
    let limit = store.facts().max_value;
    let mut events = watch(&store, "g/r/", Start::Now).await;
    match store.create(key("g/r/a"), Bytes::from(vec![b'x'; limit + 1])).await {
        Err(Error::TooLarge { size, limit: named }) => assert_eq!((size, named), (limit + 1, limit)),
        other => panic!("{other:?}"),
    }
    assert_eq!(read(&store, "g/r/a", At::Latest).await.value, None);
    let large = Bytes::from(vec![b'x'; limit]);
    let written = store.create(key("g/r/a"), large.clone()).await.expect("as large as it may be");
    let stored = read(&store, "g/r/a", At::Latest).await.value.expect("it is there");
    assert_eq!(stored.value.len(), limit);
    let written = store.replace(key("g/r/a"), written, large).await.expect("as large as what it replaces");
    let seen = until(&mut events, written).await;
    let sizes = seen.iter().map(|event| event.value.as_ref().map_or(0, Bytes::len));
    assert_eq!(sizes.collect::<Vec<_>>(), [limit, limit]);
}

pub(super) async fn a_dropped_write_is_carried_out(subject: Subject) {
    let store = subject.open().await;
    let mut events = watch(&store, "g/r/", Start::Now).await;
    for round in 0..20 {
        let name = format!("g/r/{round:02}");
        let mut write = store.create(key(&name), "1".into());
        poll_fn(|context| {
            let _ = write.as_mut().poll(context);
            Poll::Ready(())
        })
        .await;
        drop(write);
        let mut seen = Vec::new();
        while seen.is_empty() {
            seen = batch(&mut events).await.events;
        }
        assert_eq!(told(&seen), [format!("{name}=1")]);
    }
    assert_eq!(contents(&store, "g/r/", At::Latest).await.len(), 20);
}

pub(super) async fn one_of_racing_creates_wins(subject: Subject) {
    let store = subject.open().await;
    for round in 0..20 {
        let name = format!("g/r/{round}");
        let create = |writer: usize| {
            let (store, key) = (store.clone(), key(&name));
            tokio::spawn(async move { store.create(key, writer.to_string().into()).await })
        };
        let mut outcomes = Vec::new();
        for racer in (0..4).map(create).collect::<Vec<_>>() {
            outcomes.push(racer.await.expect("answered"));
        }
        let won: Vec<_> = outcomes.iter().filter_map(|outcome| outcome.as_ref().ok()).copied().collect();
        let [winner] = won[..] else { panic!("not one winner: {outcomes:?}") };
        for lost in outcomes.into_iter().filter(Result::is_err) {
            assert_eq!(found(lost, &name), Some(winner));
        }
    }
}

pub(super) async fn no_update_is_lost(subject: Subject) {
    let store = subject.open().await;
    put(&store, "g/r/count", "0").await;
    let writers: Vec<_> = (0..8).map(|_| tokio::spawn(count_up(store.clone(), 25))).collect();
    for writer in writers {
        writer.await.expect("every increment was written");
    }
    assert_eq!(value(&store, "g/r/count", At::Latest).await.as_deref(), Some("200"));
}

/// Adds one, as often as that, from whatever is there.
pub(super) async fn count_up(store: Store, times: usize) {
    let mut current = read(&store, "g/r/count", At::Latest).await.value.expect("it is there");
    let mut done = 0;
    while done < times {
        let number: usize = super::steps::text(&current.value).parse().expect("a number");
        let next = Bytes::from((number + 1).to_string());
        match store.replace(current.key.clone(), current.revision, next.clone()).await {
            Ok(revision) => {
                done += 1;
                (current.revision, current.value) = (revision, next);
            }
            Err(Error::Conflict { current: Some(newer), .. }) => {
                assert!(newer.revision > current.revision, "{} follows {}", newer.revision, current.revision);
                current = *newer;
            }
            Err(why) => panic!("{why}"),
        }
    }
}
