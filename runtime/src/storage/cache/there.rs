//! What a cache asks of the storage: the past that it does not have, and the newest while its feed is late.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Instant;

use super::Cache;
use crate::object::Object;
use crate::storage::view::{List, Slices, View as _};
use crate::storage::{At, Error, Key, Query, Read, Result, Revision};

/// How many bytes are read at once. Most of the objects are at hand: what a list takes is its records.
const PAGE: usize = 1 << 20;

/// The lists that somebody waits for, so that the storage is asked for each of them once at a time.
#[derive(Debug, Default)]
pub(super) struct Flights(Mutex<Vec<(Query, Weak<Flight>)>>);

/// What was answered last, and when; locked while the storage is asked.
type Flight = tokio::sync::Mutex<Option<(Instant, Result<Read<List>>)>>;

impl Flights {
    /// The one of a list, for as long as somebody holds it.
    fn of(&self, query: &Query) -> Arc<Flight> {
        let mut flights = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        flights.retain(|(_, flight)| flight.strong_count() > 0);
        let mut known = flights.iter().filter(|(known, _)| known == query);
        if let Some(flight) = known.find_map(|(_, flight)| flight.upgrade()) {
            return flight;
        }
        let flight = Arc::new(Flight::default());
        flights.push((query.clone(), Arc::downgrade(&flight)));
        flight
    }
}

impl Cache {
    pub(super) async fn get_there(&self, key: &Key, at: At) -> Result<Read<Option<Arc<Object>>>> {
        let read = self.shared.storage.get(key, at).await?;
        let value = read.value.map(|stored| self.object(&stored)).transpose()?;
        Ok(Read { at: read.at, value })
    }

    /// A list that is not older than a revision: one for all who wait for the same.
    pub(super) async fn newest_there(&self, query: Query, asked: Revision) -> Result<Read<List>> {
        let came = Instant::now();
        let flight = self.flights.of(&query);
        let mut last = flight.lock().await;
        match &*last {
            Some((_, Ok(read))) if read.at >= asked => return Ok(read.clone()),
            // It would fail for each of them, one after the other.
            Some((at, Err(error))) if *at >= came => return Err(error.clone()),
            _ => {}
        }
        let read = self.list_there(query).await;
        *last = Some((Instant::now(), read.clone()));
        read
    }

    /// A list, however long: page by page, so that its records are not there all at once.
    pub(super) async fn list_there(&self, query: Query) -> Result<Read<List>> {
        if query.max_bytes > 0 {
            return self.page_there(query).await;
        }
        let mut part = Query { max_bytes: PAGE, ..query.clone() };
        let mut whole = self.page_there(part.clone()).await?;
        // Counted once: all parts are of one state.
        part.count = false;
        while whole.value.more && (query.limit == 0 || whole.value.items.len() < query.limit) {
            let last = whole.value.items.last().and_then(|object| object.key().under(&query.prefix));
            let Some(last) = last else { break };
            part.from = Some(format!("{last}\0").into());
            part.at = At::Exactly(whole.at);
            part.limit = query.limit.saturating_sub(whole.value.items.len());
            let page = match self.page_there(part.clone()).await {
                // Whoever did not ask for that revision is not told that it is forgotten.
                Err(Error::Compacted { .. }) => return self.page_there(query).await,
                page => page?.value,
            };
            let fewer = page.items.len() as u64;
            whole.value.items.append(page.items);
            whole.value.more = page.more;
            whole.value.remaining = whole.value.remaining.map(|remaining| remaining.saturating_sub(fewer));
        }
        Ok(whole)
    }

    async fn page_there(&self, query: Query) -> Result<Read<List>> {
        let read = self.shared.storage.list(query).await?;
        let page = read.value;
        let items = page.items.iter().map(|stored| self.object(stored)).collect::<Result<Slices>>()?;
        Ok(Read { at: read.at, value: List { items, more: page.more, remaining: page.remaining } })
    }
}
