//! Requests for kinds that code answers: the machinery around a source.

mod connect;
mod read;
mod watch;
mod write;

use std::sync::Arc;

use crate::cluster::namespaces::Namespaces;
use crate::kind::Kind;
use crate::object::{Object, Tree};
use crate::request::info::ResourceInfo;
use crate::request::{Request, Verb};
use crate::respond::status::GroupResource;
use crate::respond::{ApiError, ApiResult, Response};
use crate::served::Verbs;
use crate::storage::Key;

/// A served kind, as one request meets it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source<'a> {
    /// The kind.
    pub(crate) kind: &'a Arc<Kind>,
    /// Its verbs.
    pub(crate) verbs: &'a Verbs,
    /// The namespaces that new objects may go to.
    pub(crate) namespaces: &'a dyn Namespaces,
}

impl Source<'_> {
    /// Answers a request for the kind or, where it is a subresource, for one of its parent's names.
    pub(crate) async fn answer(self, request: Request, info: &ResourceInfo) -> ApiResult<Response> {
        if self.verbs.connect.is_some() && info.item {
            // Other verbs were authorized as something else: `/watch/…` makes a POST a watch.
            return match request.info.verb {
                Verb::Get | Verb::Create => connect::connect(self, request, info).await,
                _ => Err(ApiError::method_not_allowed()),
            };
        }
        match (&request.info.verb, info.item) {
            (Verb::Get, true) => read::get(self, &request, &info.name).await,
            (Verb::List, false) => read::list(self, &request, info).await,
            (Verb::Watch, false) => watch::watch(self, &request, info),
            (Verb::Create, false) => write::create(self, request, info).await,
            (Verb::Update, true) => write::update(self, request, info).await,
            (Verb::Patch, true) => write::patch(self, request, info).await,
            (Verb::Delete, true) => write::delete(self, request, info).await,
            (Verb::DeleteCollection, false) => write::delete_collection(self, request, info).await,
            _ => Err(ApiError::method_not_allowed()),
        }
    }

    fn resource(&self) -> GroupResource<'_> {
        GroupResource { group: &self.kind.group, resource: &self.kind.plural }
    }

    fn kind_name(&self) -> GroupResource<'_> {
        GroupResource { group: &self.kind.group, resource: &self.kind.kind }
    }

    fn not_found(&self, name: &str) -> ApiError {
        ApiError::not_found(self.resource(), name)
    }

    fn object(&self, tree: &Tree) -> ApiResult<Object> {
        object(self.kind, tree)
    }
}

/// A text of the metadata, empty where there is none.
fn of<'t>(tree: &'t Tree, member: &str) -> &'t str {
    tree.at(&["metadata", member]).and_then(Tree::as_str).unwrap_or_default()
}

/// What a source gave, as it is presented.
fn object(kind: &Kind, tree: &Tree) -> ApiResult<Object> {
    let (namespace, name) = (of(tree, "namespace"), of(tree, "name"));
    if name.is_empty() {
        return Err(ApiError::internal(format_args!(
            "the source of {} gave an object without a name",
            kind.kind
        )));
    }
    let slash = if namespace.is_empty() { "" } else { "/" };
    let key = Key::new(format!("{}/{}/{namespace}{slash}{name}", kind.group, kind.plural));
    let mut bytes = Vec::with_capacity(1024);
    tree.write_json(&mut bytes);
    Ok(Object::draft(key, bytes.into(), &kind.selectable)?)
}

/// A verb that was not named at registration.
fn unserved() -> ApiError {
    ApiError::method_not_allowed()
}
