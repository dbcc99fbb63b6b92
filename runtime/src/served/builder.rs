//! Naming the verbs of a served kind. Each method carries its bound on itself, so that a missing impl
//! is an error on the word `.list()`.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use super::erase::{By, Verbs};
use super::{Connect, Create, Delete, Get, List, Update, Watch};
use crate::kind::registration::Backing;
use crate::kind::{ApiResource, Registration};

/// A kind and its source, while verbs are being named; becomes a [`Registration`].
pub struct Served<K, S> {
    source: Arc<S>,
    verbs: Verbs,
    subresources: Vec<(String, Registration)>,
    kind: PhantomData<fn() -> K>,
}

impl<K: ApiResource, S: Send + Sync + 'static> Served<K, S> {
    pub(crate) fn new(source: S) -> Self {
        Served {
            source: Arc::new(source),
            verbs: Verbs::default(),
            subresources: Vec::new(),
            kind: PhantomData,
        }
    }

    /// Objects can be read by name.
    #[must_use]
    pub fn get(mut self) -> Self
    where
        S: Get<K>,
    {
        self.verbs.get = Some(self.erased());
        self
    }

    /// Objects can be listed.
    #[must_use]
    pub fn list(mut self) -> Self
    where
        S: List<K>,
    {
        self.verbs.list = Some(self.erased());
        self
    }

    /// Changes can be watched.
    #[must_use]
    pub fn watch(mut self) -> Self
    where
        S: Watch<K>,
    {
        self.verbs.watch = Some(self.erased());
        self
    }

    /// Objects can be created.
    #[must_use]
    pub fn create(mut self) -> Self
    where
        S: Create<K>,
    {
        self.verbs.create = Some(self.erased());
        self
    }

    /// Objects can be replaced and, with it, patched.
    #[must_use]
    pub fn update(mut self) -> Self
    where
        S: Update<K>,
    {
        self.verbs.update = Some(self.erased());
        self
    }

    /// Objects can be deleted; with `list`, collections too.
    #[must_use]
    pub fn delete(mut self) -> Self
    where
        S: Delete<K>,
    {
        self.verbs.delete = Some(self.erased());
        self
    }

    /// Calls are answered, by GET and POST.
    #[must_use]
    pub fn connect(mut self) -> Self
    where
        S: Connect<K>,
    {
        self.verbs.connect = Some(self.erased());
        self
    }

    /// Adds a subresource that is answered by code.
    #[must_use]
    pub fn subresource(mut self, name: &str, served: impl Into<Registration>) -> Self {
        self.subresources.push((name.to_owned(), served.into()));
        self
    }

    fn erased(&self) -> Arc<By<K, S>> {
        Arc::new(By::new(Arc::clone(&self.source)))
    }
}

impl<K: ApiResource, S> From<Served<K, S>> for Registration {
    fn from(served: Served<K, S>) -> Self {
        Registration {
            descriptor: K::DESCRIPTOR,
            backing: Backing::Served(served.verbs),
            subresources: served.subresources,
        }
    }
}

impl<K, S> fmt::Debug for Served<K, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Served").field("verbs", &self.verbs).finish_non_exhaustive()
    }
}
