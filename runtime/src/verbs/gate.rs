//! Which resource a request means and what may be asked of it: the 404 and the 405 of routes.

use http::Method;

use crate::kind::Kind;
use crate::kind::registry::{Registry, Resource};
use crate::request::info::ResourceInfo;
use crate::respond::{ApiError, ApiResult};

/// What is addressed: a collection, an item or a part of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target<'a> {
    /// All objects, of a namespace or of the cluster.
    Collection,
    /// One object.
    Item,
    /// `status` of one object.
    Status,
    /// `scale` of one object.
    Scale,
    /// A subresource answered by code.
    Code(&'a str),
}

/// Finds the resource and what of it is addressed. 404 where nothing is served.
pub(crate) fn find<'r>(
    registry: &'r Registry,
    info: &'r ResourceInfo,
) -> ApiResult<(&'r std::sync::Arc<Resource>, Target<'r>)> {
    let resource =
        registry.find(&info.group, &info.version, &info.resource).ok_or_else(ApiError::no_such_resource)?;
    let target =
        target(&resource.kind, &resource.subresources, info).ok_or_else(ApiError::no_such_resource)?;
    Ok((resource, target))
}

fn target<'r, R>(kind: &Kind, subresources: &[(String, R)], info: &'r ResourceInfo) -> Option<Target<'r>> {
    let in_namespace = !info.namespace.is_empty();
    // A path through a namespace must never reach the collection of the cluster.
    if in_namespace && !kind.namespaced() || !in_namespace && kind.namespaced() && info.item {
        return None;
    }
    let target = match (info.item, info.subresource.as_str()) {
        (false, "") => Target::Collection,
        (true, "") => Target::Item,
        (true, "status") if kind.status => Target::Status,
        (true, "scale") if kind.scale.is_some() => Target::Scale,
        (true, name) if subresources.iter().any(|(known, _)| known == name) => Target::Code(name),
        // Also an empty name before a subresource, which was authorized as that subresource.
        _ => return None,
    };
    (info.rest.is_empty() || matches!(target, Target::Code(_))).then_some(target)
}

/// 405 where no route takes the method.
pub(crate) fn allow(kind: &Kind, target: Target<'_>, method: &Method, in_namespace: bool) -> ApiResult<()> {
    // Go installs no route for HEAD.
    let read = *method == Method::GET;
    let allowed = match target {
        // Of all namespaces at once: only read.
        Target::Collection if kind.namespaced() && !in_namespace => read,
        Target::Collection => read || matches!(*method, Method::POST | Method::DELETE),
        Target::Item => read || matches!(*method, Method::PUT | Method::PATCH | Method::DELETE),
        Target::Status | Target::Scale => read || matches!(*method, Method::PUT | Method::PATCH),
        Target::Code(_) => true,
    };
    if allowed { Ok(()) } else { Err(ApiError::method_not_allowed()) }
}
