//! Kinds answered by code: computed, proxied, kept in foreign databases.
//!
//! A source implements the traits of the verbs it has, generic over the kind; the type is erased once,
//! at registration.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use crate::kind::ApiResource;

/// The erased verbs of a served kind; what is absent is not in discovery.
#[derive(Default)]
pub struct Verbs {}

impl Verbs {
    /// The verbs, alphabetically, as discovery says them.
    #[must_use]
    pub fn names(&self) -> Vec<&'static str> {
        Vec::new()
    }
}

impl fmt::Debug for Verbs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

/// A kind and its source, while verbs are being named; becomes a `Registration`.
pub struct Served<K, S> {
    source: Arc<S>,
    verbs: Verbs,
    kind: PhantomData<fn() -> K>,
}

impl<K: ApiResource, S: Send + Sync + 'static> Served<K, S> {
    pub(crate) fn new(source: Arc<S>) -> Self {
        Served { source, verbs: Verbs::default(), kind: PhantomData }
    }
}

impl<K, S> fmt::Debug for Served<K, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Served").field("verbs", &self.verbs).finish_non_exhaustive()
    }
}
