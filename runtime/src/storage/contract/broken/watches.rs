//! Watches that miss, double, shuffle or invent.

use std::sync::Arc;

use futures::StreamExt as _;

use super::super::super::{
    Batch, BoxFuture, Error, Event, Events, Prefix, Result, Revision, Start, Storage as _,
};
use super::machine::Handle;
use super::twist::Twist;
use super::{Flaw, all_fail};

type Watched<'a> = BoxFuture<'a, Result<Events>>;

macro_rules! watches {
    ($($(#[$doc:meta])* $name:ident: |$events:ident| $change:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        struct $name;

        impl Twist for $name {
            fn watch<'a>(&'a self, inner: &'a Handle, prefix: &'a Prefix, from: Start, previous: bool) -> Watched<'a> {
                Box::pin(async move {
                    let $events = inner.watch(prefix, from, previous).await?;
                    Ok(inner.until_closed($change))
                })
            }
        }
    )*};
}

watches! {
    /// Misses every third event.
    SkippedEvent: |events| each_batch(events, 0, |count: &mut usize, batch| {
        batch.events.retain(|_| {
            *count += 1;
            !count.is_multiple_of(3)
        });
    });
    /// Tells the events of a batch from the last to the first.
    ReorderedEvent: |events| each_batch(events, (), |(), batch| batch.events.reverse());
    /// Tells the last event of a batch again in the next one.
    DoubledEvent: |events| each_batch(events, None, |last: &mut Option<Arc<Event>>, batch| {
        let again = last.take();
        *last = batch.events.last().cloned();
        batch.events.splice(0..0, again);
    });
    /// Says that it has passed a revision whose events are still to come.
    EarlyProgress: |events| each_batch(events, (), |(), batch| batch.through = batch.through.next());
    /// Does not know what an event replaced.
    NoPrevious: |events| each_event(events, |event| event.previous = None);
    /// Takes the new value for the old one.
    WrongPrevious: |events| each_event(events, |event| {
        if let (Some(previous), Some(value)) = (&mut event.previous, &event.value) {
            previous.value = value.clone();
        }
    });
    /// Forgets what was deleted.
    NoLastValue: |events| each_event(events, |event| {
        if event.value.is_none() {
            event.previous = None;
        }
    });
    /// Tells a deletion at the revision of the value that it deleted.
    OldDeletion: |events| each_event(events, |event| {
        if let (None, Some(previous)) = (&event.value, &event.previous) {
            event.revision = previous.revision;
        }
    });
    /// Tells what was there already, and nothing that happens.
    Deaf: |events| events.take(1).chain(futures::stream::pending());
    /// Says nothing when nothing happens.
    NoProgress: |events| events.filter(|batch| {
        std::future::ready(!batch.as_ref().is_ok_and(|batch| batch.events.is_empty()))
    });
}

fn each_batch<S: Send + 'static>(
    events: Events,
    mut state: S,
    mut change: impl FnMut(&mut S, &mut Batch) + Send + 'static,
) -> impl futures::Stream<Item = Result<Batch>> + Send + 'static {
    events.map(move |batch| {
        let mut batch = batch?;
        change(&mut state, &mut batch);
        Ok(batch)
    })
}

fn each_event(
    events: Events,
    mut change: impl FnMut(&mut Event) + Send + 'static,
) -> impl futures::Stream<Item = Result<Batch>> + Send + 'static {
    each_batch(events, (), move |(), batch| {
        batch.events.iter_mut().for_each(|event| change(Arc::make_mut(event)));
    })
}

/// Ends without a word.
#[derive(Debug)]
struct SilentEnd;

impl Twist for SilentEnd {
    fn watch<'a>(
        &'a self,
        inner: &'a Handle,
        prefix: &'a Prefix,
        from: Start,
        previous: bool,
    ) -> Watched<'a> {
        Box::pin(async move {
            let events = inner.watch(prefix, from, previous).await?;
            Ok(Events::new(events.take_while(|batch| std::future::ready(batch.is_ok()))))
        })
    }
}

/// Begins now when it cannot begin where it was asked to.
#[derive(Debug)]
struct StartsSomewhere;

impl Twist for StartsSomewhere {
    fn watch<'a>(
        &'a self,
        inner: &'a Handle,
        prefix: &'a Prefix,
        from: Start,
        previous: bool,
    ) -> Watched<'a> {
        Box::pin(async move {
            match inner.watch(prefix, from, previous).await {
                Err(Error::Compacted { .. } | Error::Future { .. }) => {
                    inner.watch(prefix, Start::Now, previous).await
                }
                events => events,
            }
        })
    }
}

/// Begins after the revision behind the one it was asked for.
#[derive(Debug)]
struct StartsLate;

impl Twist for StartsLate {
    fn watch<'a>(
        &'a self,
        inner: &'a Handle,
        prefix: &'a Prefix,
        from: Start,
        previous: bool,
    ) -> Watched<'a> {
        Box::pin(async move {
            let late = match from {
                Start::After(revision) => Start::After(revision.next()),
                Start::Now => Start::Now,
            };
            match inner.watch(prefix, late, previous).await {
                Err(_) => inner.watch(prefix, from, previous).await,
                events => events,
            }
        })
    }
}

/// Watches what merely begins like the prefix.
#[derive(Debug)]
struct LeakingPrefix;

impl Twist for LeakingPrefix {
    fn watch<'a>(
        &'a self,
        inner: &'a Handle,
        prefix: &'a Prefix,
        from: Start,
        previous: bool,
    ) -> Watched<'a> {
        Box::pin(async move {
            let wanted = prefix.as_str().trim_end_matches('/').to_owned();
            let events = inner.watch(&Prefix::everything(), from, previous).await?;
            Ok(inner.until_closed(each_batch(events, (), move |(), batch| {
                batch.events.retain(|event| event.key.as_str().starts_with(&wanted));
            })))
        })
    }
}

/// A barrier below what it has to be above.
#[derive(Debug)]
struct LyingBarrier;

impl Twist for LyingBarrier {
    fn barrier<'a>(&'a self, inner: &'a Handle) -> BoxFuture<'a, Result<Revision>> {
        Box::pin(async move {
            let barrier = inner.barrier().await?;
            Ok(Revision::new(barrier.get() - 1).expect("it begins at the wall clock"))
        })
    }
}

const FLAWS: &[Flaw] = &[
    (
        || Arc::new(SkippedEvent),
        &[
            "watches::after_a_revision_sees_what_followed",
            "watches::concurrent_writes_come_complete_and_in_order",
            "histories::random_calls_keep_their_order",
        ],
    ),
    (
        || Arc::new(ReorderedEvent),
        &["watches::after_a_revision_sees_what_followed", "watches::every_event_knows_what_it_replaced"],
    ),
    (
        || Arc::new(DoubledEvent),
        &["barriers::a_barrier_comes_after_the_events", "histories::random_calls_keep_their_order"],
    ),
    (|| Arc::new(EarlyProgress), &["barriers::a_barrier_comes_after_the_events"]),
    (|| Arc::new(NoPrevious), &["watches::every_event_knows_what_it_replaced"]),
    (|| Arc::new(WrongPrevious), &["watches::every_event_knows_what_it_replaced"]),
    (|| Arc::new(NoLastValue), &["watches::a_deletion_has_the_last_value"]),
    (|| Arc::new(OldDeletion), &["watches::a_deletion_has_the_last_value"]),
    (|| Arc::new(Deaf), &["watches::from_now_sees_what_follows"]),
    (|| Arc::new(NoProgress), &["barriers::a_barrier_moves_an_idle_watch"]),
    (|| Arc::new(SilentEnd), &["reopen::closing_ends_watches", "crash::what_a_watch_saw_has_happened"]),
    (
        || Arc::new(StartsSomewhere),
        &["watches::the_future_is_refused", "history::compaction_forgets_what_is_below"],
    ),
    (|| Arc::new(StartsLate), &["watches::after_a_revision_sees_what_followed"]),
    (|| Arc::new(LeakingPrefix), &["watches::a_watch_keeps_to_its_prefix"]),
    (|| Arc::new(LyingBarrier), &["barriers::a_barrier_moves_an_idle_watch"]),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn watches_that_lie_fail_by_name() {
    all_fail(FLAWS).await;
}
