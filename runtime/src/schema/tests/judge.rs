use serde_json::{Value, json};

use super::{texts, widget, with_spec};
use crate::object::Tree;
use crate::schema::FieldErrors;

#[test]
fn unknown_fields_are_named_in_order_and_dropped() {
    let text = r#"{"apiVersion":"x","kind":"y","zz":1,
        "metadata":{"name":"a","nme":"b","ownerReferences":[{"uid":"u","bad":1}],
            "managedFields":[{"manager":"m","fieldsV1":{"f:spec":{}},"odd":1}],"labels":{"any":"x"}},
        "spec":{"image":"i","x":{"deep":1},"ports":[{"name":"a"},{"nmbr":1}],"labels":{"any":1},
            "anything":{"a":{"b":1}},"limits":{"nested":{"nested":{"ratoi":1}}}},
        "status":{"raedy":1}}"#;
    let (mut tree, _) = Tree::parse_json(text.as_bytes()).expect("valid");
    let schema = widget();
    let expected = [
        "zz",
        "metadata.nme",
        "metadata.ownerReferences[0].bad",
        "metadata.managedFields[0].odd",
        "spec.x",
        "spec.ports[1].nmbr",
        "spec.limits.nested.nested.ratoi",
        "status.raedy",
    ];
    assert_eq!(schema.unknown_fields(&tree), expected);
    assert_eq!(schema.prune(&mut tree), expected);
    assert_eq!(schema.prune(&mut tree), [""; 0]);
    assert_eq!(tree.at(&["spec", "anything", "a", "b"]), Some(&Tree::Int(1)));
    assert!(tree.at(&["metadata", "managedFields"]).is_some());
    assert_eq!(tree.at(&["spec", "x"]), None);
}

#[test]
fn named_unknown_fields_are_limited() {
    let members: serde_json::Map<String, Value> = (0..500).map(|n| (format!("x{n}"), Value::Null)).collect();
    let mut tree = with_spec(&Value::Object(members));
    assert_eq!(widget().prune(&mut tree).len(), 100);
    assert_eq!(tree.at(&["spec"]), Some(&Tree::Map(crate::object::Map::new())));
}

#[test]
fn nulls_go_and_defaults_come() {
    let table = [
        (json!({}), json!({"replicas": 1, "color": "blue", "rollout": "Recreate", "limits": {"ratio": 0.5}})),
        (
            json!({"replicas": null, "color": "red", "limits": {"nested": {"nested": {}}, "ratio": null}, "memory": 5}),
            json!({"replicas": 1, "color": "red", "rollout": "Recreate", "memory": "5",
                "limits": {"nested": {"nested": {"ratio": 0.5}, "ratio": 0.5}, "ratio": 0.5}}),
        ),
        (
            json!({"ports": [{"name": "a", "protocol": null}], "anything": {"a": null}, "labels": {"x": null}}),
            json!({"ports": [{"name": "a", "protocol": "TCP"}], "anything": {"a": null}, "labels": {},
                "replicas": 1, "color": "blue", "rollout": "Recreate", "limits": {"ratio": 0.5}}),
        ),
    ];
    let schema = widget();
    for (given, expected) in table {
        let mut tree = with_spec(&given);
        schema.drop_nulls(&mut tree);
        schema.apply_defaults(&mut tree);
        assert_eq!(tree.get("spec"), Some(&Tree::from(expected)));
    }
}

#[test]
fn metadata_takes_no_defaults() {
    let mut tree: Tree =
        json!({"metadata": {"ownerReferences": [{"name": "x"}], "creationTimestamp": null}}).into();
    let schema = widget();
    schema.drop_nulls(&mut tree);
    schema.apply_defaults(&mut tree);
    assert_eq!(tree, json!({"metadata": {"ownerReferences": [{"name": "x"}]}}).into());
}

#[test]
fn wrong_types_are_named_as_go_does() {
    let field = |value: &str, path: &str, kind: &str| {
        Some(format!("json: cannot unmarshal {value} into Go struct field {path} of type {kind}"))
    };
    let table = [
        (json!({"image": "i", "replicas": 3, "on": true, "step": 5.0, "labels": {"a": 1}}), None),
        (json!({"image": null, "replicas": null}), None),
        (json!({"replicas": "3"}), field("string", "WidgetSpec.spec.replicas", "int32")),
        (json!({"replicas": 1.5}), field("number 1.5", "WidgetSpec.spec.replicas", "int32")),
        (
            json!({"replicas": 4_294_967_296_i64}),
            field("number 4294967296", "WidgetSpec.spec.replicas", "int32"),
        ),
        (json!({"image": 1}), field("number", "WidgetSpec.spec.image", "string")),
        (json!({"image": true}), field("bool", "WidgetSpec.spec.image", "string")),
        (json!({"image": {}}), field("object", "WidgetSpec.spec.image", "string")),
        (json!({"on": "true"}), field("string", "WidgetSpec.spec.on", "bool")),
        (json!({"ports": {}}), field("object", "WidgetSpec.spec.ports", "[]v1.Port")),
        (json!({"ports": ["a"]}), field("string", "WidgetSpec.spec.ports", "v1.Port")),
        (json!({"ports": [{"name": []}]}), field("array", "Port.spec.ports.name", "string")),
        (json!({"labels": []}), field("array", "WidgetSpec.spec.labels", "map[string]int64")),
        (json!({"labels": {"a": "x"}}), field("string", "WidgetSpec.spec.labels", "int64")),
        (json!({"limits": 1}), field("number", "WidgetSpec.spec.limits", "v1.Limits")),
        (
            json!({"limits": {"nested": {"ratio": "x"}}}),
            field("string", "Limits.spec.limits.nested.ratio", "float64"),
        ),
        (json!({"port": 1.5}), field("number 1.5", "WidgetSpec.spec.port", "int32")),
        (json!({"since": 1}), field("number", "WidgetSpec.spec.since", "string")),
        (json!({"data": "!"}), Some("illegal base64 data at input byte 0".to_owned())),
        (json!({"rollout": 1}), field("number", "WidgetSpec.spec.rollout", "v1.Rollout")),
        (
            json!({"memory": "lots"}),
            Some(
                "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
                    .to_owned(),
            ),
        ),
        (
            json!({"since": "x"}),
            Some(r#"parsing time "x" as "2006-01-02T15:04:05Z07:00": cannot parse "x" as "2006""#.to_owned()),
        ),
    ];
    let schema = widget();
    for (spec, expected) in table {
        assert_eq!(schema.type_errors(&with_spec(&spec)), expected, "{spec}");
    }
    let table = [
        (json!([]), "json: cannot unmarshal array into Go value of type v1.Widget"),
        (
            json!({"spec": []}),
            "json: cannot unmarshal array into Go struct field Widget.spec of type v1.WidgetSpec",
        ),
        (
            json!({"metadata": "x"}),
            "json: cannot unmarshal string into Go struct field Widget.metadata of type v1.ObjectMeta",
        ),
        (
            json!({"metadata": {"labels": {"a": 1}}}),
            "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string",
        ),
    ];
    for (tree, expected) in table {
        assert_eq!(schema.type_errors(&tree.clone().into()).as_deref(), Some(expected), "{tree}");
    }
}

#[test]
fn broken_rules_are_worded_as_in_kubernetes() {
    let four = ["a", "b", "c", "d"].map(|name| json!({"name": name, "number": 1}));
    let table: [(Value, &[&str]); 22] = [
        (json!({"image": "i", "replicas": 100, "color": "red", "tags": ["a", "b"], "step": 10}), &[]),
        (json!({}), &["spec.image: Required value"]),
        (
            json!({"image": "i", "replicas": 101}),
            &["spec.replicas: Invalid value: 101: spec.replicas in body should be less than or equal to 100"],
        ),
        (
            json!({"image": "i", "replicas": -1}),
            &["spec.replicas: Invalid value: -1: spec.replicas in body should be greater than or equal to 0"],
        ),
        (
            json!({"image": "i", "step": 0}),
            &["spec.step: Invalid value: 0: spec.step in body should be greater than 0"],
        ),
        (
            json!({"image": "i", "step": 7}),
            &["spec.step: Invalid value: 7: spec.step in body should be a multiple of 5"],
        ),
        (
            json!({"image": "i", "color": "b"}),
            &[r#"spec.color: Invalid value: "b": spec.color in body should be at least 2 chars long"#],
        ),
        (
            json!({"image": "i", "color": "bbbbbbbbb"}),
            &["spec.color: Too long: may not be more than 8 bytes"],
        ),
        (
            json!({"image": "i", "color": "Red"}),
            &[r#"spec.color: Invalid value: "Red": spec.color in body should match '^[a-z]\w*$'"#],
        ),
        (
            json!({"image": "i", "color": "ré"}),
            &[r#"spec.color: Invalid value: "ré": spec.color in body should match '^[a-z]\w*$'"#],
        ),
        (
            json!({"image": "i", "rollout": "Never"}),
            &[r#"spec.rollout: Unsupported value: "Never": supported values: "Recreate", "Rolling""#],
        ),
        (
            json!({"image": "i", "tags": []}),
            &["spec.tags: Invalid value: 0: spec.tags in body should have at least 1 items"],
        ),
        (
            json!({"image": "i", "tags": ["a", "b", "a", "b", "a"]}),
            &[r#"spec.tags[2]: Duplicate value: "a""#, r#"spec.tags[3]: Duplicate value: "b""#],
        ),
        (
            json!({"image": "i", "ports": [{"name": "a", "number": 1}, {"name": "a", "number": 2}]}),
            &[r#"spec.ports[1]: Duplicate value: {"name":"a"}"#],
        ),
        (
            json!({"image": "i", "ports": [{"name": "a", "number": 0}, {"number": 1}]}),
            &[
                "spec.ports[0].number: Invalid value: 0: spec.ports[0].number in body should be greater than or equal to 1",
                "spec.ports[1].name: Required value",
            ],
        ),
        (json!({"image": "i", "ports": (four)}), &["spec.ports: Too many: 4: must have at most 3 items"]),
        (
            json!({"image": "i", "labels": {"a": 1, "b": 2, "c": 3}}),
            &["spec.labels: Too many: 3: must have at most 2 items"],
        ),
        (
            json!({"image": "i", "limits": {"nested": {"ratio": 1.5}}}),
            &[
                "spec.limits.nested.ratio: Invalid value: 1.5: spec.limits.nested.ratio in body should be less than or equal to 1",
            ],
        ),
        (
            json!({"image": "i", "day": "soon"}),
            &[r#"spec.day: Invalid value: "soon": spec.day in body must be of type date: "soon""#],
        ),
        (
            json!({"image": 1}),
            &[
                r#"spec.image: Invalid value: "integer": spec.image in body must be of type string: "integer""#,
            ],
        ),
        (
            json!({"image": "i", "tags": ["a", null]}),
            &[r#"spec.tags[1]: Invalid value: "null": spec.tags[1] in body must be of type string: "null""#],
        ),
        (
            json!({"image": "i", "labels": {"a": true}}),
            &[
                r#"spec.labels.a: Invalid value: "boolean": spec.labels.a in body must be of type integer: "boolean""#,
            ],
        ),
    ];
    let schema = widget();
    for (spec, expected) in table {
        let mut errors = FieldErrors::new();
        schema.validate(&with_spec(&spec), None, &mut errors);
        assert_eq!(texts(&errors), expected, "{spec}");
    }
    let mut errors = FieldErrors::new();
    schema.validate(&json!({"metadata": {"ownerReferences": [{}]}}).into(), None, &mut errors);
    assert_eq!(texts(&errors), ["spec: Required value"]);
}

#[test]
fn documents_as_deep_as_they_may_be_are_judged() {
    let depth = crate::object::tree::MAX_DEPTH - 4;
    let limits = r#"{"nested":"#.repeat(depth) + r#"{"ratio":2}"# + &"}".repeat(depth);
    let text = format!(r#"{{"spec":{{"image":"i","limits":{limits}}}}}"#);
    let (mut tree, _) = Tree::parse_json(text.as_bytes()).expect("within the limit");
    let schema = widget();
    schema.drop_nulls(&mut tree);
    assert_eq!(schema.type_errors(&tree), None);
    assert_eq!(schema.unknown_fields(&tree), [""; 0]);
    schema.apply_defaults(&mut tree);
    let mut errors = FieldErrors::new();
    schema.validate(&tree, None, &mut errors);
    assert_eq!(errors.errors().len(), 1);
    schema.validate(&tree, Some(&tree.clone()), &mut errors);
    assert_eq!(errors.errors().len(), 1);
    let value: Value = crate::object::from_tree(&tree).expect("any JSON");
    assert_eq!(crate::object::to_tree(&value).as_ref(), Ok(&tree));
}

#[test]
fn strings_with_decoders_of_their_own_are_written_as_go_writes_them() {
    let given =
        json!({"since": "2024-01-01T02:00:00.5+02:00", "data": "YWJj\nYWJj", "memory": 1.5, "day": "x"});
    let expected = json!({"since": "2024-01-01T00:00:00Z", "data": "YWJjYWJj", "memory": "1.5", "day": "x"});
    let mut tree = with_spec(&given);
    widget().drop_nulls(&mut tree);
    assert_eq!(tree.get("spec"), Some(&Tree::from(expected)));
}
