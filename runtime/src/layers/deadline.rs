//! When the answer must be complete. Long-running requests have no such time.

use std::time::{Duration, Instant};

use http::{HeaderValue, StatusCode, header};
use serde_json::Value;

use super::Refusal;
use crate::request::{QueryPairs, RequestInfo, duration};
use crate::respond::{ApiError, Body, Response};

/// The longest that a request may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadlines(pub(crate) Duration);

impl Deadlines {
    /// `?timeout=` shortens it; 0 and anything longer mean the longest.
    pub(super) fn of(
        self,
        info: &RequestInfo,
        query: &QueryPairs,
        received: Instant,
    ) -> Result<Option<Instant>, ApiError> {
        if info.is_long_running() {
            return Ok(None);
        }
        let asked = match query.get("timeout") {
            None | Some("") => Duration::ZERO,
            Some(text) => duration::parse(text).map_err(|error| {
                ApiError::bad_request(format!("invalid timeout specified in the request URL - {error}"))
            })?,
        };
        let allowed = if asked.is_zero() { self.0 } else { asked.min(self.0) };
        Ok(Some(received + allowed))
    }
}

/// Works on a request until its deadline, then answers 504 and drops the work.
pub(super) async fn within<T>(
    deadline: Option<Instant>,
    work: impl Future<Output = Result<T, Refusal>>,
) -> Result<T, Refusal> {
    let Some(deadline) = deadline else { return work.await };
    match tokio::time::timeout_at(deadline.into(), work).await {
        Ok(answered) => answered,
        Err(_) => Err(too_late().into()),
    }
}

/// Go sends this `Status` without its kind.
fn too_late() -> Response {
    let error = ApiError::timeout("request did not complete within the allotted timeout", 0);
    let mut status = serde_json::to_value(error.status()).unwrap_or_default();
    if let Value::Object(fields) = &mut status {
        fields.remove("kind");
        fields.remove("apiVersion");
    }
    let mut response = Response::new(Body::from(format!("{status}\n")));
    *response.status_mut() = StatusCode::GATEWAY_TIMEOUT;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Method;

    fn allowed(target: &str) -> Result<Option<Duration>, String> {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let query = QueryPairs::parse(Some(query));
        let info = RequestInfo::parse(&Method::GET, path, &query)?;
        let now = Instant::now();
        let deadline = Deadlines(Duration::from_secs(60)).of(&info, &query, now);
        let deadline = deadline.map_err(|error| error.message().to_owned())?;
        Ok(deadline.map(|deadline| deadline - now))
    }

    #[test]
    fn the_query_shortens_the_deadline_and_never_lengthens_it() {
        let seconds = |seconds| Ok(Some(Duration::from_secs(seconds)));
        assert_eq!(allowed("/apis/g/v1/foos"), seconds(60));
        assert_eq!(allowed("/apis/g/v1/foos?timeout=5s"), seconds(5));
        assert_eq!(allowed("/apis/g/v1/foos?timeout=0s"), seconds(60));
        assert_eq!(allowed("/apis/g/v1/foos?timeout=1h"), seconds(60));
        assert_eq!(allowed("/apis/g/v1/foos?watch=1&timeout=oops"), Ok(None));
        assert_eq!(
            allowed("/apis/g/v1/foos?timeout=oops"),
            Err("invalid timeout specified in the request URL - time: invalid duration \"oops\"".to_owned())
        );
    }

    #[tokio::test]
    async fn what_takes_too_long_is_a_504_without_a_kind() {
        let now = Instant::now();
        let late =
            within::<()>(Some(now), std::future::pending()).await.expect_err("too late").into_response();
        assert_eq!(late.status(), StatusCode::GATEWAY_TIMEOUT);
        let Body::Full(body) = late.into_body() else { panic!("a body in one piece") };
        let status: Value = serde_json::from_slice(&body).expect("JSON");
        assert_eq!(status["message"], "Timeout: request did not complete within the allotted timeout");
        assert_eq!((status.get("kind"), &status["code"]), (None, &Value::from(504)));
    }
}
