//! What ends a request before its route: mostly a `Status`, sometimes plain text as Go sends it.

use http::{HeaderValue, StatusCode, header};

use crate::respond::{ApiError, Body, Response};

/// An answer in place of the one asked for.
#[derive(Debug)]
pub(crate) struct Refusal(Box<Response>);

impl Refusal {
    /// Plain text and a line end, in the manner of Go's `http.Error`.
    pub(crate) fn text(code: StatusCode, text: &str) -> Self {
        let mut response = Response::new(Body::from(format!("{text}\n")));
        *response.status_mut() = code;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        Refusal(Box::new(response))
    }

    /// Says when to try again.
    pub(crate) fn retry_after(mut self, seconds: u32) -> Self {
        self.0.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        self
    }

    pub(crate) fn into_response(self) -> Response {
        *self.0
    }
}

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        Refusal(Box::new(error.into_response()))
    }
}

impl From<Response> for Refusal {
    fn from(response: Response) -> Self {
        Refusal(Box::new(response))
    }
}
