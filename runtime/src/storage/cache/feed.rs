//! What keeps a cache up to date: it lists, then watches, and begins again where it must.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use super::load::load;
use super::recall::recall;
use super::shared::Shared;
use crate::storage::{Batch, Error, Events, Result, Revision, Start};

/// How many events are taken over at once: readers wait that long.
const AT_ONCE: usize = 256;
/// How long it waits after a failure, at first and at most.
const PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// How often in a row a watch may end before it has brought anything.
const FRUITLESS: u32 = 3;
/// How long a watch may be silent before the store is asked how far it is: bookmarks tell it to clients.
const IDLE: Duration = Duration::from_secs(20);

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
    loop {
        match tokio::time::timeout(IDLE, events.next()).await {
            Ok(Some(Ok(batch))) => apply(shared, &batch).await,
            Ok(Some(Err(error))) => return error,
            Ok(None) => return Error::closed(),
            Err(_) if shared.log().is_watched() => {
                // Every open watch passes the barrier, this one too. Why it fails, the watch will say.
                let _ = shared.storage.barrier().await;
            }
            Err(_) => {}
        }
    }
}

/// Applies a batch in parts that end between revisions, and lets others run in between.
async fn apply(shared: &Shared, batch: &Batch) {
    let mut rest = &batch.events[..];
    while rest.len() > AT_ONCE {
        let last = rest[AT_ONCE - 1].revision;
        let end = AT_ONCE + rest[AT_ONCE..].iter().take_while(|event| event.revision == last).count();
        let (part, later) = rest.split_at(end);
        shared.apply(part, part.last().map_or(Revision::FIRST, |event| event.revision));
        rest = later;
        tokio::task::yield_now().await;
    }
    shared.apply(rest, batch.through);
}
