//! The definitions a document needs: those of the kinds, their lists, and what these refer to.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::names::{DELETE_OPTIONS, LIST_META, PATCH, RESOURCE_LIST, SCALE, STATUS, WATCH_EVENT, list_name};
use crate::kind::Kind;
use crate::kind::registry::Resource;
use crate::schema::meta::Shared;

const PREFIX: &str = "#/components/schemas/";

/// The definitions of some resources, in the v3 form.
pub(super) fn of<'a>(resources: impl Iterator<Item = &'a Arc<Resource>>) -> BTreeMap<String, Value> {
    let mut definitions = BTreeMap::new();
    let mut wanted = [STATUS, DELETE_OPTIONS, PATCH, RESOURCE_LIST, WATCH_EVENT].map(str::to_owned).to_vec();
    let mut group_versions = Vec::new();
    for resource in resources {
        add(&mut definitions, &resource.kind);
        for (_, subresource) in &resource.subresources {
            add(&mut definitions, &subresource.kind);
        }
        if resource.has_scale() {
            wanted.push(SCALE.to_owned());
        }
        let group_version = (resource.kind.group.clone(), resource.kind.version.clone());
        if !group_versions.contains(&group_version) {
            group_versions.push(group_version);
        }
    }
    definitions.values().for_each(|schema| references(schema, &mut wanted));
    add_shared(&mut definitions, wanted);
    for name in [DELETE_OPTIONS, WATCH_EVENT] {
        if let Some(schema) = definitions.get_mut(name) {
            name_group_versions(schema, name, &group_versions);
        }
    }
    definitions
}

fn add(definitions: &mut BTreeMap<String, Value>, kind: &Kind) {
    for (name, schema) in kind.schema.published() {
        definitions.insert(name.clone(), schema.clone());
    }
    let about = |name: &str| json!([{"group": kind.group, "version": kind.version, "kind": name}]);
    if let Some(root) = definitions.get_mut(kind.schema.root_definition()) {
        root["x-kubernetes-group-version-kind"] = about(&kind.kind);
    }
    let mut list = list(kind);
    list["x-kubernetes-group-version-kind"] = about(&kind.list_kind);
    definitions.insert(list_name(kind), list);
}

fn list(kind: &Kind) -> Value {
    json!({
        "description": format!("{} is a list of {}", kind.list_kind, kind.kind),
        "type": "object",
        "required": ["items"],
        "properties": {
            "apiVersion": {"type": "string", "description": "The version of the schema that this list is written in."},
            "kind": {"type": "string", "description": "The kind of this list."},
            "metadata": {
                "description": "What stands for the whole list: its revision, and how to get the rest.",
                "default": {},
                "allOf": [{"$ref": format!("{PREFIX}{LIST_META}")}],
            },
            "items": {
                "type": "array",
                "description": format!("The objects of kind {}.", kind.kind),
                "items": {"default": {}, "allOf": [{"$ref": format!("{PREFIX}{}", kind.schema.root_definition())}]},
            },
        },
    })
}

/// Adds the shared definitions that are wanted, and those that they want.
fn add_shared(definitions: &mut BTreeMap<String, Value>, mut wanted: Vec<String>) {
    let shared = Shared::new();
    while let Some(name) = wanted.pop() {
        if definitions.contains_key(&name) {
            continue;
        }
        if let Some(schema) = shared.definition(&name) {
            references(&schema, &mut wanted);
            definitions.insert(name, schema);
        }
    }
}

/// The names of the definitions that a schema refers to.
fn references(schema: &Value, found: &mut Vec<String>) {
    match schema {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get("$ref")
                && let Some(name) = reference.strip_prefix(PREFIX)
            {
                found.push(name.to_owned());
            }
            members.values().for_each(|member| references(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

/// `DeleteOptions` and `WatchEvent` stand in every group version (kube-openapi#170).
fn name_group_versions(schema: &mut Value, name: &str, group_versions: &[(String, String)]) {
    let kind = name.rsplit('.').next().unwrap_or(name);
    let extension = "x-kubernetes-group-version-kind";
    let mut all = vec![json!({"group": "", "version": "v1", "kind": kind})];
    all.extend(
        group_versions
            .iter()
            .map(|(group, version)| json!({"group": group, "version": version, "kind": kind})),
    );
    schema[extension] = all.into();
}
