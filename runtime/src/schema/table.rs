//! What a derive says of a type: a table of its fields, turned into a schema by ordinary functions.
//!
//! Every fact about a field stands on that field; columns, selectable fields and scale paths travel as
//! extensions of the schema and are taken out again when the kind is compiled.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::object::Tree;

/// Private extensions carry what no schema keyword says from a type to the compiler of a kind.
pub(super) mod extension {
    pub(in crate::schema) const NAME: &str = "x-aggboot-name";
    pub(in crate::schema) const ORDER: &str = "x-aggboot-order";
    pub(in crate::schema) const COLUMN: &str = "x-aggboot-column";
    pub(in crate::schema) const SELECTABLE: &str = "x-aggboot-selectable";
    pub(in crate::schema) const SCALE: &str = "x-aggboot-scale";
    pub(in crate::schema) const PREFIX: &str = "x-aggboot-";
}

/// Where references between definitions point until they are published.
pub(super) const DEFINITIONS: &str = "#/$defs/";

/// The schema of a struct: its definition is stored under its path, and a reference returned.
pub fn object(generator: &mut SchemaGenerator, object: &Object) -> Schema {
    define(generator, object.path, |generator| {
        let mut properties = Map::new();
        let mut required = Vec::new();
        for field in object.fields {
            if field.required {
                required.push(field.name);
            }
            properties.insert(field.name.to_owned(), property(generator, field));
        }
        let order: Vec<_> = object.fields.iter().map(|field| field.name).collect();
        let mut schema = json!({
            "type": "object", "properties": properties, extension::NAME: object.name, extension::ORDER: order,
        });
        if !required.is_empty() {
            schema["required"] = json!(required);
        }
        describe(&mut schema, object.description);
        schema
    })
}

/// The schema of an enum of unit variants: its definition is stored under its path, and a reference returned.
pub fn enumeration(generator: &mut SchemaGenerator, enumeration: &Enumeration) -> Schema {
    define(generator, enumeration.path, |_| {
        let mut schema =
            json!({"type": "string", "enum": enumeration.values, extension::NAME: enumeration.name});
        describe(&mut schema, enumeration.description);
        schema
    })
}

/// The schema of a type that has serde's own forms.
pub fn bridge<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

/// A reference to a definition that Kubernetes publishes.
pub(super) fn shared(name: &str) -> Schema {
    Schema::new_ref(format!("{DEFINITIONS}{name}"))
}

/// Stores a definition once. The place is taken before the fields are asked, so that a type may contain itself.
fn define(
    generator: &mut SchemaGenerator,
    path: &str,
    schema: impl FnOnce(&mut SchemaGenerator) -> Value,
) -> Schema {
    if !generator.definitions().contains_key(path) {
        generator.definitions_mut().insert(path.to_owned(), json!({}));
        let schema = schema(generator);
        generator.definitions_mut().insert(path.to_owned(), schema);
    }
    Schema::new_ref(format!("{DEFINITIONS}{path}"))
}

fn property(generator: &mut SchemaGenerator, field: &Field) -> Value {
    let mut schema = (field.schema)(generator).to_value();
    if !schema.is_object() {
        schema = json!({}); // `true`: any value; `false` is what no type says
    }
    describe(&mut schema, field.description);
    for rule in field.rules {
        apply(&mut schema, field.name, rule);
    }
    schema
}

fn describe(schema: &mut Value, description: &str) {
    if !description.is_empty() {
        schema["description"] = description.into();
    }
}

fn apply(schema: &mut Value, field: &str, rule: &Rule) {
    match *rule {
        Rule::Default(tree) => schema["default"] = tree().into(),
        Rule::Minimum(limit) => schema["minimum"] = number(limit),
        Rule::Maximum(limit) => schema["maximum"] = number(limit),
        Rule::ExclusiveMinimum => schema["exclusiveMinimum"] = true.into(),
        Rule::ExclusiveMaximum => schema["exclusiveMaximum"] = true.into(),
        Rule::MultipleOf(factor) => schema["multipleOf"] = number(factor),
        Rule::MinLength(limit) => schema["minLength"] = limit.into(),
        Rule::MaxLength(limit) => schema["maxLength"] = limit.into(),
        Rule::Pattern(pattern) => schema["pattern"] = pattern.into(),
        Rule::Format(format) => schema["format"] = format.into(),
        Rule::MinItems(limit) => schema["minItems"] = limit.into(),
        Rule::MaxItems(limit) => schema["maxItems"] = limit.into(),
        Rule::MinProperties(limit) => schema["minProperties"] = limit.into(),
        Rule::MaxProperties(limit) => schema["maxProperties"] = limit.into(),
        Rule::ListMap(keys) => {
            schema["x-kubernetes-list-type"] = "map".into();
            schema["x-kubernetes-list-map-keys"] = keys.into();
        }
        Rule::ListSet => schema["x-kubernetes-list-type"] = "set".into(),
        Rule::Atomic if schema["type"] == "array" => schema["x-kubernetes-list-type"] = "atomic".into(),
        Rule::Atomic => schema["x-kubernetes-map-type"] = "atomic".into(),
        Rule::PreserveUnknownFields => schema["x-kubernetes-preserve-unknown-fields"] = true.into(),
        Rule::Column { name, wide, format } => {
            let name = name.map_or_else(|| capitalised(field), str::to_owned);
            schema[extension::COLUMN] = json!({"name": name, "wide": wide, "type": format});
        }
        Rule::Selectable => schema[extension::SELECTABLE] = true.into(),
        Rule::Scale(place) => schema[extension::SCALE] = place.into(),
    }
}

/// A number as JSON: whole numbers without a fraction, as Go publishes them.
fn number(limit: f64) -> Value {
    serde_json::from_slice(&Tree::Float(limit).to_json()).unwrap_or_else(|_| limit.into())
}

/// The field's name as a heading.
fn capitalised(field: &str) -> String {
    let mut letters = field.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

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
