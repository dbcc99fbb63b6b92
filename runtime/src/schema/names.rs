//! What definitions are called when published: `<reversed group>.<version>.<Type>`, unique in a kind.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::meta::is_shared;
use super::root::unescape;
use super::table::{DEFINITIONS, extension};

const V3: &str = "#/components/schemas/";

/// The published name of each definition, by its key.
#[derive(Debug)]
pub(super) struct Names(BTreeMap<String, String>);

impl Names {
    pub(super) fn new(
        group: &str,
        version: &str,
        definitions: &BTreeMap<String, Value>,
    ) -> Result<Names, String> {
        let reversed: Vec<_> = group.rsplit('.').collect();
        let prefix = format!("{}.{version}", reversed.join("."));
        let mut names = BTreeMap::new();
        let mut paths: BTreeMap<String, &str> = BTreeMap::new();
        for (path, schema) in definitions {
            let own = schema.get(extension::NAME).and_then(Value::as_str);
            let own = own.unwrap_or_else(|| path.rsplit("::").next().unwrap_or(path));
            if let Some(letter) = own.chars().find(|c| !c.is_ascii_alphanumeric() && !"_.-".contains(*c)) {
                return Err(format!(
                    "the type {own:?} cannot be published: {letter:?} may not stand in a name; rename it"
                ));
            }
            let name = format!("{prefix}.{own}");
            if let Some(other) = paths.insert(name.clone(), path) {
                return Err(format!(
                    "{other} and {path} would both be published as {name}; rename one of them"
                ));
            }
            names.insert(path.clone(), name);
        }
        Ok(Names(names))
    }

    /// The published name of a definition.
    pub(super) fn of<'a>(&'a self, key: &'a str) -> &'a str {
        self.0.get(key).map_or(key, String::as_str)
    }

    /// The definitions as they are published: renamed, private extensions gone.
    pub(super) fn publish(
        &self,
        definitions: BTreeMap<String, Value>,
        root: &str,
        [group, version, kind]: [&str; 3],
    ) -> BTreeMap<String, Value> {
        let rename = |(key, mut schema): (String, Value)| {
            self.rename(&mut schema);
            if key == root {
                schema["x-kubernetes-group-version-kind"] =
                    json!([{"group": group, "version": version, "kind": kind}]);
            }
            (self.of(&key).to_owned(), schema)
        };
        definitions.into_iter().map(rename).collect()
    }

    fn rename(&self, schema: &mut Value) {
        let Some(members) = schema.as_object_mut() else { return };
        members.retain(|key, _| !key.starts_with(extension::PREFIX));
        if members.get("properties").and_then(Value::as_object).is_some_and(serde_json::Map::is_empty) {
            members.remove("properties");
        }
        for (key, value) in members {
            match (key.as_str(), value) {
                ("$ref", Value::String(reference)) => {
                    let key = unescape(reference.strip_prefix(DEFINITIONS).unwrap_or(reference));
                    debug_assert!(is_shared(&key) || self.0.contains_key(&key), "{key}");
                    *reference = format!("{V3}{}", self.of(&key));
                }
                ("allOf", Value::Array(parts)) => parts.iter_mut().for_each(|part| self.rename(part)),
                ("items" | "additionalProperties", schema) => self.rename(schema),
                ("properties", Value::Object(properties)) => {
                    properties.values_mut().for_each(|schema| self.rename(schema));
                }
                _ => {}
            }
        }
    }
}
