//! What a derive says of a type: a table of its fields, turned into a schema by ordinary functions.
//!
//! Every fact about a field stands on that field; columns, selectable fields and scale paths travel as
//! extensions of the schema and are taken out again when the kind is compiled.

use schemars::{Schema, SchemaGenerator};

use crate::object::Tree;

/// A struct.
#[derive(Debug)]
pub struct Object {
    /// `module_path!()::Type`: the key of the definition.
    pub path: &'static str,
    /// `Type`.
    pub name: &'static str,
    /// The doc comment.
    pub description: &'static str,
    /// The fields, in order.
    pub fields: &'static [Field],
}

/// A field of a struct.
#[derive(Debug)]
pub struct Field {
    /// The JSON name.
    pub name: &'static str,
    /// The doc comment.
    pub description: &'static str,
    /// The schema of its type.
    pub schema: fn(&mut SchemaGenerator) -> Schema,
    /// Whether it must be present: no default, and not an optional type (or marked `required`).
    pub required: bool,
    /// What else was said of it.
    pub rules: &'static [Rule],
}

/// An enum of unit variants: a string.
#[derive(Debug)]
pub struct Enumeration {
    /// `module_path!()::Type`.
    pub path: &'static str,
    /// `Type`.
    pub name: &'static str,
    /// The doc comment.
    pub description: &'static str,
    /// The values on the wire, in order.
    pub values: &'static [&'static str],
}

/// One fact about a field, as an attribute said it.
#[derive(Clone, Copy, Debug)]
pub enum Rule {
    /// `default = expr`, or bare `default`, which is `{}` with its nested defaults.
    Default(fn() -> Tree),
    /// `minimum = n`
    Minimum(f64),
    /// `maximum = n`
    Maximum(f64),
    /// `exclusive_minimum`
    ExclusiveMinimum,
    /// `exclusive_maximum`
    ExclusiveMaximum,
    /// `multiple_of = n`
    MultipleOf(f64),
    /// `min_length = n`
    MinLength(u64),
    /// `max_length = n`
    MaxLength(u64),
    /// `pattern = "regex"`
    Pattern(&'static str),
    /// `format = "…"`
    Format(&'static str),
    /// `min_items = n`
    MinItems(u64),
    /// `max_items = n`
    MaxItems(u64),
    /// `min_properties = n`
    MinProperties(u64),
    /// `max_properties = n`
    MaxProperties(u64),
    /// `list_map(key = "name")`: a list merged by keys.
    ListMap(&'static [&'static str]),
    /// `list_set`: a list without duplicates, merged by value.
    ListSet,
    /// `atomic`: a list, map or struct replaced as a whole.
    Atomic,
    /// `preserve_unknown_fields`
    PreserveUnknownFields,
    /// `column`, `column(name = "…", wide, format = "…")`
    Column {
        /// The heading; none means the field's name, capitalised.
        name: Option<&'static str>,
        /// Only with `-o wide`.
        wide: bool,
        /// The column's type, when it is not the field's (`date` for `Time` follows from the type).
        format: Option<&'static str>,
    },
    /// `selectable`
    Selectable,
    /// `scale = "spec.replicas" | "status.replicas" | "status.selector"`
    Scale(&'static str),
}
