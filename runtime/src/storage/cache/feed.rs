//! What keeps a cache up to date: it lists, then watches, and begins again where it must.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::load::load;
use super::recall::recall;
use super::shared::Shared;
use crate::storage::{Batch, Error, Event, Events, Result, Revision, Start};

/// How many events are taken over at once, and about how many bytes of them: readers wait that long, and what leaves the
/// window meanwhile they cannot have read.
const AT_ONCE: usize = 256;
const BYTES_AT_ONCE: usize = 4 << 20;
/// How long it waits after a failure, at first and at most.
const PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// How often in a row a watch may end before it has brought anything.
const FRUITLESS: u32 = 3;
/// How long a watch may be silent before the store is asked how far it is: bookmarks tell it to clients.
const IDLE: Duration = Duration::from_secs(20);
/// How long others are let in while old changes leave the window.
const MOMENT: Duration = Duration::from_millis(1);

/// What the feed does next.
enum State {
    /// Everything is to be read.
    Load,
    /// The contents are good; what followed them is to be watched.
    Resume,
    /// Events come.
    Follow(Events),
}

/// Feeds a cache until it is dropped.
pub(super) async fn run(shared: Arc<Shared>) {
    let mut state = State::Load;
    // One task at most. It ends with this one.
    let mut recalling = JoinSet::new();
    let (mut pause, mut fruitless) = (PAUSE, 0);
    loop {
        let before = shared.progress().applied;
        let loading = matches!(state, State::Load);
        if loading {
            recalling.shutdown().await;
        }
        let (resuming, following) = (matches!(state, State::Resume), matches!(state, State::Follow(_)));
        let error = match step(&shared, state).await {
            Ok(next) => {
                if loading {
                    recalling.spawn(recall(Arc::clone(&shared)));
                }
                state = next;
                continue;
            }
            Err(error) => error,
        };
        if shared.progress().applied > before {
            (pause, fruitless) = (PAUSE, 0);
        } else if following {
            fruitless += 1;
        }
        state = after(&shared, &error, resuming || fruitless >= FRUITLESS);
        let (prefix, pause_ms) = (&shared.root, u64::try_from(pause.as_millis()).unwrap_or_default());
        tracing::warn!(%prefix, %error, pause_ms, "the watch of the storage broke off and is begun again");
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

async fn step(shared: &Shared, state: State) -> Result<State> {
    match state {
        State::Load => load(shared).await.map(State::Follow),
        State::Resume => {
            let from = Start::After(shared.progress().applied);
            shared.storage.watch(&shared.root, from, false).await.map(State::Follow)
        }
        State::Follow(events) => Err(follow(shared, events).await),
    }
}

/// What to do after a failure; `resumed` is whether taking up the watch again was tried already.
fn after(shared: &Shared, error: &Error, resumed: bool) -> State {
    let lost = match error {
        // A watch that ends so was only too slow, perhaps. If it cannot be taken up either, the history between is gone,
        // or the store is another one.
        Error::Compacted { .. } | Error::Future { .. } => resumed,
        // The next watch would come to the same place.
        Error::Corrupt { .. } => true,
        _ => false,
    };
    if lost {
        shared.unload();
    }
    if shared.progress().loading.is_some() { State::Load } else { State::Resume }
}

/// Takes over what happens, until the watch ends.
async fn follow(shared: &Shared, mut events: Events) -> Error {
    let mut leaving = false;
    loop {
        let silence = if leaving { MOMENT } else { IDLE };
        match tokio::time::timeout(silence, events.next()).await {
            Ok(Some(Ok(batch))) => apply(shared, &batch).await,
            Ok(Some(Err(error))) => return error,
            Ok(None) => return Error::closed(),
            Err(_) if !leaving && shared.log().is_watched() => {
                // Every open watch passes the barrier, this one too. Why it fails, the watch will say.
                let _ = shared.storage.barrier().await;
            }
            Err(_) => {}
        }
        // Nothing may come that takes the place of what is too old.
        leaving = shared.log().leave(Instant::now());
    }
}

/// Applies a batch in parts that end between revisions, and lets others run in between.
async fn apply(shared: &Shared, batch: &Batch) {
    let mut rest = &batch.events[..];
    loop {
        let (part, later) = rest.split_at(at_once(rest));
        if later.is_empty() {
            return shared.apply(part, batch.through);
        }
        shared.apply(part, part.last().map_or(Revision::FIRST, |event| event.revision));
        rest = later;
        tokio::task::yield_now().await;
    }
}

/// How many of the events are taken over at once.
fn at_once(events: &[Arc<Event>]) -> usize {
    let mut bytes = 0;
    let last = events.iter().enumerate().position(|(place, event)| {
        bytes += event.value.as_ref().map_or(0, bytes::Bytes::len);
        place + 1 >= AT_ONCE || bytes >= BYTES_AT_ONCE
    });
    let Some(last) = last else { return events.len() };
    let revision = events[last].revision;
    last + events[last..].iter().take_while(|event| event.revision == revision).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::Key;

    #[test]
    fn a_part_ends_between_revisions_by_number_or_by_size() {
        let events = |count: u64, each: u64, length: usize| -> Vec<_> {
            let revision = |number| Revision::new(1 + number / each).expect("not 0");
            let value = Some(vec![0; length].into());
            let event = |number| Event {
                key: Key::new("k"),
                revision: revision(number),
                value: value.clone(),
                previous: None,
            };
            (0..count).map(|number| Arc::new(event(number))).collect()
        };
        for (count, each, length, expected) in [
            (0, 1, 0, 0),
            (255, 1, 9, 255),
            (300, 1, 9, 256),
            (300, 5, 9, 260),
            (9, 1, 1 << 20, 4),
            (9, 3, 1 << 20, 6),
        ] {
            assert_eq!(at_once(&events(count, each, length)), expected, "{count} {each} {length}");
        }
    }
}
