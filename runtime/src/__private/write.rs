//! JSON out: what an absent field says anyway is not written, as Go's omitempty.

use serde::ser::{Serialize, SerializeMap};

use crate::kind::Descriptor;
use crate::object::Tree;
use crate::object::tree::to_tree;
use crate::schema::ApiType;

/// `apiVersion` and `kind`, which stand first.
pub fn write_head<M: SerializeMap>(map: &mut M, descriptor: &Descriptor) -> Result<(), M::Error> {
    map.serialize_entry("apiVersion", &format_args!("{}/{}", descriptor.group, descriptor.version))?;
    map.serialize_entry("kind", descriptor.kind)
}

/// A field that is always written.
pub fn write<T: Serialize, M: SerializeMap>(
    map: &mut M,
    name: &'static str,
    value: &T,
) -> Result<(), M::Error> {
    map.serialize_entry(name, value)
}

/// An `Option` that has a default: `None` cannot be written, it would mean the default.
pub fn write_option<T: Serialize, M: SerializeMap>(
    map: &mut M,
    name: &'static str,
    value: &Option<T>,
) -> Result<(), M::Error> {
    if value.is_none() { Ok(()) } else { map.serialize_entry(name, value) }
}

/// The status of a root, once there is something to say.
pub fn write_status<T: ApiType, M: SerializeMap>(
    map: &mut M,
    name: &'static str,
    value: &T,
) -> Result<(), M::Error> {
    if value.is_absent() { Ok(()) } else { map.serialize_entry(name, value) }
}

/// The default of a field, as it is published.
///
/// # Panics
/// When the author's default has no JSON form. Kinds are compiled before a server starts.
pub fn default_tree<T: Serialize>(value: &T) -> Tree {
    to_tree(value).expect("a default of an API field can be written as JSON")
}

/// A bare `default`: `{}` for an object, whose fields have defaults of their own.
#[must_use]
pub fn default_of_type<T: Blank + Serialize>() -> Tree {
    match default_tree(&T::default()) {
        Tree::Map(_) => Tree::Map(crate::object::Map::new()),
        value => value,
    }
}

/// A type that has a value of its own for a bare `default`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no default of its own: one of its fields must be there",
    label = "no default",
    note = "say `#[api(default = …)]` of the field, or give every field of `{Self}` a default or an `Option`"
)]
pub trait Blank: Default {}

#[diagnostic::do_not_recommend]
impl<T: Default> Blank for T {}
