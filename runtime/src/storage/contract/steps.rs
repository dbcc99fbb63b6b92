//! What the cases are told in.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::{
    At, Batch, Error, Event, Events, Expect, Key, Page, Prefix, Query, Read, Revision, Start, Storage,
    Stored, Write,
};

pub(super) type Store = Arc<dyn Storage>;

pub(super) fn key(name: &str) -> Key {
    Key::new(name)
}

pub(super) fn prefix(name: &str) -> Prefix {
    Prefix::new(name)
}

/// Writes, whatever is there.
pub(super) async fn put(store: &Store, name: &str, value: &str) -> Revision {
    let mut expect = Expect::Absent;
    loop {
        let write = Write { key: key(name), expect, value: Some(value.to_owned().into()) };
        match store.write(vec![write]).await.remove(0) {
            Ok(revision) => return revision,
            Err(Error::Conflict { current, .. }) => {
                expect = current.map_or(Expect::Absent, |current| Expect::Is(current.revision));
            }
            Err(why) => panic!("writing {name}: {why}"),
        }
    }
}

/// Deletes what is there.
pub(super) async fn remove(store: &Store, name: &str) -> Revision {
    let current =
        read(store, name, At::Latest).await.value.unwrap_or_else(|| panic!("{name} is not there to delete"));
    store.delete(key(name), current.revision).await.unwrap_or_else(|why| panic!("deleting {name}: {why}"))
}

pub(super) async fn read(store: &Store, name: &str, at: At) -> Read<Option<Stored>> {
    store.get(&key(name), at).await.unwrap_or_else(|why| panic!("getting {name} at {at:?}: {why}"))
}

/// The value as text.
pub(super) async fn value(store: &Store, name: &str, at: At) -> Option<String> {
    read(store, name, at).await.value.map(|stored| text(&stored.value))
}

pub(super) async fn list(store: &Store, query: Query) -> Read<Page> {
    let asked = format!("{query:?}");
    store.list(query).await.unwrap_or_else(|why| panic!("listing {asked}: {why}"))
}

/// All pages of a query, those behind the first at its revision.
pub(super) async fn pages(store: &Store, mut query: Query) -> Vec<Read<Page>> {
    let mut pages = Vec::new();
    loop {
        let page = list(store, query.clone()).await;
        if page.value.more {
            query = behind(&query, &page);
        }
        pages.push(page);
        if !pages.last().is_some_and(|page| page.value.more) {
            return pages;
        }
    }
}

/// The query for the page behind this one.
pub(super) fn behind(query: &Query, page: &Read<Page>) -> Query {
    let last = page.value.items.last().expect("a page with more is not empty");
    let from = format!("{}\0", last.key.under(&query.prefix).expect("under the prefix"));
    Query { from: Some(from.into()), at: At::Exactly(page.at), ..query.clone() }
}

/// `name=value` of every item, without the prefix.
pub(super) async fn contents(store: &Store, under: &str, at: At) -> Vec<String> {
    let read = list(store, Query { at, ..Query::all(prefix(under)) }).await;
    read.value
        .items
        .iter()
        .map(|item| format!("{}={}", &item.key.as_str()[under.len()..], text(&item.value)))
        .collect()
}

pub(super) fn keys(page: &Page) -> Vec<&str> {
    page.items.iter().map(|item| item.key.as_str()).collect()
}

pub(super) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

pub(super) async fn watch(store: &Store, under: &str, from: Start) -> Events {
    store
        .watch(&prefix(under), from, true)
        .await
        .unwrap_or_else(|why| panic!("watching {under} {from:?}: {why}"))
}

/// The current revision.
pub(super) async fn now(store: &Store) -> Revision {
    read(store, "g/nothing", At::Latest).await.at
}

pub(super) async fn batch(events: &mut Events) -> Batch {
    events.next().await.expect("the watch goes on").unwrap_or_else(|why| panic!("the watch ended: {why}"))
}

/// All events up to a revision, with the rules of every watch checked: rising revisions, none at or below `through`.
pub(super) async fn until(events: &mut Events, revision: Revision) -> Vec<Arc<Event>> {
    let mut seen: Vec<Arc<Event>> = Vec::new();
    let mut through = None;
    while through.is_none_or(|through| through < revision) {
        let next = batch(events).await;
        check_batch(&next, through);
        through = Some(next.through);
        seen.extend(next.events);
    }
    seen
}

/// All events up to now. Without the barrier a watch need not move when others write.
pub(super) async fn caught_up(store: &Store, events: &mut Events) -> Vec<Arc<Event>> {
    let barrier = store.barrier().await.unwrap_or_else(|why| panic!("a barrier: {why}"));
    until(events, barrier).await
}

pub(super) fn check_batch(batch: &Batch, before: Option<Revision>) {
    assert!(
        before.is_none_or(|before| before <= batch.through),
        "progress went back from {before:?}: {batch:?}"
    );
    let mut last = before;
    for event in &batch.events {
        assert!(last.is_none_or(|last| last < event.revision), "{} came after {last:?}", event.revision);
        assert!(event.revision <= batch.through, "{} is above its batch's {}", event.revision, batch.through);
        last = Some(event.revision);
    }
}

/// `name=value` of every event, `name-last` of deletions.
pub(super) fn told(events: &[Arc<Event>]) -> Vec<String> {
    let tell = |event: &Arc<Event>| match (&event.value, &event.previous) {
        (Some(value), _) => format!("{}={}", event.key, text(value)),
        (None, Some(last)) => format!("{}-{}", event.key, text(&last.value)),
        (None, None) => panic!("the deletion {event:?} lacks the last value"),
    };
    events.iter().map(tell).collect()
}

/// Applies events to what a list showed, and checks that each knows what it replaced.
pub(super) fn follow(state: &mut BTreeMap<Key, Stored>, events: &[Arc<Event>]) {
    for event in events {
        let before = match &event.value {
            Some(value) => {
                let (key, value) = (event.key.clone(), value.clone());
                let now = Stored { key, revision: event.revision, value, stale: false };
                state.insert(event.key.clone(), now)
            }
            None => state.remove(&event.key),
        };
        assert_eq!(before, event.previous, "what {} replaced at {}", event.key, event.revision);
    }
}

/// What a list shows, by key.
pub(super) async fn snapshot(store: &Store, under: &str) -> (BTreeMap<Key, Stored>, Revision) {
    let read = list(store, Query::all(prefix(under))).await;
    (read.value.items.into_iter().map(|item| (item.key.clone(), item)).collect(), read.at)
}
