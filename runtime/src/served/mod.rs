//! Kinds answered by code: computed, proxied, kept in foreign databases.
//!
//! A source implements the traits of the verbs it has, generic over the kind, so that one source can
//! serve several. Patch comes from get and update, deletecollection from list and delete; selectors,
//! paging, Tables and metadata forms come from the kind, so that a computed kind feels native too.
//!
//! ```
//! use std::collections::BTreeMap;
//! use aggboot::prelude::*;
//! use aggboot::served::{Answer, Context, Get, List, Page, Query};
//!
//! /// How a room feels.
//! #[derive(ApiResource, Debug)]
//! #[api(group = "sensors.example.com", version = "v1")]
//! pub struct Climate {
//!     pub metadata: ObjectMeta,
//!     pub celsius: i32,
//! }
//!
//! struct Sensors(BTreeMap<String, Climate>);
//!
//! impl Get<Climate> for Sensors {
//!     async fn get(&self, _: &Context, name: &str) -> Answer<Option<Climate>> {
//!         Ok(self.0.get(name).cloned())
//!     }
//! }
//!
//! impl List<Climate> for Sensors {
//!     async fn list(&self, _: &Context, _: &Query) -> Answer<Page<Climate>> {
//!         Ok(self.0.values().cloned().collect::<Vec<_>>().into())
//!     }
//! }
//!
//! let registration: Registration = Climate::served_by(Sensors(BTreeMap::new())).get().list().into();
//! # drop(registration);
//! ```

mod answer;
mod builder;
mod call;
mod context;
mod erase;
mod events;
mod query;
mod shared;
mod typed;

use std::future::Future;

use crate::kind::ApiResource;
pub use crate::respond::ApiError;

pub(crate) use answer::Source;
pub use builder::Served;
pub use call::{Call, Reply};
pub use context::Context;
pub(crate) use erase::Verbs;
pub use events::Events;
pub use query::{Page, Query, WatchFrom};

/// What the code behind a kind answers. Any `std::error::Error` becomes a 500 by `?`.
pub type Answer<T> = Result<T, ApiError>;

/// Reads one object.
pub trait Get<K: ApiResource>: Send + Sync + 'static {
    /// The object of that name in the [namespace](Context::namespace) of the request. `None` is the
    /// right 404, also for what the caller may not see.
    fn get(&self, cx: &Context, name: &str) -> impl Future<Output = Answer<Option<K>>> + Send;
}

/// Reads a collection.
pub trait List<K: ApiResource>: Send + Sync + 'static {
    /// The objects of the request's namespace, or of all of them when it is empty. The query is there
    /// to save work: what is returned is filtered, sorted and paged by the runtime all the same,
    /// unless the page says that the source did the paging.
    fn list(&self, cx: &Context, query: &Query) -> impl Future<Output = Answer<Page<K>>> + Send;
}

/// Streams changes.
pub trait Watch<K: ApiResource>: Send + Sync + 'static {
    /// Writes changes into `events` until there are no more. Sending waits for a slow client; the
    /// future is dropped when the client leaves, its time is up or the server drains.
    fn watch(
        &self,
        cx: &Context,
        query: &Query,
        from: WatchFrom,
        events: &mut Events<K>,
    ) -> impl Future<Output = Answer<()>> + Send;
}

/// Makes new objects.
pub trait Create<K: ApiResource>: Send + Sync + 'static {
    /// Keeps the object, or refuses: [`ApiError::already_exists`]. Never called for a dry run.
    fn create(&self, cx: &Context, object: K) -> impl Future<Output = Answer<K>> + Send;

    /// What a dry run answers: the object as it was admitted.
    fn dry_run_create(&self, _cx: &Context, object: K) -> impl Future<Output = Answer<K>> + Send {
        async { Ok(object) }
    }
}

/// Replaces objects.
pub trait Update<K: ApiResource>: Get<K> {
    /// Replaces `old`, as [`Get::get`] gave it, by `new`; answers [`ApiError::conflict`] when the
    /// object changed meanwhile. Preconditions and the retries of patches stand on that.
    fn update(&self, cx: &Context, old: &K, new: K) -> impl Future<Output = Answer<K>> + Send;
}

/// Deletes objects.
pub trait Delete<K: ApiResource>: Get<K> {
    /// Deletes `old`, as [`Get::get`] gave it; answers [`ApiError::conflict`] when it changed meanwhile.
    fn delete(&self, cx: &Context, old: &K) -> impl Future<Output = Answer<()>> + Send;
}

/// Answers a call that is neither a read nor a write of an object: logs, actions.
pub trait Connect<K: ApiResource>: Send + Sync + 'static {
    /// Answers the call on the object `name`.
    fn connect(&self, cx: &Context, name: &str, call: Call) -> impl Future<Output = Answer<Reply>> + Send;
}
