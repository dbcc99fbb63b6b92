//! The sanitiser: what types say becomes what Kubernetes' readers of OpenAPI can bear.
//!
//! A bad schema breaks the merged document of the whole cluster, so nothing passes that is not known to
//! be good: keywords outside the vocabulary are an error, never dropped in silence. Here too: the step
//! from OpenAPI v3 to v2.

mod sanitise;
mod variants;

use serde_json::{Map, Value};

pub(super) use sanitise::sanitise;

const V3: &str = "#/components/schemas/";
const V2: &str = "#/definitions/";

/// The v2 form of a v3 schema: references renamed, and dropped what v2 has not.
#[must_use]
pub fn to_v2(schema: &Value) -> Value {
    let Value::Object(members) = schema else { return schema.clone() };
    let mut out = Map::new();
    for (key, value) in members {
        match (key.as_str(), value) {
            ("allOf", Value::Array(parts)) if parts.len() == 1 => {
                if let Value::Object(part) = to_v2(&parts[0]) {
                    out.extend(part);
                }
            }
            ("default" | "nullable" | "anyOf" | "not" | "allOf", _) => {}
            ("oneOf", _) => {
                out.insert("type".to_owned(), "string".into());
            }
            ("$ref", Value::String(reference)) => {
                out.insert(key.clone(), reference.replace(V3, V2).into());
            }
            ("properties", Value::Object(properties)) => {
                let properties: Map<_, _> =
                    properties.iter().map(|(name, schema)| (name.clone(), to_v2(schema))).collect();
                out.insert(key.clone(), properties.into());
            }
            ("items" | "additionalProperties", schema) => {
                out.insert(key.clone(), to_v2(schema));
            }
            _ => {
                out.insert(key.clone(), value.clone());
            }
        }
    }
    out.into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::to_v2;

    #[test]
    fn v2_has_other_references_and_fewer_words() {
        let v3 = json!({
            "type": "object",
            "properties": {
                "default": {"type": "string", "default": "x", "nullable": true},
                "spec": {"allOf": [{"$ref": "#/components/schemas/a.v1.Spec"}], "description": "d", "default": {}},
                "list": {"type": "array", "items": {"$ref": "#/components/schemas/a.v1.Item"}},
                "map": {"type": "object", "additionalProperties": {"oneOf": [{"type": "string"}, {"type": "number"}]}},
            },
        });
        let v2 = json!({
            "type": "object",
            "properties": {
                "default": {"type": "string"},
                "spec": {"$ref": "#/definitions/a.v1.Spec", "description": "d"},
                "list": {"type": "array", "items": {"$ref": "#/definitions/a.v1.Item"}},
                "map": {"type": "object", "additionalProperties": {"type": "string"}},
            },
        });
        assert_eq!(to_v2(&v3), v2);
    }
}
