//! What a method and a path mean: verb, resource, namespace, name.
//!
//! The source of the rules is apiserver `pkg/endpoints/request/requestinfo.go`.

use std::fmt;

/// What a request asks for, from its method, path and query alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestInfo {
    /// The path as sent.
    pub path: String,
    /// The verb.
    pub verb: Verb,
    /// The resource, or nothing for `/healthz`, `/apis`, `/openapi/v2` and the like.
    pub resource: Option<ResourceInfo>,
}

/// The resource a path names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResourceInfo {
    /// The API group.
    pub group: String,
    /// The version.
    pub version: String,
    /// The namespace, empty for all of them and for cluster-scoped objects.
    pub namespace: String,
    /// The plural.
    pub resource: String,
    /// The subresource, often empty.
    pub subresource: String,
    /// The object's name, from the path or from a `metadata.name` field selector; empty on collections.
    pub name: String,
    /// Path segments behind the subresource.
    pub rest: Vec<String>,
    /// Whether the name stands in the path: an item, not a collection.
    pub item: bool,
}

/// A verb, as authorization and discovery name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verb {
    /// `get`
    Get,
    /// `list`
    List,
    /// `watch`
    Watch,
    /// `create`
    Create,
    /// `update`
    Update,
    /// `patch`
    Patch,
    /// `delete`
    Delete,
    /// `deletecollection`
    DeleteCollection,
    /// The lower-case method of anything else (and of every non-resource request).
    Other(String),
}

impl Verb {
    /// The verb's word.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Verb::Get => "get",
            Verb::List => "list",
            Verb::Watch => "watch",
            Verb::Create => "create",
            Verb::Update => "update",
            Verb::Patch => "patch",
            Verb::Delete => "delete",
            Verb::DeleteCollection => "deletecollection",
            Verb::Other(method) => method,
        }
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
