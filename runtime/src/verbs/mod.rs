//! The verbs of stored kinds: one verb, one file.
//!
//! [`Kinds`] finds the resource a request means and hands it to the verb. What verbs share stands
//! beside them: `gate` (what is served where), `selection`, `write` (the one path of every write),
//! `present` (objects and lists in the form that was asked for) and `failure` (what a client is told of
//! the store's troubles).

mod create;
pub(crate) mod delete;
mod delete_collection;
mod failure;
mod gate;
mod get;
mod judge;
mod list;
pub(crate) mod patch;
#[cfg(test)]
#[path = "tests/mod.rs"]
#[allow(clippy::duplicate_mod, reason = "the same promises, kept without a cache")]
mod plain_tests;
pub mod present;
mod scale;
pub mod selection;
mod store;
#[cfg(test)]
pub(crate) mod tests;
mod update;
pub(crate) mod watch;
pub(crate) mod write;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::cluster::namespaces::Namespaces;
use crate::kind::registry::{Backend, Registry, Resource};
use crate::request::info::ResourceInfo;
use crate::request::{Request, Verb};
use crate::respond::{ApiError, ApiResult, Response};
use crate::served::Source;
use crate::storage::Storage;
pub(crate) use failure::MODIFIED;
use gate::Target;
pub use list::Listed;
use store::Store;
pub use store::Views;
use write::Part;

/// How long a write may take, whatever the deadline of the request.
const LONGEST_WRITE: Duration = Duration::from_secs(34);

/// The kinds of a server, ready to answer.
#[derive(Debug)]
pub struct Kinds {
    registry: Arc<Registry>,
    /// By the address of the resource in the registry, which holds still.
    stores: HashMap<usize, Store>,
    namespaces: Arc<dyn Namespaces>,
}

impl Kinds {
    /// The kinds of a registry: stored ones over `storage`. Needs a Tokio runtime where they are cached.
    #[must_use]
    #[allow(clippy::needless_pass_by_value, reason = "the server hands over what it opened")]
    pub fn new(
        registry: Arc<Registry>,
        storage: Arc<dyn Storage>,
        namespaces: Arc<dyn Namespaces>,
        views: Views,
    ) -> Kinds {
        let resources = registry.groups().iter().flat_map(|group| &group.versions);
        let stored = resources
            .flat_map(|version| &version.resources)
            .filter(|resource| matches!(resource.backend, Backend::Stored));
        let stores = stored
            .map(|resource| {
                let kind = Arc::clone(&resource.kind);
                (address(resource), Store::new(kind, Arc::clone(&storage), Arc::clone(&namespaces), views))
            })
            .collect();
        Kinds { registry, stores, namespaces }
    }

    /// Waits until everything stored can be read.
    pub async fn loaded(&self) {
        futures::future::join_all(self.stores.values().map(|store| store.view.loaded())).await;
    }

    /// Answers a request for a resource.
    pub async fn answer(&self, request: Request) -> ApiResult<Response> {
        let info = request.info.resource.clone().ok_or_else(ApiError::no_such_resource)?;
        let (resource, target) = gate::find(&self.registry, &info)?;
        if let Target::Code(name) = target {
            let code = resource.subresources.iter().find(|(known, _)| known == name);
            let (_, code) = code.ok_or_else(ApiError::no_such_resource)?;
            return self.answer_by_code(request, &info, code, target).await;
        }
        gate::allow(&resource.kind, target, &request.head.method, !info.namespace.is_empty())?;
        let Some(store) = self.stores.get(&address(resource)) else {
            return self.answer_by_code(request, &info, resource, target).await;
        };
        let (namespace, name) = (info.namespace.as_str(), info.name.as_str());
        match (target, &request.info.verb) {
            (Target::Item | Target::Status, Verb::Get) => get::get(store, &request, namespace, name).await,
            (Target::Collection, Verb::List) => list::list(store, &request, namespace, name).await,
            (Target::Collection, Verb::Watch) => watch::watch(store, request, namespace, name).await,
            (Target::Collection, Verb::Create) => timely(create::create(store, request, namespace)).await,
            (Target::Collection, Verb::DeleteCollection) => {
                delete_collection::delete_collection(store, request, namespace, name).await
            }
            (Target::Item, Verb::Delete) => timely(delete::delete(store, request, namespace, name)).await,
            (Target::Scale, Verb::Get) => scale::get(store, &request, namespace, name).await,
            (target, Verb::Update) => {
                timely(update::update(store, request, namespace, name, part(target)?)).await
            }
            (target, Verb::Patch) => {
                timely(patch::patch(store, request, namespace, name, part(target)?)).await
            }
            _ => Err(ApiError::method_not_allowed()),
        }
    }
}

impl Kinds {
    /// A request for a served kind.
    async fn answer_by_code(
        &self,
        request: Request,
        info: &ResourceInfo,
        resource: &Resource,
        target: Target<'_>,
    ) -> ApiResult<Response> {
        let Backend::Served(verbs) = &resource.backend else { return Err(ApiError::no_such_resource()) };
        if matches!(target, Target::Status | Target::Scale) {
            return Err(ApiError::no_such_resource());
        }
        let source = Source { kind: &resource.kind, verbs, namespaces: &*self.namespaces };
        source.answer(request, info).await
    }
}

/// Which part of an object a write to the target changes.
fn part(target: Target<'_>) -> ApiResult<Part> {
    match target {
        Target::Item => Ok(Part::Main),
        Target::Status => Ok(Part::Status),
        Target::Scale => Ok(Part::Scale),
        Target::Collection | Target::Code(_) => Err(ApiError::method_not_allowed()),
    }
}

fn address(resource: &Arc<Resource>) -> usize {
    Arc::as_ptr(resource) as usize
}

/// Gives up waiting for a write; it may still happen.
async fn timely(write: impl Future<Output = ApiResult<Response>>) -> ApiResult<Response> {
    tokio::time::timeout(LONGEST_WRITE, write).await.unwrap_or_else(|_| {
        let text = "request did not complete within requested timeout - context deadline exceeded";
        Err(ApiError::timeout(text, 0))
    })
}
