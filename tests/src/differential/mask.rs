//! What two right answers may differ in: identifiers, revisions, times, and what Go's kind has by
//! its Go type alone. Each rule says why.

use aggboot::object::Tree;
use serde_json::{Map, Value, json};

use crate::http::Answer;

/// Headers that clients act on.
const HEADERS: &[&str] = &[
    "allow",
    "cache-control",
    "content-encoding",
    "content-type",
    "retry-after",
    "warning",
    "x-content-type-options",
];

/// Go's v1alpha1 says of itself that it is deprecated; ours has no word for it yet.
const DEPRECATED: &str = "Flunder is deprecated";

/// Go's own types have a protobuf form, which its texts name; kinds that a schema defines have none.
const PROTOBUF: &[&str] =
    &[", application/vnd.kubernetes.protobuf;stream=watch", ", application/vnd.kubernetes.protobuf"];

/// Go's scheme names itself by the line of source that made it.
const SOURCE: &str = " in scheme \"pkg/runtime/scheme.go:111\"";

/// An answer as one value: code, headers, body (one entry an event, for a stream).
pub(super) fn answer(answer: &Answer) -> Value {
    let mut headers = Map::new();
    for name in HEADERS {
        let values: Vec<String> = answer
            .headers
            .get_all(*name)
            .iter()
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
            .collect();
        let values: Vec<String> = values.into_iter().filter(|value| !value.contains(DEPRECATED)).collect();
        if !values.is_empty() {
            headers.insert((*name).to_owned(), values.join(" | ").into());
        }
    }
    let yaml = headers.get("content-type").is_some_and(|media| media == "application/yaml");
    let body = match Tree::parse_yaml(&answer.body) {
        Ok((tree, _)) if yaml => body(&tree.to_json()),
        _ => body(&answer.body),
    };
    json!({"code": answer.status.as_u16(), "headers": headers, "body": body})
}

fn body(bytes: &[u8]) -> Value {
    if bytes.is_empty() {
        return Value::Null;
    }
    if let Ok(mut value) = serde_json::from_slice::<Value>(bytes) {
        mask(&mut value, "");
        return value;
    }
    let lines: Result<Vec<Value>, _> = serde_json::Deserializer::from_slice(bytes).into_iter().collect();
    match lines {
        Ok(mut events) => {
            events.retain(|event| !is_of_its_time(event));
            events.iter_mut().for_each(|event| mask(event, ""));
            if events.len() == 1 { events.remove(0) } else { json!({"events": events}) }
        }
        Err(_) => mask_text(&String::from_utf8_lossy(bytes)).into(),
    }
}

/// Bookmarks come when it is time for one, but for the one that ends the initial events.
fn is_of_its_time(event: &Value) -> bool {
    event["type"] == "BOOKMARK" && !event["object"].to_string().contains("k8s.io/initial-events-end")
}

fn mask(value: &mut Value, key: &str) {
    match value {
        Value::Object(members) => {
            // Managed fields belong to server-side apply, which is not built yet.
            members.remove("managedFields");
            // Go's Flunder has a status of no fields, which its encoder always writes.
            if members.get("status").is_some_and(|status| status == &json!({})) {
                members.remove("status");
            }
            members.iter_mut().for_each(|(key, member)| mask(member, key));
        }
        // A typed list of Go leaves kind and version out of its items; lists of custom resources, and ours, say them.
        Value::Array(items) if key == "items" => items.iter_mut().for_each(|item| {
            if let Value::Object(members) = item {
                members.remove("kind");
                members.remove("apiVersion");
            }
            mask(item, key);
        }),
        Value::Array(items) if key == "cells" => items.iter_mut().for_each(mask_cell),
        Value::Array(items) => items.iter_mut().for_each(|item| mask(item, key)),
        Value::String(text) => {
            if let Some(masked) = masked(key, text) {
                *text = masked;
            }
        }
        _ => {}
    }
}

fn masked(key: &str, text: &str) -> Option<String> {
    let name = match key {
        "uid" => "uid",
        "resourceVersion" if text != "0" => "revision",
        "creationTimestamp" | "deletionTimestamp" => "time",
        "continue" => "token",
        "serverAddress" => "address",
        "message" => return Some(mask_text(text)),
        _ => return None,
    };
    (!text.is_empty()).then(|| format!("<{name}>"))
}

/// Ages and times in cells.
fn mask_cell(cell: &mut Value) {
    let Value::String(text) = cell else { return };
    let age = text.ends_with(['s', 'm', 'h', 'd']) && text.starts_with(|first: char| first.is_ascii_digit());
    let time = text.ends_with('Z') && text.contains("T") && text.starts_with("20");
    if age || time {
        *cell = "<age>".into();
    }
}

/// Uids and long numbers (revisions) in running text.
fn mask_text(text: &str) -> String {
    let text = PROTOBUF.iter().fold(text.to_owned(), |text, form| text.replace(form, ""));
    let text = without_document(&text).replace(SOURCE, "");
    let word = |word: &str| -> String {
        let core = word.trim_matches(|letter: char| !letter.is_ascii_alphanumeric());
        let uid = core.len() == 36 && core.bytes().filter(|byte| *byte == b'-').count() == 4;
        let revision = core.len() > 1 && core.bytes().all(|byte| byte.is_ascii_digit());
        match (uid, revision) {
            (true, _) => word.replace(core, "<uid>"),
            (_, true) => word.replace(core, "<number>"),
            _ => word.to_owned(),
        }
    };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// A message that quotes a whole object differs wherever objects do.
fn without_document(text: &str) -> String {
    let Some((head, rest)) = text.split_once("\"{\\\"apiVersion\\\"") else { return text.to_owned() };
    let tail = rest.split_once("}\": ").map_or("", |(_, tail)| tail);
    format!("{head}<document>: {tail}")
}
