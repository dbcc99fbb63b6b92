//! Reading the recent past of what was loaded, while it is served already: stretch by stretch, the newest one first, each
//! put before what the window has. What was reached stays, whatever becomes of the rest.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::{sleep, timeout};

use super::shared::Shared;
use crate::object::Object;
use crate::storage::view::Change;
use crate::storage::{Error, Event, Events, Key, Result, Revision, Start, Stored};

/// How many revisions are read at once of a store far away: etcd sends no more in one go to a watch that is behind. One in
/// this process tells its past fastest in one piece.
const STRETCH: u64 = 1000;
/// How many are read first, before anything is known of their size; then at most twice as many as before.
const FIRST: u64 = 50;
/// About how many bytes of them, going by how large those of before were.
const BYTES: usize = 8 << 20;
/// How far back the past goes: at most so many revisions, about what a window has room for.
const PAST: u64 = 20_000;
/// How long it may take. Watches that begin in it wait, or are told to come again.
const PATIENCE: Duration = Duration::from_secs(60);
/// After a failure.
const PAUSE: Duration = Duration::from_millis(200);

/// Objects by their keys: the oldest that are known of each.
type Known = HashMap<Key, Arc<Object>>;

/// Fills the window from the storage's history, as far back as that goes and it makes sense.
pub(super) async fn recall(shared: Arc<Shared>) {
    let begun = Instant::now();
    let from = shared.log().window().start();
    let (mut trouble, over) = (None, Over(&shared));
    let whole = timeout(PATIENCE, all(&shared, from, &mut trouble)).await;
    let reached = shared.log().window().start();
    drop(over);
    let (prefix, ms) = (&shared.root, begun.elapsed().as_millis());
    match whole {
        Ok(()) => tracing::debug!(%prefix, %from, %reached, ms, "recalled"),
        Err(_) => {
            let why = trouble.map_or_else(|| "it took too long".to_owned(), |error: Error| error.to_string());
            tracing::warn!(
                %prefix, why, ms,
                "the history of the storage could be read back to revision {reached} only: clients whose watches begin \
                 before it have to list again"
            );
        }
    }
}

/// Says at its end, however it ends, that the past is as far back as it will be.
struct Over<'a>(&'a Shared);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.recalled();
    }
}

/// Goes back as far as possible, however often that fails.
async fn all(shared: &Shared, present: Revision, trouble: &mut Option<Error>) {
    let (begun, mut known) = (Instant::now(), Known::new());
    let (end, mut to) = (farthest(present), present);
    let mut length = if shared.storage.facts().shared { FIRST } else { PAST };
    while to > end {
        let from = before(to, length).max(end);
        match stretch(shared, from, to, &mut known).await {
            Ok(stretch) => {
                let (start, first) = (stretch.start, stretch.first);
                length = stretch.next_length(length);
                if !shared.recall(to, stretch.start, stretch.changes, begun) || first {
                    return;
                }
                (to, *trouble) = (start, None);
            }
            Err(error) => {
                tracing::debug!(prefix = %shared.root, %error, %from, %to, "history could not be read; it is tried again");
                *trouble = Some(error);
                sleep(PAUSE).await;
            }
        }
        tokio::task::yield_now().await;
    }
}

/// Changes that follow each other.
struct Stretch {
    /// All behind this revision are there.
    start: Revision,
    changes: Vec<Arc<Change>>,
    /// Whether nothing before it can be told.
    first: bool,
}

impl Stretch {
    /// How long the next one is to be.
    fn next_length(&self, length: u64) -> u64 {
        let bytes = self.changes.iter().map(|change| change.size()).sum::<usize>().max(1);
        let fitting = u128::from(length) * BYTES as u128 / bytes as u128;
        u64::try_from(fitting).unwrap_or(u64::MAX).clamp(1, STRETCH.min(2 * length))
    }
}

/// How far back the past goes of what is there at a revision.
pub(super) fn farthest(present: Revision) -> Revision {
    before(present, PAST)
}

fn before(revision: Revision, by: u64) -> Revision {
    Revision::new(revision.get().saturating_sub(by)).unwrap_or(Revision::FIRST)
}

/// The changes behind `from`, or behind what is forgotten, up to `to`.
async fn stretch(shared: &Shared, from: Revision, to: Revision, known: &mut Known) -> Result<Stretch> {
    let watch = |after| shared.storage.watch(&shared.root, Start::After(after), true);
    let (from, watch, first) = match watch(from).await {
        Err(Error::Compacted { oldest, .. }) if oldest < to => (oldest, watch(oldest).await?, true),
        Err(Error::Compacted { .. }) => {
            return Ok(Stretch { start: to, changes: Vec::new(), first: true });
        }
        watch => (from, watch?, false),
    };
    let mut stretch = tell(shared, from, &events(shared, watch, to).await?, known);
    stretch.first |= first;
    Ok(stretch)
}

/// What a watch tells up to a revision.
async fn events(shared: &Shared, mut watch: Events, to: Revision) -> Result<Vec<Arc<Event>>> {
    let (mut events, mut asked) = (Vec::new(), false);
    while let Some(batch) = watch.next().await {
        let batch = batch?;
        events.extend(batch.events.into_iter().filter(|event| event.revision <= to));
        if batch.through >= to {
            return Ok(events);
        }
        if !std::mem::replace(&mut asked, true) {
            // Lets the watch pass the end, although nothing may have happened since.
            shared.storage.barrier().await?;
        }
    }
    Err(Error::closed())
}

/// The events as changes; none before one that cannot be read.
fn tell(shared: &Shared, from: Revision, events: &[Arc<Event>], known: &mut Known) -> Stretch {
    let mut stretch = Stretch { start: from, changes: Vec::with_capacity(events.len()), first: false };
    let (mut now, mut oldest) = (HashMap::<&Key, Option<Arc<Object>>>::new(), Known::new());
    for event in events {
        let new = event.value.as_ref().map(|value| after(shared, event, value, known)).transpose();
        let old = match now.remove(&event.key) {
            Some(old) => Ok(old),
            None => event.previous.as_ref().map(|stored| shared.parse(stored)).transpose(),
        };
        let (Ok(old), Ok(new)) = (old, new) else {
            tracing::debug!(key = %event.key, revision = %event.revision, "a record of the past cannot be read");
            (now, oldest) = (HashMap::new(), Known::new());
            stretch = Stretch { start: event.revision, changes: Vec::new(), first: true };
            continue;
        };
        if let Some(old) = &old {
            oldest.entry(event.key.clone()).or_insert_with(|| Arc::clone(old));
        }
        now.insert(&event.key, new.clone());
        stretch.changes.push(Arc::new(Change::new(event.revision, old, new)));
    }
    known.extend(oldest);
    stretch
}

/// The object that an event put there, the very one that is known already where there is one.
fn after(shared: &Shared, event: &Event, value: &bytes::Bytes, known: &Known) -> Result<Arc<Object>> {
    if let Some(object) = shared.contents().at(&event.key, event.revision) {
        return Ok(Arc::clone(object));
    }
    if let Some(object) = known.get(&event.key).filter(|object| object.revision() == event.revision) {
        return Ok(Arc::clone(object));
    }
    let stored =
        Stored { key: event.key.clone(), revision: event.revision, value: value.clone(), stale: false };
    shared.parse(&stored)
}
