//! Who may write: the Leases of the APIServices whose objects a server keeps, where its storage is its own.
//!
//! Two servers with a store each would answer for one API with two truths. So a server on such a store holds a Lease
//! for every APIService that it keeps objects of, `<version>.<group>`, as client-go's leader election holds one: 15 s
//! without a renewal make it free, a holder gives up after 10, and everybody looks every 2. They are taken in the
//! order of their names, so that two servers never wait for each other. A server without all of them is not ready and
//! answers nothing; one that has lost them accepts no writes, and ends when somebody else has had one.
//!
//! An annotation says which store was the last one to be served from. It is written between two other things: after
//! the new store is raised above all that clients may hold of the one before, so that a start that fails in between
//! does it again; and before anything is served, so that the one before does it when it comes back.
//! It is taken off where a Lease is taken that nobody gave away: what its holder served last is not known, even where
//! that had a copy of the same store.
//!
//! Another annotation says how high the revisions were that were served, as of the last renewal. A store that is behind
//! it is an older copy, whatever it is called, and is raised as well.
//!
//! The Role that this needs, in the namespace of the Leases:
//!
//! ```yaml
//! - apiGroups: [coordination.k8s.io]
//!   resources: [leases]
//!   verbs: [get, create, update]
//! ```

mod election;
mod guard;
mod keeper;
#[cfg(test)]
mod tests;

use std::fmt;
use std::fs::File;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::{Duration, Instant};

use tokio::sync::watch;

pub(crate) use guard::Guarded;
pub(crate) use keeper::Keeper;

use crate::storage::{Revision, Storage};

/// How long a server that stops takes to give its Leases away.
const PATIENCE: Duration = Duration::from_secs(5);

/// Whether this server may write, for whoever has to know.
#[derive(Debug)]
pub(crate) struct Claim {
    standing: watch::Sender<Standing>,
    /// Until when the last renewal is good.
    until: Mutex<Option<Instant>>,
    /// Whether the store is fit to be served from: the Leases may name it.
    raised: watch::Sender<bool>,
    /// The store from then on, whose revision the Leases have.
    store: OnceLock<Weak<dyn Storage>>,
    /// The highest revision that was served before, as far as the Leases know; 0 is none.
    served: AtomicU64,
    ending: watch::Sender<bool>,
    released: watch::Sender<bool>,
}

/// How things stand. The texts say why, for the log and for readiness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Not held yet.
    Waiting(String),
    /// Held. While hands have changed, the Leases do not name this store as the one that was served from last.
    Held { changed_hands: bool },
    /// Held, and not renewed in time; it may come back.
    Lost(String),
    /// Somebody else has had it: the data of this server is not what is served any more.
    Gone(String),
}

impl Claim {
    pub(crate) fn new() -> Self {
        Self {
            standing: watch::Sender::new(Standing::Waiting("no Lease was asked for yet".into())),
            until: Mutex::default(),
            raised: watch::Sender::default(),
            store: OnceLock::new(),
            served: AtomicU64::new(0),
            ending: watch::Sender::default(),
            released: watch::Sender::default(),
        }
    }

    /// Whether this server may serve what it stores; the error says who does.
    pub(crate) fn check(&self) -> Result<(), String> {
        match &*self.standing.borrow() {
            Standing::Held { .. } if self.is_good() => Ok(()),
            Standing::Held { .. } => Err("the Lease was not renewed in time".into()),
            Standing::Waiting(why) | Standing::Lost(why) | Standing::Gone(why) => Err(why.clone()),
        }
    }

    /// Waits until it is held; answers whether this store has to be raised before it is served from, as another one
    /// (or nobody knows which) was before. The error says who has it for good.
    pub(crate) async fn held(&self) -> Result<bool, String> {
        self.held_with(|_| true).await
    }

    /// How high the revisions were that were served before, as far as the Leases knew when they were taken; 0 where
    /// they knew nothing. The store has to be above.
    pub(crate) fn served(&self) -> u64 {
        self.served.load(Ordering::Relaxed)
    }

    /// The store is above whatever was served before, and this is durable. Waits until the Leases say that it is the
    /// one that is served from: only then may it be.
    pub(crate) async fn name_the_store(&self, store: &Arc<dyn Storage>) -> Result<(), String> {
        let _ = self.store.set(Arc::downgrade(store));
        self.raised.send_replace(true);
        self.held_with(|changed_hands| !changed_hands).await.map(drop)
    }

    async fn held_with(&self, wanted: impl Fn(bool) -> bool) -> Result<bool, String> {
        let mut standing = self.standing.subscribe();
        let decided = standing.wait_for(|standing| match standing {
            Standing::Held { changed_hands } => wanted(*changed_hands),
            Standing::Waiting(_) | Standing::Lost(_) => false,
            Standing::Gone(_) => true,
        });
        match decided.await.as_deref() {
            Ok(Standing::Held { changed_hands }) => Ok(*changed_hands),
            Ok(Standing::Waiting(why) | Standing::Lost(why) | Standing::Gone(why)) => Err(why.clone()),
            // The sender is in self.
            Err(_) => Err("nobody keeps the Leases of this server".into()),
        }
    }

    /// The revision of the store, once it is named and as long as it is open: all that was served is below or there.
    async fn revision(&self) -> Option<u64> {
        let store = self.store.get()?.upgrade()?;
        store.barrier().await.ok().map(Revision::get)
    }

    /// How things stand, and every change of it.
    pub(crate) fn standing(&self) -> watch::Receiver<Standing> {
        self.standing.subscribe()
    }

    /// Gives it away: from now on nothing is written. Waits a moment for the main API to know.
    pub(crate) async fn release(&self) {
        self.set_until(None);
        self.ending.send_replace(true);
        let mut released = self.released.subscribe();
        let _ = tokio::time::timeout(PATIENCE, released.wait_for(|released| *released)).await;
    }

    fn is_good(&self) -> bool {
        self.until().is_some_and(|until| Instant::now() < until)
    }

    fn until(&self) -> Option<Instant> {
        *self.until.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_until(&self, until: Option<Instant>) {
        *self.until.lock().unwrap_or_else(PoisonError::into_inner) = until;
    }

    fn set(&self, standing: Standing) {
        self.standing.send_if_modified(|before| {
            let changed = *before != standing;
            if changed {
                standing.say();
                *before = standing;
            }
            changed
        });
    }
}

impl Standing {
    fn say(&self) {
        match self {
            Self::Held { changed_hands: false } => {
                tracing::info!("the storage of this server is the one that is served from");
            }
            Self::Held { changed_hands: true } => {
                tracing::info!(
                    "the Leases are held, and this storage was not the last one that was served from"
                );
            }
            Self::Waiting(why) => tracing::info!("not ready: {why}"),
            Self::Lost(why) | Self::Gone(why) => tracing::error!("not ready any more: {why}"),
        }
    }
}

/// Who this server is towards others: a process on a machine or in a pod, as client-go's leader election has it, and
/// its store. One that comes back after a kill may go on under the name of the process before it, and then need not
/// wait for itself: where it is sure that this one is dead. The same store is no sign of that, as it may be a copy.
#[derive(Debug)]
pub(crate) struct Holder {
    pub(crate) host: String,
    pub(crate) process: String,
    pub(crate) store: String,
    /// What makes the name of the process its own.
    pub(crate) _lock: Option<File>,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", self.host, self.process)
    }
}
