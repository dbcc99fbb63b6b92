//! What a list asks for, and what it gets.

use crate::request::options::ListOptions;
use crate::request::selector::field::FieldSelector;
use crate::request::selector::label::LabelSelector;

/// The selection of a list or watch. The runtime applies it to what is returned; a source may use it
/// to fetch less.
#[derive(Clone, Debug, Default)]
pub struct Query {
    pub(crate) labels: LabelSelector,
    pub(crate) fields: FieldSelector,
    pub(crate) limit: Option<u64>,
    pub(crate) continue_token: Option<String>,
}

impl Query {
    pub(crate) fn new(options: &ListOptions) -> Self {
        Query {
            labels: options.labels.clone(),
            fields: options.fields.clone(),
            limit: Some(options.limit).filter(|limit| *limit > 0),
            continue_token: Some(options.continue_token.clone()).filter(|token| !token.is_empty()),
        }
    }

    /// Whether an object with these labels is asked for.
    #[must_use]
    pub fn matches_labels<'a>(&self, label: impl Fn(&str) -> Option<&'a str>) -> bool {
        self.labels.matches(label)
    }

    /// The one name that is asked for, by a `metadata.name` field selector.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.fields.name()
    }

    /// The number of objects wanted, if the client pages.
    #[must_use]
    pub fn limit(&self) -> Option<u64> {
        self.limit
    }

    /// The token of the page wanted, as the source gave it with [`Page::paged`].
    #[must_use]
    pub fn continue_token(&self) -> Option<&str> {
        self.continue_token.as_deref()
    }
}

/// Where a watch begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WatchFrom {
    /// With what exists, as added, then changes.
    Start,
    /// With what follows that revision; [`ApiError::expired`](super::ApiError::expired) if it is forgotten.
    After(String),
}

/// The objects that a list found.
#[derive(Clone, Debug)]
pub struct Page<T> {
    pub(crate) items: Vec<T>,
    pub(crate) resource_version: Option<String>,
    pub(crate) paging: Option<Paging>,
}

/// The paging that a source did itself.
#[derive(Clone, Debug)]
pub(crate) struct Paging {
    pub(crate) continue_token: Option<String>,
    pub(crate) remaining: Option<u64>,
}

impl<T> Page<T> {
    /// Says at which revision the objects were read; a watch can go on from there.
    #[must_use]
    pub fn at(mut self, resource_version: impl Into<String>) -> Self {
        self.resource_version = Some(resource_version.into());
        self
    }

    /// Says that this is one page of several, made by the source: the token leads to the next one.
    #[must_use]
    pub fn paged(mut self, continue_token: Option<String>, remaining: Option<u64>) -> Self {
        self.paging = Some(Paging { continue_token, remaining });
        self
    }

    pub(crate) fn try_map<U, E>(self, each: impl FnMut(T) -> Result<U, E>) -> Result<Page<U>, E> {
        let items = self.items.into_iter().map(each).collect::<Result<_, E>>()?;
        Ok(Page { items, resource_version: self.resource_version, paging: self.paging })
    }
}

impl<T> From<Vec<T>> for Page<T> {
    fn from(items: Vec<T>) -> Self {
        Page { items, resource_version: None, paging: None }
    }
}
