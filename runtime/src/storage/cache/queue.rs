//! The changes of one scope that somebody has not read yet.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::task::Waker;

use crate::storage::Revision;
use crate::storage::view::Change;

/// Who waits, by the number of the subscription.
#[derive(Debug, Default)]
pub(super) struct Waiting(BTreeMap<u64, Waker>);

impl Waiting {
    /// Wakes a subscription at the next change.
    pub(super) fn add(&mut self, number: u64, waker: &Waker) {
        self.0.entry(number).and_modify(|known| known.clone_from(waker)).or_insert_with(|| waker.clone());
    }

    /// Forgets a subscription.
    pub(super) fn remove(&mut self, number: u64) {
        self.0.remove(&number);
    }

    /// Everybody, who then waits no longer.
    pub(super) fn take(&mut self) -> impl Iterator<Item = Waker> {
        std::mem::take(&mut self.0).into_values()
    }
}

/// The changes of a scope, each kept until every watch of the scope has read it.
#[derive(Debug, Default)]
pub(super) struct Queue {
    changes: VecDeque<Unread>,
    /// The place of the first change that is kept.
    first: u64,
    /// How many watches the scope has.
    readers: usize,
    bytes: usize,
    /// The last change that went before somebody had read it.
    lost: Option<Revision>,
    pub(super) waiting: Waiting,
}

#[derive(Debug)]
struct Unread {
    change: Arc<Change>,
    /// By how many watches.
    by: usize,
}

impl Queue {
    /// A new watch: it reads from this place on.
    pub(super) fn join(&mut self) -> u64 {
        self.readers += 1;
        self.end()
    }

    /// The watch that has read up to this place ends. Says whether it was the last one.
    pub(super) fn leave(&mut self, place: u64) -> bool {
        self.readers -= 1;
        self.read(place, usize::MAX);
        self.readers == 0
    }

    /// Adds a change for all watches of the scope.
    pub(super) fn push(&mut self, change: &Arc<Change>) {
        self.bytes += change.size();
        self.changes.push_back(Unread { change: Arc::clone(change), by: self.readers });
    }

    /// Gives up the oldest changes: those at or below a revision beyond a number, and all beyond a size.
    pub(super) fn bound(&mut self, through: Revision, count: usize, bytes: usize) {
        while self.changes.len() > 1
            && let Some(first) = self.changes.front()
            && (self.bytes > bytes || self.changes.len() > count && first.change.revision() <= through)
        {
            self.lost = Some(first.change.revision());
            self.pop();
        }
    }

    /// Where a change that comes now will be.
    pub(super) fn end(&self) -> u64 {
        self.first + self.changes.len() as u64
    }

    /// The changes from a place on, or the revision up to which they are gone.
    pub(super) fn from(&self, place: u64) -> Result<impl Iterator<Item = &Arc<Change>>, Revision> {
        match self.lost {
            Some(lost) if place < self.first => Err(lost),
            _ => Ok(self.changes.range(self.index(place)..).map(|unread| &unread.change)),
        }
    }

    /// One watch has read so many changes from that place on.
    pub(super) fn read(&mut self, place: u64, count: usize) {
        let from = self.index(place);
        let to = from.saturating_add(count).min(self.changes.len());
        self.changes.range_mut(from..to).for_each(|unread| unread.by -= 1);
        while self.changes.front().is_some_and(|unread| unread.by == 0) {
            self.pop();
        }
    }

    fn index(&self, place: u64) -> usize {
        usize::try_from(place.saturating_sub(self.first)).unwrap_or(usize::MAX).min(self.changes.len())
    }

    fn pop(&mut self) {
        if let Some(unread) = self.changes.pop_front() {
            self.bytes -= unread.change.size();
            self.first += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{object, revision};
    use super::*;

    fn push(queue: &mut Queue, number: u64) {
        queue.push(&Arc::new(Change::new(revision(number), None, Some(object("a", number, "")))));
    }

    fn unread(queue: &Queue, place: u64) -> Result<Vec<u64>, u64> {
        let changes = queue.from(place).map_err(Revision::get)?;
        Ok(changes.map(|change| change.revision().get()).collect())
    }

    #[test]
    fn a_change_stays_until_everybody_has_read_it() {
        let mut queue = Queue::default();
        let (one, two) = (queue.join(), queue.join());
        push(&mut queue, 5);
        let three = queue.join();
        push(&mut queue, 6);
        assert_eq!(unread(&queue, one), Ok(vec![5, 6]));
        assert_eq!(unread(&queue, three), Ok(vec![6]));
        queue.read(one, 2);
        queue.read(three, 1);
        assert_eq!((queue.changes.len(), queue.bytes > 0), (2, true));
        queue.read(two, 1);
        assert_eq!(queue.changes.len(), 1);
        assert_eq!(unread(&queue, two + 1), Ok(vec![6]));
        assert!(!queue.leave(two + 1));
        assert_eq!((queue.changes.len(), queue.bytes), (0, 0));
        push(&mut queue, 7);
        assert_eq!(unread(&queue, one + 2), Ok(vec![7]));
        assert!(!queue.leave(one + 2));
        assert!(queue.leave(three + 1));
        assert_eq!((queue.changes.len(), queue.bytes), (0, 0));
    }

    #[test]
    fn who_falls_behind_the_bounds_is_told() {
        // through, count, bytes, how many of 5 changes (1..=5) are left
        for (through, count, bytes, left) in
            [(5, 9, usize::MAX, 5), (5, 2, usize::MAX, 2), (2, 2, usize::MAX, 3), (0, 9, 1, 1)]
        {
            let mut queue = Queue::default();
            let place = queue.join();
            (1..=5).for_each(|number| push(&mut queue, number));
            let late = queue.join();
            let through = Revision::new(through).map_or(revision(1), |through| through);
            let left = if bytes == 1 { 1 } else { left };
            queue.bound(through, count, bytes);
            assert_eq!(queue.changes.len(), left);
            let expected = if left == 5 { Ok(vec![1, 2, 3, 4, 5]) } else { Err(5 - left as u64) };
            assert_eq!(unread(&queue, place), expected);
            assert_eq!(unread(&queue, late), Ok(vec![]));
            assert!(!queue.leave(place) && queue.leave(late));
            assert_eq!((queue.changes.len(), queue.bytes), (0, 0));
        }
    }
}
