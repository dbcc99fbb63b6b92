//! The watch cache: a view that holds all objects of a resource in memory and answers from there.
//!
//! A feed lists the storage and watches it. Reads wait until what they ask for is applied; what is older than the recent
//! changes is asked of the storage. Watches are cursors in what they share: nothing is copied for one of them, and
//! writers wait for none.

mod contents;
mod feed;
mod load;
mod log;
mod own;
mod page;
mod queue;
mod recall;
mod runs;
mod scopes;
mod shared;
mod subscription;
mod taken;
#[cfg(test)]
pub(crate) mod tests;
mod there;
#[cfg(any(test, feature = "testing"))]
mod through;
mod window;

use std::fmt;
use std::sync::Arc;

use tokio::task::AbortHandle;

use self::log::Sight;
use self::own::Pending;
use self::shared::Shared;
pub use self::subscription::Subscription;
use self::there::Flights;
#[cfg(any(test, feature = "testing"))]
pub use self::through::Through;
use self::window::Keep;
use super::view::{Changes, List, Scope, View};
use super::{
    At, BoxFuture, Error, Key, Prefix, Query, Read, Result, Revision, Start, Storage, Stored, Write, only,
};
use crate::kind::FieldPath;
use crate::object::Object;

/// The cached objects of a resource.
pub struct Cache {
    shared: Arc<Shared>,
    feed: AbortHandle,
    flights: Flights,
}

impl Cache {
    /// Caches what is under a prefix; objects of the resource have these selectable fields. Needs a Tokio runtime, on
    /// which the feed runs for as long as the cache is there.
    #[must_use]
    pub fn new(storage: Arc<dyn Storage>, prefix: Prefix, selectable: Vec<FieldPath>) -> Cache {
        let shared = Arc::new(Shared::new(storage, prefix, selectable, Keep::default()));
        let feed = tokio::spawn(feed::run(Arc::clone(&shared))).abort_handle();
        Cache { shared, feed, flights: Flights::default() }
    }

    /// Waits until the contents are as new as a read asks. Whoever asks for the newest is not refused because the feed is
    /// late, nor for the pages behind it: the storage answers then, as in Go. Says which revision is not there yet.
    async fn lags_behind(&self, at: At) -> Result<Option<Revision>> {
        self.shared.loaded().await?;
        let mut there = false;
        let asked = match at {
            // Not below what the storage answered while there was nothing here.
            At::Any => self.shared.told(),
            At::Latest => {
                there = true;
                self.shared.storage.barrier().await?
            }
            At::NotBefore(revision) | At::Exactly(revision) => {
                if self.shared.progress().applied < revision {
                    // A quiet resource hears of other resources' revisions only when asked to.
                    let now = self.shared.storage.barrier().await?;
                    there = matches!(at, At::Exactly(_)) && revision <= now;
                }
                revision
            }
        };
        match self.shared.reach(asked).await {
            Err(Error::Future { .. }) if there => Ok(Some(asked)),
            reached => reached.map(|()| None),
        }
    }

    /// A watch behind a revision, or behind what is there now.
    async fn subscribe(&self, scope: &Scope, from: Start, progress: bool) -> Result<Subscription> {
        let after = match from {
            Start::Now => {
                if let Some(asked) = self.lags_behind(At::Latest).await? {
                    return Err(Error::Future { asked, current: self.shared.progress().applied });
                }
                None
            }
            Start::After(revision) => {
                self.shared.loaded().await?;
                if self.shared.progress().applied < revision {
                    let current = self.shared.storage.barrier().await?;
                    if current < revision {
                        return Err(Error::Future { asked: revision, current });
                    }
                    self.shared.reach(revision).await?;
                }
                self.shared.remember(revision).await?;
                Some(revision)
            }
        };
        let sight = match scope {
            Scope::Under(prefix) if *prefix == self.shared.root => Sight::All,
            Scope::Under(prefix) => Sight::Under(prefix.clone()),
            Scope::Of(key) => Sight::Of(key.clone()),
        };
        let cursor = self.shared.open(sight, after, progress)?;
        Ok(Subscription::new(Arc::clone(&self.shared.log), cursor))
    }

    fn get_here(&self, key: &Key, at: At) -> Option<Result<Read<Option<Arc<Object>>>>> {
        let contents = self.shared.contents();
        let (at, value) = match at {
            At::Exactly(revision) if revision != contents.at => {
                let log = self.shared.log();
                let place = log.window().place(revision)?;
                (revision, contents.before(key, log.window(), place))
            }
            _ => (contents.at, contents.get(key)),
        };
        Some(value.map(|value| Read { at, value }))
    }

    fn list_here(&self, query: &Query) -> Option<Result<Read<List>>> {
        let contents = self.shared.contents();
        let (at, value) = match query.at {
            At::Exactly(revision) if revision != contents.at => {
                let log = self.shared.log();
                let place = log.window().place(revision)?;
                (revision, contents.past(query, log.window(), place))
            }
            _ => (contents.at, contents.list(query)),
        };
        Some(value.map(|value| Read { at, value }))
    }

    /// Where all writes are this process's own, their events are on the way already: whoever is answered can read what
    /// was written, whatever the revision asked for.
    async fn settled(&self, revision: Revision) {
        if !self.shared.storage.facts().shared {
            // A feed that is in trouble makes no written object unwritten.
            let _ = self.shared.reach(revision).await;
        }
    }

    async fn put(&self, key: &Key, write: Write, value: bytes::Bytes) -> Result<Arc<Object>> {
        let shared = &self.shared;
        let candidate = shared.own.expect(value.clone(), shared.draft(key, &value)?);
        let mut pending = Pending { own: &shared.own, key, candidate: Some(Arc::clone(&candidate)) };
        let revision = only(shared.storage.write(vec![write]).await)?;
        if shared.progress().applied < revision {
            // Its event comes, and finds it.
            pending.candidate = None;
            self.settled(revision).await;
        }
        Ok(candidate.at(revision))
    }
}

impl View for Cache {
    fn get<'a>(&'a self, key: &'a Key, at: At) -> BoxFuture<'a, Result<Read<Option<Arc<Object>>>>> {
        Box::pin(async move {
            if self.shared.progress().loading.is_some() {
                // One object is no burden for the storage.
                let read = self.get_there(key, at).await?;
                self.shared.tell(read.at);
                return Ok(read);
            }
            let late = self.lags_behind(at).await?.is_some();
            let here = if late { None } else { self.get_here(key, at) };
            match here {
                Some(read) => read,
                None => self.get_there(key, at).await,
            }
        })
    }

    fn list(&self, query: Query) -> BoxFuture<'_, Result<Read<List>>> {
        Box::pin(async move {
            match self.lags_behind(query.at).await? {
                Some(asked) if query.at == At::Latest => return self.newest_there(query, asked).await,
                Some(_) => return self.list_there(query).await,
                None => {}
            }
            match self.list_here(&query) {
                Some(read) => read,
                None => self.list_there(query).await,
            }
        })
    }

    fn is_in_memory(&self, at: At) -> bool {
        let kept = match at {
            At::Exactly(revision) => revision >= self.shared.log().window().start(),
            At::Any | At::Latest | At::NotBefore(_) => true,
        };
        kept && self.shared.progress().loading.is_none()
    }

    fn watch<'a>(&'a self, scope: &'a Scope, from: Start) -> BoxFuture<'a, Result<Changes>> {
        Box::pin(async move { Ok(Changes::Cached(self.subscribe(scope, from, false).await?)) })
    }

    fn write(&self, write: Write) -> BoxFuture<'_, Result<Option<Arc<Object>>>> {
        Box::pin(async move {
            let Some(value) = write.value.clone() else {
                let revision = only(self.shared.storage.write(vec![write]).await)?;
                self.settled(revision).await;
                return Ok(None);
            };
            let key = write.key.clone();
            self.put(&key, write, value).await.map(Some)
        })
    }

    fn at_hand(&self, key: &Key) -> Option<Arc<Object>> {
        if self.shared.progress().loading.is_some() {
            return None;
        }
        // The event of an own write may still be on its way.
        let written = self.shared.own.written(key);
        let cached = self.shared.contents().get(key).ok()?;
        written.into_iter().chain(cached).max_by_key(|object| object.revision())
    }

    fn live<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Read<Option<Arc<Object>>>>> {
        Box::pin(self.get_there(key, At::Latest))
    }

    fn loaded(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move { while self.shared.loaded().await.is_err() {} })
    }

    fn object(&self, stored: &Stored) -> Result<Arc<Object>> {
        let cached = self.shared.contents().at(&stored.key, stored.revision).cloned();
        match cached.filter(|object| object.stale() == stored.stale) {
            Some(object) => Ok(object),
            None => self.shared.parse(stored),
        }
    }
}

impl Drop for Cache {
    fn drop(&mut self) {
        self.feed.abort();
        let mut wake = Vec::new();
        self.shared.log().cut(Some(Error::closed()), &mut wake);
        wake.into_iter().for_each(std::task::Waker::wake);
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache").field("prefix", &self.shared.root).finish_non_exhaustive()
    }
}
