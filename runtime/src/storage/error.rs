//! How a store fails, in the terms that decide what a client is answered.

use std::time::Duration;

use super::foreign::foreign;
use super::{Key, Revision, Stored};

/// The outcome of a call to a store.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// How a store fails.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The precondition does not hold. Carries what is there, so that trying again costs no read.
    #[error("{key} was changed by somebody else: {}", found(current.as_deref()))]
    Conflict {
        /// Which key.
        key: Key,
        /// What is there now; `None` is nothing.
        current: Option<Box<Stored>>,
    },
    /// The revision is older than the history that is kept: list again.
    #[error("revision {asked} is compacted: the oldest that can still be read is {oldest}")]
    Compacted {
        /// What was asked for.
        asked: Revision,
        /// The oldest that would have worked.
        oldest: Revision,
    },
    /// The revision is not reached yet.
    #[error("revision {asked} is in the future: the current one is {current}")]
    Future {
        /// What was asked for.
        asked: Revision,
        /// What is reached.
        current: Revision,
    },
    /// The value is larger than the store takes. Certainly not written.
    #[error("a value of {size} bytes is too large: the storage takes at most {limit}")]
    TooLarge {
        /// The size of the value.
        size: usize,
        /// What the store takes, [`super::Facts::max_value`].
        limit: usize,
    },
    /// The record cannot be read. It can still be deleted at its revision.
    #[error("the stored record of {key} at revision {revision} cannot be read: {why}")]
    Corrupt {
        /// Which key.
        key: Key,
        /// At which revision it can be deleted.
        revision: Revision,
        /// What is wrong with it.
        why: String,
    },
    /// The store cannot do it now. Certainly not written.
    #[error("the storage is not available: {why}")]
    Unavailable {
        /// Why not.
        why: String,
        /// When trying again makes sense.
        retry_after: Duration,
    },
    /// A read that the store could not answer in time, as while it has no quorum; it can be repeated. Writes never end so.
    #[error("the storage did not answer in time: {why}")]
    Timeout {
        /// What happened.
        why: String,
        /// When trying again makes sense.
        retry_after: Duration,
    },
    /// The store takes no writes. Certainly not written.
    #[error("the storage is read-only: {why}")]
    ReadOnly {
        /// Why.
        why: String,
    },
    /// Whether it was written is not known; it may appear in a watch. Never tried again by itself.
    #[error("it is not known whether the write was stored: {why}")]
    Unknown {
        /// What happened.
        why: String,
    },
    /// What a cache answers until it has read the store. Stores never do.
    #[error("storage is (re)initializing")]
    Loading {
        /// When trying again makes sense.
        retry_after: Duration,
    },
    /// The data is foreign, damaged or of a newer version: refuse to start. The text says what to do.
    #[error("{0}")]
    Incompatible(String),
}

impl Error {
    /// A record that cannot be read, and why; if it is of a form that is known, what to do about it instead.
    pub(super) fn corrupt(stored: &Stored, why: &dyn std::fmt::Display) -> Self {
        let why = foreign(&stored.value).map_or_else(|| why.to_string(), str::to_owned);
        Self::Corrupt { key: stored.key.clone(), revision: stored.revision, why }
    }

    /// What a store answers when it is no longer open.
    pub(super) fn closed() -> Self {
        Self::Unavailable { why: "it was closed".into(), retry_after: Duration::from_secs(1) }
    }
}

fn found(current: Option<&Stored>) -> String {
    match current {
        Some(stored) => format!("it is at revision {}", stored.revision),
        None => "it does not exist".into(),
    }
}
