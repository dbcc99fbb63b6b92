//! Rows that are neither live nor history any more, in the order in which they must go.
//!
//! A deleted row must not outlive the row that deleted it, or the key would be back at the next opening: so what an
//! event replaced goes first, then the event's own row when it is a deletion.

use std::collections::VecDeque;

use super::super::Revision;
use super::super::table::Past;

#[derive(Debug, Default)]
pub(super) struct Garbage(VecDeque<Revision>);

impl Garbage {
    /// Of a forgotten event.
    pub(super) fn forget(&mut self, event: &Past) {
        let replaced = event.previous.as_ref().map(|previous| previous.revision);
        self.add(event.revision, replaced, event.value.is_none());
    }

    pub(super) fn add(&mut self, revision: Revision, replaced: Option<Revision>, deletion: bool) {
        self.0.extend(replaced);
        self.0.extend(deletion.then_some(revision));
    }

    /// The first rows, at most so many.
    pub(super) fn slice(&self, most: usize) -> impl Iterator<Item = Revision> {
        self.0.iter().take(most).copied()
    }

    /// Those rows are gone.
    pub(super) fn gone(&mut self, count: usize) {
        self.0.drain(..count.min(self.0.len()));
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}
