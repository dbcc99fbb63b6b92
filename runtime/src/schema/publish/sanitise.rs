//! One schema, made structural: every node has a type, and only words that Kubernetes knows.

use serde_json::{Map, Value, json};

use super::variants;
use crate::schema::table::extension;

/// Words that stand as they are, here and in a reference's neighbourhood.
const KNOWN: &[&str] = &[
    "$ref",
    "allOf",
    "default",
    "description",
    "enum",
    "example",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "format",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "pattern",
    "properties",
    "required",
    "type",
    "items",
    "additionalProperties",
];

/// Words that describe and bind nobody.
const DROPPED: &[&str] = &[
    "$schema",
    "$id",
    "$comment",
    "$defs",
    "definitions",
    "title",
    "examples",
    "deprecated",
    "readOnly",
    "writeOnly",
    "nullable",
];

const PRESERVE: &str = "x-kubernetes-preserve-unknown-fields";
const INT_OR_STRING: &str = "x-kubernetes-int-or-string";

/// Makes a schema publishable. `place` says where it stands, for the error.
pub(in crate::schema) fn sanitise(schema: &mut Value, place: &str) -> Result<(), String> {
    match schema {
        Value::Bool(true) => *schema = json!({PRESERVE: true}),
        Value::Object(_) => {}
        _ => return Err(format!("{place}: a field that no value fits cannot be published")),
    }
    let Some(members) = schema.as_object_mut() else { return Ok(()) };
    members.retain(|key, _| !DROPPED.contains(&key.as_str()));
    types(members, place)?;
    variants::resolve(members, place)?;
    enumeration(members, place)?;
    integers(members, place)?;
    bounds(members);
    arrays(members, place)?;
    objects(members, place)?;
    defaults(members);
    references(members, place)?;
    typed(members);
    let known = |key: &str| {
        KNOWN.contains(&key) || key.starts_with("x-kubernetes-") || key.starts_with(extension::PREFIX)
    };
    match members.keys().find(|key| !known(key)) {
        Some(key) => Err(format!("{place}: the schema keyword {key:?} is none that Kubernetes can publish")),
        None => Ok(()),
    }
}

/// `["string", "null"]` → `"string"`: null is absent.
fn types(members: &mut Map<String, Value>, place: &str) -> Result<(), String> {
    let Some(Value::Array(names)) = members.get("type") else { return Ok(()) };
    let mut names: Vec<_> = names.iter().filter_map(Value::as_str).filter(|name| *name != "null").collect();
    names.sort_unstable();
    match names.as_slice() {
        [one] => {
            let one = Value::from(*one);
            members.insert("type".to_owned(), one);
        }
        ["integer", "string"] => {
            members.remove("type");
            members.insert(INT_OR_STRING.to_owned(), true.into());
        }
        several => {
            return Err(format!("{place}: one field cannot have the types {several:?}; make it one of them"));
        }
    }
    Ok(())
}

fn enumeration(members: &mut Map<String, Value>, place: &str) -> Result<(), String> {
    if let Some(value) = members.remove("const") {
        members.insert("enum".to_owned(), json!([value]));
    }
    let Some(Value::Array(values)) = members.get_mut("enum") else { return Ok(()) };
    values.retain(|value| !value.is_null());
    let strings = values.iter().all(Value::is_string);
    let integers = values.iter().all(Value::is_i64);
    if !members.contains_key("type") {
        let name = if strings { "string" } else { "integer" };
        if !strings && !integers {
            return Err(format!("{place}: the values of an enum must be all strings or all integers"));
        }
        members.insert("type".to_owned(), name.into());
    }
    Ok(())
}

/// Rust's integers as the two that Kubernetes has; what a format no longer says, a minimum does.
fn integers(members: &mut Map<String, Value>, place: &str) -> Result<(), String> {
    if members.get("type").and_then(Value::as_str) != Some("integer") {
        return Ok(());
    }
    let format = members.get("format").and_then(Value::as_str).unwrap_or("int64");
    let known = match format {
        "int32" | "int8" | "int16" => "int32",
        "int64" | "int" | "uint8" | "uint16" | "uint32" | "uint64" | "uint" => "int64",
        other => {
            return Err(format!("{place}: integers of format {other:?} do not fit JSON; use i32 or i64"));
        }
    };
    members.insert("format".to_owned(), known.into());
    Ok(())
}

/// `exclusiveMinimum: 3` → `minimum: 3, exclusiveMinimum: true`, the words of OpenAPI 3.0; whole
/// numbers lose their `.0`.
fn bounds(members: &mut Map<String, Value>) {
    for (exclusive, bound) in [("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")] {
        if members.get(exclusive).is_some_and(Value::is_number)
            && let Some(limit) = members.insert(exclusive.to_owned(), true.into())
        {
            members.insert(bound.to_owned(), limit);
        }
    }
    for key in ["minimum", "maximum", "multipleOf"] {
        if let Some(value) = members.get_mut(key)
            && let Some(number) = value.as_f64()
            && number.fract() == 0.0
            && number.abs() < 9e15
        {
            #[expect(clippy::cast_possible_truncation, reason = "checked just above")]
            let whole = number as i64;
            *value = whole.into();
        }
    }
}

fn arrays(members: &mut Map<String, Value>, place: &str) -> Result<(), String> {
    if members.contains_key("prefixItems") || members.get("items").is_some_and(Value::is_array) {
        return Err(format!("{place}: a tuple has no schema in Kubernetes; make it a struct"));
    }
    if members.remove("uniqueItems") == Some(true.into()) {
        members.insert("x-kubernetes-list-type".to_owned(), "set".into());
    }
    if let Some(items) = members.get_mut("items") {
        sanitise(items, &format!("{place}[]"))?;
    } else if members.get("type").and_then(Value::as_str) == Some("array") {
        members.insert("items".to_owned(), json!({PRESERVE: true}));
    }
    Ok(())
}

fn objects(members: &mut Map<String, Value>, place: &str) -> Result<(), String> {
    if let Some(Value::Object(properties)) = members.get_mut("properties") {
        for (name, schema) in properties {
            sanitise(schema, &format!("{place}.{name}"))?;
        }
    }
    let has_properties = members.contains_key("properties");
    members.remove("propertyNames");
    if let Some(Value::Object(mut patterns)) = members.remove("patternProperties") {
        let only = patterns.keys().next().cloned().filter(|_| patterns.len() == 1 && !has_properties);
        let Some(values) = only.and_then(|name| patterns.remove(&name)) else {
            return Err(format!("{place}: patterns of member names cannot be published"));
        };
        members.insert("additionalProperties".to_owned(), values);
    }
    match members.remove("additionalProperties") {
        None | Some(Value::Bool(false)) => {}
        // A structural schema has either named members or a map, so a flattened map is free.
        Some(_) if has_properties => {
            members.insert(PRESERVE.to_owned(), true.into());
        }
        Some(Value::Bool(true)) => {
            members.insert(PRESERVE.to_owned(), true.into());
        }
        Some(mut values) => {
            sanitise(&mut values, &format!("{place}.*"))?;
            members.insert("additionalProperties".to_owned(), values);
        }
    }
    Ok(())
}

/// A null in a default says nothing.
fn defaults(members: &mut Map<String, Value>) {
    if let Some(default) = members.get_mut("default") {
        strip_nulls(default);
        if default.is_null() {
            members.remove("default");
        }
    }
}

fn strip_nulls(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, member| !member.is_null());
            members.values_mut().for_each(strip_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(strip_nulls),
        _ => {}
    }
}

/// A reference with neighbours stands in `allOf`, where v3 allows neighbours.
fn references(members: &mut Map<String, Value>, place: &str) -> Result<(), String> {
    if members.len() > 1
        && let Some(reference) = members.remove("$ref")
    {
        members.insert("allOf".to_owned(), json!([{"$ref": reference}]));
    }
    match members.get("allOf") {
        None => Ok(()),
        Some(Value::Array(parts)) if parts.len() == 1 && parts[0].get("$ref").is_some() => Ok(()),
        Some(_) => Err(format!("{place}: flattened types cannot be published; name a field for each")),
    }
}

/// No node without a type, but for those that say themselves that anything goes.
fn typed(members: &mut Map<String, Value>) {
    if ["type", "$ref", "allOf", INT_OR_STRING].iter().any(|key| members.contains_key(*key)) {
        return;
    }
    if members.contains_key("properties") || members.contains_key("additionalProperties") {
        members.insert("type".to_owned(), "object".into());
    } else if members.contains_key("items") {
        members.insert("type".to_owned(), "array".into());
    } else {
        members.insert(PRESERVE.to_owned(), true.into());
    }
}
