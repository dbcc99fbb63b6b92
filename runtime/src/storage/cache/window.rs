//! The recent changes, in order: what watches begin with and what past revisions are rebuilt from.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::storage::Revision;
use crate::storage::view::Change;

/// What is kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keep {
    /// Changes younger than this stay, ...
    pub(super) age: Duration,
    /// ... and so many whatever their age, ...
    pub(super) count: usize,
    /// ... unless together they are larger than this; the newest one stays in any case.
    pub(super) bytes: usize,
}

impl Default for Keep {
    fn default() -> Self {
        Keep { age: Duration::from_secs(75), count: 100, bytes: 64 << 20 }
    }
}

/// The first place, with room for what is put before it later.
const FIRST: u64 = 1 << 32;

/// Changes in the order of their revisions, each with a place that never changes.
#[derive(Debug)]
pub(super) struct Window {
    changes: VecDeque<(Arc<Change>, Instant)>,
    /// The place of the first change that is kept.
    first: u64,
    /// Every change behind this revision is here.
    start: Revision,
    bytes: usize,
    keep: Keep,
}

impl Window {
    pub(super) fn new(start: Revision, keep: Keep) -> Window {
        Window { changes: VecDeque::new(), first: FIRST, start, bytes: 0, keep }
    }

    /// Every change behind this revision is here.
    pub(super) fn start(&self) -> Revision {
        self.start
    }

    /// The place of the first change.
    pub(super) fn first(&self) -> u64 {
        self.first
    }

    /// The place of the next change.
    pub(super) fn end(&self) -> u64 {
        self.first + self.changes.len() as u64
    }

    /// The place of the first change behind a revision; nothing when changes behind it are gone.
    pub(super) fn place(&self, revision: Revision) -> Option<u64> {
        (revision >= self.start).then(|| {
            self.first + self.changes.partition_point(|(change, _)| change.revision() <= revision) as u64
        })
    }

    /// The changes from a place on; a place that is gone is the first.
    pub(super) fn from(&self, place: u64) -> impl Iterator<Item = &Arc<Change>> {
        let skipped = usize::try_from(place.saturating_sub(self.first)).unwrap_or(usize::MAX);
        self.changes.range(skipped.min(self.changes.len())..).map(|(change, _)| change)
    }

    /// Adds a change behind all others, in whose place older ones may leave.
    #[cfg(test)]
    pub(super) fn push(&mut self, change: Arc<Change>, now: Instant) {
        self.add(change, now);
        while self.leave(now).is_some() {}
    }

    /// Adds a change behind all others.
    pub(super) fn add(&mut self, change: Arc<Change>, now: Instant) {
        self.bytes += change.size();
        self.changes.push_back((change, now));
    }

    /// Whether it holds more bytes than it should.
    pub(super) fn is_too_large(&self) -> bool {
        self.changes.len() > 1 && self.bytes > self.keep.bytes
    }

    /// The oldest change, if it is to be kept no longer.
    pub(super) fn leave(&mut self, now: Instant) -> Option<Arc<Change>> {
        if self.changes.len() > 1 && self.first_leaves(now) { self.pop() } else { None }
    }

    /// Puts changes before all others: all that lie behind `start`, up to where the window begins. Answers whether there is
    /// room for more.
    pub(super) fn prepend(&mut self, start: Revision, changes: Vec<Arc<Change>>, at: Instant) -> bool {
        for change in changes.into_iter().rev() {
            let bytes = self.bytes + change.size();
            if bytes > self.keep.bytes {
                self.start = change.revision();
                return false;
            }
            self.bytes = bytes;
            self.changes.push_front((change, at));
            self.first -= 1;
        }
        self.start = start;
        true
    }

    fn first_leaves(&self, now: Instant) -> bool {
        let Some((_, at)) = self.changes.front() else { return false };
        let old = now.duration_since(*at) > self.keep.age && self.changes.len() > self.keep.count;
        old || self.is_too_large()
    }

    fn pop(&mut self) -> Option<Arc<Change>> {
        let (change, _) = self.changes.pop_front()?;
        self.bytes -= change.size();
        self.start = self.start.max(change.revision());
        self.first += 1;
        Some(change)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{object, revision};
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn change(number: u64, length: usize) -> Arc<Change> {
        Arc::new(Change::new(revision(number), None, Some(object("a", number, &"x".repeat(length)))))
    }

    #[test]
    fn young_or_few_changes_stay_unless_they_are_large() {
        let start = Instant::now();
        // how many are kept at least, bytes, minutes between changes, what is left of ten
        for (count, bytes, minutes, left) in [
            (3, usize::MAX, 1, 3),
            (3, usize::MAX, 0, 10),
            (5, usize::MAX, 2, 5),
            (5, 3000, 2, 2),
            (5, 10, 0, 1),
        ] {
            let mut window = Window::new(revision(10), Keep { age: MINUTE, count, bytes });
            for number in 1..=10 {
                let at = start + minutes * 2 * MINUTE * u32::try_from(number).expect("small");
                window.push(change(10 + number, 500), at);
            }
            assert_eq!(window.from(0).count(), left, "{count} {bytes} {minutes}");
            let oldest = if left == 10 { 10 } else { 20 - left as u64 };
            assert_eq!(window.start().get(), oldest);
            assert_eq!(window.bytes, window.from(0).map(|change| change.size()).sum::<usize>());
            assert_eq!(window.end(), FIRST + 10);
            assert_eq!(window.first(), FIRST + 10 - left as u64);
            assert_eq!(window.place(revision(oldest - 1)), None);
            assert_eq!(window.place(revision(oldest)), Some(window.first()));
            assert_eq!(window.place(revision(20)), Some(window.end()));
        }
    }
    #[test]
    fn what_is_put_before_leaves_all_places_as_they_were() {
        let (now, size) = (Instant::now(), change(21, 500).size());
        let mut window = Window::new(revision(20), Keep { age: MINUTE, count: 100, bytes: 8 * size });
        let changes =
            |numbers: std::ops::RangeInclusive<u64>| numbers.map(|number| change(number, 500)).collect();
        for number in 21..=23 {
            window.push(change(number, 500), now);
        }
        let place = window.place(revision(21)).expect("kept");
        assert!(window.prepend(revision(15), changes(19..=20), now));
        assert_eq!((window.start().get(), window.place(revision(21))), (15, Some(place)));
        assert_eq!(window.place(revision(15)), Some(window.first()));
        assert_eq!(window.place(revision(19)), Some(window.first() + 1));
        // The newest of those that there is no room for all of.
        assert!(!window.prepend(revision(5), changes(6..=15), now));
        assert_eq!((window.start().get(), window.place(revision(11))), (12, None));
        let kept: Vec<_> = window.from(0).map(|change| change.revision().get()).collect();
        assert_eq!(kept, [13, 14, 15, 19, 20, 21, 22, 23]);
        assert_eq!((window.bytes, window.place(revision(21))), (8 * size, Some(place)));
    }
}
