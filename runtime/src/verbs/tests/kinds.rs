//! Two kinds to ask the verbs about.

use crate::kind::{FieldPath, HookFns, Kind, ScalePaths, Scope, Strategy};
use crate::object::Tree;
use crate::schema::FieldErrors;
use crate::schema::compiled::Compiled;

/// A kind with everything: namespaced, status, scale, a selectable field.
pub(super) fn widget() -> Kind {
    let path = |text: &str| FieldPath(text.split('.').map(str::to_owned).collect());
    Kind {
        scope: Scope::Namespaced,
        status: true,
        scale: Some(ScalePaths {
            spec: path("spec.replicas"),
            status: Some(path("status.replicas")),
            selector: Some(path("status.selector")),
        }),
        selectable: vec![path("spec.color")],
        hooks: HookFns { set_defaults: Some(color), validate: Some(at_most_100), ..HookFns::default() },
        ..kind("Widget", "widgets")
    }
}

/// A kind with nothing: of the cluster, overwritten at will.
pub(super) fn gadget() -> Kind {
    let strategy = Strategy { generation: false, unconditional_update: true };
    Kind { strategy, ..kind("Gadget", "gadgets") }
}

pub(crate) fn kind(name: &str, plural: &str) -> Kind {
    Kind {
        group: "example.com".to_owned(),
        version: "v1".to_owned(),
        kind: name.to_owned(),
        plural: plural.to_owned(),
        singular: name.to_lowercase(),
        list_kind: format!("{name}List"),
        short_names: Vec::new(),
        categories: Vec::new(),
        scope: Scope::Cluster,
        description: String::new(),
        status: false,
        scale: None,
        columns: Vec::new(),
        selectable: Vec::new(),
        schema: Compiled::compile("example.com", "v1", name, "", root).expect("a schema"),
        strategy: Strategy::CUSTOM_RESOURCE,
        hooks: HookFns::default(),
    }
}

/// A schema that takes any spec and status, but knows what replicas are.
fn root(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({"type": "object", "properties": {
        "spec": {"type": "object", "x-kubernetes-preserve-unknown-fields": true, "properties": {
            "replicas": {"type": "integer", "format": "int32", "minimum": 0},
            "color": {"type": "string"},
        }},
        "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
    }})
}

/// The default of a hook: `spec.color` is blue.
#[allow(clippy::unnecessary_wraps, reason = "the form of a hook")]
fn color(tree: &mut Tree) -> Result<(), String> {
    if let Some(Tree::Map(spec)) = tree.get_mut("spec") {
        spec.entry("color".to_owned()).or_insert_with(|| "blue".into());
    }
    Ok(())
}

/// The rule of a hook: `spec.replicas` is at most 100.
#[allow(clippy::unnecessary_wraps, reason = "the form of a hook")]
fn at_most_100(tree: &Tree, _old: Option<&Tree>, errors: &mut FieldErrors) -> Result<(), String> {
    if let Some(replicas) = tree.at(&["spec", "replicas"]).and_then(Tree::as_i64)
        && replicas > 100
    {
        errors.invalid("spec.replicas", replicas, "must be at most 100");
    }
    Ok(())
}
