//! Swagger 2.0 in the protobuf form that client-go asks a server for directly.
//!
//! A writer for the messages of gnostic's `OpenAPIv2.proto`, driven by tables: each message is a list
//! of JSON members with their field numbers. What a table does not name is a vendor extension when it
//! begins with `x-`, and otherwise not written by [`super::v2`].

use serde_json::Value;

/// How a JSON member is written.
enum Form {
    Text,
    Texts,
    Boolean,
    Double,
    Integer,
    /// `Any`: the value as YAML (JSON is YAML).
    Any,
    Anys,
    Message(&'static Message),
    Messages(&'static Message),
    /// A map, written as a message of repeated `{name = 1, value = 2}` at the number given.
    Named(u32, &'static Message),
    /// A message that wraps one value at field 1: `oneof` and list wrappers.
    Wrapped(&'static Form),
    /// `type`: one word or several, in a `TypeItem`.
    Type,
    /// A parameter, through three layers of `oneof`.
    Parameters,
    /// `additionalProperties`: a schema or a boolean.
    Additional,
}

struct Message {
    fields: &'static [(&'static str, u32, Form)],
    /// Where members that begin with `x-` go.
    extensions: Option<u32>,
}

static INFO: Message =
    Message { fields: &[("title", 1, Form::Text), ("version", 2, Form::Text)], extensions: Some(7) };

static DOCUMENT: Message = Message {
    fields: &[
        ("swagger", 1, Form::Text),
        ("info", 2, Form::Message(&INFO)),
        ("paths", 8, Form::Named(2, &PATH_ITEM)),
        ("definitions", 9, Form::Named(1, &SCHEMA)),
    ],
    extensions: Some(16),
};

static PATH_ITEM: Message = Message {
    fields: &[
        ("get", 2, Form::Message(&OPERATION)),
        ("put", 3, Form::Message(&OPERATION)),
        ("post", 4, Form::Message(&OPERATION)),
        ("delete", 5, Form::Message(&OPERATION)),
        ("patch", 8, Form::Message(&OPERATION)),
        ("parameters", 9, Form::Parameters),
    ],
    extensions: Some(10),
};

static OPERATION: Message = Message {
    fields: &[
        ("tags", 1, Form::Texts),
        ("description", 3, Form::Text),
        ("operationId", 5, Form::Text),
        ("produces", 6, Form::Texts),
        ("consumes", 7, Form::Texts),
        ("parameters", 8, Form::Parameters),
        ("responses", 9, Form::Named(1, &RESPONSE_VALUE)),
        ("schemes", 10, Form::Texts),
    ],
    extensions: Some(13),
};

/// `ResponseValue`: the response is field 1 of a `oneof`; the table writes through it by [`value`].
static RESPONSE_VALUE: Message = Message { fields: &[("", 1, Form::Message(&RESPONSE))], extensions: None };

static RESPONSE: Message = Message {
    fields: &[("description", 1, Form::Text), ("schema", 2, Form::Wrapped(&Form::Message(&SCHEMA)))],
    extensions: Some(5),
};

static BODY_PARAMETER: Message = Message {
    fields: &[
        ("description", 1, Form::Text),
        ("name", 2, Form::Text),
        ("in", 3, Form::Text),
        ("required", 4, Form::Boolean),
        ("schema", 5, Form::Message(&SCHEMA)),
    ],
    extensions: Some(6),
};

static QUERY_PARAMETER: Message = Message {
    fields: &[
        ("required", 1, Form::Boolean),
        ("in", 2, Form::Text),
        ("description", 3, Form::Text),
        ("name", 4, Form::Text),
        ("type", 6, Form::Text),
        ("uniqueItems", 20, Form::Boolean),
    ],
    extensions: Some(23),
};

static PATH_PARAMETER: Message = Message {
    fields: &[
        ("required", 1, Form::Boolean),
        ("in", 2, Form::Text),
        ("description", 3, Form::Text),
        ("name", 4, Form::Text),
        ("type", 5, Form::Text),
        ("uniqueItems", 19, Form::Boolean),
    ],
    extensions: Some(22),
};

static SCHEMA: Message = Message {
    fields: &[
        ("$ref", 1, Form::Text),
        ("format", 2, Form::Text),
        ("title", 3, Form::Text),
        ("description", 4, Form::Text),
        ("default", 5, Form::Any),
        ("multipleOf", 6, Form::Double),
        ("maximum", 7, Form::Double),
        ("exclusiveMaximum", 8, Form::Boolean),
        ("minimum", 9, Form::Double),
        ("exclusiveMinimum", 10, Form::Boolean),
        ("maxLength", 11, Form::Integer),
        ("minLength", 12, Form::Integer),
        ("pattern", 13, Form::Text),
        ("maxItems", 14, Form::Integer),
        ("minItems", 15, Form::Integer),
        ("uniqueItems", 16, Form::Boolean),
        ("maxProperties", 17, Form::Integer),
        ("minProperties", 18, Form::Integer),
        ("required", 19, Form::Texts),
        ("enum", 20, Form::Anys),
        ("additionalProperties", 21, Form::Additional),
        ("type", 22, Form::Type),
        ("items", 23, Form::Wrapped(&Form::Message(&SCHEMA))),
        ("allOf", 24, Form::Messages(&SCHEMA)),
        ("properties", 25, Form::Named(1, &SCHEMA)),
    ],
    extensions: Some(31),
};

/// Writes a Swagger 2.0 document.
pub(super) fn encode(document: &Value) -> Vec<u8> {
    message(&DOCUMENT, document)
}

fn message(table: &Message, value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    let Some(members) = value.as_object() else { return out };
    for (name, number, form) in table.fields {
        if name.is_empty() {
            field(&mut out, *number, form, value);
        } else if let Some(member) = members.get(*name) {
            field(&mut out, *number, form, member);
        }
    }
    if let Some(number) = table.extensions {
        for (name, member) in members.iter().filter(|(name, _)| name.starts_with("x-")) {
            let mut named = Vec::new();
            bytes(&mut named, 1, name.as_bytes());
            bytes(&mut named, 2, &any(member));
            bytes(&mut out, number, &named);
        }
    }
    out
}

fn field(out: &mut Vec<u8>, number: u32, form: &Form, value: &Value) {
    match form {
        Form::Text => bytes(out, number, value.as_str().unwrap_or_default().as_bytes()),
        Form::Texts => items(value).for_each(|text| field(out, number, &Form::Text, text)),
        Form::Boolean if value.as_bool() == Some(true) => {
            tag(out, number, 0);
            out.push(1);
        }
        Form::Boolean => {}
        Form::Double => {
            tag(out, number, 1);
            out.extend(value.as_f64().unwrap_or_default().to_le_bytes());
        }
        Form::Integer => {
            tag(out, number, 0);
            varint(out, value.as_u64().unwrap_or_default());
        }
        Form::Any => bytes(out, number, &any(value)),
        Form::Anys => items(value).for_each(|item| field(out, number, &Form::Any, item)),
        Form::Message(table) => bytes(out, number, &message(table, value)),
        Form::Messages(table) => items(value).for_each(|item| bytes(out, number, &message(table, item))),
        Form::Named(inner, table) => bytes(out, number, &named(*inner, table, value)),
        Form::Wrapped(form) => bytes(out, number, &wrapped(form, value)),
        Form::Type => bytes(out, number, &types(value)),
        Form::Parameters => items(value).for_each(|item| bytes(out, number, &parameter(item))),
        Form::Additional => bytes(out, number, &additional(value)),
    }
}

fn named(number: u32, table: &Message, value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, member) in value.as_object().into_iter().flatten() {
        let mut entry = Vec::new();
        bytes(&mut entry, 1, name.as_bytes());
        bytes(&mut entry, 2, &message(table, member));
        bytes(&mut out, number, &entry);
    }
    out
}

fn wrapped(form: &Form, value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    field(&mut out, 1, form, value);
    out
}

fn types(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    match value {
        Value::String(one) => bytes(&mut out, 1, one.as_bytes()),
        several => field(&mut out, 1, &Form::Texts, several),
    }
    out
}

/// `ParametersItem{parameter=1: Parameter{body=1 | nonBody=2: {query=3 | path=4}}}`
fn parameter(value: &Value) -> Vec<u8> {
    let place = value.get("in").and_then(Value::as_str).unwrap_or_default();
    let mut parameter = Vec::new();
    match place {
        "body" => bytes(&mut parameter, 1, &message(&BODY_PARAMETER, value)),
        "path" => bytes(&mut parameter, 2, &wrapped_at(4, &message(&PATH_PARAMETER, value))),
        _ => bytes(&mut parameter, 2, &wrapped_at(3, &message(&QUERY_PARAMETER, value))),
    }
    wrapped_at(1, &parameter)
}

fn additional(value: &Value) -> Vec<u8> {
    if value.is_boolean() {
        let mut out = Vec::new();
        field(&mut out, 2, &Form::Boolean, value);
        out
    } else {
        wrapped(&Form::Message(&SCHEMA), value)
    }
}

/// `Any{yaml = 2}`
fn any(value: &Value) -> Vec<u8> {
    wrapped_at(2, format!("{value}\n").as_bytes())
}

fn wrapped_at(number: u32, inner: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(inner.len() + 6);
    bytes(&mut out, number, inner);
    out
}

fn bytes(out: &mut Vec<u8>, number: u32, content: &[u8]) {
    tag(out, number, 2);
    varint(out, content.len() as u64);
    out.extend_from_slice(content);
}

fn tag(out: &mut Vec<u8>, number: u32, wire: u64) {
    varint(out, u64::from(number) << 3 | wire);
}

fn varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push((number as u8 & 0x7f) | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::encode;
    use serde_json::json;

    #[test]
    fn a_small_document_is_written_field_by_field() {
        let document = json!({"swagger": "2.0", "info": {"title": "t", "version": "v"}});
        assert_eq!(encode(&document), b"\x0a\x032.0\x12\x06\x0a\x01t\x12\x01v");
    }

    #[test]
    fn extensions_are_yaml_and_types_are_wrapped() {
        let document = json!({"definitions": {"A": {"type": "object", "x-b": true}}});
        let schema = b"\xb2\x01\x08\x0a\x06object\xfa\x01\x0e\x0a\x03x-b\x12\x07\x12\x05true\n" as &[u8];
        let bytes = encode(&document);
        assert!(bytes.windows(schema.len()).any(|window| window == schema), "{bytes:x?}");
    }
}
