//! A cache as a store again, so that the contract suite can judge it: opaque values become objects and back.

use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use futures::stream;
use tokio::sync::watch;

use super::{Cache, Subscription};
use crate::object::Object;
use crate::storage::view::{Change, Scope, View as _};
use crate::storage::{
    At, Batch, BoxFuture, Error, Event, Events, Facts, Health, Key, Page, Prefix, Query, Read, Result,
    Revision, Start, Storage, Stored, Write,
};

const HEAD: &str = r#"{"metadata":{"name":"x"},"value":""#;
const TAIL: &str = r#""}"#;

/// A store behind a cache. Its values lie in the other store as objects.
#[derive(Debug)]
pub struct Through {
    storage: Arc<dyn Storage>,
    cache: Arc<Cache>,
    /// A cache keeps its recent past whatever the store forgets; who asked it to forget shall not see it.
    forgotten: Mutex<Revision>,
}

impl Through {
    /// What `storage` holds, through a cache. Needs a Tokio runtime.
    #[must_use]
    pub fn new(storage: Arc<dyn Storage>) -> Through {
        let cache = Cache::new(Arc::clone(&storage), Prefix::everything(), Vec::new());
        Through { storage, cache: Arc::new(cache), forgotten: Mutex::new(Revision::FIRST) }
    }

    /// Waits until there is something to read, as a server does before it is ready.
    pub async fn loaded(&self) {
        self.cache.loaded().await;
    }

    fn remember(&self, at: At) -> Result<()> {
        let oldest = *self.forgotten.lock().unwrap_or_else(PoisonError::into_inner);
        match at {
            At::Exactly(asked) if asked < oldest => Err(Error::Compacted { asked, oldest }),
            _ => Ok(()),
        }
    }

    fn forget(&self, through: Revision) {
        let mut forgotten = self.forgotten.lock().unwrap_or_else(PoisonError::into_inner);
        *forgotten = through.max(*forgotten);
    }
}

impl Storage for Through {
    fn get<'a>(&'a self, key: &'a Key, at: At) -> BoxFuture<'a, Result<Read<Option<Stored>>>> {
        Box::pin(async move {
            self.remember(at)?;
            let read = self.cache.get(key, at).await?;
            Ok(Read { at: read.at, value: read.value.as_deref().map(stored) })
        })
    }

    fn list(&self, query: Query) -> BoxFuture<'_, Result<Read<Page>>> {
        Box::pin(async move {
            self.remember(query.at)?;
            let max_bytes = query.max_bytes;
            let read = self.cache.list(Query { max_bytes: 0, ..query }).await?;
            let mut items: Vec<_> = read.value.items.iter().map(|object| stored(object)).collect();
            let (mut more, mut remaining) = (read.value.more, read.value.remaining);
            let mut bytes = 0;
            let fits = items.iter().take_while(|item| {
                bytes += item.value.len();
                max_bytes == 0 || bytes <= max_bytes || bytes == item.value.len()
            });
            let fits = fits.count();
            if fits < items.len() {
                (more, remaining) = (true, remaining.map(|more| more + (items.len() - fits) as u64));
                items.truncate(fits);
            }
            Ok(Read { at: read.at, value: Page { items, more, remaining } })
        })
    }

    fn write(&self, writes: Vec<Write>) -> BoxFuture<'_, Vec<Result<Revision>>> {
        Box::pin(async move {
            let (cache, limit) = (Arc::clone(&self.cache), self.facts().max_value);
            let count = writes.len();
            // A task of its own: a caller that goes away cancels nothing.
            let written = tokio::spawn(async move { put(&cache, writes, limit).await });
            let gone = |_| vec![Err(Error::Unknown { why: "the task of the write is gone".into() }); count];
            written.await.unwrap_or_else(gone)
        })
    }

    fn watch<'a>(&'a self, prefix: &'a Prefix, from: Start, _: bool) -> BoxFuture<'a, Result<Events>> {
        Box::pin(async move {
            if let Start::After(revision) = from {
                self.remember(At::Exactly(revision))?;
            }
            let scope = Scope::Under(prefix.clone());
            let subscription = self.cache.subscribe(&scope, from, true).await?;
            Ok(Events::new(stream::unfold(subscription, next)))
        })
    }

    fn barrier(&self) -> BoxFuture<'_, Result<Revision>> {
        self.storage.barrier()
    }

    fn compact(&self, through: Revision) -> BoxFuture<'_, Result<Revision>> {
        Box::pin(async move {
            let compacted = self.storage.compact(through).await?;
            self.forget(compacted);
            Ok(compacted)
        })
    }

    fn raise(&self, floor: Revision) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            self.storage.raise(floor).await?;
            self.forget(self.storage.compact(Revision::FIRST).await?);
            Ok(())
        })
    }

    fn facts(&self) -> Facts {
        let facts = self.storage.facts();
        Facts { max_value: (facts.max_value - HEAD.len() - TAIL.len()) / 4 * 3, ..facts }
    }

    fn health(&self) -> watch::Receiver<Health> {
        self.storage.health()
    }
}

/// Carries out writes: one as verbs do, several in one call of the store.
async fn put(cache: &Cache, writes: Vec<Write>, limit: usize) -> Vec<Result<Revision>> {
    let large = |write: &Write| write.value.as_ref().map(Bytes::len).filter(|size| *size > limit);
    let refused: Vec<_> = writes.iter().map(large).collect();
    let mut wrapped: Vec<_> = writes.into_iter().filter(|write| large(write).is_none()).map(wrap).collect();
    let one = if wrapped.len() == 1 { wrapped.pop_if(|write| write.value.is_some()) } else { None };
    let written = match one {
        Some(write) => vec![cache.write(write).await.and_then(|object| {
            let lost = || Error::Unknown { why: "no object came of the write".into() };
            object.map(|object| object.revision()).ok_or_else(lost)
        })],
        None => cache.shared.storage.write(wrapped).await,
    };
    let mut written = written.into_iter();
    let outcomes = refused.into_iter().filter_map(|refused| match refused {
        Some(size) => Some(Err(Error::TooLarge { size, limit })),
        None => written.next().map(|outcome| outcome.map_err(unwrapped)),
    });
    outcomes.collect()
}

fn wrap(write: Write) -> Write {
    let value = write.value.map(|value| {
        Bytes::from(format!("{HEAD}{}{TAIL}", BASE64_STANDARD.encode(&value)).into_bytes().into_boxed_slice())
    });
    Write { value, ..write }
}

fn unwrapped(error: Error) -> Error {
    match error {
        Error::Conflict { key, current } => {
            let current =
                current.map(|current| Box::new(Stored { value: unwrap(&current.value), ..*current }));
            Error::Conflict { key, current }
        }
        error => error,
    }
}

async fn next(mut subscription: Subscription) -> Option<(Result<Batch>, Subscription)> {
    let step = std::future::poll_fn(|context| subscription.poll_next(context)).await?;
    let batch = step.map(|step| Batch {
        events: step.changes.iter().map(|change| Arc::new(event(change))).collect(),
        through: step.through,
    });
    Some((batch, subscription))
}

fn event(change: &Change) -> Event {
    let value = change.after().map(|object| stored(object).value);
    let previous = change.before().map(|object| stored(object));
    let key = change.after().or(change.before()).map(|object| object.key().clone());
    let key = key.unwrap_or_else(|| Key::new("?"));
    Event { key, revision: change.revision(), value, previous }
}

fn stored(object: &Object) -> Stored {
    let value = unwrap(object.stored());
    Stored { key: object.key().clone(), revision: object.revision(), value, stale: object.stale() }
}

/// The value that lies in the object; what was not put there through a cache is there as it is.
fn unwrap(object: &[u8]) -> Bytes {
    let inner = object.strip_prefix(HEAD.as_bytes()).and_then(|rest| rest.strip_suffix(TAIL.as_bytes()));
    let value = inner.and_then(|value| BASE64_STANDARD.decode(value).ok());
    value.map_or_else(|| Bytes::copy_from_slice(object), Bytes::from)
}
