//! Who may write: the Leases of the APIServices whose objects a server keeps, where its storage is its own.
//!
//! Two servers with a store each would answer for one API with two truths. So a server on such a store holds a Lease
//! for every APIService that it keeps objects of, `<version>.<group>`, as client-go's leader election holds one: 15 s
//! without a renewal make it free, a holder gives up after 10, and everybody looks every 2. They are taken in the
//! order of their names, so that two servers never wait for each other. A server without all of them is not ready and
//! answers nothing; one that has lost them accepts no writes, and ends when somebody else has had one.
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

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

pub(crate) use guard::Guarded;
pub(crate) use keeper::Keeper;

/// How long a server that stops takes to give its Leases away.
const PATIENCE: Duration = Duration::from_secs(5);

/// Whether this server may write, for whoever has to know.
#[derive(Debug)]
pub(crate) struct Claim {
    standing: watch::Sender<Standing>,
    /// Until when the last renewal is good.
    until: Mutex<Option<Instant>>,
    ending: watch::Sender<bool>,
    released: watch::Sender<bool>,
}

/// How things stand. The texts say why, for the log and for readiness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Not held yet.
    Waiting(String),
    /// Held, by a store that was (or was not) the last one to be.
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

    /// Waits until it is held; answers whether another store was the last one that was served from.
    pub(crate) async fn held(&self) -> bool {
        let mut standing = self.standing.subscribe();
        let held = standing.wait_for(|standing| matches!(standing, Standing::Held { .. })).await;
        // The sender is in self.
        held.is_ok_and(|held| matches!(*held, Standing::Held { changed_hands: true }))
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
            Self::Held { .. } => tracing::info!("the storage of this server is the one that is served from"),
            Self::Waiting(why) => tracing::info!("not ready: {why}"),
            Self::Lost(why) | Self::Gone(why) => tracing::error!("not ready any more: {why}"),
        }
    }
}

/// Who this server is towards others: the machine or pod, and its store. A server that comes back to its store in the
/// same place is the same one, and need not wait for itself; that only one process has the store at a time is up to
/// the lock of its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Holder {
    pub(crate) host: String,
    pub(crate) store: String,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", self.host, self.store)
    }
}
