//! What goes back to a client: bodies, errors, lists, tables, events, encodings.

pub mod body;
pub mod status;

pub use body::{Body, Response};
pub use status::{ApiError, ApiResult};
