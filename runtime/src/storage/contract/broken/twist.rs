//! A store seen through a twist: everything passes as it is, except what the twist says otherwise.

use std::fmt::Debug;
use std::sync::Arc;

use tokio::sync::watch;

use super::super::super::{
    At, BoxFuture, Events, Facts, Health, Key, Page, Prefix, Query, Read, Result, Revision, Start, Storage,
    Stored, Write,
};
use super::machine::Handle;

/// What is different from the store behind. One twist sees all lives of a store.
pub(super) trait Twist: Send + Sync + Debug + 'static {
    /// Before each life.
    fn opened<'a>(&'a self, _inner: &'a Handle) -> BoxFuture<'a, ()> {
        Box::pin(async {})
    }
    fn get<'a>(
        &'a self,
        inner: &'a Handle,
        key: &'a Key,
        at: At,
    ) -> BoxFuture<'a, Result<Read<Option<Stored>>>> {
        inner.get(key, at)
    }
    fn list<'a>(&'a self, inner: &'a Handle, query: Query) -> BoxFuture<'a, Result<Read<Page>>> {
        inner.list(query)
    }
    fn write<'a>(
        &'a self,
        inner: &'a Arc<Handle>,
        writes: Vec<Write>,
    ) -> BoxFuture<'a, Vec<Result<Revision>>> {
        inner.write(writes)
    }
    fn watch<'a>(
        &'a self,
        inner: &'a Handle,
        prefix: &'a Prefix,
        from: Start,
        previous: bool,
    ) -> BoxFuture<'a, Result<Events>> {
        inner.watch(prefix, from, previous)
    }
    fn barrier<'a>(&'a self, inner: &'a Handle) -> BoxFuture<'a, Result<Revision>> {
        inner.barrier()
    }
    fn compact<'a>(&'a self, inner: &'a Handle, through: Revision) -> BoxFuture<'a, Result<Revision>> {
        inner.compact(through)
    }
    fn raise<'a>(&'a self, inner: &'a Handle, floor: Revision) -> BoxFuture<'a, Result<()>> {
        inner.raise(floor)
    }
    fn facts(&self, inner: &Handle) -> Facts {
        inner.facts()
    }
    fn health(&self, inner: &Handle) -> watch::Receiver<Health> {
        inner.health()
    }
}

#[derive(Debug)]
pub(super) struct Twisted {
    inner: Arc<Handle>,
    twist: Arc<dyn Twist>,
}

impl Twisted {
    pub(super) fn new(inner: Arc<Handle>, twist: Arc<dyn Twist>) -> Self {
        Self { inner, twist }
    }
}

impl Storage for Twisted {
    fn get<'a>(&'a self, key: &'a Key, at: At) -> BoxFuture<'a, Result<Read<Option<Stored>>>> {
        self.twist.get(&self.inner, key, at)
    }
    fn list(&self, query: Query) -> BoxFuture<'_, Result<Read<Page>>> {
        self.twist.list(&self.inner, query)
    }
    fn write(&self, writes: Vec<Write>) -> BoxFuture<'_, Vec<Result<Revision>>> {
        self.twist.write(&self.inner, writes)
    }
    fn watch<'a>(&'a self, prefix: &'a Prefix, from: Start, previous: bool) -> BoxFuture<'a, Result<Events>> {
        self.twist.watch(&self.inner, prefix, from, previous)
    }
    fn barrier(&self) -> BoxFuture<'_, Result<Revision>> {
        self.twist.barrier(&self.inner)
    }
    fn compact(&self, through: Revision) -> BoxFuture<'_, Result<Revision>> {
        self.twist.compact(&self.inner, through)
    }
    fn raise(&self, floor: Revision) -> BoxFuture<'_, Result<()>> {
        self.twist.raise(&self.inner, floor)
    }
    fn facts(&self) -> Facts {
        self.twist.facts(&self.inner)
    }
    fn health(&self) -> watch::Receiver<Health> {
        self.twist.health(&self.inner)
    }
}
