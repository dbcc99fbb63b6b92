//! One stored resource: its kind, where its objects are, and how they are read.

use std::sync::Arc;

use super::failure;
use crate::cluster::namespaces::Namespaces;
use crate::kind::Kind;
use crate::object::Object;
use crate::respond::status::GroupResource;
use crate::respond::{ApiError, ApiResult};
use crate::storage::cache::Cache;
use crate::storage::view::{Plain, View};
use crate::storage::{At, Error, Expect, Key, Prefix, Read, Revision, Storage, Stored, Write};

/// How stored kinds are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Views {
    /// From a watch cache.
    #[default]
    Cached,
    /// From the storage, each time.
    Plain,
}

/// A stored resource.
#[derive(Debug)]
pub(crate) struct Store {
    pub(super) kind: Arc<Kind>,
    pub(super) view: Arc<dyn View>,
    pub(super) namespaces: Arc<dyn Namespaces>,
    prefix: Prefix,
}

/// The object that a write begins with.
#[derive(Debug)]
pub(super) struct Basis {
    pub(super) object: Arc<Object>,
    /// Whether it was read for this write.
    latest: bool,
}

impl Basis {
    /// An object as it is now.
    pub(super) fn latest(object: Arc<Object>) -> Self {
        Basis { object, latest: true }
    }
}

impl Store {
    pub(super) fn new(
        kind: Arc<Kind>,
        storage: Arc<dyn Storage>,
        namespaces: Arc<dyn Namespaces>,
        views: Views,
    ) -> Self {
        let prefix = Prefix::new(format!("{}/{}/", kind.group, kind.plural));
        let selectable = kind.selectable.clone();
        let view: Arc<dyn View> = match views {
            Views::Cached => Arc::new(Cache::new(storage, prefix.clone(), selectable)),
            Views::Plain => Arc::new(Plain::new(storage, selectable)),
        };
        Store { kind, view, namespaces, prefix }
    }

    /// The key of an object; `namespace` is empty for objects of the cluster.
    pub(super) fn key(&self, namespace: &str, name: &str) -> Key {
        let slash = if namespace.is_empty() { "" } else { "/" };
        Key::new(format!("{}{namespace}{slash}{name}", self.prefix))
    }

    /// The prefix of all objects, or of those of a namespace.
    pub(super) fn prefix(&self, namespace: &str) -> Prefix {
        if namespace.is_empty() {
            self.prefix.clone()
        } else {
            Prefix::new(format!("{}{namespace}/", self.prefix))
        }
    }

    /// The resource, as most errors name it.
    pub(super) fn resource(&self) -> GroupResource<'_> {
        GroupResource { group: &self.kind.group, resource: &self.kind.plural }
    }

    /// The kind, as `Invalid` names it.
    pub(super) fn kind_name(&self) -> GroupResource<'_> {
        GroupResource { group: &self.kind.group, resource: &self.kind.kind }
    }

    /// The object, if there is one.
    pub(super) async fn find(&self, key: &Key, name: &str, at: At) -> ApiResult<Option<Arc<Object>>> {
        let read: Read<_> =
            self.view.get(key, at).await.map_err(|error| failure::answer(&error, self.resource(), name))?;
        Ok(read.value)
    }

    /// The object as it is now, for a write, or 404.
    pub(super) async fn live(&self, key: &Key, name: &str) -> ApiResult<Arc<Object>> {
        let read = self.view.live(key).await;
        let read = read.map_err(|error| failure::before_write(error, self.resource(), name))?;
        read.value.ok_or_else(|| ApiError::not_found(self.resource(), name))
    }

    /// What a write begins with: the object as it is at hand, or as it is now where it must be, or 404.
    pub(super) async fn basis(&self, key: &Key, name: &str, latest: bool) -> ApiResult<Basis> {
        match self.view.at_hand(key).filter(|_| !latest) {
            Some(object) => Ok(Basis { object, latest: false }),
            None => self.live(key, name).await.map(Basis::latest),
        }
    }

    /// Reads the object as it is now, or 404, unless that was done; answers whether it is another one than before.
    ///
    /// What is at hand may be old, so it is no reason to refuse a write, or to leave it out.
    pub(super) async fn renew(&self, basis: &mut Basis, name: &str) -> ApiResult<bool> {
        if basis.latest {
            return Ok(false);
        }
        let live = self.live(basis.object.key(), name).await?;
        let other = live.revision() != basis.object.revision();
        *basis = Basis::latest(live);
        Ok(other)
    }

    /// Stores bytes under a key: over the object of a revision, or where there is none.
    pub(super) async fn put(
        &self,
        key: &Key,
        expect: Expect,
        value: bytes::Bytes,
    ) -> Result<Arc<Object>, Error> {
        let write = Write { key: key.clone(), expect, value: Some(value) };
        let lost = || Error::Unknown { why: "the storage answered a write as if it were a deletion".into() };
        self.view.write(write).await?.ok_or_else(lost)
    }

    /// Deletes the object of a revision.
    pub(super) async fn remove(&self, key: &Key, revision: Revision) -> Result<(), Error> {
        self.view.write(Write::delete(key.clone(), revision)).await.map(|_| ())
    }

    /// The object of a record.
    pub(super) fn record(&self, stored: &Stored) -> ApiResult<Arc<Object>> {
        let name = stored.key.as_str().rsplit('/').next().unwrap_or_default();
        self.view.object(stored).map_err(|error| failure::answer(&error, self.resource(), name))
    }

    /// An object as if it were stored, for dry runs.
    pub(super) fn as_if(&self, key: &Key, revision: Revision, value: bytes::Bytes) -> ApiResult<Arc<Object>> {
        let stored = Stored { key: key.clone(), revision, value, stale: false };
        Ok(Arc::new(Object::read(&stored, &self.kind.selectable)?))
    }
}
