//! What fields said of themselves for the kind: columns, selectable fields, scale.
//!
//! They travel on the fields as private extensions and become paths here: no path is written by hand.

use std::collections::BTreeMap;

use serde_json::Value;

use super::root::unescape;
use super::table::{DEFINITIONS, extension};

/// The facts of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The printer columns, in the order of the fields.
    pub columns: Vec<ColumnFact>,
    /// The fields that selectors may name.
    pub selectable: Vec<FieldFact>,
    /// The replicas to be scaled: `spec.replicas` of the scale.
    pub scale_spec: Option<FieldFact>,
    /// `status.replicas` of the scale.
    pub scale_status: Option<FieldFact>,
    /// `status.selector` of the scale.
    pub scale_selector: Option<FieldFact>,
    /// Whether the root has a field `status`.
    pub has_status: bool,
}

/// A field that something was said of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldFact {
    /// The members that lead to it.
    pub path: Vec<String>,
    /// `string`, `integer`, `number`, `boolean`, `date`, `array` or `object`.
    pub kind: &'static str,
    /// The field's description.
    pub description: String,
}

/// A field that is a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnFact {
    /// The heading.
    pub name: String,
    /// The field. Its kind is the column's type: `string`, `integer`, `number`, `boolean` or `date`.
    pub field: FieldFact,
    /// Only with `-o wide`.
    pub wide: bool,
}

type Definitions = BTreeMap<String, Value>;

/// Collects the facts of the kind whose root is `key`.
pub(super) fn collect(key: &str, definitions: &Definitions) -> Result<Facts, String> {
    let mut walk =
        Walk { definitions, facts: Facts::default(), path: Vec::new(), open: vec![key.to_owned()] };
    let root = &definitions[key];
    walk.facts.has_status = root["properties"].get("status").is_some();
    walk.members(root, None)?;
    Ok(walk.facts)
}

struct Walk<'a> {
    definitions: &'a Definitions,
    facts: Facts,
    path: Vec<String>,
    /// The definitions the walk is inside of; a type that contains itself is entered once.
    open: Vec<String>,
}

impl Walk<'_> {
    /// `inside` names the list or map that stands above, whose items have no path.
    fn members(&mut self, schema: &Value, inside: Option<&str>) -> Result<(), String> {
        let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return Ok(()) };
        let order = schema.get(extension::ORDER).and_then(Value::as_array);
        let names: Vec<&str> = match order {
            Some(order) => order.iter().filter_map(Value::as_str).collect(),
            None => properties.keys().map(String::as_str).collect(),
        };
        for name in names {
            let Some(schema) = properties.get(name) else { continue };
            self.path.push(name.to_owned());
            self.field(schema, inside)?;
            self.descend(schema, inside)?;
            self.path.pop();
        }
        Ok(())
    }

    fn descend(&mut self, schema: &Value, inside: Option<&str>) -> Result<(), String> {
        if let Some(key) = reference(schema) {
            let Some(definition) = self.definitions.get(&key) else { return Ok(()) };
            if self.open.contains(&key) {
                return Ok(());
            }
            self.open.push(key);
            self.descend(definition, inside)?;
            self.open.pop();
            return Ok(());
        }
        for (word, what) in [("items", "list"), ("additionalProperties", "map")] {
            if let Some(schema) = schema.get(word) {
                self.descend(schema, Some(what))?;
            }
        }
        self.members(schema, inside)
    }

    fn field(&mut self, schema: &Value, inside: Option<&str>) -> Result<(), String> {
        let said = [extension::COLUMN, extension::SELECTABLE, extension::SCALE];
        if !said.iter().any(|word| schema.get(*word).is_some()) {
            return Ok(());
        }
        let place = self.path.join(".");
        if let Some(what) = inside {
            return Err(format!(
                "{place} stands in a {what}, so it can be no column, selectable or scale field"
            ));
        }
        let fact = FieldFact {
            path: self.path.clone(),
            kind: self.kind(schema),
            description: schema["description"].as_str().unwrap_or_default().to_owned(),
        };
        if let Some(column) = schema.get(extension::COLUMN) {
            self.column(column, fact.clone(), &place)?;
        }
        if let Some(target) = schema.get(extension::SCALE).and_then(Value::as_str) {
            self.scale(target, fact.clone(), &place)?;
        }
        if schema.get(extension::SELECTABLE).is_some() {
            if !["string", "integer", "boolean"].contains(&fact.kind) {
                return Err(format!(
                    "{place} is of type {}; only strings, integers and booleans can be selectable",
                    fact.kind
                ));
            }
            self.facts.selectable.push(fact);
        }
        Ok(())
    }

    fn column(&mut self, column: &Value, mut field: FieldFact, place: &str) -> Result<(), String> {
        const KINDS: [&str; 5] = ["string", "integer", "number", "boolean", "date"];
        if let Some(wanted) = column["type"].as_str() {
            let known = KINDS.iter().find(|kind| **kind == wanted);
            field.kind = known.ok_or_else(|| {
                format!("{place}: {wanted:?} is no type of a column; it is one of {}", KINDS.join(", "))
            })?;
        } else if !KINDS.contains(&field.kind) {
            field.kind = "string";
        }
        let name = column["name"].as_str().unwrap_or_default().to_owned();
        self.facts.columns.push(ColumnFact { name, field, wide: column["wide"] == true });
        Ok(())
    }

    fn scale(&mut self, target: &str, field: FieldFact, place: &str) -> Result<(), String> {
        let (slot, kind) = match target {
            "spec.replicas" => (&mut self.facts.scale_spec, "integer"),
            "status.replicas" => (&mut self.facts.scale_status, "integer"),
            "status.selector" => (&mut self.facts.scale_selector, "string"),
            other => {
                return Err(format!(
                    "{place}: scale = {other:?} is none of spec.replicas, status.replicas, status.selector"
                ));
            }
        };
        if field.kind != kind {
            return Err(format!(
                "{place} is of type {}, but {target} of a scale is of type {kind}",
                field.kind
            ));
        }
        if let Some(other) = slot {
            return Err(format!("{} and {place} both claim {target} of the scale", other.path.join(".")));
        }
        *slot = Some(field);
        Ok(())
    }

    fn kind(&self, schema: &Value) -> &'static str {
        if let Some(key) = reference(schema) {
            if let Some(definition) = self.definitions.get(&key) {
                return self.kind(definition);
            }
            return match key.rsplit('.').next() {
                Some("Time" | "MicroTime") => "date",
                Some("Quantity" | "IntOrString") => "string",
                _ => "object",
            };
        }
        match (schema["type"].as_str(), schema["format"].as_str()) {
            (Some("integer"), _) => "integer",
            (Some("number"), _) => "number",
            (Some("boolean"), _) => "boolean",
            (Some("array"), _) => "array",
            (Some("object"), _) => "object",
            (_, Some("date-time")) => "date",
            _ => "string",
        }
    }
}

/// The key of the definition that a schema refers to, alone or with neighbours.
pub(super) fn reference(schema: &Value) -> Option<String> {
    let reference = schema.get("$ref").or_else(|| schema.get("allOf")?.get(0)?.get("$ref"))?.as_str()?;
    let name =
        reference.strip_prefix(DEFINITIONS).or_else(|| reference.strip_prefix("#/components/schemas/"));
    Some(unescape(name.unwrap_or(reference)))
}
