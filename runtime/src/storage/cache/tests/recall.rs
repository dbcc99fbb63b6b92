//! The past of a cache that has begun: there once it was read, as far as it could be, and never in the way of the present.

use std::sync::Arc;

use super::flaky::Flaky;
use crate::storage::cache::Cache;
use crate::storage::view::{Changes, Scope, View as _};
use crate::storage::{At, Error, Key, Prefix, Query, Result, Revision, Start, Storage, Write};

/// Stretches of 50, 100, 200, 400, 800, and one that is not whole.
const WRITES: usize = 2500;
/// How many stretches are let through, ...
const STRETCHES: usize = 4;
/// ... and how many revisions are in them.
const NEWEST: usize = 750;

fn name(number: usize) -> String {
    format!("o{}", number % 10)
}

/// Creates, replaces and deletes a few objects; answers where it was before, and every revision.
async fn history(storage: &Flaky) -> Vec<Revision> {
    storage.be_far_away();
    let mut revisions = vec![storage.barrier().await.expect("a revision")];
    let mut there = [None; 10];
    for number in 0..WRITES {
        let (name, place) = (name(number), number % 10);
        let key = Key::new(format!("g/ks/a/{name}"));
        let value = format!(r#"{{"metadata":{{"name":"{name}"}},"x":{number}}}"#).into();
        let write = match there[place] {
            Some(revision) if number % 7 == 0 => Write::delete(key, revision),
            Some(revision) => Write::replace(key, revision, value),
            None => Write::create(key, value),
        };
        let deleted = write.value.is_none();
        let revision = storage.write(vec![write]).await.remove(0).expect("written");
        there[place] = (!deleted).then_some(revision);
        revisions.push(revision);
    }
    revisions
}

fn cache(storage: &Arc<Flaky>) -> Cache {
    Cache::new(Arc::clone(storage) as Arc<dyn Storage>, Prefix::new("g/ks/"), Vec::new())
}

async fn watch(cache: &Cache, after: Revision) -> Result<Changes> {
    cache.watch(&Scope::Under(Prefix::new("g/ks/")), Start::After(after)).await
}

/// The revisions of what is told, in order; what each change says was there before must be what was told last.
async fn told(mut changes: Changes, last: Revision) -> Vec<Revision> {
    let (mut told, mut there) = (Vec::new(), std::collections::HashMap::new());
    loop {
        let step = changes.next().await.expect("open").expect("a step");
        for change in &step.changes {
            told.push(change.revision());
            let now = change.after().map(|object| object.revision());
            let before = change.before().map(|object| object.revision());
            let key = change.after().or(change.before()).expect("one of them").key().clone();
            if let Some(known) = there.insert(key, now) {
                assert_eq!(known, before, "at {}", change.revision());
            }
        }
        if step.through >= last {
            return told;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_present_is_served_while_the_past_is_slow() {
    let storage = Flaky::new(false);
    let revisions = history(&storage).await;
    storage.let_past(STRETCHES);
    let cache = cache(&storage);
    let last = revisions[WRITES];
    let list = cache.list(Query::all(Prefix::new("g/ks/"))).await.expect("it is loaded");
    assert_eq!(list.at, last);
    // The newest stretches are there first; whoever wants more comes again, or waits until it is there.
    let late = watch(&cache, revisions[WRITES - 700]).await.expect("the newest stretches are there");
    assert_eq!(told(late, last).await, &revisions[WRITES - 699..]);
    for after in [revisions[0], revisions[WRITES - 800]] {
        let refused = watch(&cache, after).await.expect_err("not there yet");
        assert!(matches!(refused, Error::Loading { .. }), "{refused}");
    }
    let (early, ()) = tokio::join!(watch(&cache, revisions[0]), async { storage.let_past(WRITES) });
    assert_eq!(told(early.expect("all is there"), last).await, &revisions[1..]);
    // Nobody has to ask the storage for what it was.
    storage.compact(last).await.expect("compacted");
    for at in [revisions[0], revisions[1234], revisions[WRITES - 1]] {
        let list = cache.list(Query { at: At::Exactly(at), ..Query::all(Prefix::new("g/ks/")) }).await;
        assert_eq!(list.expect("a list").at, at);
    }
}

#[tokio::test(start_paused = true)]
async fn a_past_that_breaks_off_is_read_again() {
    let storage = Flaky::new(false);
    let revisions = history(&storage).await;
    storage.break_past(5);
    let cache = cache(&storage);
    let early = watch(&cache, revisions[0]).await.expect("all is there");
    assert_eq!(told(early, revisions[WRITES]).await, &revisions[1..]);
}

#[tokio::test(start_paused = true)]
async fn what_was_reached_stays_when_the_rest_cannot_be_read() {
    let storage = Flaky::new(false);
    let revisions = history(&storage).await;
    storage.let_past(STRETCHES);
    let cache = cache(&storage);
    let (last, reached) = (revisions[WRITES], revisions[WRITES - NEWEST]);
    told(watch(&cache, reached).await.expect("the newest stretches are there"), last).await;
    storage.break_past(usize::MAX);
    storage.let_past(usize::MAX >> 4);
    let refused = loop {
        match watch(&cache, revisions[0]).await.expect_err("it cannot be read") {
            Error::Loading { .. } => {}
            refused => break refused,
        }
    };
    assert_eq!(refused, Error::Compacted { asked: revisions[0], oldest: reached });
    assert_eq!(told(watch(&cache, reached).await.expect("it is there"), last).await.len(), NEWEST);
}

#[tokio::test(start_paused = true)]
async fn the_past_begins_where_the_storage_forgot_meanwhile() {
    let storage = Flaky::new(false);
    let revisions = history(&storage).await;
    storage.let_past(STRETCHES);
    let cache = cache(&storage);
    let (last, compacted) = (revisions[WRITES], revisions[1200]);
    told(watch(&cache, revisions[WRITES - NEWEST]).await.expect("the newest stretches"), last).await;
    assert_eq!(storage.compact(compacted).await, Ok(compacted));
    storage.let_past(WRITES);
    let refused = watch(&cache, revisions[1199]).await.expect_err("it is forgotten");
    assert_eq!(refused, Error::Compacted { asked: revisions[1199], oldest: compacted });
    let early = watch(&cache, compacted).await.expect("it is there");
    assert_eq!(told(early, last).await, &revisions[1201..]);
}

#[tokio::test(start_paused = true)]
async fn the_past_begins_behind_what_cannot_be_read() {
    let storage = Flaky::new(false);
    let before = storage.barrier().await.expect("a revision");
    let key = Key::new("g/ks/a/spoilt");
    let spoilt = storage.create(key.clone(), "k8s\0".into()).await.expect("written");
    let deleted = storage.delete(key, spoilt).await.expect("deleted");
    let revisions = history(&storage).await;
    let cache = cache(&storage);
    let refused = watch(&cache, before).await.expect_err("it cannot be told");
    assert_eq!(refused, Error::Compacted { asked: before, oldest: deleted });
    let early = watch(&cache, deleted).await.expect("it is there");
    assert_eq!(told(early, revisions[WRITES]).await, &revisions[1..]);
}
