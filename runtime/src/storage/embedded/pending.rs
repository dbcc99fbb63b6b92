//! What is acknowledged and not durable yet, where writes do not wait for the disk.
//!
//! A crash loses it. So that nobody who saw it waits in silence for revisions that come again, revisions are given
//! away only below a *ceiling* that is durable: after a crash the store begins there, and whoever holds less is told
//! to list.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::super::{Event, Revision};
use super::ballast::ROW;

/// How many revisions a ceiling is ahead: so many writes need no other one.
const HEADROOM: u64 = 1 << 16;
/// More rows at once would keep writers waiting, ...
const MOST_ROWS: usize = 2048;
/// ... and so would more bytes.
const MOST_BYTES: usize = 8 << 20;

pub(super) struct Pending {
    interval: Duration,
    pub(super) events: Vec<Arc<Event>>,
    bytes: usize,
    pub(super) compacted: Option<Revision>,
    flush_at: Option<Instant>,
    /// The durable one; 0 before the first.
    pub(super) ceiling: u64,
}

impl Pending {
    pub(super) fn new(interval: Duration) -> Self {
        Self { interval, events: Vec::new(), bytes: 0, compacted: None, flush_at: None, ceiling: 0 }
    }

    /// The ceiling that has to be durable before so many revisions are given away; nothing when it is.
    pub(super) fn ceiling_for(&self, current: Revision, count: usize) -> Option<u64> {
        let end = current.get().saturating_add(count as u64);
        (end >= self.ceiling).then(|| end.saturating_add(HEADROOM))
    }

    /// Takes over what was acknowledged.
    pub(super) fn add(&mut self, events: &[Arc<Event>], compacted: Option<Revision>, now: Instant) {
        self.bytes +=
            events.iter().filter_map(|event| event.value.as_ref()).map(bytes::Bytes::len).sum::<usize>();
        self.events.extend_from_slice(events);
        self.compacted = self.compacted.max(compacted);
        self.flush_at.get_or_insert(now + self.interval);
    }

    /// How much space it needs, as bytes of values.
    pub(super) fn weight(&self) -> usize {
        self.bytes + self.events.len() * ROW
    }

    /// When it has to become durable.
    pub(super) fn flush_at(&self) -> Option<Instant> {
        self.flush_at
    }

    /// Whether it has to become durable now.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        let large = self.events.len() >= MOST_ROWS || self.bytes >= MOST_BYTES;
        self.flush_at.is_some_and(|at| large || at <= now)
    }

    /// Everything is durable.
    pub(super) fn settled(&mut self) {
        *self = Self { ceiling: self.ceiling, ..Self::new(self.interval) };
    }

    /// What was found durable after a failure.
    pub(super) fn found(&mut self, through: u64) {
        self.events.retain(|event| event.revision.get() > through);
    }
}
