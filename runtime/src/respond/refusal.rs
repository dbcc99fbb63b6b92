//! What ends a request before its route: mostly a `Status`, sometimes plain text as Go sends it.

use http::{HeaderValue, StatusCode, header};

use super::{ApiError, Body, Response, encode};
use crate::request::accept::Form;

/// An answer in place of the one asked for.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// A failure, not written yet: the client may want it as YAML.
    Status(ApiError),
    /// Ready to be sent.
    Ready(Box<Response>),
}

impl Refusal {
    /// Plain text and a line end, in the manner of Go's `http.Error`.
    pub(crate) fn text(code: StatusCode, text: &str) -> Self {
        let mut response = Response::new(Body::from(format!("{text}\n")));
        *response.status_mut() = code;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        Refusal::Ready(Box::new(response))
    }

    /// Says when to try again.
    pub(crate) fn retry_after(self, seconds: u32) -> Self {
        match self {
            Refusal::Status(error) => Refusal::Status(error.retry_after(seconds)),
            Refusal::Ready(mut response) => {
                response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
                Refusal::Ready(response)
            }
        }
    }

    /// The answer; a failure in the form that the client wants failures in.
    pub(crate) fn written(self, form: Form) -> Response {
        match self {
            Refusal::Status(error) => encode::failure(error, form),
            Refusal::Ready(response) => *response,
        }
    }

    pub(crate) fn into_response(self) -> Response {
        self.written(Form::JSON)
    }
}

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        Refusal::Status(error)
    }
}

impl From<Response> for Refusal {
    fn from(response: Response) -> Self {
        Refusal::Ready(Box::new(response))
    }
}
