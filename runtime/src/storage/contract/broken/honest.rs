//! Stores that keep the contract, each in a way that is hard on the suite.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::super::super::{
    At, BoxFuture, Error, Events, Expect, Facts, Key, Page, Prefix, Query, Read, Result, Revision, Start,
    Storage as _, Stored, Write,
};
use super::keeps;
use super::lens::Lens;
use super::machine::Handle;
use super::twist::Twist;

/// The machine as it is.
#[derive(Debug)]
struct Plain;

impl Twist for Plain {}

/// Every call takes a while, each a different one.
#[derive(Debug, Default)]
struct Far(AtomicUsize);

impl Far {
    async fn travel(&self) {
        let call = self.0.fetch_add(1, Ordering::Relaxed);
        travel(call).await;
    }
}

async fn travel(call: usize) {
    for _ in 0..call % 3 {
        tokio::task::yield_now().await;
    }
    if call.is_multiple_of(5) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

impl Twist for Far {
    fn get<'a>(
        &'a self,
        inner: &'a Handle,
        key: &'a Key,
        at: At,
    ) -> BoxFuture<'a, Result<Read<Option<Stored>>>> {
        Box::pin(async move {
            self.travel().await;
            let read = inner.get(key, at).await;
            self.travel().await;
            read
        })
    }

    fn list<'a>(&'a self, inner: &'a Handle, query: Query) -> BoxFuture<'a, Result<Read<Page>>> {
        Box::pin(async move {
            self.travel().await;
            let read = inner.list(query).await;
            self.travel().await;
            read
        })
    }

    fn write<'a>(
        &'a self,
        inner: &'a Arc<Handle>,
        writes: Vec<Write>,
    ) -> BoxFuture<'a, Vec<Result<Revision>>> {
        Box::pin(async move {
            let (inner, call, count) =
                (Arc::clone(inner), self.0.fetch_add(2, Ordering::Relaxed), writes.len());
            let sent = async move {
                travel(call).await;
                let outcomes = inner.write(writes).await;
                travel(call + 1).await;
                outcomes
            };
            let lost = |_| vec![Err(Error::Unknown { why: "it was lost on the way".into() }); count];
            tokio::spawn(sent).await.unwrap_or_else(lost)
        })
    }

    fn barrier<'a>(&'a self, inner: &'a Handle) -> BoxFuture<'a, Result<Revision>> {
        Box::pin(async move {
            self.travel().await;
            inner.barrier().await
        })
    }
}

/// A part of a store that is shared: others write to theirs all the time, and there may be several handles.
#[derive(Debug)]
struct Shared {
    lens: Lens,
    others: AtomicUsize,
}

impl Shared {
    fn new() -> Self {
        let lens = Lens { under: "ours/", boundary: Revision::FIRST, shift: 0 };
        Self { lens, others: AtomicUsize::new(0) }
    }

    async fn others_write(&self, inner: &Handle) {
        let number = self.others.fetch_add(1, Ordering::Relaxed);
        // Keys that sort before and behind ours.
        let key = Key::new(format!("{}/{number}", if number.is_multiple_of(2) { "others" } else { "our" }));
        let write = Write { key, expect: Expect::Absent, value: Some("theirs".into()) };
        drop(inner.write(vec![write]).await);
    }
}

impl Twist for Shared {
    fn get<'a>(
        &'a self,
        inner: &'a Handle,
        key: &'a Key,
        at: At,
    ) -> BoxFuture<'a, Result<Read<Option<Stored>>>> {
        Box::pin(async move {
            if at == At::Latest {
                self.others_write(inner).await;
            }
            self.lens.get(inner, key, at).await
        })
    }

    fn list<'a>(&'a self, inner: &'a Handle, query: Query) -> BoxFuture<'a, Result<Read<Page>>> {
        Box::pin(self.lens.list(inner, query))
    }

    fn write<'a>(
        &'a self,
        inner: &'a Arc<Handle>,
        writes: Vec<Write>,
    ) -> BoxFuture<'a, Vec<Result<Revision>>> {
        Box::pin(async move {
            let (inner, lens, count) = (Arc::clone(inner), self.lens, writes.len());
            self.others.fetch_add(1, Ordering::Relaxed);
            let sent = async move { lens.write(&inner, writes).await };
            let lost = |_| vec![Err(Error::Unknown { why: "it was lost on the way".into() }); count];
            tokio::spawn(sent).await.unwrap_or_else(lost)
        })
    }

    fn watch<'a>(
        &'a self,
        inner: &'a Handle,
        prefix: &'a Prefix,
        from: Start,
        previous: bool,
    ) -> BoxFuture<'a, Result<Events>> {
        Box::pin(async move {
            self.others_write(inner).await;
            self.lens.watch(inner, prefix, from, previous).await
        })
    }

    fn barrier<'a>(&'a self, inner: &'a Handle) -> BoxFuture<'a, Result<Revision>> {
        Box::pin(async move {
            self.others_write(inner).await;
            inner.barrier().await
        })
    }

    fn facts(&self, inner: &Handle) -> Facts {
        Facts { shared: true, ..inner.facts() }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_crashes_and_recovers_passes() {
    keeps(|| Arc::new(Plain)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_far_away_passes() {
    keeps(|| Arc::new(Far::default())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_shared_with_others_passes() {
    keeps(|| Arc::new(Shared::new())).await;
}
