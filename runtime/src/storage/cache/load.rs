//! Reading everything: the present page by page, then the recent past.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::contents::Contents;
use super::shared::{Corrupt, Shared};
use super::window::Window;
use crate::object::Object;
use crate::storage::view::Change;
use crate::storage::{At, Error, Event, Events, Key, Query, Result, Revision, Start, Stored};

/// How many bytes are read at once.
const PAGE: usize = 1 << 20;
/// How far back the past goes: at most so many changes, about what a window has room for.
const PAST: u64 = 20_000;
/// How long the past may take: without it, watches from before the start have to begin anew.
const PATIENCE: Duration = Duration::from_secs(10);

/// Loads a cache; answers the events that follow.
pub(super) async fn load(shared: &Shared) -> Result<Events> {
    let begun = Instant::now();
    shared.own.clear();
    let contents = present(shared).await?;
    let at = contents.at;
    let window = match tokio::time::timeout(PATIENCE, past(shared, &contents)).await {
        Ok(Ok(window)) => window,
        failed => {
            let why =
                failed.map_or_else(|_| "it took too long".to_owned(), |past| format!("{:?}", past.err()));
            tracing::debug!(prefix = %shared.root, why, "no history could be read");
            Window::new(at, shared.keep)
        }
    };
    let events = shared.storage.watch(&shared.root, Start::After(at), false).await?;
    let (prefix, objects, ms) = (&shared.root, contents.len(), begun.elapsed().as_millis());
    tracing::debug!(%prefix, objects, changes = window.end() - window.first(), ms, "cached");
    shared.replace(contents, window);
    Ok(events)
}

/// The state of the storage.
async fn present(shared: &Shared) -> Result<Contents> {
    let (mut objects, mut corrupt) = (Vec::new(), Corrupt::new());
    let mut query = Query { max_bytes: PAGE, ..Query::all(shared.root.clone()) };
    loop {
        let read = shared.storage.list(query.clone()).await?;
        for stored in &read.value.items {
            match known(shared, stored) {
                Ok(object) => objects.push(object),
                Err(error) => {
                    tracing::error!(%error, "a record cannot be read");
                    corrupt.insert(stored.key.clone(), error);
                }
            }
        }
        let last = read.value.items.last().filter(|_| read.value.more);
        let Some(last) = last.and_then(|last| last.key.under(&shared.root)) else {
            return Ok(Contents::loaded(objects, corrupt, read.at));
        };
        query.from = Some(format!("{last}\0").into());
        query.at = At::Exactly(read.at);
        tokio::task::yield_now().await;
    }
}

/// The object of a record, if it was cached before this very one.
fn known(shared: &Shared, stored: &Stored) -> Result<Arc<Object>> {
    let cached = shared.contents().at(&stored.key, stored.revision).cloned();
    match cached.filter(|object| object.stale() == stored.stale) {
        Some(object) => Ok(object),
        None => shared.parse(stored),
    }
}

/// The changes before the present, as far back as the storage knows them and it makes sense.
async fn past(shared: &Shared, present: &Contents) -> Result<Window> {
    let (oldest, mut events) = oldest(shared, present.at).await?;
    // Lets the watch pass the present, although nothing may have happened since.
    shared.storage.barrier().await?;
    let mut window = Window::new(oldest, shared.keep);
    let mut before: HashMap<Key, Option<Arc<Object>>> = HashMap::new();
    while let Some(batch) = events.next().await {
        let batch = batch?;
        for event in batch.events.iter().filter(|event| event.revision <= present.at) {
            let new = event.value.as_ref().map(|value| object(shared, present, event, value)).transpose()?;
            let old = match before.insert(event.key.clone(), new.clone()) {
                Some(old) => old,
                None => event.previous.as_ref().map(|stored| shared.parse(stored)).transpose()?,
            };
            window.push(Arc::new(Change::new(event.revision, old, new)), Instant::now());
        }
        if batch.through >= present.at {
            return Ok(window);
        }
        tokio::task::yield_now().await;
    }
    Err(Error::closed())
}

/// A watch from the oldest revision that the storage knows and that is not too far back.
async fn oldest(shared: &Shared, present: Revision) -> Result<(Revision, Events)> {
    let watch = |after| shared.storage.watch(&shared.root, Start::After(after), true);
    let back = Revision::new(present.get().saturating_sub(PAST)).unwrap_or(Revision::FIRST);
    match watch(back).await {
        Err(Error::Compacted { oldest, .. }) => Ok((oldest, watch(oldest).await?)),
        events => Ok((back, events?)),
    }
}

fn object(shared: &Shared, present: &Contents, event: &Event, value: &bytes::Bytes) -> Result<Arc<Object>> {
    if let Some(object) = present.at(&event.key, event.revision) {
        return Ok(Arc::clone(object));
    }
    let stored =
        Stored { key: event.key.clone(), revision: event.revision, value: value.clone(), stale: false };
    shared.parse(&stored)
}
