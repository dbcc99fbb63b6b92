//! A store that writes only while its server may.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::Claim;
use crate::storage::{
    At, BoxFuture, Error, Events, Facts, Health, Key, Page, Prefix, Query, Read, Result, Revision, Start,
    Storage, Stored, Write,
};

/// When to try again: a Lease comes back within one look at it, or not for long.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// A store behind a claim.
#[derive(Debug)]
pub(crate) struct Guarded {
    store: Arc<dyn Storage>,
    claim: Arc<Claim>,
}

impl Guarded {
    pub(crate) fn new(store: Arc<dyn Storage>, claim: Arc<Claim>) -> Self {
        Self { store, claim }
    }

    /// Looked at when a write begins; that it is done before somebody else may begin is what the five seconds between
    /// the deadline of a renewal and the end of a Lease are for.
    fn permit(&self) -> Result<()> {
        self.claim.check().map_err(|why| Error::Unavailable { why, retry_after: RETRY_AFTER })
    }
}

impl Storage for Guarded {
    fn get<'a>(&'a self, key: &'a Key, at: At) -> BoxFuture<'a, Result<Read<Option<Stored>>>> {
        self.store.get(key, at)
    }

    fn list(&self, query: Query) -> BoxFuture<'_, Result<Read<Page>>> {
        self.store.list(query)
    }

    fn write(&self, writes: Vec<Write>) -> BoxFuture<'_, Vec<Result<Revision>>> {
        Box::pin(async move {
            match self.permit() {
                Ok(()) => self.store.write(writes).await,
                Err(why) => vec![Err(why); writes.len()],
            }
        })
    }

    fn watch<'a>(&'a self, prefix: &'a Prefix, from: Start, previous: bool) -> BoxFuture<'a, Result<Events>> {
        self.store.watch(prefix, from, previous)
    }

    fn barrier(&self) -> BoxFuture<'_, Result<Revision>> {
        self.store.barrier()
    }

    fn compact(&self, through: Revision) -> BoxFuture<'_, Result<Revision>> {
        Box::pin(async move {
            self.permit()?;
            self.store.compact(through).await
        })
    }

    fn raise(&self, floor: Revision) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            self.permit()?;
            self.store.raise(floor).await
        })
    }

    fn facts(&self) -> Facts {
        self.store.facts()
    }

    fn health(&self) -> watch::Receiver<Health> {
        self.store.health()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::super::Standing;
    use super::*;
    use crate::storage::memory::Memory;

    #[tokio::test]
    async fn writes_need_a_lease_that_is_good_and_reads_do_not() {
        let claim = Arc::new(Claim::new());
        let store = Guarded::new(Arc::new(Memory::new()), Arc::clone(&claim));
        let create = |name: &str| store.create(Key::new(format!("g/r/n/{name}")), "{}".into());
        let refused = |outcome: Result<Revision>, why: &str| match outcome {
            Err(Error::Unavailable { why: found, .. }) => assert!(found.contains(why), "{found}"),
            other => panic!("{other:?}"),
        };
        refused(create("a").await, "no Lease was asked for yet");
        claim.set(Standing::Held { changed_hands: false });
        refused(create("a").await, "not renewed in time");
        claim.set_until(Some(Instant::now() + Duration::from_secs(3600)));
        let revision = create("a").await.expect("written");
        claim.set(Standing::Gone("other has it now".into()));
        refused(create("b").await, "other has it now");
        refused(store.compact(revision).await, "other has it now");
        assert!(store.raise(revision).await.is_err());
        let read = store.get(&Key::new("g/r/n/a"), At::Latest).await.expect("read");
        assert_eq!(read.value.map(|stored| stored.revision), Some(revision));
    }
}
