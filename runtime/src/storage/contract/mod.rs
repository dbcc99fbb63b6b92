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
//! Every case starts with an empty store of its own and is named for what it promises. Nothing in a case depends on
//! how fast the store is, or on revisions without gaps: other keys of the same store may change meanwhile. Cases of
//! crashes, failures and replicas run where the [`Subject`] and its facts say that there are any.
//!
//! [`soak`] runs the last room alone and for longer: random calls of several tasks at once, judged by their revisions.
//!
#![doc = include_str!("coverage.md")]

mod barriers;
mod cases;
mod crash;
mod faults;
mod histories;
mod history;
mod lists;
mod readers;
mod reads;
mod reopen;
mod replicas;
mod steps;
mod subject;
mod watches;
mod writes;

#[cfg(test)]
mod broken;
#[cfg(test)]
mod soaks;

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::future::join_all;
use tokio::task::JoinError;

use self::cases::{CASES, Case};
use super::BoxFuture;

pub use self::subject::{Subject, Trouble};

/// After this a case counts as hanging.
const PATIENCE: Duration = Duration::from_secs(120);

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
    run_side_by_side([fresh]).await;
}

/// Runs every case on a fresh store and answers what failed.
pub async fn check(fresh: impl Fn() -> Subject) -> Vec<Failure> {
    check_side_by_side([fresh]).await
}

/// As [`run`], with as many cases at a time as there are functions. What one of them makes is used by one case at a time;
/// machinery that is crashed or hurt must not be shared between them. For stores that mostly wait: four to eight are
/// enough.
pub async fn run_side_by_side<F: Fn() -> Subject>(fresh: impl IntoIterator<Item = F>) {
    let failures = check_side_by_side(fresh).await;
    let all: Vec<_> = failures.iter().map(ToString::to_string).collect();
    assert!(all.is_empty(), "the storage contract is broken:\n{}", all.join("\n"));
}

/// As [`check`], with as many cases at a time as there are functions; see [`run_side_by_side`].
pub async fn check_side_by_side<F: Fn() -> Subject>(fresh: impl IntoIterator<Item = F>) -> Vec<Failure> {
    check_these(CASES, fresh, PATIENCE).await
}

/// Runs random histories on one store and panics with the smallest that it could find of those that break the
/// contract: 2000 where the environment says `AGGBOOT_SOAK=full`, otherwise 200. `AGGBOOT_SEED` repeats one.
pub async fn soak(fresh: impl Fn() -> Subject) {
    let full = std::env::var("AGGBOOT_SOAK").is_ok_and(|soak| soak == "full");
    play(fresh, if full { 2000 } else { 200 }).await;
}

/// As [`soak`], so many histories: for stores that are far away, where 200 take long.
pub async fn play(fresh: impl Fn() -> Subject, histories: usize) {
    histories::many(&fresh(), histories).await;
}

async fn check_these<F: Fn() -> Subject>(
    cases: &[(&'static str, Case)],
    fresh: impl IntoIterator<Item = F>,
    patience: Duration,
) -> Vec<Failure> {
    let next = AtomicUsize::new(0);
    let lanes = fresh.into_iter().map(async |fresh| {
        let mut failures = Vec::new();
        // Whoever is free takes the next case.
        while let Some((case, run)) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
            let why = why_it_fails(run(fresh()), patience).await;
            failures.extend(why.map(|why| Failure { case, why }));
        }
        failures
    });
    let mut failures = join_all(lanes).await.concat();
    failures.sort_by_key(|failure| cases.iter().position(|(case, _)| *case == failure.case));
    failures
}

/// Runs one case.
async fn why_it_fails(case: BoxFuture<'static, ()>, patience: Duration) -> Option<String> {
    // A task of its own, so that one panic is one failure.
    let mut task = tokio::spawn(case);
    match tokio::time::timeout(patience, &mut task).await {
        Ok(Ok(())) => None,
        Ok(Err(panic)) => Some(reason(panic)),
        Err(_) => {
            task.abort();
            Some(format!("nothing after {} s", patience.as_secs()))
        }
    }
}

/// What a task that did not end well said.
fn reason(error: JoinError) -> String {
    let Ok(panic) = error.try_into_panic() else { return "cancelled".into() };
    match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(panic) => panic.downcast::<&str>().map_or_else(|_| "panicked".into(), |text| (*text).into()),
    }
}
