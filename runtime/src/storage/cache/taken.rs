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
    /// Those that are wanted, until it is enough; changes of one revision stay together. A large object comes alone where it
    /// can: the line of a single change is made once for all watches, those of several are made for each.
    pub(super) fn of<'a>(
        changes: impl Iterator<Item = &'a Arc<Change>>,
        wanted: impl Fn(&Change) -> bool,
    ) -> Taken {
        let (mut taken, mut bytes, mut last) = (Taken::default(), 0, None);
        for change in changes {
            let wanted = wanted(change);
            let length = change.after().or(change.before()).map_or(0, |object| object.length());
            let alone = wanted && length >= CHUNK && !taken.changes.is_empty();
            let enough = bytes >= CHUNK || taken.read >= SCAN || alone;
            if enough && last != Some(change.revision()) {
                taken.last = last;
                break;
            }
            last = Some(change.revision());
            taken.read += 1;
            if wanted {
                bytes += length;
                taken.changes.push(Arc::clone(change));
            }
        }
        taken
    }
}
