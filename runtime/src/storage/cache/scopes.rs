//! The queues of the narrower scopes that are watched, and what they may keep together.

use std::collections::HashMap;
use std::sync::Arc;

use super::log::Sight;
use super::queue::Queue;
use crate::storage::view::Change;
use crate::storage::{Key, Prefix};

/// How many bytes of what is kept nowhere else may wait for all slow watches of a cache.
const MUCH: usize = 16 << 20;
/// How many for those of one scope.
const LITTLE: usize = 256 << 10;

/// The queue of each scope that is watched and is not everything.
#[derive(Debug, Default)]
pub(super) struct Scopes {
    under: HashMap<Prefix, Queue>,
    of: HashMap<Key, Queue>,
    /// At least as much as all queues keep of what has left the window.
    outlived: usize,
}

impl Scopes {
    /// The queue of a scope that is watched.
    pub(super) fn get_mut(&mut self, sight: &Sight) -> Option<&mut Queue> {
        match sight {
            Sight::All => None,
            Sight::Under(prefix) => self.under.get_mut(prefix),
            Sight::Of(key) => self.of.get_mut(key),
        }
    }

    /// A new watch of a scope. Says where it reads on; nothing for everything, which has no queue.
    pub(super) fn join(&mut self, sight: &Sight) -> Option<u64> {
        match sight {
            Sight::All => None,
            Sight::Under(prefix) => Some(self.under.entry(prefix.clone()).or_default().join()),
            Sight::Of(key) => Some(self.of.entry(key.clone()).or_default().join()),
        }
    }

    /// The watch of a scope ends that has read up to this place.
    pub(super) fn leave(&mut self, sight: &Sight, place: u64) {
        if !self.get_mut(sight).is_some_and(|queue| queue.leave(place)) {
            return;
        }
        match sight {
            Sight::All => {}
            Sight::Under(prefix) => drop(self.under.remove(prefix)),
            Sight::Of(key) => drop(self.of.remove(key)),
        }
    }

    /// Ends all watches.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = Queue> {
        self.outlived = 0;
        self.under.drain().map(|(_, queue)| queue).chain(self.of.drain().map(|(_, queue)| queue))
    }

    /// Every queue whose scope a change is in.
    pub(super) fn seeing(&mut self, change: &Change, mut visit: impl FnMut(&mut Queue)) {
        let Some(key) = change.key() else { return };
        if !self.under.is_empty() {
            let slashes = key.as_str().match_indices('/').map(|(slash, _)| &key.as_str()[..=slash]);
            for prefix in std::iter::once("").chain(slashes) {
                self.under.get_mut(prefix).map(&mut visit);
            }
        }
        self.of.get_mut(key).map(visit);
    }

    /// A change has left the window: what waits for somebody is kept by queues alone now, and not without bounds.
    pub(super) fn outlive(&mut self, change: &Arc<Change>, count: usize) {
        if Arc::strong_count(change) == 1 {
            return;
        }
        let mut more = 0;
        self.seeing(change, |queue| more += queue.outlive(change, count, LITTLE));
        self.outlived += more;
        if self.outlived > MUCH {
            self.give_up();
        }
    }

    /// Gives up half of what is kept, or more, where it is most.
    fn give_up(&mut self) {
        // What was read since counts no more.
        self.outlived = self.keep(usize::MAX);
        let (mut most, enough) = (LITTLE, MUCH / 2);
        if self.outlived <= MUCH {
            return;
        }
        while self.outlived > enough {
            self.outlived = self.keep(most);
            most /= 2;
        }
    }

    /// Lets every queue keep so much. Says how much all of them do.
    fn keep(&mut self, most: usize) -> usize {
        let queues = self.under.values_mut().chain(self.of.values_mut());
        queues.map(|queue| queue.give_up(most)).sum()
    }
}
