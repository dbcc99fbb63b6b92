//! Aggregated Kubernetes API servers in Rust.

// Derives name `::aggboot`, also in this crate's own tests.
extern crate self as aggboot;

#[doc(hidden)]
pub mod __private;
mod error;
pub mod kind;
pub mod object;
pub mod prelude;
pub mod schema;

#[cfg(feature = "server")]
pub mod admission;
#[cfg(feature = "server")]
mod authentication;
#[cfg(feature = "server")]
mod authorization;
#[cfg(feature = "server")]
mod certificates;
#[cfg(feature = "server")]
pub mod cluster;
#[cfg(feature = "server")]
mod discovery;
#[cfg(feature = "server")]
pub mod gzip;
#[cfg(feature = "server")]
mod health;
#[cfg(feature = "server")]
mod layers;
#[cfg(feature = "server")]
mod openapi;
#[cfg(feature = "server")]
mod owner_only;
#[cfg(feature = "server")]
pub mod request;
#[cfg(feature = "server")]
pub mod respond;
#[cfg(feature = "server")]
pub mod served;
#[cfg(feature = "server")]
mod server;
#[cfg(feature = "server")]
pub mod storage;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(feature = "server")]
mod transport;
#[cfg(feature = "server")]
pub mod verbs;

pub use aggboot_macros::{ApiResource, ApiType};
pub use error::{Error, Result};
pub use k8s_openapi;
pub use kind::hooks::{PrepareForCreate, PrepareForUpdate, SetDefaults, Validate};
pub use kind::{ApiResource, Kind};
#[cfg(feature = "server")]
pub use kind::{Registration, Stored};
pub use kube;
#[cfg(feature = "server")]
pub use respond::{ApiError, ApiResult};
pub use schema::{ApiType, FieldErrors};
#[cfg(all(feature = "server", feature = "etcd"))]
pub use server::{EtcdOptions, GoOptions};
#[cfg(feature = "server")]
pub use server::{Options, Server, StorageKind};
