//! All objects of a resource in order, as runs: changed in place, and copied run by run only while somebody reads them.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use crate::object::Object;
use crate::storage::view::{Run, Slice, Slices};
use crate::storage::{Key, Prefix};

/// A run with fewer objects is joined with the next one, if together they leave room.
const FEW: usize = Run::MOST / 4;
const ROOMY: usize = Run::MOST * 3 / 4;

/// Ordered runs.
#[derive(Debug, Default)]
pub(super) struct Runs {
    /// By a fence: not above the objects of the run, and above all objects before.
    leaves: BTreeMap<Key, Leaf>,
}

#[derive(Debug)]
struct Leaf {
    run: Arc<Run>,
    /// Beside the pointer, so that counting touches no run.
    len: usize,
}

/// Which keys a read is about: those of a prefix, from one on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Range<'a> {
    /// What the keys begin with.
    pub(super) prefix: &'a Prefix,
    /// The first key; not below the prefix.
    pub(super) start: &'a str,
}

impl Range<'_> {
    /// Whether a key that is not below the start is in the range.
    pub(super) fn holds(&self, key: &Key) -> bool {
        key.under(self.prefix).is_some()
    }

    /// The part of ordered objects that is in the range.
    fn of(&self, items: &[Arc<Object>]) -> std::ops::Range<usize> {
        let from = items.partition_point(|object| object.key().as_str() < self.start);
        // The last object of most runs is in the range, and so is all before it.
        if items.last().is_some_and(|last| self.holds(last.key())) {
            return from..items.len();
        }
        from..from + items[from..].partition_point(|object| self.holds(object.key()))
    }
}

impl Leaf {
    fn new(run: Run) -> Leaf {
        Leaf { len: run.items().len(), run: Arc::new(run) }
    }
}

impl Runs {
    /// Puts an object in its place.
    pub(super) fn put(&mut self, object: Arc<Object>) {
        let key = object.key().clone();
        let Some(leaf) = self.leaf_mut(&key) else { return self.begin(key, object) };
        let behind = leaf.run.items().last().is_some_and(|last| *last.key() < key);
        if leaf.len >= Run::MOST && behind {
            // Keys often rise, and halves would never be filled.
            self.leaves.insert(key, Leaf::new(Run::new(vec![object])));
            return;
        }
        let run = Arc::make_mut(&mut leaf.run);
        run.put(object);
        let upper = (run.items().len() > Run::MOST).then(|| run.split());
        leaf.len = run.items().len();
        if let Some((fence, upper)) = upper.and_then(|run| Some((run.items().first()?.key().clone(), run))) {
            self.leaves.insert(fence, Leaf::new(upper));
        }
    }

    /// Takes an object out.
    pub(super) fn remove(&mut self, key: &Key) {
        let Some(leaf) = self.leaf_mut(key) else { return };
        if Arc::make_mut(&mut leaf.run).take(key.as_str()).is_some() {
            leaf.len -= 1;
            if leaf.len < FEW {
                self.join(key);
            }
        }
    }

    /// What is in the range, as slices.
    pub(super) fn slices<'a>(&'a self, range: Range<'a>) -> impl Iterator<Item = Slice> + 'a {
        self.leaves(range).filter_map(move |leaf| {
            let inside = range.of(leaf.run.items());
            Slice::new(Arc::clone(&leaf.run), inside)
        })
    }

    /// How many objects are in the range: looks into the runs at its ends only.
    pub(super) fn count(&self, range: Range<'_>) -> usize {
        let inside = |leaf: &Leaf| range.of(leaf.run.items()).len();
        let mut leaves = self.leaves(range);
        let (first, last) = (leaves.next(), leaves.next_back());
        first.map_or(0, inside) + leaves.map(|leaf| leaf.len).sum::<usize>() + last.map_or(0, inside)
    }

    /// The runs from the one on in which the first key is or would be, through the last with keys of the range.
    fn leaves(&self, range: Range<'_>) -> impl DoubleEndedIterator<Item = &Leaf> {
        let below = (Bound::Unbounded, Bound::Included(range.start));
        let fence = self.leaves.range::<str, _>(below).next_back().map(|(fence, _)| fence.as_str());
        let from = fence.map_or(Bound::Unbounded, Bound::Included);
        let end = range.prefix.end();
        let end = end.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        self.leaves.range::<str, _>((from, end)).map(|(_, leaf)| leaf)
    }

    /// The run in which a key is or would be; none when it is below everything.
    fn leaf_mut(&mut self, key: &Key) -> Option<&mut Leaf> {
        self.leaves.range_mut(..=key.clone()).next_back().map(|(_, leaf)| leaf)
    }

    /// An object below everything: in front of the first run.
    fn begin(&mut self, key: Key, object: Arc<Object>) {
        let first = self.leaves.first_entry().filter(|first| first.get().len < Run::MOST);
        let leaf = match first.map(std::collections::btree_map::OccupiedEntry::remove) {
            Some(mut leaf) => {
                Arc::make_mut(&mut leaf.run).put(object);
                Leaf { len: leaf.len + 1, run: leaf.run }
            }
            None => Leaf::new(Run::new(vec![object])),
        };
        self.leaves.insert(key, leaf);
    }

    /// Joins the run of a key, which has become short, with the next one.
    fn join(&mut self, key: &Key) {
        let Some(fence) = self.leaves.range(..=key.clone()).next_back().map(|(fence, _)| fence.clone())
        else {
            return;
        };
        let Some(mut leaf) = self.leaves.remove(&fence) else { return };
        if leaf.len == 0 {
            return;
        }
        let next = self.leaves.range(fence.clone()..).next();
        let next = next.filter(|(_, next)| leaf.len + next.len <= ROOMY).map(|(fence, _)| fence.clone());
        if let Some(next) = next.and_then(|fence| self.leaves.remove(&fence)) {
            Arc::make_mut(&mut leaf.run).append(&next.run);
            leaf.len += next.len;
        }
        self.leaves.insert(fence, leaf);
    }
}

impl FromIterator<Arc<Object>> for Runs {
    /// Full runs of objects that are in order.
    fn from_iter<I: IntoIterator<Item = Arc<Object>>>(objects: I) -> Self {
        let slices: Slices = objects.into_iter().collect();
        let leaf = |slice: &Slice| {
            let fence = slice.items().first()?.key().clone();
            Some((fence, Leaf { run: Arc::clone(slice.run()), len: slice.items().len() }))
        };
        Runs { leaves: slices.slices().iter().filter_map(leaf).collect() }
    }
}
