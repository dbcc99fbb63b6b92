//! What a store must do to hold Kubernetes objects: opaque bytes under ordered keys, one sequence of revisions, and a
//! watch that misses nothing.
//!
//! Everything Kubernetes about an object (preconditions on uid, finalizers, selectors, tokens) lives above this trait,
//! once. A backend knows keys, bytes and revisions only, and passes the suite in `contract`.
//!
//! Words that the contract leans on:
//!
//! - *acknowledged*: the future of a write answered `Ok`. From then on the write is durable (where
//!   [`Facts::durable`]) and every later [`At::Latest`] read sees it, on every replica.
//! - *shown*: a revision that anything answered: a write, a read, a barrier, a batch of a watch. Only what is durable is
//!   shown. Whatever begins later is not below it: a write is above, a `Latest` read or a barrier not below.
//! - *current revision*: the revision of the state that a `Latest` read sees. It is the revision of the newest write,
//!   or the start of the store when nothing was written yet. Each write has a revision of its own; between two there
//!   may be gaps, where others write to the same store or a revision was given up.
//! - *compacted revision*: history *up to* it is forgotten, the state *at* it is not. `Exactly(compacted)` and
//!   `After(compacted)` work, with all that events promise; anything below answers [`Error::Compacted`]. A layer that
//!   remembers more than the store below may still answer it, rightly.
//!
//! The events of all keys, in the order of their revisions, are what happened. Everything else agrees with them: a read
//! is the state of the events up to [`Read::at`], and a write that ended as [`Error::Unknown`] counts if and only if its
//! event appears, be it later.

pub mod cache;
pub mod dump;
mod error;
mod foreign;
mod key;
pub mod migrate;
mod record;
pub mod survey;
mod table;
pub mod view;
mod watch;

#[cfg(any(test, feature = "testing"))]
pub mod contract;
#[cfg(feature = "embedded")]
pub mod embedded;
#[cfg(feature = "etcd")]
pub mod etcd;
pub mod memory;

use std::fmt::Debug;
use std::pin::Pin;

use bytes::Bytes;

pub use error::{Error, Result};
pub use key::{Key, Prefix, Revision};
pub use record::{At, Expect, Facts, Health, Page, Query, Read, Stored, Write};
pub use table::Retention;
pub use watch::{Batch, Event, Events, Start};

/// A future that a trait object can answer with.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A store of opaque values, ordered by key, with history.
///
/// Every method may be called from any task at any time; futures are `Send` and do nothing until polled. Reads never
/// wait for writes to become durable, and writes never wait for readers or watchers.
///
/// Trouble behind a store ends by itself: while it lasts, calls fail as they must, a read that nobody answers in time as
/// [`Error::Timeout`], [`Storage::health`] says why, and open watches stay open; afterwards the same handle works. When the
/// last handle is dropped, every watch ends.
pub trait Storage: Send + Sync + Debug + 'static {
    /// The value under `key`, or `None` when there is none at that revision.
    ///
    /// - [`At::Latest`] is linearizable: it sees every write acknowledged before the call, by any replica.
    /// - [`At::NotBefore`] may be stale but not older than the revision; above the current one it is
    ///   [`Error::Future`], at once (waiting is for the caller to decide).
    /// - [`At::Any`] is whatever is cheapest, and never goes back for one caller of one store.
    /// - [`At::Exactly`] is the state at that revision: [`Error::Compacted`] below the compacted revision,
    ///   [`Error::Future`] above the current one.
    ///
    /// [`Read::at`] is the revision of the state that was read, not of the value: a watch after it misses nothing.
    fn get<'a>(&'a self, key: &'a Key, at: At) -> BoxFuture<'a, Result<Read<Option<Stored>>>>;

    /// The values under a prefix in the byte order of their keys, all at one revision, [`Read::at`].
    ///
    /// A page ends at [`Query::limit`] items or before the item that would exceed [`Query::max_bytes`] of values
    /// (a page is never empty while there is an item), and then says [`Page::more`]. The next page is the same query
    /// with `at: Exactly(read.at)` and `from` just behind the last key. A backend may end pages earlier than asked.
    ///
    /// A value that somebody else put there and that is no object is handed over as it is, here and in a watch: one bad
    /// record hides no others.
    fn list(&self, query: Query) -> BoxFuture<'_, Result<Read<Page>>>;

    /// Applies each write alone: its own precondition, revision and outcome, no atomicity. Outcomes are in the order
    /// given; so are the writes to one key, while those to different keys may be applied side by side.
    ///
    /// `Ok` is the write's revision, and means acknowledged. [`Error::Conflict`], [`Error::TooLarge`],
    /// [`Error::Unavailable`] and [`Error::ReadOnly`] mean certainly not written; [`Error::Unknown`] means that it may
    /// be, and a backend never tries such a write again by itself. A conflict carries the current record as it was
    /// compared, so that trying again costs no read. There are exactly as many outcomes as writes. A write of the bytes
    /// that are there already is a write like any other.
    ///
    /// Writes to one key within one call see each other. Dropping the future after its first poll cancels nothing.
    /// A write acknowledged before another begins has the smaller revision.
    fn write(&self, writes: Vec<Write>) -> BoxFuture<'_, Vec<Result<Revision>>>;

    /// The events under `prefix` after a revision: each durable event once, in the order of revisions, without a gap.
    ///
    /// The first batch comes at once and may be empty; its [`Batch::through`] is the revision that the watch has
    /// reached. [`Start::Now`] begins at the current revision, [`Start::After`] behind the given one:
    /// [`Error::Compacted`] below the compacted revision, [`Error::Future`] above the current one. A watch after any
    /// `through`, on any replica, goes on without a gap or a double.
    ///
    /// [`Event::previous`] is promised only when `previous` is asked for. A watch ends with exactly one error:
    /// `Compacted` when its reader was too slow (list again), `Unavailable` when the store is gone.
    fn watch<'a>(&'a self, prefix: &'a Prefix, from: Start, previous: bool) -> BoxFuture<'a, Result<Events>>;

    /// A revision not below any write acknowledged before the call, by any replica.
    ///
    /// Every open watch passes it soon, unasked: with the events it had to deliver anyway, or with an empty batch.
    fn barrier(&self) -> BoxFuture<'_, Result<Revision>>;

    /// Forgets the history up to `through` (at most the current revision), and answers the compacted revision.
    ///
    /// The answer may be higher, when somebody else compacted further. Open watches keep what they have not read yet.
    /// Blocks writers for one commit at most; space is given back later, in slices.
    fn compact(&self, through: Revision) -> BoxFuture<'_, Result<Revision>>;

    /// Makes every revision from now on higher than `floor`, and everything up to `floor` history that is forgotten.
    ///
    /// For import, restore and a change of backend, where clients hold revisions of another life: afterwards the
    /// current revision is above `floor`, and `After(floor)` and `Exactly(floor)` are [`Error::Compacted`]. Values stay.
    /// An open watch goes on without a gap, or ends as `Compacted`.
    fn raise(&self, floor: Revision) -> BoxFuture<'_, Result<()>>;

    /// What does not change while the store is open.
    fn facts(&self) -> Facts;

    /// Whether the store can write now. The receiver sees every later change.
    fn health(&self) -> tokio::sync::watch::Receiver<Health>;

    /// Writes a value under a key that must be absent.
    fn create(&self, key: Key, value: Bytes) -> BoxFuture<'_, Result<Revision>> {
        Box::pin(async move { only(self.write(vec![Write::create(key, value)]).await) })
    }

    /// Writes a value over the one that must be at `revision`.
    fn replace(&self, key: Key, revision: Revision, value: Bytes) -> BoxFuture<'_, Result<Revision>> {
        Box::pin(async move { only(self.write(vec![Write::replace(key, revision, value)]).await) })
    }

    /// Deletes the value that must be at `revision`; answers the revision of the deletion.
    fn delete(&self, key: Key, revision: Revision) -> BoxFuture<'_, Result<Revision>> {
        Box::pin(async move { only(self.write(vec![Write::delete(key, revision)]).await) })
    }
}

fn only(outcomes: Vec<Result<Revision>>) -> Result<Revision> {
    outcomes
        .into_iter()
        .next()
        .unwrap_or_else(|| Err(Error::Unknown { why: "the storage answered a write with no outcome".into() }))
}
