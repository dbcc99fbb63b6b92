//! What happened in one history, as its callers saw it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::super::super::{At, Error, Event, Key, Prefix, Read, Result, Revision, Stored, Write};

/// Everything that the judge looks at.
#[derive(Debug)]
pub(super) struct History {
    /// The current revision before the first call. Nothing was there.
    pub(super) start: Revision,
    /// What a watch of everything told from the start to the end.
    pub(super) log: Watched,
    pub(super) calls: Vec<Call>,
    pub(super) watches: Vec<Watched>,
    /// Whether the store was crashed meanwhile.
    pub(super) crashed: bool,
    /// Whether others may compact it.
    pub(super) shared: bool,
}

/// One call, from its first poll to its answer.
#[derive(Debug)]
pub(super) struct Call {
    /// Whose.
    pub(super) task: usize,
    pub(super) began: u64,
    pub(super) ended: u64,
    pub(super) what: What,
}

/// What was asked, and what was answered.
#[derive(Debug)]
pub(super) enum What {
    Write(Write, Result<Revision>),
    Get(Key, At, Result<Read<Option<Stored>>>),
    List(Prefix, At, Result<Read<Vec<Stored>>>),
    Barrier(Result<Revision>),
    Compact(Revision, Result<Revision>),
}

/// What one watch told.
#[derive(Debug)]
pub(super) struct Watched {
    pub(super) prefix: Prefix,
    pub(super) from: Revision,
    pub(super) events: Vec<Arc<Event>>,
    /// When each batch came, and how far it reached.
    pub(super) progress: Vec<(u64, Revision)>,
    /// Why it ended before the history did.
    pub(super) failed: Option<Error>,
}

impl Watched {
    pub(super) fn through(&self) -> Revision {
        self.progress.last().map_or(self.from, |(_, through)| *through)
    }
}

impl Call {
    /// A revision that the store has certainly reached when this was answered.
    pub(super) fn shows(&self) -> Option<Revision> {
        match &self.what {
            What::Write(_, outcome) | What::Barrier(outcome) | What::Compact(_, outcome) => {
                outcome.as_ref().ok().copied()
            }
            What::Get(_, _, read) => read.as_ref().ok().map(|read| read.at),
            What::List(_, _, read) => read.as_ref().ok().map(|read| read.at),
        }
    }
}

/// Moments of real time, in the order in which they were asked for.
#[derive(Clone, Debug, Default)]
pub(super) struct Clock(Arc<AtomicU64>);

impl Clock {
    pub(super) fn tick(&self) -> u64 {
        self.0.fetch_add(1, Ordering::SeqCst)
    }

    /// How many moments were asked for.
    pub(super) fn now(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}
