//! From types to a schema, and from the schema to a judge of documents.
//!
//! The schema is the validator: what OpenAPI publishes is what the server enforces. Types say what
//! they are in schemars' vocabulary ([`ApiType`]); a kind's schema is compiled once and every
//! question (unknown fields, defaults, values) is a function of the compiled schema and a tree.

mod build;
pub mod compiled;
mod decode;
mod defaults;
pub mod facts;
pub mod field_error;
mod format;
pub(crate) mod meta;
mod names;
mod node;
pub mod publish;
mod root;
pub mod table;
mod type_errors;
mod types;
mod unknown;
mod validate;

#[cfg(test)]
mod tests;

use schemars::{Schema, SchemaGenerator};

pub use field_error::{FieldError, FieldErrors};

/// A type that can stand in a field of an API object.
///
/// Derive it: `#[derive(ApiType)]`. It is implemented for the scalars, `Option`, `Vec`,
/// `BTreeMap<String, T>` and the Kubernetes types a field may have.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot stand in a field of an API object",
    label = "not an `ApiType`",
    note = "write `#[derive(ApiType)]` on it, or, if it has serde's own forms, derive `Serialize, Deserialize, JsonSchema` and put `#[api(serde)]` on the field"
)]
pub trait ApiType: Clone + serde::Serialize + serde::de::DeserializeOwned + 'static {
    /// Whether the field may be absent without a default: `Option`, `Vec` and maps.
    const OPTIONAL: bool = false;

    /// What to write when the field is absent and optional.
    #[must_use]
    fn absent() -> Option<Self> {
        None
    }

    /// Whether the value says what an absent field says, so that it is not written: `None`, an empty
    /// list or map, a struct of nothing but those.
    fn is_absent(&self) -> bool {
        false
    }

    /// The schema: inline for scalars and containers, a reference for named types.
    fn schema(generator: &mut SchemaGenerator) -> Schema;
}
