//! Failures as clients see them: the only place where reason, code and text meet.
//!
//! Texts and codes follow apimachinery `pkg/api/errors/errors.go`; clients branch on `reason` and
//! `details.causes`, people read `message`.

use std::fmt;

use http::{StatusCode, header};
use serde::Serialize;

use super::body::{Body, Response};
use crate::schema::FieldErrors;

/// What a handler answers when it cannot answer what was asked.
pub type ApiResult<T> = Result<T, ApiError>;

/// A failure, as a `Status` object. Deliberately not a `std::error::Error`, so that `?` turns any
/// other error into a 500 whose text goes to the log only.
#[derive(Clone, Debug)]
pub struct ApiError(Box<Status>);

/// `meta/v1.Status`.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    kind: &'static str,
    api_version: &'static str,
    /// List metadata; `continue` is set on an expired page.
    pub metadata: StatusMetadata,
    /// `Failure` or `Success`.
    pub status: &'static str,
    /// The text.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// The machine-readable reason.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub reason: &'static str,
    /// What it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details: Option<Details>,
    /// The HTTP status.
    #[serde(skip_serializing_if = "is_zero")]
    pub code: u16,
}

/// `ListMeta` of a status.
#[derive(Clone, Debug, Default, Serialize)]
pub struct StatusMetadata {
    /// A token to go on with.
    #[serde(rename = "continue", skip_serializing_if = "String::is_empty")]
    pub continue_token: String,
}

/// `StatusDetails`.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Details {
    /// The object's name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The group.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub group: String,
    /// The resource, or the kind (for `Invalid`).
    #[serde(skip_serializing_if = "String::is_empty")]
    pub kind: String,
    /// The object's uid.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub uid: String,
    /// One entry a mistake.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<Cause>,
    /// When to try again; mirrored in `Retry-After`.
    #[serde(skip_serializing_if = "is_zero_u32")]
    pub retry_after_seconds: u32,
}

/// `StatusCause`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Cause {
    /// The machine-readable reason.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// The text.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// The field.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub field: String,
}

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
        Self(Box::new(Status {
            kind: "Status",
            api_version: "v1",
            status: "Failure",
            message: message.into(),
            reason,
            code: code.as_u16(),
            ..Status::default()
        }))
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
        let body = serde_json::to_vec(&*self.0).unwrap_or_default();
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

impl Status {
    /// The `Success` answer to a deletion that is done.
    #[must_use]
    pub fn deleted(resource: GroupResource<'_>, name: &str, uid: &str) -> Self {
        Status {
            kind: "Status",
            api_version: "v1",
            status: "Success",
            details: Some(Details {
                name: name.to_owned(),
                group: resource.group.to_owned(),
                kind: resource.resource.to_owned(),
                uid: uid.to_owned(),
                ..Details::default()
            }),
            ..Status::default()
        }
    }
}

impl<E: std::error::Error> From<E> for ApiError {
    /// An error nobody foresaw: the log has it, the client does not.
    fn from(error: E) -> Self {
        tracing::error!(%error, "an error without an API meaning became a 500");
        Self::internal("see the log of the server")
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(number: &u16) -> bool {
    *number == 0
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero_u32(number: &u32) -> bool {
    *number == 0
}

#[cfg(test)]
mod tests {
    use super::{ApiError, GroupResource, Status};
    use crate::schema::FieldErrors;

    const FOOS: GroupResource<'_> = GroupResource { group: "g.example.com", resource: "foos" };
    const FOO: GroupResource<'_> = GroupResource { group: "g.example.com", resource: "Foo" };

    fn json(status: &Status) -> String {
        serde_json::to_string(status).expect("a status is JSON")
    }

    #[test]
    fn texts_codes_and_reasons_are_gos() {
        for (error, code, reason, message) in [
            (ApiError::not_found(FOOS, "n"), 404, "NotFound", r#"foos.g.example.com "n" not found"#),
            (
                ApiError::already_exists(FOOS, "n"),
                409,
                "AlreadyExists",
                r#"foos.g.example.com "n" already exists"#,
            ),
            (
                ApiError::generate_name_conflict(FOOS, "n", 1),
                409,
                "AlreadyExists",
                "foos.g.example.com \"n\" already exists, the server was not able to generate a unique name for the \
                 object",
            ),
            (
                ApiError::conflict_on(FOOS, "n", "why"),
                409,
                "Conflict",
                r#"Operation cannot be fulfilled on foos.g.example.com "n": why"#,
            ),
            (ApiError::forbidden(FOOS, "", "why"), 403, "Forbidden", "foos.g.example.com is forbidden: why"),
            (
                ApiError::forbidden(FOOS, "n", "why"),
                403,
                "Forbidden",
                r#"foos.g.example.com "n" is forbidden: why"#,
            ),
            (ApiError::forbidden_path("why"), 403, "Forbidden", "forbidden: why"),
            (
                ApiError::method_not_supported(FOOS, "create"),
                405,
                "MethodNotAllowed",
                r#"create is not supported on resources of kind "foos.g.example.com""#,
            ),
            (
                ApiError::server_timeout(FOOS, "list", 2),
                500,
                "ServerTimeout",
                "The list operation against foos.g.example.com could not be completed at this time, please try again.",
            ),
            (ApiError::internal("x"), 500, "InternalError", "Internal error occurred: x"),
            (
                ApiError::too_large_resource_version(9, 5, 1),
                504,
                "Timeout",
                "Timeout: Too large resource version: 9, current: 5",
            ),
            (ApiError::watch_expired(1, 5), 410, "Expired", "too old resource version: 1 (5)"),
            (ApiError::unauthorized(), 401, "Unauthorized", "Unauthorized"),
        ] {
            assert_eq!((error.code().as_u16(), error.reason(), error.message()), (code, reason, message));
        }
    }

    #[test]
    fn mistakes_become_a_text_and_causes() {
        let mut errors = FieldErrors::new();
        errors.required("spec.x", "");
        let invalid = |errors: &FieldErrors| ApiError::invalid(FOO, "n", errors);
        assert_eq!(
            json(invalid(&errors).status()),
            r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"Foo.g.example.com \"n\" is invalid: spec.x: Required value","reason":"Invalid","details":{"name":"n","group":"g.example.com","kind":"Foo","causes":[{"reason":"FieldValueRequired","message":"Required value","field":"spec.x"}]},"code":422}"#
        );
        errors.required("spec.x", "");
        errors.forbidden("spec.y", "no");
        assert_eq!(
            invalid(&errors).message(),
            r#"Foo.g.example.com "n" is invalid: [spec.x: Required value, spec.y: Forbidden: no]"#
        );
        assert_eq!(invalid(&FieldErrors::new()).message(), r#"Foo.g.example.com "n" is invalid"#);
    }

    #[test]
    fn the_time_to_wait_is_told_twice() {
        let response = ApiError::too_large_resource_version(9, 5, 1).into_response();
        assert_eq!(response.headers()[http::header::RETRY_AFTER], "1");
        assert_eq!(
            json(ApiError::too_large_resource_version(9, 5, 1).status()),
            r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"Timeout: Too large resource version: 9, current: 5","reason":"Timeout","details":{"causes":[{"reason":"ResourceVersionTooLarge","message":"Too large resource version"}],"retryAfterSeconds":1},"code":504}"#
        );
    }

    #[test]
    fn a_deletion_that_is_done_is_a_success() {
        assert_eq!(
            json(&Status::deleted(FOOS, "n", "u")),
            r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Success","details":{"name":"n","group":"g.example.com","kind":"foos","uid":"u"}}"#
        );
    }
}
