//! The storage contract as a suite: any backend runs it with one line.
//!
//! ```
//! # use std::sync::Arc;
//! # use aggboot::storage::{contract::{self, Subject}, memory::Memory};
//! # #[tokio::main]
//! # async fn main() {
//! contract::run(|| Subject::new(|| async { Arc::new(Memory::new()) as Arc<_> })).await;
//! # }
//! ```
//!
//! Every case starts with an empty store of its own and is named for what it promises.

mod history;
mod lists;
mod reads;
mod reopen;
mod steps;
mod watches;
mod writes;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::{BoxFuture, Storage};

/// After this a case counts as hanging.
const PATIENCE: Duration = Duration::from_secs(120);

/// One store under test, which can be opened again.
pub struct Subject {
    open: Box<dyn Fn() -> BoxFuture<'static, Arc<dyn Storage>> + Send + Sync>,
}

impl Subject {
    /// A store that is opened, empty at first, by that function. Called again after all handles are dropped, it opens
    /// the same data; a store that is not durable may begin anew.
    pub fn new<F>(open: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Arc<dyn Storage>> + Send + 'static,
    {
        Self { open: Box::new(move || Box::pin(open())) }
    }

    async fn open(&self) -> Arc<dyn Storage> {
        (self.open)().await
    }
}

/// A promise that was not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The name of the case.
    pub case: &'static str,
    /// What was found.
    pub why: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.case, self.why)
    }
}

/// Runs every case and panics with the names of those that failed. Needs a Tokio runtime with time, and one of several
/// threads, or the concurrent cases are not concurrent.
pub async fn run(fresh: impl Fn() -> Subject) {
    let failures = check(fresh).await;
    let all: Vec<_> = failures.iter().map(ToString::to_string).collect();
    assert!(all.is_empty(), "the storage contract is broken:\n{}", all.join("\n"));
}

/// Runs every case on a fresh store and answers what failed.
pub async fn check(fresh: impl Fn() -> Subject) -> Vec<Failure> {
    let mut failures = Vec::new();
    for (case, run) in CASES {
        // A task of its own, so that one panic is one failure.
        let mut task = tokio::spawn(run(fresh()));
        let why = match tokio::time::timeout(PATIENCE, &mut task).await {
            Ok(Ok(())) => continue,
            Ok(Err(panic)) => reason(panic),
            Err(_) => {
                task.abort();
                format!("nothing after {} s", PATIENCE.as_secs())
            }
        };
        failures.push(Failure { case, why });
    }
    failures
}

fn reason(error: tokio::task::JoinError) -> String {
    let Ok(panic) = error.try_into_panic() else { return "cancelled".into() };
    match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(panic) => panic.downcast::<&str>().map_or_else(|_| "panicked".into(), |text| (*text).into()),
    }
}

type Case = fn(Subject) -> BoxFuture<'static, ()>;

macro_rules! cases {
    ($($room:ident: $($name:ident)*;)*) => {
        &[$($((concat!(stringify!($room), "::", stringify!($name)), |subject| Box::pin($room::$name(subject)))),*),*]
    };
}

#[rustfmt::skip]
const CASES: &[(&str, Case)] = cases! {
    reads:
        an_empty_store_has_a_revision
        get_sees_what_it_asks_for
        get_of_a_deleted_key_sees_the_past
        get_refuses_the_future
        latest_sees_every_acknowledged_write;
    lists:
        order_is_the_byte_order_of_the_key
        a_prefix_ends_at_its_slash
        list_sees_what_it_asks_for
        pages_are_of_one_revision
        from_is_inclusive
        pages_end_at_their_bytes
        a_long_list_is_whole;
    writes:
        create_needs_absence
        replace_and_delete_need_the_revision
        a_deleted_key_can_be_created_again
        writes_of_one_call_stand_alone
        writes_of_one_call_see_each_other
        too_large_is_not_written
        a_dropped_write_is_carried_out
        no_update_is_lost;
    watches:
        from_now_sees_what_follows
        after_a_revision_sees_what_followed
        a_deletion_has_the_last_value
        a_watch_keeps_to_its_prefix
        the_future_is_refused
        concurrent_writes_come_complete_and_in_order
        replay_joins_live_events_without_a_seam
        a_barrier_moves_an_idle_watch
        a_slow_reader_misses_nothing_silently
        a_dropped_watch_disturbs_nobody;
    history:
        compaction_forgets_what_is_below
        compaction_stops_at_the_present
        compaction_leaves_open_watches_alone
        compaction_of_much_history_keeps_what_lives
        raise_lifts_every_later_revision
        raise_below_the_present_forgets_only;
    reopen:
        nothing_acknowledged_is_gone
        history_continues
        revisions_do_not_go_back
        closing_ends_watches;
};
