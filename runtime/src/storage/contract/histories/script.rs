//! What several tasks shall do at once: random, and made smaller when it fails.

use proptest::collection::vec;
use proptest::prelude::*;

/// Behind the prefix of one history: namespaces whose names begin alike, and a name without one.
pub(super) const KEYS: [&str; 6] = ["a/x", "a/y", "a-b/x", "a.b/x", "b/x", "c"];

/// Behind the prefix of one history.
pub(super) const PREFIXES: [&str; 4] = ["", "a/", "a-b/", "none/"];

/// The steps of each task.
pub(super) type Script = Vec<Vec<Step>>;

/// What a task does next. Keys and prefixes are places in the lists above; revisions are those that the task saw.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    /// Writes over what it knows of a key.
    Put(usize),
    /// Deletes what it knows of a key.
    Delete(usize),
    /// Puts so many keys in one call, from that key on.
    Batch(usize, usize),
    /// Puts a key, and drops the future after its first poll.
    Drop(usize),
    Get(usize, When),
    List(usize, When),
    /// A list in pages of so many.
    Pages(usize, When),
    Barrier,
    /// Lists a prefix and watches it from there to the end.
    Watch(usize),
    /// Compacts up to the middle of what it saw.
    Compact,
}

/// Which state a read sees.
#[derive(Clone, Copy, Debug)]
pub(super) enum When {
    Latest,
    NotBefore,
    Any,
    Exactly,
}

/// Up to five tasks of up to thirty steps. Smaller numbers are simpler steps, and so are smaller scripts.
pub(super) fn scripts() -> impl Strategy<Value = Script, Tree: Send> {
    let step = (0..100_usize, 0..KEYS.len(), 0..100_usize);
    vec(vec(step.prop_map(|(kind, place, more)| step_of(kind, place, more)), 1..=30), 1..=5)
}

/// Kinds of steps, in percent.
fn step_of(kind: usize, place: usize, more: usize) -> Step {
    match kind {
        0..28 => Step::Put(place),
        28..38 => Step::Delete(place),
        38..44 => Step::Batch(place, 1 + more % 4),
        44..48 => Step::Drop(place),
        48..66 => Step::Get(place, when(more)),
        66..78 => Step::List(place % PREFIXES.len(), when(more)),
        78..86 => Step::Pages(1 + place % 3, when(more)),
        86..91 => Step::Barrier,
        91..96 => Step::Watch(place % PREFIXES.len()),
        _ => Step::Compact,
    }
}

fn when(percent: usize) -> When {
    match percent {
        0..50 => When::Latest,
        50..65 => When::NotBefore,
        65..80 => When::Any,
        _ => When::Exactly,
    }
}
