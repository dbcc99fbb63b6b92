//! `meta/v1.Status`, as it stands in a body.

use http::StatusCode;
use serde::Serialize;

use super::GroupResource;

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

impl Status {
    pub(super) fn failure(code: StatusCode, reason: &'static str, message: String) -> Self {
        Status {
            kind: "Status",
            api_version: "v1",
            status: "Failure",
            message,
            reason,
            code: code.as_u16(),
            ..Status::default()
        }
    }

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

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(number: &u16) -> bool {
    *number == 0
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero_u32(number: &u32) -> bool {
    *number == 0
}
