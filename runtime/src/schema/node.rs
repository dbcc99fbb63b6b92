//! The structural tree: a schema with its references resolved, so that judging looks up no names.
//!
//! Nodes stand in one vector and name each other by place: a type may contain itself.

use crate::object::Tree;

use super::decode::time::Precision;
use super::format::Format;

/// The place of a node.
pub(super) type NodeId = usize;

#[derive(Debug)]
pub(super) struct Nodes(pub(super) Vec<Node>);

impl Nodes {
    pub(super) fn of(&self, edge: &Edge) -> &Node {
        &self.0[edge.node]
    }
}

/// What stands in one place of a document.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) shape: Shape,
    pub(super) checks: Option<Box<Checks>>,
    /// The Go type that a Go server would decode into, for the texts of type errors.
    pub(super) go_type: String,
    /// Whether a default stands anywhere below.
    pub(super) defaults_below: bool,
}

/// The way to a node, and what this place says besides.
#[derive(Debug)]
pub(super) struct Edge {
    pub(super) node: NodeId,
    pub(super) default: Option<Tree>,
    pub(super) checks: Option<Box<Checks>>,
}

#[derive(Debug)]
pub(super) enum Shape {
    /// Anything at all.
    Any,
    Bool,
    Int32,
    Int64,
    Number,
    String,
    /// RFC 3339; the node's type has its own decoder in Go.
    Time(Precision),
    /// A string, or a number that becomes one.
    Quantity,
    IntOrString,
    /// Base64.
    Bytes,
    List(Box<List>),
    Object(Box<Object>),
}

#[derive(Debug)]
pub(super) struct List {
    pub(super) items: Edge,
    pub(super) kind: ListKind,
}

#[derive(Debug, PartialEq)]
pub(super) enum ListKind {
    Atomic,
    Set,
    Map(Vec<String>),
}

#[derive(Debug)]
pub(super) struct Object {
    /// The struct's name; none for a map.
    pub(super) name: String,
    /// In byte order of the names.
    pub(super) fields: Vec<(String, Edge)>,
    pub(super) required: Vec<String>,
    /// What members without a field must be, in a map.
    pub(super) additional: Option<Edge>,
    /// Whether unknown members stay.
    pub(super) preserve: bool,
}

impl Object {
    pub(super) fn field(&self, name: &str) -> Option<&Edge> {
        let place = self.fields.binary_search_by(|(known, _)| known.as_str().cmp(name)).ok()?;
        Some(&self.fields[place].1)
    }

    /// The field of this name, or what any member must be.
    pub(super) fn member(&self, name: &str) -> Option<&Edge> {
        self.field(name).or(self.additional.as_ref())
    }
}

/// The rules for a value beyond its shape.
#[derive(Debug, Default)]
pub(super) struct Checks {
    pub(super) minimum: Option<f64>,
    pub(super) exclusive_minimum: bool,
    pub(super) maximum: Option<f64>,
    pub(super) exclusive_maximum: bool,
    pub(super) multiple_of: Option<f64>,
    pub(super) min_length: Option<u64>,
    pub(super) max_length: Option<u64>,
    pub(super) pattern: Option<Pattern>,
    pub(super) format: Option<Format>,
    pub(super) values: Vec<Tree>,
    pub(super) min_items: Option<u64>,
    pub(super) max_items: Option<u64>,
    pub(super) min_properties: Option<u64>,
    pub(super) max_properties: Option<u64>,
}

/// A pattern: as it was written, and compiled.
#[derive(Debug)]
pub(super) struct Pattern {
    pub(super) text: String,
    pub(super) regex: regex::Regex,
}
