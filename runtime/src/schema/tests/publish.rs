use serde_json::{Value, json};

use super::widget;
use crate::schema::publish::to_v2;

#[test]
fn definitions_are_published_under_dotted_names() {
    let schema = widget();
    let names: Vec<_> = schema.published().keys().map(String::as_str).collect();
    let expected = ["Limits", "Port", "Rollout", "Widget", "WidgetSpec", "WidgetStatus"];
    assert_eq!(names, expected.map(|name| format!("com.example.fleet.v1.{name}")));
    assert_eq!(schema.root_definition(), "com.example.fleet.v1.Widget");
    let root = &schema.published()[schema.root_definition()];
    assert_eq!(root["required"], json!(["spec"]));
    assert_eq!(
        root["properties"]["spec"],
        json!({"$ref": "#/components/schemas/com.example.fleet.v1.WidgetSpec"})
    );
    assert_eq!(
        root["properties"]["metadata"]["allOf"],
        json!([{"$ref": "#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"}])
    );
    assert_eq!(
        root["x-kubernetes-group-version-kind"],
        json!([{"group": "fleet.example.com", "version": "v1", "kind": "Widget"}])
    );
}

#[test]
fn rules_are_published_in_kubernetes_words() {
    let schema = widget();
    let spec = &schema.published()["com.example.fleet.v1.WidgetSpec"]["properties"];
    let table = [
        (
            "replicas",
            json!({"type": "integer", "format": "int32", "default": 1, "minimum": 0, "maximum": 100}),
        ),
        (
            "color",
            json!({"type": "string", "description": "The color.", "default": "blue", "pattern": "^[a-z]\\w*$",
                "minLength": 2, "maxLength": 8}),
        ),
        (
            "ports",
            json!({"type": "array", "items": {"$ref": "#/components/schemas/com.example.fleet.v1.Port"}, "maxItems": 3,
                "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]}),
        ),
        (
            "tags",
            json!({"type": "array", "items": {"type": "string"}, "minItems": 1, "x-kubernetes-list-type": "set"}),
        ),
        ("memory", json!({"$ref": "#/components/schemas/io.k8s.apimachinery.pkg.api.resource.Quantity"})),
        ("anything", json!({"x-kubernetes-preserve-unknown-fields": true})),
        (
            "limits",
            json!({"allOf": [{"$ref": "#/components/schemas/com.example.fleet.v1.Limits"}], "default": {}}),
        ),
        (
            "step",
            json!({"type": "integer", "format": "int64", "multipleOf": 5, "minimum": 0, "exclusiveMinimum": true}),
        ),
        ("on", json!({"type": "boolean"})),
    ];
    for (name, expected) in table {
        assert_eq!(spec[name], expected, "{name}");
    }
}

/// What breaks readers of OpenAPI, nowhere in what is published.
fn prove(schema: &Value, place: &str, version: u8) {
    let Some(members) = schema.as_object() else { panic!("{place} is {schema}") };
    let typed =
        ["type", "$ref", "allOf", "x-kubernetes-preserve-unknown-fields", "x-kubernetes-int-or-string"];
    assert!(typed.iter().any(|key| members.contains_key(*key)), "{place} has no type: {schema}");
    for (key, value) in members {
        let unwanted = ["nullable", "anyOf", "oneOf", "const", "title", "$defs", "patternProperties"];
        assert!(!unwanted.contains(&key.as_str()) && !key.starts_with("x-aggboot"), "{place}: {key}");
        if version == 2 {
            assert!(!["allOf", "default"].contains(&key.as_str()), "{place}: {key}");
        }
        match key.as_str() {
            "$ref" => assert!(!value.as_str().expect("text").contains("::"), "{place}: {value}"),
            "type" => assert!(value.is_string(), "{place}: {value}"),
            "properties" => {
                for (name, schema) in value.as_object().expect("an object") {
                    prove(schema, &format!("{place}.{name}"), version);
                }
            }
            "items" | "additionalProperties" => prove(value, &format!("{place}.{key}"), version),
            _ => {}
        }
    }
}

#[test]
fn nothing_published_breaks_a_reader() {
    for (name, schema) in widget().published() {
        assert!(!name.contains(['/', ':']), "{name}");
        prove(schema, name, 3);
        prove(&to_v2(schema), name, 2);
    }
}
