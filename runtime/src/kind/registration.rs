//! What a user hands to the server for one kind, before it is judged.

use super::{ApiResource, Descriptor};
use crate::served::Verbs;

/// A kind and what answers for it. Made by [`ApiResource::stored`] or [`ApiResource::served_by`].
#[derive(Debug)]
pub struct Registration {
    pub(crate) descriptor: &'static Descriptor,
    pub(crate) backing: Backing,
    pub(crate) subresources: Vec<(String, Registration)>,
}

/// Who answers for a kind.
#[derive(Debug)]
pub(crate) enum Backing {
    /// The machinery, over storage: every verb.
    Stored,
    /// The user's code: the verbs named.
    Served(Verbs),
}

/// A stored kind, still open for options; becomes a [`Registration`].
#[derive(Debug)]
pub struct Stored(Registration);

impl Stored {
    pub(crate) fn new<K: ApiResource>() -> Self {
        Stored(Registration { descriptor: K::DESCRIPTOR, backing: Backing::Stored, subresources: Vec::new() })
    }

    /// Adds a subresource that is answered by code.
    #[must_use]
    pub fn subresource(mut self, name: &str, served: impl Into<Registration>) -> Self {
        self.0.subresources.push((name.to_owned(), served.into()));
        self
    }
}

impl From<Stored> for Registration {
    fn from(stored: Stored) -> Self {
        stored.0
    }
}
