//! Where the kind's type ends: typed sources become verbs over trees, once, at registration.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;

use super::events::Sink;
use super::typed::{decode, encode};
use super::{
    Answer, Call, Connect, Context, Create, Delete, Events, Get, List, Page, Query, Reply, Update, Watch,
    WatchFrom,
};
use crate::kind::ApiResource;
use crate::object::Tree;

type Boxed<'a, T> = Pin<Box<dyn Future<Output = Answer<T>> + Send + 'a>>;

/// The erased verbs of a served kind; what is absent is not in discovery.
#[derive(Default)]
pub struct Verbs {
    pub(crate) get: Option<Arc<dyn DynGet>>,
    pub(crate) list: Option<Arc<dyn DynList>>,
    pub(crate) watch: Option<Arc<dyn DynWatch>>,
    pub(crate) create: Option<Arc<dyn DynCreate>>,
    pub(crate) update: Option<Arc<dyn DynUpdate>>,
    pub(crate) delete: Option<Arc<dyn DynDelete>>,
    pub(crate) connect: Option<Arc<dyn DynConnect>>,
}

impl Verbs {
    /// The verbs, alphabetically, as discovery says them.
    #[must_use]
    pub fn names(&self) -> Vec<&'static str> {
        let connect = self.connect.is_some();
        let verbs = [
            ("create", self.create.is_some() || connect),
            ("delete", self.delete.is_some()),
            ("deletecollection", self.delete.is_some() && self.list.is_some()),
            ("get", self.get.is_some() || connect),
            ("list", self.list.is_some()),
            ("patch", self.update.is_some()),
            ("update", self.update.is_some()),
            ("watch", self.watch.is_some()),
        ];
        verbs.into_iter().filter(|(_, served)| *served).map(|(name, _)| name).collect()
    }
}

impl fmt::Debug for Verbs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

pub(crate) trait DynGet: Send + Sync {
    fn get<'a>(&'a self, cx: &'a Context, name: &'a str) -> Boxed<'a, Option<Tree>>;
}

pub(crate) trait DynList: Send + Sync {
    fn list<'a>(&'a self, cx: &'a Context, query: &'a Query) -> Boxed<'a, Page<Tree>>;
}

pub(crate) trait DynWatch: Send + Sync {
    fn watch<'a>(&'a self, cx: &'a Context, query: &'a Query, from: WatchFrom, sink: Sink) -> Boxed<'a, ()>;
}

pub(crate) trait DynCreate: Send + Sync {
    fn create<'a>(&'a self, cx: &'a Context, object: &'a Tree) -> Boxed<'a, Tree>;
}

pub(crate) trait DynUpdate: Send + Sync {
    fn get<'a>(&'a self, cx: &'a Context, name: &'a str) -> Boxed<'a, Option<Tree>>;
    fn update<'a>(&'a self, cx: &'a Context, old: &'a Tree, new: &'a Tree) -> Boxed<'a, Tree>;
}

pub(crate) trait DynDelete: Send + Sync {
    fn get<'a>(&'a self, cx: &'a Context, name: &'a str) -> Boxed<'a, Option<Tree>>;
    fn delete<'a>(&'a self, cx: &'a Context, old: &'a Tree) -> Boxed<'a, ()>;
}

pub(crate) trait DynConnect: Send + Sync {
    fn connect<'a>(&'a self, cx: &'a Context, name: &'a str, call: Call) -> Boxed<'a, Reply>;
}

/// A source, seen as what serves `K`.
pub(super) struct By<K, S> {
    source: Arc<S>,
    kind: PhantomData<fn() -> K>,
}

impl<K, S> By<K, S> {
    pub(super) fn new(source: Arc<S>) -> Self {
        By { source, kind: PhantomData }
    }
}

impl<K: ApiResource, S: Get<K>> DynGet for By<K, S> {
    fn get<'a>(&'a self, cx: &'a Context, name: &'a str) -> Boxed<'a, Option<Tree>> {
        Box::pin(async move { self.source.get(cx, name).await?.as_ref().map(encode).transpose() })
    }
}

impl<K: ApiResource, S: List<K>> DynList for By<K, S> {
    fn list<'a>(&'a self, cx: &'a Context, query: &'a Query) -> Boxed<'a, Page<Tree>> {
        Box::pin(async move { self.source.list(cx, query).await?.try_map(|object| encode(&object)) })
    }
}

impl<K: ApiResource, S: Watch<K>> DynWatch for By<K, S> {
    fn watch<'a>(&'a self, cx: &'a Context, query: &'a Query, from: WatchFrom, sink: Sink) -> Boxed<'a, ()> {
        Box::pin(async move { self.source.watch(cx, query, from, &mut Events::new(sink)).await })
    }
}

impl<K: ApiResource, S: Create<K>> DynCreate for By<K, S> {
    fn create<'a>(&'a self, cx: &'a Context, object: &'a Tree) -> Boxed<'a, Tree> {
        Box::pin(async move {
            let object = decode(object)?;
            let created = if cx.dry_run() {
                self.source.dry_run_create(cx, object).await?
            } else {
                self.source.create(cx, object).await?
            };
            encode(&created)
        })
    }
}

impl<K: ApiResource, S: Update<K>> DynUpdate for By<K, S> {
    fn get<'a>(&'a self, cx: &'a Context, name: &'a str) -> Boxed<'a, Option<Tree>> {
        DynGet::get(self, cx, name)
    }

    fn update<'a>(&'a self, cx: &'a Context, old: &'a Tree, new: &'a Tree) -> Boxed<'a, Tree> {
        Box::pin(async move {
            let (old, new): (K, K) = (decode(old)?, decode(new)?);
            encode(&self.source.update(cx, &old, new).await?)
        })
    }
}

impl<K: ApiResource, S: Delete<K>> DynDelete for By<K, S> {
    fn get<'a>(&'a self, cx: &'a Context, name: &'a str) -> Boxed<'a, Option<Tree>> {
        DynGet::get(self, cx, name)
    }

    fn delete<'a>(&'a self, cx: &'a Context, old: &'a Tree) -> Boxed<'a, ()> {
        Box::pin(async move { self.source.delete(cx, &decode(old)?).await })
    }
}

impl<K: ApiResource, S: Connect<K>> DynConnect for By<K, S> {
    fn connect<'a>(&'a self, cx: &'a Context, name: &'a str, call: Call) -> Boxed<'a, Reply> {
        Box::pin(self.source.connect(cx, name, call))
    }
}
