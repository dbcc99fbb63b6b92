//! get: one object.

use std::sync::Arc;

use super::present::Wanted;
use super::store::Store;
use crate::object::Object;
use crate::request::Request;
use crate::request::options::GetOptions;
use crate::respond::{ApiError, ApiResult, Response};
use crate::storage::{At, Revision};

/// Answers the object of that name.
pub(super) async fn get(
    store: &Store,
    request: &Request,
    namespace: &str,
    name: &str,
) -> ApiResult<Response> {
    let wanted = Wanted::by(request)?;
    let object = read(store, request, namespace, name).await?;
    request.aside.step_with(object.length()).await;
    wanted.object(&store.kind, &object, http::StatusCode::OK)
}

/// Reads the object of that name, as new as the options ask.
pub(super) async fn read(
    store: &Store,
    request: &Request,
    namespace: &str,
    name: &str,
) -> ApiResult<Arc<Object>> {
    let at = match GetOptions::parse(&request.query)?.revision()? {
        None => At::Latest,
        Some(0) => At::Any,
        Some(number) => Revision::new(number).map_or(At::Any, At::NotBefore),
    };
    let found = store.find(&store.key(namespace, name), name, at).await?;
    found.ok_or_else(|| ApiError::not_found(store.resource(), name))
}
