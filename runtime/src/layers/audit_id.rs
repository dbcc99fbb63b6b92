//! One id for a request, in our logs and in the audit log of whoever sent it on.

use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue};

const AUDIT_ID: HeaderName = HeaderName::from_static("audit-id");

/// The caller's id, or a new one.
pub(super) fn of(headers: &HeaderMap) -> Arc<str> {
    match headers.get(AUDIT_ID).and_then(|value| value.to_str().ok()) {
        Some(id) if !id.is_empty() => id.into(),
        _ => {
            let mut buffer = uuid::Uuid::encode_buffer();
            let id: &str = uuid::Uuid::new_v4().hyphenated().encode_lower(&mut buffer);
            id.into()
        }
    }
}

pub(super) fn stamp(id: &str, headers: &mut HeaderMap) {
    if !headers.contains_key(AUDIT_ID)
        && let Ok(value) = HeaderValue::from_str(id)
    {
        headers.insert(AUDIT_ID, value);
    }
}
