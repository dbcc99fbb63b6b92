//! Until storage is open nobody hears 404: garbage collection and namespace deletion act on what seems not to exist.

use super::{Refusal, Routes};
use crate::health;
use crate::respond::ApiError;

/// Lets a request pass once there are routes; what asks about the server itself passes always.
pub(super) fn pass(routes: Option<&Routes>, path: &str) -> Result<(), Refusal> {
    if routes.is_some() || health::is_about_the_server(path) {
        return Ok(());
    }
    let text = "the request has been made before all known HTTP paths have been installed, please try again";
    Err(ApiError::service_unavailable(text, 5).into())
}
