//! Calls on a subresource that is code.

use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Method, StatusCode};

use super::{Source, unserved};
use crate::request::info::ResourceInfo;
use crate::request::{Request, body};
use crate::respond::{ApiError, ApiResult, Body, Response};
use crate::served::{Call, Context, Reply};

pub(super) async fn connect(
    source: Source<'_>,
    request: Request,
    info: &ResourceInfo,
) -> ApiResult<Response> {
    let verb = source.verbs.connect.as_ref().ok_or_else(unserved)?;
    if !matches!(request.head.method, Method::GET | Method::HEAD | Method::POST) {
        return Err(ApiError::method_not_allowed());
    }
    if request.query.get("dryRun").is_some_and(|value| !value.is_empty()) {
        return Err(ApiError::bad_request("dryRun is not supported"));
    }
    let cx = Context::new(&request, false);
    let call = Call {
        method: request.head.method.to_string(),
        path: info.rest.clone(),
        query: request.query.pairs().to_vec(),
        content_type: request.header(CONTENT_TYPE).map(str::to_owned),
        body: body::read(request.body, body::LIMIT, request.deadline).await?,
    };
    respond(verb.connect(&cx, &info.name, call).await?)
}

fn respond(reply: Reply) -> ApiResult<Response> {
    let mut response = Response::new(Body::Full(reply.body));
    *response.status_mut() = StatusCode::from_u16(reply.code)?;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_str(&reply.content_type)?);
    Ok(response)
}
