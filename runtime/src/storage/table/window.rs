//! The recent events, in order: history for watches and for reads of past revisions, bounded in time and bytes.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::super::{Event, Key, Revision, Stored};

/// What an event costs beside the value it keeps alive.
const EVENT: usize = 200;
/// How finely the age of events is known.
const GRAIN: Duration = Duration::from_secs(1);

/// How much history a store keeps by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Events younger than this stay, ...
    pub age: Duration,
    /// ... unless what they keep alive exceeds so many bytes.
    pub bytes: usize,
}

impl Default for Retention {
    /// Five minutes, at most 256 MiB.
    fn default() -> Self {
        Self { age: Duration::from_secs(5 * 60), bytes: 256 << 20 }
    }
}

/// An event as the window keeps it. Many are kept, most of them creations, and few are ever told again.
#[derive(Debug)]
pub(in crate::storage) struct Past {
    pub(in crate::storage) key: Key,
    pub(in crate::storage) revision: Revision,
    pub(in crate::storage) value: Option<Bytes>,
    pub(in crate::storage) previous: Option<Box<Stored>>,
}

impl Past {
    fn of(event: &Event) -> Self {
        let (key, value, previous) = (event.key.clone(), event.value.clone(), event.previous.clone());
        Self { key, revision: event.revision, value, previous: previous.map(Box::new) }
    }

    /// The event, to be told once more.
    pub(super) fn event(&self) -> Arc<Event> {
        let (key, value, previous) =
            (self.key.clone(), self.value.clone(), self.previous.as_deref().cloned());
        Arc::new(Event { key, revision: self.revision, value, previous })
    }
}

/// Events in the order of their revisions. What they keep alive are the values they replaced: the new ones are live,
/// or replaced by a later event.
pub(super) struct Window {
    events: VecDeque<Past>,
    bytes: usize,
    /// First and last moment of a grain, and the last revision in it.
    grains: VecDeque<(Instant, Instant, Revision)>,
    compacted: Revision,
    retention: Retention,
}

impl Window {
    pub(super) fn new(compacted: Revision, retention: Retention) -> Self {
        Self { events: VecDeque::new(), bytes: 0, grains: VecDeque::new(), compacted, retention }
    }

    pub(super) fn compacted(&self) -> Revision {
        self.compacted
    }

    pub(super) fn push(&mut self, event: &Event, now: Instant) {
        let event = Past::of(event);
        match self.grains.back_mut() {
            Some((first, last, revision)) if now.duration_since(*first) < GRAIN => {
                *last = now;
                *revision = event.revision;
            }
            _ => self.grains.push_back((now, now, event.revision)),
        }
        self.bytes += cost(&event);
        self.events.push_back(event);
    }

    /// The events behind a revision.
    pub(super) fn after(&self, revision: Revision) -> impl Iterator<Item = &Past> {
        let start = self.events.partition_point(|event| event.revision <= revision);
        self.events.range(start..)
    }

    /// Through which revision to compact by now.
    pub(super) fn due(&self, now: Instant) -> Option<Revision> {
        let old =
            self.grains.iter().take_while(|(_, last, _)| now.duration_since(*last) >= self.retention.age);
        let by_age = old.last().map(|(_, _, revision)| *revision);
        by_age.max(self.beyond_bytes()).filter(|through| *through > self.compacted)
    }

    /// Forgets the events up to a revision and hands them over.
    pub(super) fn compact(&mut self, through: Revision) -> Vec<Past> {
        self.compacted = self.compacted.max(through);
        while self.grains.front().is_some_and(|(_, _, revision)| *revision <= through) {
            self.grains.pop_front();
        }
        let count = self.events.partition_point(|event| event.revision <= through);
        let forgotten: Vec<_> = self.events.drain(..count).collect();
        self.bytes -= forgotten.iter().map(cost).sum::<usize>();
        forgotten
    }

    fn beyond_bytes(&self) -> Option<Revision> {
        let mut kept = self.bytes;
        let leaving = self.events.iter().take_while(|event| {
            let leaves = kept > self.retention.bytes;
            kept -= cost(event);
            leaves
        });
        leaving.last().map(|event| event.revision)
    }
}

fn cost(event: &Past) -> usize {
    EVENT + event.previous.as_ref().map_or(0, |previous| previous.value.len())
}

#[cfg(test)]
mod tests {
    use super::super::super::{Key, Stored};
    use super::*;

    fn revision(number: u64) -> Revision {
        Revision::new(number).expect("not 0")
    }

    fn event(number: u64, replaced: usize) -> Event {
        let key = Key::new("g/r/x");
        let previous = Stored {
            key: key.clone(),
            revision: Revision::FIRST,
            value: vec![0; replaced].into(),
            stale: false,
        };
        Event { key, revision: revision(number), value: None, previous: Some(previous) }
    }

    #[test]
    fn events_younger_than_the_age_stay() {
        let (start, minute) = (Instant::now(), Duration::from_secs(60));
        let mut window = Window::new(revision(10), Retention { age: 5 * minute, bytes: usize::MAX });
        window.push(&event(11, 0), start);
        window.push(&event(12, 0), start + GRAIN / 2);
        window.push(&event(13, 0), start + minute);
        assert_eq!(window.due(start + 5 * minute), None);
        assert_eq!(window.due(start + 5 * minute + GRAIN), Some(revision(12)));
        assert_eq!(window.due(start + 6 * minute), Some(revision(13)));
    }

    #[test]
    fn bytes_bound_the_window_whatever_the_age() {
        let now = Instant::now();
        let mut window =
            Window::new(revision(10), Retention { bytes: 3 * EVENT + 100, ..Retention::default() });
        for number in 11..=13 {
            window.push(&event(number, 100), now);
        }
        assert_eq!(window.due(now), Some(revision(11)));
        assert_eq!(window.compact(revision(11)).len(), 1);
        assert_eq!(window.due(now), None);
        assert_eq!(window.after(revision(12)).count(), 1);
        assert_eq!(window.compacted(), revision(11));
    }
}
