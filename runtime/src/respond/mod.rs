//! What goes back to a client: bodies, errors, lists, tables, events, encodings.

pub mod age;
pub mod body;
mod chunks;
pub mod encode;
pub mod event;
pub mod gzip;
pub mod lease;
pub mod list;
mod listing;
pub mod partial;
mod pieces;
pub mod present;
mod pretty;
mod refusal;
mod scan;
mod squeeze;
pub mod status;
mod streamed;
mod styled;
pub mod table;
mod yaml;

pub use body::{Body, Response};
pub use chunks::Chunks;
pub use listing::Listing;
pub(crate) use refusal::Refusal;
pub use status::{ApiError, ApiResult};
pub use streamed::{Incomplete, Streamed};
