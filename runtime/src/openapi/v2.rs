//! Swagger 2.0: everything in one document. The aggregator merges it into the cluster's own.

use serde_json::{Map, Value, json};

use super::definitions;
use super::names::PATCH;
use super::operations::{self, Body, Operation, PATCH_TYPES, PRODUCES, PRODUCES_LIST, Path};
use super::parameters::{self, PRETTY};
use crate::kind::registry::Registry;

const PREFIX: &str = "#/definitions/";

/// The document of a server.
pub(super) fn document(registry: &Registry) -> Value {
    let mut paths = Map::new();
    let versions =
        || registry.groups().iter().flat_map(|group| group.versions.iter().map(move |v| (group, v)));
    for (group, version) in versions() {
        paths.insert(
            format!("/apis/{}/{}/", group.name, version.name),
            resource_list(&group.name, &version.name),
        );
        for path in version.resources.iter().flat_map(|resource| operations::of(resource)) {
            paths.insert(path.path.clone(), path_item(&path));
        }
    }
    let definitions = definitions::of(versions().flat_map(|(_, version)| &version.resources));
    let definitions: Map<String, Value> = definitions
        .into_iter()
        .map(|(name, schema)| (name, crate::schema::publish::to_v2(&schema)))
        .collect();
    json!({"swagger": "2.0", "info": super::info(), "paths": paths, "definitions": definitions})
}

fn resource_list(group: &str, version: &str) -> Value {
    let name = "io.k8s.apimachinery.pkg.apis.meta.v1.APIResourceList";
    json!({"get": {
        "description": "get available resources",
        "operationId": format!("get{}{}APIResources", operations::camel(group.trim_end_matches(".k8s.io")), operations::camel(version)),
        "tags": [super::tag(group, version)],
        "consumes": PRODUCES, "produces": PRODUCES, "schemes": ["https"],
        "responses": {"200": {"description": "OK", "schema": reference(name)}, "401": {"description": "Unauthorized"}},
    }})
}

fn path_item(path: &Path) -> Value {
    let mut parameters: Vec<Value> = path
        .placeholders
        .iter()
        .map(|(name, description)| {
            json!({
                "name": name, "in": "path", "description": description, "required": true,
                "type": "string", "uniqueItems": true,
            })
        })
        .collect();
    parameters.push(PRETTY.v2());
    let mut item = Map::new();
    item.insert("parameters".to_owned(), parameters.into());
    for operation in &path.operations {
        item.insert(operation.method.to_owned(), self::operation(operation));
    }
    item.into()
}

fn operation(operation: &Operation) -> Value {
    let mut parameters: Vec<Value> =
        parameters::of(operation.action).iter().map(parameters::Parameter::v2).collect();
    let consumes: &[&str] = match &operation.body {
        Body::Patch => PATCH_TYPES,
        Body::None | Body::Of(..) => &["*/*"],
    };
    match &operation.body {
        Body::None => {}
        Body::Of(name, required) => parameters.insert(0, body(name, *required)),
        Body::Patch => parameters.insert(0, body(PATCH, true)),
    }
    let mut responses = Map::new();
    for code in operation.codes {
        let answer = json!({"description": super::phrase(*code), "schema": reference(&operation.answer)});
        responses.insert(code.to_string(), answer);
    }
    responses.insert("401".to_owned(), json!({"description": "Unauthorized"}));
    let about = &operation.about;
    json!({
        "description": operation.description,
        "operationId": operation.id,
        "tags": [super::tag(&operation.tag.0, &operation.tag.1)],
        "consumes": consumes,
        "produces": if operation.action == "list" { PRODUCES_LIST } else { PRODUCES },
        "schemes": ["https"],
        "parameters": parameters,
        "responses": responses,
        "x-kubernetes-action": operation.action,
        "x-kubernetes-group-version-kind": {"group": about.group, "version": about.version, "kind": about.kind},
    })
}

fn body(definition: &str, required: bool) -> Value {
    let mut parameter = json!({"name": "body", "in": "body", "schema": reference(definition)});
    if required {
        parameter["required"] = true.into();
    }
    parameter
}

fn reference(definition: &str) -> Value {
    json!({"$ref": format!("{PREFIX}{definition}")})
}
