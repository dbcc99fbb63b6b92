//! Runs: short, ordered, shared pieces of a list. A list is slices of them, so that nothing is copied to answer it.
//!
//! What is in order and where a run ends is for whoever makes them.

#[cfg(test)]
mod tests;

use std::ops::Range;
use std::sync::Arc;

use super::kept::{Kept, Made};
use crate::object::Object;

/// At most [`Run::MOST`] objects in the order of their keys. Shared, it never changes.
#[derive(Clone, Debug, Default)]
pub struct Run {
    items: Kept<Vec<Arc<Object>>>,
    bytes: usize,
}

impl Run {
    /// How many objects a run has at most.
    pub const MOST: usize = 64;

    /// The run of these objects, which are in order and not more than [`Run::MOST`].
    #[must_use]
    pub fn new(items: Vec<Arc<Object>>) -> Run {
        debug_assert!(items.len() <= Run::MOST, "{} objects in a run", items.len());
        let bytes = items.iter().map(|object| object.length()).sum();
        Run { items: Kept::new(items), bytes }
    }

    /// The objects.
    #[must_use]
    pub fn items(&self) -> &[Arc<Object>] {
        &self.items
    }

    /// How long the objects are together, as they are served.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// What was made of the objects, and is kept as long as they do not change.
    #[must_use]
    pub fn made(&self) -> &Made {
        self.items.made()
    }

    /// How much of it is kept, in bytes.
    #[must_use]
    pub fn budget(&self) -> usize {
        self.bytes / 4
    }

    /// Where the object of that key is, or would be.
    pub(in crate::storage) fn position(&self, key: &str) -> Result<usize, usize> {
        self.items.binary_search_by(|object| object.key().as_str().cmp(key))
    }

    /// Puts an object in its place; answers the one that it replaces.
    pub(in crate::storage) fn put(&mut self, object: Arc<Object>) -> Option<Arc<Object>> {
        self.bytes += object.length();
        match self.position(object.key().as_str()) {
            Ok(place) => {
                let replaced = std::mem::replace(&mut self.items.change()[place], object);
                self.bytes -= replaced.length();
                Some(replaced)
            }
            Err(place) => {
                self.items.change().insert(place, object);
                None
            }
        }
    }

    /// Takes an object out.
    pub(in crate::storage) fn take(&mut self, key: &str) -> Option<Arc<Object>> {
        let place = self.position(key).ok()?;
        let object = self.items.change().remove(place);
        self.bytes -= object.length();
        Some(object)
    }

    /// Takes the upper half out.
    pub(in crate::storage) fn split(&mut self) -> Run {
        let half = self.items.len() / 2;
        let upper = Run::new(self.items.change().split_off(half));
        self.bytes -= upper.bytes;
        upper
    }

    /// Puts a run behind the last object.
    pub(in crate::storage) fn append(&mut self, other: &Run) {
        self.items.change().extend(other.items.iter().cloned());
        self.bytes += other.bytes;
    }
}

/// Some neighbouring objects of a run; never none.
#[derive(Clone, Debug)]
pub struct Slice {
    run: Arc<Run>,
    start: usize,
    end: usize,
}

impl Slice {
    /// Those of a run; nothing when the range is empty.
    #[must_use]
    pub fn new(run: Arc<Run>, range: Range<usize>) -> Option<Slice> {
        let (start, end) = (range.start, range.end.min(run.items.len()));
        (start < end).then_some(Slice { run, start, end })
    }

    /// The objects.
    #[must_use]
    pub fn items(&self) -> &[Arc<Object>] {
        &self.run.items[self.start..self.end]
    }

    /// The first so many objects; nothing where that is none.
    #[must_use]
    pub fn first(self, most: usize) -> Option<Slice> {
        let end = self.end.min(self.start.saturating_add(most));
        (self.start < end).then_some(Slice { end, ..self })
    }

    /// Where in the run it begins.
    #[must_use]
    pub fn start(&self) -> usize {
        self.start
    }

    /// The run it is of.
    #[must_use]
    pub fn run(&self) -> &Arc<Run> {
        &self.run
    }

    /// Whether it is the run as a whole, so that what is kept with the run can be used.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.end - self.start == self.run.items.len()
    }

    /// How long the objects are together, as they are served.
    #[must_use]
    pub fn bytes(&self) -> usize {
        if self.is_whole() {
            return self.run.bytes;
        }
        self.items().iter().map(|object| object.length()).sum()
    }
}

/// The objects of a list, in the order of their keys, as slices of runs.
#[derive(Clone, Debug, Default)]
pub struct Slices(Vec<Slice>);

impl Slices {
    /// Puts a slice behind what is there.
    pub fn push(&mut self, slice: Slice) {
        self.0.push(slice);
    }

    /// Puts another list behind this one.
    pub fn append(&mut self, other: Slices) {
        self.0.extend(other.0);
    }

    /// The slices, one after the other.
    pub fn into_slices(self) -> std::vec::IntoIter<Slice> {
        self.0.into_iter()
    }

    /// The slices.
    #[must_use]
    pub fn slices(&self) -> &[Slice] {
        &self.0
    }

    /// The objects.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Arc<Object>> + Clone {
        self.0.iter().flat_map(Slice::items)
    }

    /// The last object.
    #[must_use]
    pub fn last(&self) -> Option<&Arc<Object>> {
        self.0.last().and_then(|slice| slice.items().last())
    }

    /// How many objects there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.iter().map(|slice| slice.end - slice.start).sum()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How long the objects are together, as they are served.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.0.iter().map(Slice::bytes).sum()
    }

    /// Keeps the first so many objects.
    pub fn truncate(&mut self, most: usize) {
        let mut left = most;
        self.0.retain_mut(|slice| {
            slice.end = slice.end.min(slice.start.saturating_add(left));
            left -= slice.end - slice.start;
            slice.start < slice.end
        });
    }
}

impl FromIterator<Arc<Object>> for Slices {
    /// New runs of objects that are in order.
    fn from_iter<I: IntoIterator<Item = Arc<Object>>>(objects: I) -> Self {
        let mut objects = objects.into_iter();
        let runs = std::iter::from_fn(|| {
            let run = Run::new(objects.by_ref().take(Run::MOST).collect());
            let all = 0..run.items.len();
            Slice::new(Arc::new(run), all)
        });
        Slices(runs.collect())
    }
}

impl IntoIterator for Slices {
    type Item = Arc<Object>;
    type IntoIter = Objects;

    fn into_iter(self) -> Objects {
        Objects { slices: self.0.into_iter(), current: None }
    }
}

/// The objects of a list one after the other; a run is let go as soon as its last object was taken.
#[derive(Debug)]
pub struct Objects {
    slices: std::vec::IntoIter<Slice>,
    current: Option<Slice>,
}

impl Objects {
    /// None at all.
    #[must_use]
    pub fn none() -> Objects {
        Slices::default().into_iter()
    }

    /// Whether none is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.current.is_none() && self.slices.len() == 0
    }
}

impl Iterator for Objects {
    type Item = Arc<Object>;

    fn next(&mut self) -> Option<Arc<Object>> {
        let mut slice = match self.current.take() {
            Some(slice) => slice,
            None => self.slices.next()?,
        };
        let object = Arc::clone(slice.items().first()?);
        slice.start += 1;
        self.current = Some(slice).filter(|slice| slice.start < slice.end);
        Some(object)
    }
}
