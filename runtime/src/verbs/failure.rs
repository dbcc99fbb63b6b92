//! What a client is told when the store cannot do something.

use std::time::Duration;

use http::StatusCode;

use crate::respond::ApiError;
use crate::respond::status::GroupResource;
use crate::storage::Error;

/// Go's words for a lost race.
pub(crate) const MODIFIED: &str =
    "the object has been modified; please apply your changes to the latest version and try again";

/// The answer to a failed call of the store. What a conflict means, its caller knows better: here it is
/// a lost race.
pub(crate) fn answer(error: &Error, resource: GroupResource<'_>, name: &str) -> ApiError {
    match error {
        Error::Conflict { .. } => ApiError::conflict_on(resource, name, MODIFIED),
        Error::Compacted { .. } => ApiError::list_expired(),
        Error::Future { asked, current } => {
            ApiError::too_large_resource_version(asked.get(), current.get(), 1)
        }
        Error::TooLarge { limit, .. } => {
            ApiError::too_large(format!("Request entity too large: limit is {limit}"))
        }
        Error::Unavailable { retry_after, why } => {
            tracing::warn!(%resource, name, why, "the storage is not available");
            ApiError::service_unavailable(error.to_string(), seconds(*retry_after))
        }
        Error::Timeout { retry_after, why } => {
            tracing::warn!(%resource, name, why, "the storage did not answer a read in time");
            ApiError::timeout(error, seconds(*retry_after))
        }
        Error::Loading { retry_after } => {
            ApiError::too_many_requests(&error.to_string(), seconds(*retry_after))
        }
        Error::ReadOnly { .. } => ApiError::service_unavailable(error.to_string(), 1),
        Error::Unknown { why } => {
            tracing::error!(%resource, name, why, "a write has an unknown outcome");
            ApiError::timeout(error, 0)
        }
        Error::Corrupt { .. } | Error::Incompatible(_) => {
            tracing::error!(%resource, name, %error, "the storage holds what cannot be read");
            ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "StorageReadError", error.to_string())
                .about(resource, name)
        }
    }
}

/// The same for the read that a write begins with: certainly nothing was written.
pub(crate) fn before_write(error: Error, resource: GroupResource<'_>, name: &str) -> ApiError {
    let error = match error {
        Error::Timeout { why, retry_after } => Error::Unavailable { why, retry_after },
        error => error,
    };
    answer(&error, resource, name)
}

fn seconds(retry_after: Duration) -> u32 {
    u32::try_from(retry_after.as_secs()).unwrap_or(u32::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Whoever is told when to come again does the same again.
    #[test]
    fn only_what_may_be_done_again_says_when() {
        let (why, retry_after) = (String::from("no leader"), Duration::from_secs(2));
        let late = Error::Timeout { why: why.clone(), retry_after };
        let unavailable = Error::Unavailable { why: why.clone(), retry_after };
        let resource = GroupResource { group: "g", resource: "rs" };
        for (refusal, code, reason, seconds) in [
            (answer(&late, resource, "n"), 504, "Timeout", Some(2)),
            (before_write(late, resource, "n"), 503, "ServiceUnavailable", Some(2)),
            (answer(&unavailable, resource, "n"), 503, "ServiceUnavailable", Some(2)),
            (answer(&Error::Unknown { why }, resource, "n"), 504, "Timeout", None),
        ] {
            let status = serde_json::to_value(refusal.status()).expect("JSON");
            assert_eq!((&status["code"], &status["reason"]), (&json!(code), &json!(reason)));
            assert_eq!(status["details"]["retryAfterSeconds"].as_u64(), seconds, "{status:#}");
        }
    }
}
