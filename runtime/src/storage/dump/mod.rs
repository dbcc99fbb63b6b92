//! A store as lines of JSON, and stores made of such lines: for backups, moves and a look inside.
//!
//! ```text
//! {"format":"aggboot-dump/1","source":"embedded","revision":1763740000000123,"count":2}
//! {"key":"custom.example.com/widgets/default/a","revision":1763740000000101,"value":{"apiVersion":…}}
//! {"key":"custom.example.com/widgets/default/b","revision":1763740000000119,"value":{"apiVersion":…}}
//! {"count":2,"sha256":"…"}
//! ```
//!
//! - The first line says what follows: the format, where it comes from, the highest revision that the source ever
//!   served, and how many records there are.
//! - Then each record, in the byte order of the keys, all of one revision. A value that is a JSON object on one line
//!   stands as it is stored, byte for byte; other text is in `text`, and other bytes are in `base64`.
//! - The last line repeats the count and has the SHA-256 of every byte before it, so that a dump that was cut or
//!   changed is noticed.
//!
//! Records that are put into a store get new revisions, above all that the source served: see [`import`].

mod contents;
mod export;
mod fill;
mod import;
mod lines;
mod read;

#[cfg(test)]
mod tests;

use std::io;

use super::{Key, Revision};

pub(super) use contents::Contents;
pub use export::export;
pub(super) use fill::Fill;
pub use import::import;
pub use lines::{FORMAT, Header};
pub use read::{Dump, Record};

/// The outcome of moving records.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Told of progress: how many records are done.
pub type Progress<'a> = &'a mut (dyn FnMut(u64) + Send);

/// Why records could not be moved.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A store failed.
    #[error(transparent)]
    Storage(#[from] super::Error),
    /// The dump could not be read or written.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// The dump is not what was exported.
    #[error("line {line}: {why}")]
    Broken {
        /// Which line, counted from 1.
        line: u64,
        /// What is wrong with it.
        why: String,
    },
    /// The store to be filled holds something already.
    #[error("the store is not empty: it holds {count} records")]
    NotEmpty {
        /// How many.
        count: u64,
    },
    /// The store did not answer what it was given.
    #[error("the store holds something else than was written into it ({0}): somebody writes to it meanwhile")]
    Differs(String),
}

/// What was moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    /// How many records.
    pub count: u64,
    /// Of an export, the revision of all records, and the highest that was ever served. Of an import, the revision of
    /// the store afterwards.
    pub revision: Revision,
}

/// Just behind a key, as a query under no prefix says it.
fn behind(key: &Key) -> Box<str> {
    format!("{key}\0").into()
}
