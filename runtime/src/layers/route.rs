//! Who answers: the server itself, discovery, OpenAPI, or a kind.

use std::sync::Arc;

use futures::future::BoxFuture;

use super::{Refusal, Stack};
use crate::health;
use crate::kind::registry::Registry;
use crate::request::{Request, RequestInfo};
use crate::respond::{ApiError, ApiResult, Response};
use crate::verbs::Kinds;

/// The routes of a server whose storage is open.
#[derive(Debug)]
pub(crate) struct Routes {
    registry: Arc<Registry>,
    index: health::Index,
    kinds: Kinds,
}

impl Routes {
    pub(crate) fn new(registry: Arc<Registry>, health: &health::Health, kinds: Kinds) -> Self {
        let index = health::Index::new(&registry, health);
        Routes { registry, index, kinds }
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
    if request.info.resource.is_some() {
        return Ok(routes.kind(request).await?);
    }
    Ok(routes.index.answer(&request.info.path))
}
