//! What a file with an API type imports: `use aggboot::prelude::*;`.
//!
//! The traits of verbs stay out: their `get` and `list` would stand beside those of every map and client.

pub use std::collections::BTreeMap;

pub use k8s_openapi::ByteString;
pub use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
pub use k8s_openapi::apimachinery::pkg::apis::meta::v1::{
    Condition, LabelSelector, MicroTime, ObjectMeta, OwnerReference, Time,
};
pub use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

#[cfg(feature = "server")]
pub use crate::{ApiError, ApiResult, Registration};
pub use crate::{
    ApiResource, ApiType, FieldErrors, PrepareForCreate, PrepareForUpdate, SetDefaults, Validate,
};
