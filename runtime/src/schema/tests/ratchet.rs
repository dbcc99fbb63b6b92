use serde_json::{Value, json};

use super::{texts, widget, with_spec};
use crate::schema::FieldErrors;

#[test]
fn what_stays_as_it_was_is_not_reported_on_an_update() {
    let port = |name: &str, number: i64| json!({"name": name, "number": number});
    // old spec, new spec, what is reported
    let table: [(Value, Value, &[&str]); 9] = [
        (json!({"replicas": 500}), json!({"replicas": 500, "on": true}), &["spec.image: Required value"]),
        (
            json!({"image": "i", "replicas": 500}),
            json!({"image": "i", "replicas": 501}),
            &["spec.replicas: Invalid value: 501: spec.replicas in body should be less than or equal to 100"],
        ),
        (json!({"replicas": 500}), json!({"replicas": 500}), &[]),
        (
            json!({"image": "i", "ports": [port("a", 0), port("b", 1)]}),
            json!({"image": "i", "ports": [port("b", 2), port("a", 0)]}),
            &[],
        ),
        (
            json!({"image": "i", "ports": [port("a", 0), port("b", 1)]}),
            json!({"image": "i", "ports": [port("c", 0), port("a", 0)]}),
            &[
                "spec.ports[0].number: Invalid value: 0: spec.ports[0].number in body should be greater than or equal to 1",
            ],
        ),
        (json!({"image": "i", "tags": ["a", "a"]}), json!({"image": "i", "tags": ["a", "a", "b"]}), &[]),
        (
            json!({"image": "i", "tags": ["a"]}),
            json!({"image": "i", "tags": ["a", "a"]}),
            &[r#"spec.tags[1]: Duplicate value: "a""#],
        ),
        (
            json!({"image": "i", "limits": {"ratio": 2}}),
            json!({"image": "i", "limits": {"ratio": 2, "nested": {}}}),
            &[],
        ),
        (
            json!({"image": "i", "rollout": "Old"}),
            json!({"image": "i", "rollout": "Older"}),
            &[r#"spec.rollout: Unsupported value: "Older": supported values: "Recreate", "Rolling""#],
        ),
    ];
    let schema = widget();
    for (old, new, expected) in table {
        let mut errors = FieldErrors::new();
        schema.validate(&with_spec(&new), Some(&with_spec(&old)), &mut errors);
        assert_eq!(texts(&errors), expected, "{old} -> {new}");
    }
}
