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
    /// How many watches the scope has, ...
    readers: usize,
    /// ... and how many of them have lost nothing.
    complete: usize,
    /// So many of the changes, the first ones, have left the window, ...
    outlived: usize,
    /// ... and are so large.
    bytes: usize,
    /// The last change that went before somebody had read it.
    lost: Option<Revision>,
    pub(super) waiting: Waiting,
}

#[derive(Debug)]
struct Unread {
    change: Arc<Change>,
    /// By how many watches that have lost nothing.
    by: usize,
}

impl Queue {
    /// A new watch: it reads from this place on.
    pub(super) fn join(&mut self) -> u64 {
        self.readers += 1;
        self.complete += 1;
        self.end()
    }

    /// The watch that has read up to this place ends. Says whether it was the last one.
    pub(super) fn leave(&mut self, place: u64) -> bool {
        self.readers -= 1;
        if place >= self.first {
            self.complete -= 1;
            self.read(place, usize::MAX);
        }
        self.readers == 0
    }

    /// Adds a change for all watches of the scope.
    pub(super) fn push(&mut self, change: &Arc<Change>) {
        // Who has lost something is told so, and nothing else.
        if self.complete > 0 {
            self.changes.push_back(Unread { change: Arc::clone(change), by: self.complete });
        }
    }

    /// A change has left the window. Of what has, at most a number and a size may wait; the newest change does in any
    /// case. Says how large it is, if it waits here.
    pub(super) fn outlive(&mut self, change: &Arc<Change>, count: usize, bytes: usize) -> usize {
        let next = self.changes.get(self.outlived);
        if !next.is_some_and(|unread| Arc::ptr_eq(&unread.change, change)) {
            return 0;
        }
        self.outlived += 1;
        self.bytes += change.size();
        while self.changes.len() > 1 && (self.outlived > count || self.bytes > bytes) {
            self.lose();
        }
        change.size()
    }

    /// Gives up the oldest of what has left the window, until no more than a size waits. Says how much does.
    pub(super) fn give_up(&mut self, bytes: usize) -> usize {
        while self.bytes > bytes {
            self.lose();
        }
        self.bytes
    }

    /// Where a change that comes now will be.
    fn end(&self) -> u64 {
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
        self.forget_read();
    }

    /// The first change goes, and with it whatever else would wait only for those who have not read it.
    fn lose(&mut self) {
        let Some(Unread { change, by }) = self.pop() else { return };
        self.lost = Some(change.revision());
        self.complete -= by;
        self.changes.iter_mut().for_each(|later| later.by -= by);
        self.forget_read();
    }

    fn forget_read(&mut self) {
        while self.changes.front().is_some_and(|unread| unread.by == 0) {
            self.pop();
        }
    }

    fn index(&self, place: u64) -> usize {
        usize::try_from(place.saturating_sub(self.first)).unwrap_or(usize::MAX).min(self.changes.len())
    }

    fn pop(&mut self) -> Option<Unread> {
        let unread = self.changes.pop_front()?;
        self.first += 1;
        if self.outlived > 0 {
            self.outlived -= 1;
            self.bytes -= unread.change.size();
        }
        Some(unread)
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
        assert_eq!(queue.changes.len(), 2);
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

    /// A queue of five changes, of which so many have left the window; with a watch that has read none.
    fn slow(outlived: usize, count: usize, bytes: usize) -> (Queue, u64) {
        let mut queue = Queue::default();
        let place = queue.join();
        (1..=5).for_each(|number| push(&mut queue, number));
        let changes: Vec<_> = queue.changes.iter().map(|unread| Arc::clone(&unread.change)).collect();
        for change in &changes[..outlived] {
            queue.outlive(change, count, bytes);
        }
        (queue, place)
    }

    #[test]
    fn who_falls_behind_the_bounds_is_told() {
        let all = usize::MAX;
        // how many of the changes have left the window, how many and how much of that may wait, the last that is lost
        for (outlived, count, bytes, lost) in [
            (0, 0, 0, None),
            (5, 5, all, None),
            (2, 2, all, None),
            (3, 2, all, Some(1)),
            (2, 9, 0, Some(1)),
            (5, 2, all, Some(1)),
        ] {
            let (mut queue, place) = slow(outlived, count, bytes);
            let expected = lost.map_or(Ok(vec![1, 2, 3, 4, 5]), Err);
            assert_eq!(unread(&queue, place), expected, "{outlived} {count} {bytes}");
            assert_eq!(queue.changes.is_empty(), lost.is_some(), "what waits for nobody is not kept");
            let late = queue.join();
            assert_eq!(unread(&queue, late), Ok(vec![]));
            push(&mut queue, 6);
            assert_eq!(unread(&queue, late), Ok(vec![6]));
            assert!(!queue.leave(place) && queue.leave(late));
            assert_eq!((queue.changes.len(), queue.bytes), (0, 0));
        }
    }

    #[test]
    fn the_newest_change_waits_whatever_its_size_and_the_others_keep_what_is_theirs() {
        let mut queue = Queue::default();
        let (slow, fast) = (queue.join(), queue.join());
        push(&mut queue, 1);
        let first = Arc::clone(&queue.changes[0].change);
        assert_eq!(queue.outlive(&first, 9, 0), first.size());
        assert_eq!(unread(&queue, slow), Ok(vec![1]));
        queue.read(fast, 1);
        (2..=4).for_each(|number| push(&mut queue, number));
        let second = Arc::clone(&queue.changes[1].change);
        queue.outlive(&second, 1, usize::MAX);
        assert_eq!(unread(&queue, slow), Err(1));
        assert_eq!(unread(&queue, fast + 1), Ok(vec![2, 3, 4]));
        assert_eq!(queue.outlive(&first, 9, 0), 0, "it is not here any more");
        queue.read(fast + 1, 3);
        assert_eq!((queue.changes.len(), queue.bytes), (0, 0));
        assert!(!queue.leave(fast + 4) && queue.leave(slow));
    }
}
