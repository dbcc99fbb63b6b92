//! The definitions of a kind as its types gave them, and what every root has besides.

use std::collections::BTreeMap;

use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Value, json};

use super::table::{self, DEFINITIONS};

const OBJECT_META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

/// The key of the root, and every definition it reaches, not sanitised.
pub(super) fn definitions(
    kind: &str,
    description: &str,
    root: fn(&mut SchemaGenerator) -> Schema,
) -> Result<(String, BTreeMap<String, Value>), String> {
    let mut settings = SchemaSettings::draft2020_12();
    settings.definitions_path = "/$defs".into();
    let mut generator = settings.into_generator();
    let schema = root(&mut generator);
    let reference = schema.get("$ref").and_then(Value::as_str).map(str::to_owned);
    let mut definitions: BTreeMap<String, Value> = generator.take_definitions(false).into_iter().collect();
    let key = match reference {
        Some(reference) => unescape(reference.strip_prefix(DEFINITIONS).unwrap_or(&reference)),
        None => {
            definitions.insert(kind.to_owned(), schema.to_value());
            kind.to_owned()
        }
    };
    let root = definitions.get_mut(&key).filter(|schema| schema["type"] == "object");
    let Some(root) = root else {
        return Err("the root of an object must be a struct with named fields".to_owned());
    };
    complete(root, description);
    Ok((key, definitions))
}

/// A reference is a JSON pointer in a URL fragment.
pub(super) fn unescape(reference: &str) -> String {
    reference.replace("%3C", "<").replace("%3E", ">").replace("~1", "/").replace("~0", "~")
}

fn complete(root: &mut Value, description: &str) {
    if !description.is_empty() {
        root["description"] = description.into();
    }
    if !root["properties"].is_object() {
        root["properties"] = json!({});
    }
    let properties = &mut root["properties"];
    properties["apiVersion"] = json!({
        "type": "string",
        "description": "The version of the schema that this object is written in, with its group. Servers convert to the version they serve and refuse those they do not know.",
    });
    properties["kind"] = json!({
        "type": "string",
        "description": "The kind of this object. Servers infer it from the path of a request; it cannot be changed.",
    });
    properties["metadata"] = table::shared(OBJECT_META).to_value();
    properties["metadata"]["description"] = "Name, labels and what else every object has.".into();
    properties["metadata"]["default"] = json!({});
    if let Some(required) = root["required"].as_array_mut() {
        required.retain(|name| !["apiVersion", "kind", "metadata"].map(Value::from).contains(name));
        if required.is_empty()
            && let Some(members) = root.as_object_mut()
        {
            members.remove("required");
        }
    } else if let Some(members) = root.as_object_mut() {
        members.remove("required"); // indexing above left a null
    }
}
