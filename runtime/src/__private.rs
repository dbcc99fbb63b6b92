//! What derives name. Not part of the public interface: it changes without notice.
//!
//! An expansion is tables and calls; what the calls do stands here, once for every type.

mod of;
mod read;
mod text;
mod write;

pub use std::borrow::Cow;
pub use std::fmt::{Formatter, Result as FmtResult};
pub use std::option::Option::{self, None, Some};
pub use std::result::Result::{self, Ok};
pub use std::{clone::Clone, default::Default};

pub use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
pub use schemars::{Schema, SchemaGenerator};
pub use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
pub use serde::ser::{Serialize, SerializeMap, Serializer};
pub use {k8s_openapi, kube};

pub use crate::kind::probe::{NoHooks, Probe};
pub use crate::kind::{ApiResource, Descriptor, HookFns, Scope, Strategy};
pub use crate::object::Tree;
pub use crate::schema::ApiType;
pub use crate::schema::table::{Enumeration, Field, Object, Rule, bridge, enumeration, object};
pub use of::{Of, Reported};
pub use read::{empty_status, expecting, member, read_foreign, required, skip, variant};
pub use text::FromText;
pub use write::{default_of_type, default_tree, write, write_head, write_option, write_status};

/// The plural of a kind, as it stands in URLs.
#[must_use]
pub fn plural(descriptor: &'static Descriptor) -> Cow<'static, str> {
    descriptor.plural()
}

/// Stands for the descriptor of a kind whose derive reported a mistake: nothing with it compiles.
pub const UNREADABLE: &Descriptor = &Descriptor {
    group: "",
    version: "",
    kind: "",
    plural: None,
    singular: None,
    short_names: &[],
    categories: &[],
    scope: Scope::Namespaced,
    description: "",
    schema: |_| Schema::default(),
    strategy: Strategy::CUSTOM_RESOURCE,
    hooks: HookFns { set_defaults: None, prepare_for_create: None, prepare_for_update: None, validate: None },
};
