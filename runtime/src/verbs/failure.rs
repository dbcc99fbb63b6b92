//! What a client is told when the store cannot do something.

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
            let seconds = u32::try_from(retry_after.as_secs()).unwrap_or(u32::MAX).max(1);
            ApiError::service_unavailable(error.to_string(), seconds)
        }
        Error::Loading { retry_after } => {
            let seconds = u32::try_from(retry_after.as_secs()).unwrap_or(u32::MAX).max(1);
            ApiError::too_many_requests(&error.to_string(), seconds)
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
