//! `anyOf` and `oneOf`, which schemars makes of `Option` and of enums: what can be said structurally is.

use serde_json::{Map, Value, json};

/// Resolves `anyOf`, `oneOf` and an `allOf` of one.
pub(super) fn resolve(members: &mut Map<String, Value>, place: &str) -> Result<(), String> {
    for key in ["anyOf", "oneOf"] {
        let Some(Value::Array(mut variants)) = members.remove(key) else { continue };
        variants.retain(|variant| !is_null(variant));
        if variants.len() == 1 {
            merge(members, variants.remove(0));
        } else if variants.iter().all(|variant| words(variant).is_some()) {
            let values: Vec<_> = variants.iter().filter_map(words).flatten().collect();
            members.insert("type".to_owned(), "string".into());
            members.insert("enum".to_owned(), values.into());
        } else {
            union(members, &variants, place)?;
        }
    }
    if let Some(Value::Array(parts)) = members.get_mut("allOf")
        && parts.len() == 1
        && parts[0].get("$ref").is_none()
    {
        let part = parts.remove(0);
        members.remove("allOf");
        merge(members, part);
    }
    Ok(())
}

fn is_null(variant: &Value) -> bool {
    variant["type"] == "null"
        || variant["enum"] == json!([null])
        || variant.get("const") == Some(&Value::Null)
}

/// The words of a variant that is one, or several.
fn words(variant: &Value) -> Option<Vec<Value>> {
    if let Some(word @ Value::String(_)) = variant.get("const") {
        return Some(vec![word.clone()]);
    }
    let values = variant.get("enum")?.as_array()?;
    values.iter().all(Value::is_string).then(|| values.clone())
}

fn merge(members: &mut Map<String, Value>, other: Value) {
    if let Value::Object(other) = other {
        for (key, value) in other {
            members.entry(key).or_insert(value);
        }
    }
}

/// An enum with data: an object of all the members that a variant may have. A member that stands in
/// several variants must be the same in each, or the word that tells them apart.
fn union(members: &mut Map<String, Value>, variants: &[Value], place: &str) -> Result<(), String> {
    let mut properties = Map::new();
    let mut required: Option<Vec<Value>> = None;
    for variant in variants {
        let Some(Value::Object(own)) = variant.get("properties") else {
            return Err(format!("{place}: an enum's variants must all be words or all be objects"));
        };
        for (name, schema) in own {
            match properties.get_mut(name) {
                None => {
                    properties.insert(name.clone(), schema.clone());
                }
                Some(known) if known == schema => {}
                Some(known) => match (words(known), words(schema)) {
                    (Some(mut words), Some(more)) => {
                        words.extend(more);
                        *known = json!({"type": "string", "enum": words});
                    }
                    _ => {
                        return Err(format!(
                            "{place}.{name}: the variants of an enum disagree on this member"
                        ));
                    }
                },
            }
        }
        let own: Vec<Value> = variant["required"].as_array().cloned().unwrap_or_default();
        required = Some(match required {
            None => own,
            Some(known) => known.into_iter().filter(|name| own.contains(name)).collect(),
        });
    }
    members.insert("type".to_owned(), "object".into());
    members.insert("properties".to_owned(), properties.into());
    if let Some(required) = required.filter(|names| !names.is_empty()) {
        members.insert("required".to_owned(), required.into());
    }
    Ok(())
}
