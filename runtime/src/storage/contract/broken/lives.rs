//! Stores whose history or next life is not what was promised.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::super::super::{
    At, BoxFuture, Events, Key, Page, Prefix, Query, Read, Result, Revision, Start, Storage as _, Stored,
    Write,
};
use super::lens::Lens;
use super::machine::Handle;
use super::twist::Twist;
use super::{Flaw, all_fail};

type Compacted<'a> = BoxFuture<'a, Result<Revision>>;

/// Everything that is there.
async fn all(inner: &Handle) -> Read<Page> {
    inner.list(Query::all(Prefix::everything())).await.expect("it is open")
}

/// Has lost the newest write when it is opened again.
#[derive(Debug, Default)]
struct ForgottenWrite(AtomicUsize);

impl Twist for ForgottenWrite {
    fn opened<'a>(&'a self, inner: &'a Handle) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let newest = all(inner).await.value.items.into_iter().max_by_key(|stored| stored.revision);
            if let Some(newest) = newest.filter(|_| self.0.fetch_add(1, Ordering::Relaxed) > 0) {
                drop(inner.write(vec![Write::delete(newest.key, newest.revision)]).await);
            }
            self.0.fetch_add(1, Ordering::Relaxed);
        })
    }
}

/// Brings back what was deleted, when history is compacted or the store opened again.
#[derive(Debug, Default)]
struct ResurrectedDelete(Mutex<Option<Stored>>);

impl ResurrectedDelete {
    async fn resurrect(&self, inner: &Handle) {
        let deleted = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(deleted) = deleted {
            drop(inner.write(vec![Write::create(deleted.key, deleted.value)]).await);
        }
    }
}

impl Twist for ResurrectedDelete {
    fn opened<'a>(&'a self, inner: &'a Handle) -> BoxFuture<'a, ()> {
        Box::pin(self.resurrect(inner))
    }

    fn write<'a>(
        &'a self,
        inner: &'a Arc<Handle>,
        writes: Vec<Write>,
    ) -> BoxFuture<'a, Vec<Result<Revision>>> {
        Box::pin(async move {
            for write in writes.iter().filter(|write| write.value.is_none()) {
                if let Ok(Read { value: Some(there), .. }) = inner.get(&write.key, At::Latest).await {
                    *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(there);
                }
            }
            inner.write(writes).await
        })
    }

    fn compact<'a>(&'a self, inner: &'a Handle, through: Revision) -> Compacted<'a> {
        Box::pin(async move {
            let compacted = inner.compact(through).await;
            self.resurrect(inner).await;
            compacted
        })
    }
}

/// Counts on, after it was opened again, from below the newest revision.
#[derive(Debug)]
struct Recounting {
    /// How far below.
    shift: u64,
    /// Where its first life ended.
    boundary: OnceLock<Revision>,
    lives: AtomicUsize,
}

impl Recounting {
    fn new(shift: u64) -> Self {
        Self { shift, boundary: OnceLock::new(), lives: AtomicUsize::new(0) }
    }

    fn lens(&self) -> Lens {
        match self.boundary.get() {
            Some(boundary) => Lens { under: "", boundary: *boundary, shift: self.shift },
            None => Lens { under: "", boundary: Revision::FIRST, shift: 0 },
        }
    }
}

impl Twist for Recounting {
    fn opened<'a>(&'a self, inner: &'a Handle) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            if self.lives.fetch_add(1, Ordering::Relaxed) > 0 {
                let now = all(inner).await.at;
                self.boundary.get_or_init(|| now);
            }
        })
    }

    fn get<'a>(
        &'a self,
        inner: &'a Handle,
        key: &'a Key,
        at: At,
    ) -> BoxFuture<'a, Result<Read<Option<Stored>>>> {
        Box::pin(self.lens().get(inner, key, at))
    }

    fn list<'a>(&'a self, inner: &'a Handle, query: Query) -> BoxFuture<'a, Result<Read<Page>>> {
        Box::pin(self.lens().list(inner, query))
    }

    fn write<'a>(
        &'a self,
        inner: &'a Arc<Handle>,
        writes: Vec<Write>,
    ) -> BoxFuture<'a, Vec<Result<Revision>>> {
        Box::pin(self.lens().write(inner, writes))
    }

    fn watch<'a>(
        &'a self,
        inner: &'a Handle,
        prefix: &'a Prefix,
        from: Start,
        previous: bool,
    ) -> BoxFuture<'a, Result<Events>> {
        Box::pin(self.lens().watch(inner, prefix, from, previous))
    }

    fn barrier<'a>(&'a self, inner: &'a Handle) -> BoxFuture<'a, Result<Revision>> {
        Box::pin(self.lens().barrier(inner))
    }

    fn compact<'a>(&'a self, inner: &'a Handle, through: Revision) -> Compacted<'a> {
        Box::pin(self.lens().compact(inner, through))
    }
}

/// Forgets more than it was told to.
#[derive(Debug)]
struct ForgetsAll;

impl Twist for ForgetsAll {
    fn compact<'a>(&'a self, inner: &'a Handle, _: Revision) -> Compacted<'a> {
        Box::pin(async move { inner.compact(all(inner).await.at).await })
    }
}

/// Says that it has forgotten, and has not.
#[derive(Debug)]
struct ForgetsNothing;

impl Twist for ForgetsNothing {
    fn compact<'a>(&'a self, _: &'a Handle, through: Revision) -> Compacted<'a> {
        Box::pin(async move { Ok(through) })
    }

    fn raise<'a>(&'a self, _: &'a Handle, _: Revision) -> BoxFuture<'a, Result<()>> {
        Box::pin(async { Ok(()) })
    }
}

const FLAWS: &[Flaw] = &[
    (
        || Arc::new(ForgottenWrite::default()),
        &["reopen::nothing_acknowledged_is_gone", "crash::nothing_acknowledged_is_lost"],
    ),
    (
        || Arc::new(ResurrectedDelete::default()),
        &[
            "reopen::nothing_acknowledged_is_gone",
            "history::compaction_of_much_history_keeps_what_lives",
            "histories::random_calls_keep_their_order_over_crashes",
        ],
    ),
    (|| Arc::new(Recounting::new(1)), &["crash::no_revision_is_used_twice"]),
    (
        || Arc::new(Recounting::new(5)),
        &[
            "crash::no_revision_is_used_twice",
            "crash::what_a_watch_saw_has_happened",
            "histories::random_calls_keep_their_order_over_crashes",
        ],
    ),
    (|| Arc::new(ForgetsAll), &["history::compaction_forgets_what_is_below"]),
    (
        || Arc::new(ForgetsNothing),
        &[
            "history::compaction_forgets_what_is_below",
            "history::raise_lifts_every_later_revision",
            "lists::a_compacted_page_says_so",
        ],
    ),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lives_that_forget_fail_by_name() {
    all_fail(FLAWS).await;
}
