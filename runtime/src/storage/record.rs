//! What reads ask and answer, and what writes say.

use bytes::Bytes;

use super::{Key, Prefix, Revision};

/// One value as the store holds it. Cloning shares key and bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Where it is.
    pub key: Key,
    /// The revision of the write that made it.
    pub revision: Revision,
    /// What was written. It may be kept for long: a store that has it in memory shares it, and no store gives a slice of
    /// something larger.
    pub value: Bytes,
    /// Whether its form at rest is outdated (an old encryption key or encoding): a write that changes nothing must be
    /// carried out all the same.
    pub stale: bool,
}

/// Which state a read sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// Every write acknowledged before the call, by any replica.
    Latest,
    /// Anything not older than this revision.
    NotBefore(Revision),
    /// Anything.
    Any,
    /// The state at this revision.
    Exactly(Revision),
}

/// What a list asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// Which keys.
    pub prefix: Prefix,
    /// Where to begin, *behind the prefix* and inclusive: `ns/name`, or `ns/name\0` for just behind that name.
    pub from: Option<Box<str>>,
    /// At most so many items; 0 is no limit.
    pub limit: usize,
    /// At most so many bytes of values, but never less than one item; 0 is no limit.
    pub max_bytes: usize,
    /// Which state.
    pub at: At,
    /// Whether to count what follows the page.
    pub count: bool,
}

impl Query {
    /// Everything under a prefix, latest, in one page.
    pub fn all(prefix: Prefix) -> Self {
        Self { prefix, from: None, limit: 0, max_bytes: 0, at: At::Latest, count: false }
    }
}

/// A part of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// In the byte order of their keys.
    pub items: Vec<Stored>,
    /// Whether items follow.
    pub more: bool,
    /// How many follow, when that was asked.
    pub remaining: Option<u64>,
}

/// What was read, and the revision of the state it was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read<T> {
    /// The revision of the state: a watch after it misses nothing.
    pub at: Revision,
    /// What was read.
    pub value: T,
}

/// What a write requires of the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// That there is no value.
    Absent,
    /// That the value is the one of this revision.
    Is(Revision),
}

/// One change to one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// Which key.
    pub key: Key,
    /// Under which condition. Deleting what must be absent is always a conflict.
    pub expect: Expect,
    /// The new value; `None` deletes. A store keeps the bytes as they are given: not a slice of something larger.
    pub value: Option<Bytes>,
}

impl Write {
    /// A value for a key that must be absent.
    pub fn create(key: Key, value: Bytes) -> Self {
        Self { key, expect: Expect::Absent, value: Some(value) }
    }

    /// A value over the one that must be at `revision`.
    pub fn replace(key: Key, revision: Revision, value: Bytes) -> Self {
        Self { key, expect: Expect::Is(revision), value: Some(value) }
    }

    /// No value any more, where the one at `revision` must be.
    pub fn delete(key: Key, revision: Revision) -> Self {
        Self { key, expect: Expect::Is(revision), value: None }
    }
}

/// What does not change while a store is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Whether other processes may write to the same data.
    pub shared: bool,
    /// Whether acknowledged writes survive a crash.
    pub durable: bool,
    /// The largest value that it takes, in bytes.
    pub max_value: usize,
}

/// Whether a store can work now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// Reads and writes.
    Ready,
    /// Reads only, and why.
    ReadOnly(String),
    /// No writes; reads as far as they go without the store behind; and why.
    Down(String),
}
