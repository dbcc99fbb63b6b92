//! What derives name. Not part of the public interface: it changes without notice.

pub use schemars::{Schema, SchemaGenerator};

pub use crate::kind::{ApiResource, Descriptor, HookFns, Scope, Strategy};
pub use crate::object::Tree;
pub use crate::schema::ApiType;
pub use crate::schema::table::{Enumeration, Field, Object, Rule};
