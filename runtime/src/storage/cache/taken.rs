//! As many changes as a watch is told at once.

use std::sync::Arc;

use crate::storage::Revision;
use crate::storage::view::Change;

/// About how many bytes of objects a step has at most: what a watch sends at once.
const CHUNK: usize = 32 << 10;
/// How many changes are looked at in one go.
pub(super) const SCAN: usize = 4096;

/// Some changes that follow each other.
#[derive(Default)]
pub(super) struct Taken {
    pub(super) changes: Vec<Arc<Change>>,
    /// How many were looked at.
    pub(super) read: usize,
    /// The revision of the last of them, where more follow.
    pub(super) last: Option<Revision>,
}

impl Taken {
    /// Those that are wanted, until it is enough; changes of one revision stay together.
    pub(super) fn of<'a>(
        changes: impl Iterator<Item = &'a Arc<Change>>,
        wanted: impl Fn(&Change) -> bool,
    ) -> Taken {
        let (mut taken, mut bytes, mut last) = (Taken::default(), 0, None);
        for change in changes {
            let enough = bytes >= CHUNK || taken.read >= SCAN;
            if enough && last != Some(change.revision()) {
                taken.last = last;
                break;
            }
            last = Some(change.revision());
            taken.read += 1;
            if wanted(change) {
                bytes += change.after().or(change.before()).map_or(0, |object| object.length());
                taken.changes.push(Arc::clone(change));
            }
        }
        taken
    }
}
