//! `Arc<S>` serves what `S` serves, so that one source can stand behind several kinds.

use std::sync::Arc;

use super::{
    Answer, Call, Connect, Context, Create, Delete, Events, Get, List, Page, Query, Reply, Update, Watch,
    WatchFrom,
};
use crate::kind::ApiResource;

impl<K: ApiResource, S: Get<K>> Get<K> for Arc<S> {
    async fn get(&self, cx: &Context, name: &str) -> Answer<Option<K>> {
        S::get(self, cx, name).await
    }
}

impl<K: ApiResource, S: List<K>> List<K> for Arc<S> {
    async fn list(&self, cx: &Context, query: &Query) -> Answer<Page<K>> {
        S::list(self, cx, query).await
    }
}

impl<K: ApiResource, S: Watch<K>> Watch<K> for Arc<S> {
    async fn watch(
        &self,
        cx: &Context,
        query: &Query,
        from: WatchFrom,
        events: &mut Events<K>,
    ) -> Answer<()> {
        S::watch(self, cx, query, from, events).await
    }
}

impl<K: ApiResource, S: Create<K>> Create<K> for Arc<S> {
    async fn create(&self, cx: &Context, object: K) -> Answer<K> {
        S::create(self, cx, object).await
    }

    async fn dry_run_create(&self, cx: &Context, object: K) -> Answer<K> {
        S::dry_run_create(self, cx, object).await
    }
}

impl<K: ApiResource, S: Update<K>> Update<K> for Arc<S> {
    async fn update(&self, cx: &Context, old: &K, new: K) -> Answer<K> {
        S::update(self, cx, old, new).await
    }
}

impl<K: ApiResource, S: Delete<K>> Delete<K> for Arc<S> {
    async fn delete(&self, cx: &Context, old: &K) -> Answer<()> {
        S::delete(self, cx, old).await
    }
}

impl<K: ApiResource, S: Connect<K>> Connect<K> for Arc<S> {
    async fn connect(&self, cx: &Context, name: &str, call: Call) -> Answer<Reply> {
        S::connect(self, cx, name, call).await
    }
}
