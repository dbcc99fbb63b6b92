//! The path of a request: THE list of layers, outermost first.
//!
//! One straight function and no chain of boxes: a layer is a file of plain functions, called here and nowhere else.
//! The order is that of Go's generic server (`DefaultBuildHandlerChain`), less what is not built.

mod aside;
mod audit_id;
mod cache_control;
mod deadline;
mod gate;
mod in_flight;
mod max_in_flight;
mod panic_guard;
mod route;
mod warning;

use std::sync::{Arc, OnceLock};
use std::time::Instant;

use hyper::body::Incoming;

use crate::authentication::Authenticator;
use crate::authorization::Authorizer;
use crate::health::{Health, Metrics};
use crate::request::{BrokenBody, QueryPairs, Request, RequestBody, RequestInfo, Warnings};
use crate::respond::lease::Leases;
use crate::respond::{ApiError, Refusal, Response, encode};
use crate::server::Lifecycle;
use crate::transport::Peer;

use in_flight::Sending;

pub(crate) use deadline::Deadlines;
pub(crate) use in_flight::InFlight;
pub(crate) use max_in_flight::MaxInFlight;
pub(crate) use route::Routes;

/// Everything that the layers of one server look at.
#[derive(Debug)]
pub(crate) struct Stack {
    pub(crate) lifecycle: Arc<Lifecycle>,
    pub(crate) in_flight: Arc<InFlight>,
    pub(crate) leases: Arc<Leases>,
    pub(crate) deadlines: Deadlines,
    pub(crate) authenticator: Authenticator,
    pub(crate) max_in_flight: MaxInFlight,
    pub(crate) authorizer: Authorizer,
    pub(crate) health: Health,
    pub(crate) metrics: Metrics,
    /// Set once the storage is open and read: until then the gate is shut.
    pub(crate) routes: Arc<OnceLock<Routes>>,
}

/// Answers a request of a peer. It cannot fail: what goes wrong is the answer.
pub(crate) async fn answer(stack: &Stack, peer: &Arc<Peer>, request: http::Request<Incoming>) -> Response {
    let audit_id = audit_id::of(request.headers());
    let warnings = Warnings::default();
    // Boxed: it is large, and is moved several times on its way to the connection's task.
    let through = Box::pin(through(stack, peer, request, &audit_id, &warnings));
    let mut response = match panic_guard::run(through, &audit_id).await {
        Ok(response) => response,
        Err(refusal) => refusal.into_response(),
    };
    warning::stamp(&warnings, response.headers_mut());
    cache_control::stamp(response.headers_mut());
    audit_id::stamp(&audit_id, response.headers_mut());
    response
}

async fn through(
    stack: &Stack,
    peer: &Arc<Peer>,
    request: http::Request<Incoming>,
    audit_id: &Arc<str>,
    warnings: &Warnings,
) -> Result<Response, Refusal> {
    let received = Instant::now();
    let (mut head, body) = request.into_parts();
    gate::pass(stack.routes.get(), head.uri.path())?;
    let query = QueryPairs::parse(head.uri.query());
    let info = RequestInfo::parse(&head.method, head.uri.path(), &query).map_err(ApiError::bad_request)?;
    let failures = encode::failure_form(&head.headers, &query);
    let measured = stack.metrics.begin(&info, &query, &head.headers, route::is_served(stack, &info));
    let held = in_flight::enter(stack, peer, &info)?;
    let deadline = stack.deadlines.of(&info, &query, received)?;
    let mut work = std::pin::pin!(async {
        let user = stack.authenticator.authenticate(peer, &mut head.headers).await?;
        let seat = stack.max_in_flight.sit(&info, &user, &stack.metrics)?;
        stack.authorizer.authorize(&user, &info, &query, &head.uri).await?;
        let draining = stack.lifecycle.draining();
        let (body, audit_id, warnings) = (readable(body), Arc::clone(audit_id), warnings.clone());
        let aside = peer.aside();
        let request =
            Request { head, body, info, query, user, audit_id, deadline, warnings, draining, aside };
        Ok((route::answer(stack, request).await?, seat))
    });
    let (response, seat) = deadline::within(deadline, &mut work)
        .await
        .unwrap_or_else(|refusal| (refusal.written(failures), None));
    let measured = measured.answered(response.status());
    Ok(in_flight::hold(stack, response, deadline, Sending { held, seat, measured }))
}

fn readable(body: Incoming) -> RequestBody {
    use http_body_util::BodyExt;
    body.map_err(|error| BrokenBody(error.to_string())).boxed()
}
