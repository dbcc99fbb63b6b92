//! Which writes a full disk takes.

use super::super::table::State;
use super::super::{Error, Result, Revision, Write};
use super::ballast::ROW;

/// What a full disk is called.
pub(super) const FULL: &str = "the disk is full, so that only deletions are accepted, and changes that hardly grow an object, until there \
     is space again";
/// How much a change may grow an object on a full disk: a deletion that waits for finalizers begins with one.
const HARDLY: usize = 512;

/// Which writes find space on the disk.
pub(super) enum Space {
    Enough,
    /// And for changes that hardly grow an object, of so many bytes in all.
    ForDeletions {
        why: Error,
        to_spare: usize,
    },
    None(Error),
}

impl Space {
    /// The answer to a write that finds none.
    pub(super) fn refuse(&mut self, state: &State, write: &Write) -> Option<Result<Revision>> {
        match self {
            Self::Enough => None,
            Self::ForDeletions { why, to_spare } => {
                let Some(value) = &write.value else { return None };
                let current = state.current(write.key.as_str());
                let hardly_grows = current.is_some_and(|current| value.len() <= current.value.len() + HARDLY);
                match to_spare.checked_sub(value.len() + ROW) {
                    Some(left) if hardly_grows => {
                        *to_spare = left;
                        None
                    }
                    _ => Some(Err(why.clone())),
                }
            }
            Self::None(why) => Some(Err(why.clone())),
        }
    }
}
