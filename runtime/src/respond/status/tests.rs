//! Texts, codes, reasons and causes, pinned.

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
