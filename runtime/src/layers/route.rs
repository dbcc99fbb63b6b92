//! Who answers: the server itself, discovery, OpenAPI, or a kind.

use std::sync::Arc;

use futures::future::BoxFuture;

use super::{Refusal, Stack, aside};
use crate::discovery::Discovery;
use crate::health;
use crate::kind::registry::{Backend, Registry};
use crate::openapi::OpenApi;
use crate::request::{Request, RequestInfo};
use crate::respond::{ApiError, ApiResult, Response};
use crate::verbs::Kinds;

/// The routes of a server whose storage is open.
#[derive(Debug)]
pub(crate) struct Routes {
    registry: Arc<Registry>,
    index: health::Index,
    discovery: Discovery,
    openapi: OpenApi,
    kinds: Kinds,
}

impl Routes {
    pub(crate) fn new(registry: Arc<Registry>, health: &health::Health, kinds: Kinds) -> Self {
        let index = health::Index::new(&registry, health);
        let (discovery, openapi) = (Discovery::new(&registry), OpenApi::new(Arc::clone(&registry)));
        Routes { registry, index, discovery, openapi, kinds }
    }

    fn serves(&self, group: &str) -> bool {
        self.registry.groups().iter().any(|served| served.name == group)
    }

    /// Whether a request is about a kind that is stored, and no code answers in its place.
    pub(super) fn is_stored(&self, info: &RequestInfo) -> bool {
        info.resource.as_ref().is_some_and(|asked| {
            let found = self.registry.find(&asked.group, &asked.version, &asked.resource);
            found.is_some_and(|found| matches!(found.backend, Backend::Stored))
                && matches!(asked.subresource.as_str(), "" | "status" | "scale")
        })
    }

    /// Boxed: the futures of verbs are large, and most requests need a few bytes of them only.
    fn kind(&self, request: Request) -> BoxFuture<'_, ApiResult<Response>> {
        Box::pin(self.kinds.answer(request))
    }
}

/// Whether a request names a resource that is served: others must not become metrics.
pub(super) fn is_served(stack: &Stack, info: &RequestInfo) -> bool {
    let (Some(routes), Some(asked)) = (stack.routes.get(), &info.resource) else { return false };
    let found = routes.registry.find(&asked.group, &asked.version, &asked.resource);
    found.is_some_and(|found| {
        matches!(asked.subresource.as_str(), "" | "status" | "scale")
            || found.subresources.iter().any(|(name, _)| *name == asked.subresource)
    })
}

/// Answers an authorized request.
pub(super) async fn answer(stack: &Stack, request: Request) -> Result<Response, Refusal> {
    if let Some(response) = stack.health.answer(&request) {
        return Ok(response);
    }
    match request.info.path.as_str() {
        "/version" | "/version/" => return Ok(health::version()),
        "/metrics" => return Ok(stack.metrics.answer()),
        _ => {}
    }
    let Some(routes) = stack.routes.get() else {
        return Err(ApiError::service_unavailable("the server is starting", 5).into());
    };
    aside::step(routes, &request).await;
    if request.info.resource.is_some() {
        return Ok(routes.kind(request).await?);
    }
    let path = request.info.path.as_str();
    let mut segments = path.trim_matches('/').split('/');
    match (segments.next(), segments.next()) {
        (Some("apis"), group) if group.is_none_or(|group| routes.serves(group)) => {
            Ok(routes.discovery.answer(&request)?)
        }
        (Some("openapi"), _) => Ok(routes.openapi.answer(&request)?),
        _ => Ok(routes.index.answer(path)),
    }
}
