//! Reading the present, page by page.

use std::sync::Arc;
use std::time::Instant;

use super::contents::Contents;
use super::shared::{Corrupt, Shared};
use super::window::Window;
use crate::object::Object;
use crate::storage::{At, Events, Query, Result, Start, Stored};

/// How many bytes are read at once.
const PAGE: usize = 1 << 20;

/// Loads a cache, without its past; answers the events that follow.
pub(super) async fn load(shared: &Shared) -> Result<Events> {
    let begun = Instant::now();
    shared.own.clear();
    let contents = present(shared).await?;
    let at = contents.at;
    let events = shared.storage.watch(&shared.root, Start::After(at), false).await?;
    let (prefix, objects, ms) = (&shared.root, contents.len(), begun.elapsed().as_millis());
    tracing::debug!(%prefix, objects, ms, "cached");
    shared.replace(contents, Window::new(at, shared.keep));
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
