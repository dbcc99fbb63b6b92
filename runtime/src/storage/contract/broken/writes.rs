//! Writes that are not what they say.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::watch;

use super::super::super::{At, BoxFuture, Error, Expect, Health, Result, Revision, Storage as _, Write};
use super::machine::Handle;
use super::twist::Twist;
use super::{Flaw, all_fail};

type Outcomes<'a> = BoxFuture<'a, Vec<Result<Revision>>>;

/// Writes over what it should have been compared with.
#[derive(Debug)]
struct LostUpdate;

impl Twist for LostUpdate {
    fn write<'a>(&'a self, inner: &'a Arc<Handle>, writes: Vec<Write>) -> Outcomes<'a> {
        Box::pin(async move {
            let mut outcomes = inner.write(writes.clone()).await;
            for (outcome, mut write) in outcomes.iter_mut().zip(writes) {
                if let (Err(Error::Conflict { current: Some(current), .. }), Expect::Is(_)) =
                    (&*outcome, write.expect)
                {
                    write.expect = Expect::Is(current.revision);
                    *outcome = inner.write(vec![write]).await.remove(0);
                }
            }
            outcomes
        })
    }
}

/// Gives up the rest of a call after the first refusal.
#[derive(Debug)]
struct AllOrNothing;

impl Twist for AllOrNothing {
    fn write<'a>(&'a self, inner: &'a Arc<Handle>, writes: Vec<Write>) -> Outcomes<'a> {
        Box::pin(async move {
            let mut outcomes: Vec<Result<Revision>> = Vec::new();
            for write in writes {
                let outcome = match outcomes.last() {
                    Some(Err(why)) => Err(why.clone()),
                    _ => inner.write(vec![write]).await.remove(0),
                };
                outcomes.push(outcome);
            }
            outcomes
        })
    }
}

/// Answers a call in the wrong order.
#[derive(Debug)]
struct ShuffledOutcomes;

impl Twist for ShuffledOutcomes {
    fn write<'a>(&'a self, inner: &'a Arc<Handle>, writes: Vec<Write>) -> Outcomes<'a> {
        Box::pin(async move {
            let mut outcomes = inner.write(writes).await;
            outcomes.reverse();
            outcomes
        })
    }
}

/// Writes only while somebody waits for it.
#[derive(Debug)]
struct CancelledWrite;

impl Twist for CancelledWrite {
    fn write<'a>(&'a self, inner: &'a Arc<Handle>, writes: Vec<Write>) -> Outcomes<'a> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            inner.write(writes).await
        })
    }
}

/// Says that there was a conflict, and not with what.
#[derive(Debug)]
struct BareConflict;

impl Twist for BareConflict {
    fn write<'a>(&'a self, inner: &'a Arc<Handle>, writes: Vec<Write>) -> Outcomes<'a> {
        Box::pin(async move {
            let bare = |outcome| match outcome {
                Err(Error::Conflict { key, .. }) => Err(Error::Conflict { key, current: None }),
                outcome => outcome,
            };
            inner.write(writes).await.into_iter().map(bare).collect()
        })
    }
}

/// Does not write what changes nothing.
#[derive(Debug)]
struct SkippedEqual;

impl Twist for SkippedEqual {
    fn write<'a>(&'a self, inner: &'a Arc<Handle>, writes: Vec<Write>) -> Outcomes<'a> {
        Box::pin(async move {
            let mut outcomes = Vec::new();
            for write in writes {
                let there = inner.get(&write.key, At::Latest).await.ok().and_then(|read| read.value);
                let equal = there.filter(|there| Some(&there.value) == write.value.as_ref());
                outcomes.push(match (equal, write.expect) {
                    (Some(there), Expect::Is(revision)) if revision == there.revision => Ok(revision),
                    _ => inner.write(vec![write]).await.remove(0),
                });
            }
            outcomes
        })
    }
}

/// Tries again, now and then, what was written already, and tells of the second attempt.
#[derive(Debug, Default)]
struct TriedAgain(AtomicUsize);

impl Twist for TriedAgain {
    fn write<'a>(&'a self, inner: &'a Arc<Handle>, writes: Vec<Write>) -> Outcomes<'a> {
        Box::pin(async move {
            let outcomes = inner.write(writes.clone()).await;
            match self.0.fetch_add(1, Ordering::Relaxed) % 5 {
                4 => inner.write(writes).await,
                _ => outcomes,
            }
        })
    }
}

/// Says that certainly nothing was written when that is not known.
#[derive(Debug)]
struct UnknownAsRefused;

impl Twist for UnknownAsRefused {
    fn write<'a>(&'a self, inner: &'a Arc<Handle>, writes: Vec<Write>) -> Outcomes<'a> {
        Box::pin(async move {
            let sure = |outcome| match outcome {
                Err(Error::Unknown { why }) => {
                    Err(Error::Unavailable { why, retry_after: Duration::from_secs(1) })
                }
                outcome => outcome,
            };
            inner.write(writes).await.into_iter().map(sure).collect()
        })
    }
}

/// Is always well.
#[derive(Debug)]
struct BlindHealth(watch::Sender<Health>);

impl Twist for BlindHealth {
    fn health(&self, _: &Handle) -> watch::Receiver<Health> {
        self.0.subscribe()
    }
}

const FLAWS: &[Flaw] = &[
    (
        || Arc::new(LostUpdate),
        &[
            "writes::replace_and_delete_need_the_revision",
            "writes::a_refused_write_leaves_no_trace",
            "writes::no_update_is_lost",
            "histories::random_calls_keep_their_order",
        ],
    ),
    (|| Arc::new(AllOrNothing), &["writes::writes_of_one_call_stand_alone"]),
    (|| Arc::new(ShuffledOutcomes), &["writes::writes_of_one_call_stand_alone"]),
    (|| Arc::new(CancelledWrite), &["writes::a_dropped_write_is_carried_out"]),
    (|| Arc::new(BareConflict), &["writes::create_needs_absence", "writes::one_of_racing_creates_wins"]),
    (|| Arc::new(SkippedEqual), &["writes::an_equal_value_is_written_all_the_same"]),
    (|| Arc::new(TriedAgain::default()), &["histories::random_calls_keep_their_order"]),
    (|| Arc::new(UnknownAsRefused), &["faults::refused_is_not_written_and_unknown_may_be"]),
    (|| Arc::new(BlindHealth(watch::Sender::new(Health::Ready))), &["faults::health_tells"]),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_that_lie_fail_by_name() {
    all_fail(FLAWS).await;
}
