//! Everything that one store holds, moved into another: verified, resumable, and so that no revision goes back.
//!
//! 1. Both are read side by side, in the order of their keys: what is to be done is known before anything is written.
//! 2. The target is raised above the highest revision that the source served, and a record in it says that a migration
//!    is under way (`marker`). Only then come objects.
//! 3. What the target lacks is written; what differs, or is at a revision that the source may have served, is written
//!    again; what the source does not have is deleted. After whatever broke a migration off, doing this once more is
//!    all there is to going on.
//! 4. The target is read and compared, the source is asked whether it was written to meanwhile (`still`), and the
//!    record of the migration goes.
//!
//! While that record is there, a server refuses the target: it would serve a part for the whole.

mod marker;
mod merge;
mod run;
mod still;

#[cfg(test)]
mod tests;

use super::{Error as StorageError, Key, Revision, Storage};
use still::Still;

pub use marker::{Unfinished, unfinished};

/// The outcome of a migration.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Told of progress: what is being done, how many objects are done, and of how many.
pub type Progress<'a> = &'a mut (dyn FnMut(Stage, u64, u64) + Send);

/// Why a migration did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The source could not be read.
    #[error("reading the source: {0}")]
    Source(StorageError),
    /// The target could not be read or written.
    #[error("{}", of_target(.0))]
    Target(StorageError),
    /// The target holds what no migration put there.
    #[error("the target holds {count} objects that do not come from a migration")]
    Occupied {
        /// How many.
        count: u64,
    },
    /// The target holds a part of what another source has.
    #[error("the target holds an unfinished migration from {source_name}")]
    Another {
        /// The name that this source had.
        source_name: String,
    },
    /// The source itself holds a part only.
    #[error("the source holds an unfinished migration from {source_name}: it has only a part of the objects")]
    Half {
        /// The name of the source of that.
        source_name: String,
    },
    /// An object that the target does not take.
    #[error("{key} has {size} bytes and the target takes at most {limit}")]
    TooLarge {
        /// Which object.
        key: Key,
        /// Its size.
        size: usize,
        /// What [`super::Facts::max_value`] of the target says.
        limit: usize,
    },
    /// Somebody wrote to the source.
    #[error("the source was written to meanwhile ({key} at revision {revision}): stop its servers")]
    Moved {
        /// Which object.
        key: Key,
        /// The revision of the first write.
        revision: Revision,
    },
    /// What is in the target is not what was put there.
    #[error("the target holds something else than was written into it ({0}): somebody else writes to it")]
    Differs(String),
}

/// What is being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Reading both stores.
    Comparing,
    /// Writing the target.
    Copying,
    /// Reading what was written.
    Verifying,
}

/// What a target is before a migration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// Empty.
    Nothing,
    /// A part of the same migration.
    Part,
    /// All of it: there is nothing to do.
    Everything,
}

/// How many objects of which fate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Those of the source.
    pub objects: u64,
    /// The size of their values.
    pub bytes: u64,
    /// Which the target lacks.
    pub created: u64,
    /// Whose bytes differ, or whose revision is one that the source may have served.
    pub replaced: u64,
    /// Which the target has already.
    pub kept: u64,
    /// Which only the target has.
    pub deleted: u64,
}

/// One store to be moved into another.
#[derive(Clone, Copy, Debug)]
pub struct Migration<'a> {
    /// What is read. Nobody may write to it meanwhile.
    pub source: &'a dyn Storage,
    /// What the source is called, the same whenever the migration is tried.
    pub name: &'a str,
    /// What is filled. Nobody may use it meanwhile.
    pub target: &'a dyn Storage,
}

/// What a migration would do. Nothing is written yet.
#[derive(Debug)]
pub struct Plan {
    /// How many objects are to be written and deleted.
    pub tally: Tally,
    /// What the target is.
    pub found: Found,
    /// Above which revision everything in the target will be.
    pub above: Revision,
    still: Still,
}

/// What a migration did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migrated {
    /// How many objects were written and deleted.
    pub tally: Tally,
    /// The highest revision that the source served; everything in the target is above it.
    pub above: Revision,
    /// The revision of the target now.
    pub revision: Revision,
    /// The digest of all keys and values, as both stores have them.
    pub sha256: String,
}

fn of_target(why: &StorageError) -> String {
    match why {
        StorageError::Conflict { .. } => format!("somebody else writes to the target: {why}"),
        why => format!("filling the target: {why}"),
    }
}
