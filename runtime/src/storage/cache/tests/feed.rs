//! A cache over a store that comes and goes.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;

use super::flaky::Flaky;
use crate::object::Object;
use crate::storage::cache::shared::Shared;
use crate::storage::cache::window::Keep;
use crate::storage::cache::{Cache, feed};
use crate::storage::view::{Changes, Scope, View as _};
use crate::storage::{At, Error, Key, Prefix, Query, Revision, Start, Storage, Write};

fn cache(storage: &Arc<Flaky>) -> Cache {
    Cache::new(Arc::clone(storage) as Arc<dyn Storage>, Prefix::new("g/ks/"), Vec::new())
}

fn create(name: &str) -> Write {
    let value = format!(r#"{{"metadata":{{"name":"{name}"}}}}"#).into();
    Write::create(Key::new(format!("g/ks/a/{name}")), value)
}

async fn put(storage: &Flaky, name: &str) -> Revision {
    storage.write(vec![create(name)]).await.remove(0).expect("written")
}

fn everything() -> Query {
    Query::all(Prefix::new("g/ks/"))
}

fn scopes() -> [Scope; 2] {
    [Scope::Under(Prefix::new("g/ks/")), Scope::Under(Prefix::new("g/ks/a/"))]
}

/// The names of what came until a revision was passed.
async fn until(changes: &mut Changes, revision: Revision) -> Vec<String> {
    let mut names = Vec::new();
    loop {
        let step = changes.next().await.expect("open").expect("a step");
        let objects = step.changes.iter().filter_map(|change| change.after());
        names.extend(objects.map(|object| object.name().to_owned()));
        if step.through >= revision {
            return names;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_breaks_off_is_taken_up_again_without_a_gap() {
    let storage = Flaky::new(false);
    let cache = cache(&storage);
    put(&storage, "before").await;
    let [all, some] = scopes();
    let mut watches = [
        cache.watch(&all, Start::Now).await.expect("open"),
        cache.watch(&some, Start::Now).await.expect("open"),
    ];
    put(&storage, "one").await;
    storage.take_down();
    let last = put(&storage, "two").await;
    storage.bring_up();
    for changes in &mut watches {
        assert_eq!(until(changes, last).await, ["one", "two"]);
    }
    assert_eq!(cache.list(everything()).await.expect("a list").value.items.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_was_too_slow_is_taken_up_again() {
    let storage = Flaky::new(false);
    let cache = cache(&storage);
    let mut last = put(&storage, "before").await;
    let [all, _] = scopes();
    let mut changes = cache.watch(&all, Start::Now).await.expect("open");
    for name in ["one", "two", "three", "four", "five"] {
        storage.cut(Error::Compacted { asked: last, oldest: last.next() });
        last = put(&storage, name).await;
        assert_eq!(until(&mut changes, last).await, [name]);
    }
    // One that ends again and again before it brings anything is another matter.
    let ended = async {
        loop {
            storage.cut(Error::Compacted { asked: last, oldest: last.next() });
            let next = tokio::time::timeout(Duration::from_secs(1), changes.next());
            if let Ok(Some(Err(error))) = next.await {
                break error;
            }
        }
    };
    let ended = tokio::time::timeout(Duration::from_secs(60), ended).await.expect("an end");
    assert!(matches!(ended, Error::Compacted { .. }), "{ended}");
    assert_eq!(cache.list(everything()).await.expect("a list").value.items.len(), 6);
}

#[tokio::test(start_paused = true)]
async fn watches_end_before_what_they_saw_is_loaded_anew() {
    let storage = Flaky::new(false);
    let cache = cache(&storage);
    let revision = put(&storage, "before").await;
    let mut watches = Vec::new();
    for scope in scopes() {
        watches.push(cache.watch(&scope, Start::Now).await.expect("open"));
    }
    // No watch gets past it, and nothing can be loaded.
    let why = "the test wants it so".to_owned();
    storage.cut(Error::Corrupt { key: Key::new("g/ks/a/before"), revision, why });
    storage.refuse();
    for changes in &mut watches {
        let ended = loop {
            let next = tokio::time::timeout(Duration::from_secs(60), changes.next());
            if let Err(error) = next.await.expect("it is told").expect("an end") {
                break error;
            }
        };
        assert!(matches!(ended, Error::Compacted { .. }), "{ended}");
    }
    let [all, _] = scopes();
    let refused = cache.watch(&all, Start::After(revision)).await.expect_err("not loaded");
    assert!(matches!(refused, Error::Loading { .. }), "{refused}");
    storage.bring_up();
    assert_eq!(cache.list(everything()).await.expect("a list").value.items.len(), 1);
}

/// What another writer has put there is no object: whoever knew the object before must list.
#[tokio::test(start_paused = true)]
async fn nobody_goes_on_from_before_a_record_that_cannot_be_read() {
    let storage = Flaky::new(false);
    let cache = cache(&storage);
    let before = put(&storage, "a").await;
    let key = Key::new("g/ks/a/a");
    let [all, _] = scopes();
    let mut changes = cache.watch(&all, Start::After(before)).await.expect("open");
    let spoilt = storage.replace(key.clone(), before, "k8s\0".into()).await.expect("written");
    let last = put(&storage, "b").await;
    let ended = loop {
        if let Err(error) = changes.next().await.expect("an end") {
            break error;
        }
    };
    assert!(matches!(&ended, Error::Corrupt { why, .. } if why.contains("protobuf")), "{ended}");
    let late = cache.watch(&all, Start::After(before)).await.expect_err("an object is gone untold");
    assert_eq!(late, Error::Compacted { asked: before, oldest: spoilt });
    let mut later = cache.watch(&all, Start::After(spoilt)).await.expect("open");
    assert_eq!(until(&mut later, last).await, ["b"]);
    // The past was as it was; the present has a record that cannot be read.
    let past = cache.list(Query { at: At::Exactly(before), ..everything() }).await.expect("a list");
    assert_eq!(past.value.items.iter().map(|object| object.name()).collect::<Vec<_>>(), ["a"]);
    let read = cache.get(&key, At::Exactly(before)).await.expect("an answer").value;
    assert_eq!(read.map(|object| object.revision()), Some(before));
    for at in [At::Latest, At::Exactly(spoilt)] {
        let refused = cache.list(Query { at, ..everything() }).await.expect_err("not all can be read");
        assert!(matches!(refused, Error::Corrupt { revision, .. } if revision == spoilt), "{refused}");
    }
    storage.delete(key, spoilt).await.expect("deleted");
    assert_eq!(cache.list(everything()).await.expect("a list").value.items.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_taken_up_again_is_loaded_anew() {
    let storage = Flaky::new(false);
    let cache = cache(&storage);
    put(&storage, "before").await;
    let [all, some] = scopes();
    let mut watches = [
        cache.watch(&all, Start::Now).await.expect("open"),
        cache.watch(&some, Start::Now).await.expect("open"),
    ];
    storage.take_down();
    put(&storage, "lost").await;
    let last = put(&storage, "last").await;
    storage.compact(last).await.expect("compacted");
    storage.bring_up();
    for changes in &mut watches {
        let ended = loop {
            match changes.next().await.expect("an end") {
                Ok(step) => assert!(step.changes.is_empty()),
                Err(error) => break error,
            }
        };
        assert!(matches!(ended, Error::Compacted { .. }), "{ended}");
        assert!(changes.next().await.is_none());
    }
    assert_eq!(cache.list(everything()).await.expect("a list").value.items.len(), 3);
    let mut again = cache.watch(&all, Start::After(last)).await.expect("open");
    let next = put(&storage, "next").await;
    assert_eq!(until(&mut again, next).await, ["next"]);
}

#[tokio::test(start_paused = true)]
async fn until_it_is_loaded_lists_are_put_off_and_objects_are_asked_of_the_storage() {
    let storage = Flaky::new(true);
    let cache = cache(&storage);
    put(&storage, "a").await;
    let read = cache.get(&Key::new("g/ks/a/a"), At::Latest).await.expect("an answer");
    assert!(read.value.is_some());
    let refused = cache.list(everything()).await.expect_err("not loaded");
    assert!(matches!(refused, Error::Loading { .. }), "{refused}");
    storage.bring_up();
    assert_eq!(cache.list(everything()).await.expect("a list").value.items.len(), 1);
}

/// A store of several servers, whose watches are behind what the storage answered.
#[tokio::test(start_paused = true)]
async fn what_was_read_before_it_was_loaded_does_not_go_back() {
    let storage = Flaky::new(true);
    let cache = cache(&storage);
    put(&storage, "a").await;
    let read = cache.get(&Key::new("g/ks/a/a"), At::Any).await.expect("an answer");
    cache.shared.tell(read.at.next());
    storage.bring_up();
    cache.loaded().await;
    let (again, last) = tokio::join!(
        async { cache.get(&Key::new("g/ks/a/a"), At::Any).await.expect("an answer").at },
        async { put(&storage, "b").await }
    );
    assert!(again >= last && last > read.at, "{again} after {last}");
}

#[tokio::test(start_paused = true)]
async fn a_cache_begins_with_the_history_of_its_storage() {
    let storage = Flaky::new(false);
    let start = storage.barrier().await.expect("a revision");
    let first = put(&storage, "one").await;
    let deleted = storage.delete(Key::new("g/ks/a/one"), first).await.expect("deleted");
    let last = put(&storage, "two").await;
    let cache = cache(&storage);
    let [all, _] = scopes();
    let mut changes = cache.watch(&all, Start::After(start)).await.expect("open");
    assert_eq!(until(&mut changes, last).await, ["one", "two"]);
    for (at, expected) in [(start, 0), (first, 1), (deleted, 0), (last, 1)] {
        let list = cache.list(Query { at: At::Exactly(at), ..everything() }).await.expect("a list");
        assert_eq!((list.at, list.value.items.len()), (at, expected));
    }
}

#[tokio::test(start_paused = true)]
async fn an_own_write_is_one_object_for_everybody() {
    let storage = Flaky::new(false);
    let cache = cache(&storage);
    let [all, _] = scopes();
    let mut changes = cache.watch(&all, Start::Now).await.expect("open");
    let written = cache.write(create("a")).await.expect("written").expect("an object");
    let read = cache.get(written.key(), At::Any).await.expect("an answer").value.expect("there");
    let told: Arc<Object> = loop {
        let step = changes.next().await.expect("open").expect("a step");
        if let Some(change) = step.changes.first() {
            break Arc::clone(change.after().expect("created"));
        }
    };
    assert!(Arc::ptr_eq(&written, &read) && Arc::ptr_eq(&written, &told));
}

#[tokio::test(start_paused = true)]
async fn the_newest_is_asked_of_the_storage_while_the_feed_is_late() {
    let storage = Flaky::new(false);
    let cache = cache(&storage);
    let first = put(&storage, "a").await;
    cache.list(everything()).await.expect("loaded");
    storage.take_down();
    let last = put(&storage, "b").await;
    let key = Key::new("g/ks/a/b");
    let read = cache.get(&key, At::Latest).await.expect("the storage answers");
    assert_eq!(read.value.map(|object| object.revision()), Some(last));
    let listed = cache.list(everything()).await.expect_err("the storage is asked, and lists nothing now");
    assert!(matches!(listed, Error::Unavailable { .. }), "{listed}");
    // Whoever names a revision waits for it.
    let refused = cache.get(&key, At::NotBefore(last)).await.expect_err("the feed is not there");
    assert_eq!(refused, Error::Future { asked: last, current: first });
}

#[tokio::test(start_paused = true)]
async fn the_newest_is_listed_once_for_all_who_wait_for_it() {
    let storage = Flaky::new(false);
    let cache = cache(&storage);
    put(&storage, "a").await;
    cache.list(everything()).await.expect("loaded");
    storage.fall_mute();
    let last = put(&storage, "b").await;
    storage.lists();
    for read in join_all((0..20).map(|_| cache.list(everything()))).await {
        let read = read.expect("the storage answers");
        assert!(read.at >= last);
        assert_eq!(read.value.items.len(), 2);
    }
    assert_eq!(storage.lists(), 1);
    // What was answered before is not the newest any more.
    put(&storage, "c").await;
    assert_eq!(cache.list(everything()).await.expect("the storage answers").value.items.len(), 3);
    // Its pages are, at its revision.
    let page = cache.list(Query { limit: 2, ..everything() }).await.expect("the storage answers");
    put(&storage, "d").await;
    let next = Query { from: Some("a/b\0".into()), at: At::Exactly(page.at), ..everything() };
    let next = cache.list(next).await.expect("the storage answers");
    assert_eq!((page.value.items.len(), next.value.items.len(), next.at), (2, 1, page.at));
    let got = cache.get(&Key::new("g/ks/a/b"), At::Exactly(page.at)).await.expect("the storage answers");
    assert_eq!(got.value.map(|object| object.revision()), Some(last));
    // Whoever waited while it failed does not try again.
    storage.refuse();
    storage.lists();
    for refused in join_all((0..20).map(|_| cache.list(everything()))).await {
        assert!(matches!(refused, Err(Error::Unavailable { .. })), "{refused:?}");
    }
    assert_eq!(storage.lists(), 1);
    storage.bring_up();
    assert_eq!(cache.list(everything()).await.expect("here again").value.items.len(), 4);
}

#[tokio::test(start_paused = true)]
async fn what_the_storage_lists_instead_is_read_in_parts() {
    let storage = Flaky::new(false);
    let cache = cache(&storage);
    cache.list(everything()).await.expect("loaded");
    storage.fall_mute();
    for name in ["a", "b", "c", "d"] {
        let value = format!(r#"{{"metadata":{{"name":"{name}"}},"x":"{}"}}"#, "x".repeat(700 << 10)).into();
        let write = Write::create(Key::new(format!("g/ks/a/{name}")), value);
        storage.write(vec![write]).await.remove(0).expect("written");
    }
    storage.lists();
    // how many are asked for at most, how many come, how many remain, how often the storage is asked
    for (limit, items, remaining, lists) in [(0, 4, 0, 4), (3, 3, 1, 3), (1, 1, 3, 1), (9, 4, 0, 4)] {
        let list = cache.list(Query { limit, count: true, ..everything() }).await.expect("an answer").value;
        assert_eq!((list.items.len(), list.more, list.remaining), (items, remaining > 0, Some(remaining)));
        assert_eq!(storage.lists(), lists, "{limit}");
    }
}

/// Nothing comes any more: what the last burst left behind goes nevertheless.
#[tokio::test(start_paused = true)]
async fn what_is_too_old_leaves_an_idle_cache() {
    let storage = Flaky::new(false);
    let keep = Keep { age: Duration::ZERO, count: 3, bytes: usize::MAX };
    let feed_of = Arc::clone(&storage) as Arc<dyn Storage>;
    let shared = Arc::new(Shared::new(feed_of, Prefix::new("g/ks/"), Vec::new(), keep));
    let feed = tokio::spawn(feed::run(Arc::clone(&shared)));
    shared.loaded().await.expect("loaded");
    let mut last = Revision::FIRST;
    let writes = (0..200).map(|number| create(&format!("o{number}"))).collect();
    for written in storage.write(writes).await {
        last = written.expect("written");
    }
    shared.reach(last).await.expect("applied");
    let left = async {
        while shared.log().window().from(0).count() > keep.count {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(600), left).await.expect("nothing but what is to be kept");
    feed.abort();
}
