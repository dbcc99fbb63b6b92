//! Failures as clients see them: the only place where reason, code and text meet.
//!
//! Texts and codes follow apimachinery `pkg/api/errors/errors.go`; clients branch on `reason` and
//! `details.causes`, people read `message`.

mod object;
#[cfg(test)]
mod tests;

use std::fmt;

use http::{StatusCode, header};

use super::body::{Body, Response};
use crate::schema::FieldErrors;

pub use object::{Cause, Details, Status, StatusMetadata};

/// What a handler answers when it cannot answer what was asked.
pub type ApiResult<T> = Result<T, ApiError>;

/// A failure, as a `Status` object. Deliberately not a `std::error::Error`, so that `?` turns any
/// other error into a 500 whose text goes to the log only.
#[derive(Clone, Debug)]
pub struct ApiError(Box<Status>);

/// A resource as errors name it: `plural` and group.
#[derive(Clone, Copy, Debug)]
pub struct GroupResource<'a> {
    /// The API group.
    pub group: &'a str,
    /// The plural, or the kind where Kubernetes says the kind.
    pub resource: &'a str,
}

impl fmt::Display for GroupResource<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.resource)?;
        if self.group.is_empty() { Ok(()) } else { write!(f, ".{}", self.group) }
    }
}

impl ApiError {
    /// Any reason, code and text; prefer the named ones below.
    #[must_use]
    pub fn new(code: StatusCode, reason: &'static str, message: impl Into<String>) -> Self {
        Self(Box::new(Status::failure(code, reason, message.into())))
    }

    /// 400
    #[must_use]
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BadRequest", message)
    }

    /// 401
    #[must_use]
    pub fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "Unauthorized", "Unauthorized")
    }

    /// 403 on an object: `foos.g "n" is forbidden: why`.
    #[must_use]
    pub fn forbidden(resource: GroupResource<'_>, name: &str, why: &str) -> Self {
        let message = if name.is_empty() {
            format!("{resource} is forbidden: {why}")
        } else {
            format!("{resource} {name:?} is forbidden: {why}")
        };
        Self::new(StatusCode::FORBIDDEN, "Forbidden", message).about(resource, name)
    }

    /// 403 on a path: `forbidden: why`.
    #[must_use]
    pub fn forbidden_path(why: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "Forbidden", format!("forbidden: {why}")).with_empty_details()
    }

    /// 404 of an object.
    #[must_use]
    pub fn not_found(resource: GroupResource<'_>, name: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "NotFound", format!("{resource} {name:?} not found"))
            .about(resource, name)
    }

    /// 404 of a path or resource nobody serves.
    #[must_use]
    pub fn no_such_resource() -> Self {
        Self::new(StatusCode::NOT_FOUND, "NotFound", "the server could not find the requested resource")
            .with_empty_details()
    }

    /// 405 of a method on a path that exists.
    #[must_use]
    pub fn method_not_allowed() -> Self {
        let message = "the server does not allow this method on the requested resource";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed", message).with_empty_details()
    }

    /// 405 of a verb the kind has not.
    #[must_use]
    pub fn method_not_supported(resource: GroupResource<'_>, verb: &str) -> Self {
        let message = format!("{verb} is not supported on resources of kind \"{resource}\"");
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed", message).about(resource, "")
    }

    /// 406
    #[must_use]
    pub fn not_acceptable(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_ACCEPTABLE, "NotAcceptable", message)
    }

    /// 409: the name is taken.
    #[must_use]
    pub fn already_exists(resource: GroupResource<'_>, name: &str) -> Self {
        Self::new(StatusCode::CONFLICT, "AlreadyExists", format!("{resource} {name:?} already exists"))
            .about(resource, name)
    }

    /// 409: `Operation cannot be fulfilled on foos.g "n": why`.
    #[must_use]
    pub fn conflict_on(resource: GroupResource<'_>, name: &str, why: &str) -> Self {
        let message = format!("Operation cannot be fulfilled on {resource} {name:?}: {why}");
        Self::new(StatusCode::CONFLICT, "Conflict", message).about(resource, name)
    }

    /// 409: no free name was found for a `generateName`.
    #[must_use]
    pub fn generate_name_conflict(resource: GroupResource<'_>, name: &str, retry_after: u32) -> Self {
        let message = format!(
            "{resource} {name:?} already exists, the server was not able to generate a unique name for the object"
        );
        Self::new(StatusCode::CONFLICT, "AlreadyExists", message)
            .about(resource, name)
            .retry_after(retry_after)
    }

    /// 410 of a list at an exact revision that is forgotten.
    #[must_use]
    pub fn list_expired() -> Self {
        Self::expired("The resourceVersion for the provided list is too old.")
    }

    /// 410 of a watch from a revision that is forgotten; `oldest` is the first one that is not.
    #[must_use]
    pub fn watch_expired(revision: u64, oldest: u64) -> Self {
        Self::expired(format!("too old resource version: {revision} ({oldest})"))
    }

    /// 504: the revision asked for is not reached yet.
    #[must_use]
    pub fn too_large_resource_version(revision: u64, current: u64, retry_after: u32) -> Self {
        let text = format!("Too large resource version: {revision}, current: {current}");
        Self::timeout(text, retry_after).with_cause(
            "ResourceVersionTooLarge",
            "Too large resource version",
            "",
        )
    }

    /// 500: the operation could not be completed now.
    #[must_use]
    pub fn server_timeout(resource: GroupResource<'_>, operation: &str, retry_after: u32) -> Self {
        let message = format!(
            "The {operation} operation against {resource} could not be completed at this time, please try again."
        );
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "ServerTimeout", message)
            .about(resource, operation)
            .retry_after(retry_after)
    }

    /// 410: history that was asked for is forgotten.
    #[must_use]
    pub fn expired(message: impl Into<String>) -> Self {
        Self::new(StatusCode::GONE, "Expired", message)
    }

    /// 413
    #[must_use]
    pub fn too_large(message: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", message)
    }

    /// 415
    #[must_use]
    pub fn unsupported_media_type(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "UnsupportedMediaType", message)
    }

    /// 422: `Foo.g "n" is invalid: …` with one cause a mistake. `kind` is the Kind, not the resource.
    #[must_use]
    pub fn invalid(kind: GroupResource<'_>, name: &str, errors: &FieldErrors) -> Self {
        // A mistake that is found twice is told once in the text, and twice in the causes.
        let mut texts: Vec<String> = Vec::new();
        for text in errors.errors().iter().map(ToString::to_string) {
            if !texts.contains(&text) {
                texts.push(text);
            }
        }
        let list = match &texts[..] {
            [] => String::new(),
            [one] => format!(": {one}"),
            many => format!(": [{}]", many.join(", ")),
        };
        let text = format!("{kind} {name:?} is invalid{list}");
        let mut error = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "Invalid", text).about(kind, name);
        error.details().causes = errors
            .errors()
            .iter()
            .map(|mistake| Cause {
                reason: mistake.reason.to_owned(),
                message: mistake.detail.clone(),
                field: mistake.field.clone(),
            })
            .collect();
        error
    }

    /// 429 of a storage or cache that is not ready.
    #[must_use]
    pub fn too_many_requests(message: &str, retry_after: u32) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "TooManyRequests", message).retry_after(retry_after)
    }

    /// 500: `Internal error occurred: …`. What the text says, the client reads.
    #[must_use]
    pub fn internal(message: impl fmt::Display) -> Self {
        let text = format!("Internal error occurred: {message}");
        let error = Self::new(StatusCode::INTERNAL_SERVER_ERROR, "InternalError", text);
        error.with_cause("", message.to_string(), "")
    }

    /// 503
    #[must_use]
    pub fn service_unavailable(message: impl Into<String>, retry_after: u32) -> Self {
        let error = Self::new(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", message);
        if retry_after == 0 { error } else { error.retry_after(retry_after) }
    }

    /// 504: `Timeout: …`
    #[must_use]
    pub fn timeout(message: impl fmt::Display, retry_after: u32) -> Self {
        let error = Self::new(StatusCode::GATEWAY_TIMEOUT, "Timeout", format!("Timeout: {message}"));
        if retry_after == 0 { error.with_empty_details() } else { error.retry_after(retry_after) }
    }

    /// For code behind served kinds: the object changed meanwhile.
    #[must_use]
    pub fn conflict(why: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "Conflict", why)
    }

    /// Puts words before the text.
    #[must_use]
    pub fn prefixed(mut self, words: &str) -> Self {
        self.0.message.insert_str(0, words);
        self
    }

    /// Names what the failure is about.
    #[must_use]
    pub fn about(mut self, resource: GroupResource<'_>, name: &str) -> Self {
        let details = self.details();
        name.clone_into(&mut details.name);
        resource.group.clone_into(&mut details.group);
        resource.resource.clone_into(&mut details.kind);
        self
    }

    /// Adds a cause.
    #[must_use]
    pub fn with_cause(mut self, reason: &str, message: impl Into<String>, field: &str) -> Self {
        self.details().causes.push(Cause {
            reason: reason.to_owned(),
            message: message.into(),
            field: field.to_owned(),
        });
        self
    }

    /// Says when to try again.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.details().retry_after_seconds = seconds;
        self
    }

    /// Sets the token to go on with after an expired page.
    #[must_use]
    pub fn with_continue(mut self, token: String) -> Self {
        self.0.metadata.continue_token = token;
        self
    }

    /// `details: {}` as Go's generic server response has it.
    #[must_use]
    pub fn with_empty_details(mut self) -> Self {
        self.details();
        self
    }

    /// The HTTP status.
    #[must_use]
    pub fn code(&self) -> StatusCode {
        StatusCode::from_u16(self.0.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The machine-readable reason.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        self.0.reason
    }

    /// The text.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The `Status` object, to be sent in a body or an ERROR event.
    #[must_use]
    pub fn status(&self) -> &Status {
        &self.0
    }

    /// The response: a plain JSON `Status`, whatever form was asked for.
    #[must_use]
    pub fn into_response(self) -> Response {
        let mut body = serde_json::to_vec(&*self.0).unwrap_or_default();
        body.push(b'\n');
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = self.code();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
        if self.code() == StatusCode::FORBIDDEN {
            headers.insert(header::X_CONTENT_TYPE_OPTIONS, header::HeaderValue::from_static("nosniff"));
        }
        if let Some(details) = &self.0.details
            && details.retry_after_seconds > 0
        {
            headers.insert(header::RETRY_AFTER, details.retry_after_seconds.into());
        }
        response
    }

    fn details(&mut self) -> &mut Details {
        self.0.details.get_or_insert_default()
    }
}

impl<E: std::error::Error> From<E> for ApiError {
    /// An error nobody foresaw: the log has it, the client does not.
    fn from(error: E) -> Self {
        tracing::error!(%error, "an error without an API meaning became a 500");
        Self::internal("see the log of the server")
    }
}
