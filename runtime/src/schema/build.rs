//! From sanitised definitions to the structural tree.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use super::decode::time::Precision;
use super::facts::reference;
use super::format::Format;
use super::meta::{Shared, is_shared};
use super::node::{Checks, Edge, List, ListKind, Node, NodeId, Nodes, Object, Pattern, Shape};
use super::table::extension;
use crate::object::Tree;

/// Builds the tree below the definition `root`.
pub(super) fn nodes(
    version: &str,
    root: &str,
    definitions: &BTreeMap<String, Value>,
) -> Result<(Nodes, Edge), String> {
    let mut builder =
        Builder { version, definitions, shared: Shared::new(), nodes: Vec::new(), known: HashMap::new() };
    let node = builder.definition(root)?;
    let mut nodes = Nodes(builder.nodes);
    prove_keys(&nodes)?;
    mark_defaults(&mut nodes);
    Ok((nodes, Edge { node, default: None, checks: None }))
}

struct Builder<'a> {
    version: &'a str,
    definitions: &'a BTreeMap<String, Value>,
    shared: Shared,
    nodes: Vec<Node>,
    known: HashMap<String, NodeId>,
}

impl Builder<'_> {
    /// The node of a definition. Its place is taken before its members are built, so that it may contain itself.
    fn definition(&mut self, key: &str) -> Result<NodeId, String> {
        if let Some(known) = self.known.get(key) {
            return Ok(*known);
        }
        let shared = is_shared(key);
        let found = if shared { self.shared.definition(key) } else { self.definitions.get(key).cloned() };
        let schema = found.ok_or_else(|| format!("refers to {key}, which no type defined"))?;
        let name = match schema.get(extension::NAME).and_then(Value::as_str) {
            Some(name) => name.to_owned(),
            None => key.rsplit(['.', ':']).next().unwrap_or(key).to_owned(),
        };
        let go_type = match name.as_str() {
            "Quantity" if shared => "resource.Quantity".to_owned(),
            "IntOrString" if shared => "intstr.IntOrString".to_owned(),
            "RawExtension" if shared => "runtime.RawExtension".to_owned(),
            _ => format!("{}.{name}", if shared { "v1" } else { self.version }),
        };
        let place = self.nodes.len();
        self.nodes.push(Node { shape: Shape::Any, checks: None, go_type, defaults_below: false });
        self.known.insert(key.to_owned(), place);
        let shape = match name.as_str() {
            "Time" if shared => Shape::Time(Precision::Seconds),
            "MicroTime" if shared => Shape::Time(Precision::Micros),
            "Quantity" if shared => Shape::Quantity,
            "IntOrString" if shared => Shape::IntOrString,
            _ => self.shape(&schema, &name, shared)?,
        };
        let scalar = matches!(shape, Shape::Time(_) | Shape::Quantity | Shape::IntOrString);
        self.nodes[place].shape = shape;
        self.nodes[place].checks = if scalar { None } else { checks(&schema, &name)? };
        Ok(place)
    }

    /// The way to what a schema describes. Defaults of shared definitions are not applied: Go's types
    /// publish their zero values there.
    fn edge(&mut self, schema: &Value, place: &str, shared: bool) -> Result<Edge, String> {
        let default = schema.get("default").filter(|_| !shared).cloned().map(Tree::from);
        if let Some(key) = reference(schema) {
            let node = self.definition(&key)?;
            return Ok(Edge { node, default, checks: checks(schema, place)? });
        }
        let shape = self.shape(schema, "", shared)?;
        let node = Node {
            go_type: self.go_type(&shape),
            shape,
            checks: checks(schema, place)?,
            defaults_below: false,
        };
        self.nodes.push(node);
        Ok(Edge { node: self.nodes.len() - 1, default, checks: None })
    }

    fn shape(&mut self, schema: &Value, name: &str, shared: bool) -> Result<Shape, String> {
        if schema["x-kubernetes-int-or-string"] == true {
            return Ok(Shape::IntOrString);
        }
        Ok(match (schema["type"].as_str(), schema["format"].as_str()) {
            (Some("boolean"), _) => Shape::Bool,
            (Some("integer"), Some("int32")) => Shape::Int32,
            (Some("integer"), _) => Shape::Int64,
            (Some("number"), _) => Shape::Number,
            (Some("string"), Some("byte")) => Shape::Bytes,
            (Some("string"), _) => Shape::String,
            (Some("array"), _) => Shape::List(Box::new(self.list(schema, name, shared)?)),
            (Some("object"), _) => Shape::Object(Box::new(self.object(schema, name, shared)?)),
            _ => Shape::Any,
        })
    }

    fn list(&mut self, schema: &Value, name: &str, shared: bool) -> Result<List, String> {
        let items = self.edge(&schema["items"], &format!("{name}[]"), shared)?;
        let kind = match schema["x-kubernetes-list-type"].as_str() {
            Some("set") => ListKind::Set,
            Some("map") => {
                let keys = schema["x-kubernetes-list-map-keys"].as_array();
                let keys = keys.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
                ListKind::Map(keys.collect())
            }
            _ => ListKind::Atomic,
        };
        Ok(List { items, kind })
    }

    fn object(&mut self, schema: &Value, name: &str, shared: bool) -> Result<Object, String> {
        let mut fields = Vec::new();
        let properties = schema.get("properties").and_then(Value::as_object);
        for (field, schema) in properties.into_iter().flatten() {
            let place = format!("{name}.{field}");
            let edge = self.edge(schema, &place, shared).map_err(|reason| match shared {
                true => reason,
                false => prefixed(&place, reason),
            })?;
            fields.push((field.clone(), edge));
        }
        fields.sort_by(|(a, _), (b, _)| a.cmp(b));
        let additional = match schema.get("additionalProperties") {
            Some(values) => Some(self.edge(values, &format!("{name}.*"), shared)?),
            None => None,
        };
        let required = schema["required"].as_array().into_iter().flatten();
        let required = required.filter_map(Value::as_str).map(str::to_owned).collect();
        let free = properties.is_none() && additional.is_none();
        let preserve = free || schema["x-kubernetes-preserve-unknown-fields"] == true;
        Ok(Object { name: name.to_owned(), fields, required, additional, preserve })
    }

    fn go_type(&self, shape: &Shape) -> String {
        match shape {
            Shape::Any => "interface {}".to_owned(),
            Shape::Bool => "bool".to_owned(),
            Shape::Int32 => "int32".to_owned(),
            Shape::Int64 => "int64".to_owned(),
            Shape::Number => "float64".to_owned(),
            Shape::String => "string".to_owned(),
            Shape::Time(_) => "v1.Time".to_owned(),
            Shape::Quantity => "resource.Quantity".to_owned(),
            Shape::IntOrString => "intstr.IntOrString".to_owned(),
            Shape::Bytes => "[]uint8".to_owned(),
            Shape::List(list) => format!("[]{}", self.nodes[list.items.node].go_type),
            Shape::Object(object) => match &object.additional {
                Some(values) => format!("map[string]{}", self.nodes[values.node].go_type),
                None => "map[string]interface {}".to_owned(),
            },
        }
    }
}

/// The keys of a list map must be fields of its items, and always there.
fn prove_keys(nodes: &Nodes) -> Result<(), String> {
    let lists = nodes.0.iter().filter_map(|node| match &node.shape {
        Shape::List(list) => Some(list),
        _ => None,
    });
    for list in lists {
        let ListKind::Map(keys) = &list.kind else { continue };
        let node = nodes.of(&list.items);
        let Shape::Object(object) = &node.shape else {
            return Err(format!("a list map holds structs, not {}; use list_set or atomic", node.go_type));
        };
        for key in keys {
            let Some(field) = object.field(key) else {
                return Err(format!("the list map key {key:?} is no field of {}", node.go_type));
            };
            if field.default.is_none() && !object.required.contains(key) {
                return Err(format!(
                    "the list map key {key:?} of {} must be required or have a default",
                    node.go_type
                ));
            }
        }
    }
    Ok(())
}

/// The error with its place before it, unless a deeper place stands there already.
fn prefixed(place: &str, reason: String) -> String {
    let head = reason.split(' ').next().unwrap_or_default();
    if head.contains('.') && head.ends_with(':') { reason } else { format!("{place}: {reason}") }
}

fn checks(schema: &Value, place: &str) -> Result<Option<Box<Checks>>, String> {
    let number = |key: &str| schema.get(key).and_then(Value::as_f64);
    let count = |key: &str| schema.get(key).and_then(Value::as_u64);
    let pattern = schema.get("pattern").and_then(Value::as_str);
    let format = schema.get("format").and_then(Value::as_str).filter(|_| schema["type"] == "string");
    let checks = Checks {
        minimum: number("minimum"),
        exclusive_minimum: schema["exclusiveMinimum"] == true,
        maximum: number("maximum"),
        exclusive_maximum: schema["exclusiveMaximum"] == true,
        multiple_of: number("multipleOf"),
        min_length: count("minLength"),
        max_length: count("maxLength"),
        pattern: pattern.map(|text| Pattern::new(text, place)).transpose()?,
        format: format.and_then(Format::named),
        values: schema["enum"].as_array().into_iter().flatten().cloned().map(Tree::from).collect(),
        min_items: count("minItems"),
        max_items: count("maxItems"),
        min_properties: count("minProperties"),
        max_properties: count("maxProperties"),
    };
    if checks.multiple_of.is_some_and(|factor| factor <= 0.0) {
        return Err(format!("{place}: multiple_of must be greater than 0"));
    }
    Ok(if checks.is_empty() { None } else { Some(Box::new(checks)) })
}

impl Checks {
    fn is_empty(&self) -> bool {
        let numbers = [self.minimum, self.maximum, self.multiple_of];
        let counts = [
            self.min_length,
            self.max_length,
            self.min_items,
            self.max_items,
            self.min_properties,
            self.max_properties,
        ];
        numbers.iter().all(Option::is_none)
            && counts.iter().all(Option::is_none)
            && self.pattern.is_none()
            && self.format.is_none()
            && self.values.is_empty()
    }
}

impl Pattern {
    fn new(text: &str, place: &str) -> Result<Pattern, String> {
        let regex = regex::Regex::new(&ascii_classes(text))
            .map_err(|error| format!("{place}: the pattern {text:?} is no regular expression: {error}"))?;
        Ok(Pattern { text: text.to_owned(), regex })
    }
}

/// Go's `\d`, `\w`, `\s` and `\b` know ASCII only.
fn ascii_classes(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let mut letters = pattern.chars();
    while let Some(c) = letters.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match letters.next() {
            Some('d') => out.push_str("[0-9]"),
            Some('D') => out.push_str("[^0-9]"),
            Some('w') => out.push_str("[0-9A-Za-z_]"),
            Some('W') => out.push_str("[^0-9A-Za-z_]"),
            Some('s') => out.push_str("[\\t\\n\\f\\r ]"),
            Some('S') => out.push_str("[^\\t\\n\\f\\r ]"),
            Some('b') => out.push_str("(?-u:\\b)"),
            Some(other) => out.extend(['\\', other]),
            None => out.push('\\'),
        }
    }
    out
}

/// Marks the nodes below which a default stands, so that the others need no walk.
fn mark_defaults(nodes: &mut Nodes) {
    loop {
        let marked: Vec<bool> =
            nodes.0.iter().map(|node| node.defaults_below || below(nodes, node)).collect();
        let mut changed = false;
        for (node, mark) in nodes.0.iter_mut().zip(marked) {
            changed |= node.defaults_below != mark;
            node.defaults_below = mark;
        }
        if !changed {
            return;
        }
    }
}

fn below(nodes: &Nodes, node: &Node) -> bool {
    let has = |edge: &Edge| edge.default.is_some() || nodes.of(edge).defaults_below;
    match &node.shape {
        Shape::List(list) => has(&list.items),
        Shape::Object(object) => {
            object.fields.iter().any(|(_, edge)| has(edge)) || object.additional.as_ref().is_some_and(has)
        }
        _ => false,
    }
}
