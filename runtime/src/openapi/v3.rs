//! OpenAPI v3: one document a group and version, and the index that names them.

use serde_json::{Map, Value, json};

use super::definitions;
use super::names::PATCH;
use super::operations::{self, Body, Operation, PATCH_TYPES, PRODUCES, PRODUCES_LIST, Path};
use super::parameters::{self, PRETTY};
use crate::kind::registry::Version;

const PREFIX: &str = "#/components/schemas/";

/// The document of one group and version.
pub(super) fn document(group: &str, version: &Version) -> Value {
    let mut paths = Map::new();
    paths.insert(format!("/apis/{group}/{}/", version.name), resource_list(group, &version.name));
    for resource in &version.resources {
        for path in operations::of(resource) {
            paths.insert(path.path.clone(), path_item(&path));
        }
    }
    json!({
        "openapi": "3.0.0",
        "info": super::info(),
        "paths": paths,
        "components": {"schemas": definitions::of(version.resources.iter())},
    })
}

fn resource_list(group: &str, version: &str) -> Value {
    let name = "io.k8s.apimachinery.pkg.apis.meta.v1.APIResourceList";
    json!({"get": {
        "description": "get available resources",
        "operationId": format!("get{}{}APIResources", operations::camel(group.trim_end_matches(".k8s.io")), operations::camel(version)),
        "tags": [super::tag(group, version)],
        "responses": {"200": {"description": "OK", "content": content(PRODUCES, name)}, "401": {"description": "Unauthorized"}},
    }})
}

fn path_item(path: &Path) -> Value {
    let mut parameters: Vec<Value> = path
        .placeholders
        .iter()
        .map(|(name, description)| {
            json!({
                "name": name, "in": "path", "description": description, "required": true,
                "schema": {"type": "string", "uniqueItems": true},
            })
        })
        .collect();
    parameters.push(PRETTY.v3());
    let mut item = Map::new();
    item.insert("parameters".to_owned(), parameters.into());
    for operation in &path.operations {
        item.insert(operation.method.to_owned(), self::operation(operation));
    }
    item.into()
}

fn operation(operation: &Operation) -> Value {
    let produces = if operation.action == "list" { PRODUCES_LIST } else { PRODUCES };
    let mut responses = Map::new();
    for code in operation.codes {
        let answer =
            json!({"description": super::phrase(*code), "content": content(produces, &operation.answer)});
        responses.insert(code.to_string(), answer);
    }
    responses.insert("401".to_owned(), json!({"description": "Unauthorized"}));
    let about = &operation.about;
    let mut value = json!({
        "description": operation.description,
        "operationId": operation.id,
        "tags": [super::tag(&operation.tag.0, &operation.tag.1)],
        "parameters": parameters::of(operation.action).iter().map(parameters::Parameter::v3).collect::<Vec<_>>(),
        "responses": responses,
        "x-kubernetes-action": operation.action,
        "x-kubernetes-group-version-kind": {"group": about.group, "version": about.version, "kind": about.kind},
    });
    if let Some(body) = body(&operation.body) {
        value["requestBody"] = body;
    }
    value
}

fn body(body: &Body) -> Option<Value> {
    match body {
        Body::None => None,
        Body::Of(name, required) => {
            let mut value = json!({"content": content(&["*/*"], name)});
            if *required {
                value["required"] = true.into();
            }
            Some(value)
        }
        Body::Patch => Some(json!({"content": content(PATCH_TYPES, PATCH), "required": true})),
    }
}

fn content(types: &[&str], definition: &str) -> Value {
    let schema = json!({"schema": {"$ref": format!("{PREFIX}{definition}")}});
    types.iter().map(|media| ((*media).to_owned(), schema.clone())).collect::<Map<_, _>>().into()
}
