//! Values of the wrong JSON type, in the words of Go's decoder. They are refused before anything else.

use super::compiled::Compiled;
use super::decode::{bytes, quantity, time};
use super::node::{Edge, Node, Object, Shape};
use crate::object::Tree;
use crate::object::tree::go_format;

/// Where the decoder stands: Go names the innermost struct, and the members from the root without
/// indexes and map keys.
#[derive(Clone, Copy)]
enum Place<'a> {
    Root,
    Field { parent: &'a Place<'a>, object: &'a str, name: &'a str },
}

impl Compiled {
    /// The first value that Go would not decode, as Go says it; null fits everywhere.
    #[must_use]
    pub fn type_errors(&self, tree: &Tree) -> Option<String> {
        self.type_error_below(&self.root, tree)
    }

    pub(super) fn type_error_below(&self, edge: &Edge, tree: &Tree) -> Option<String> {
        self.type_error(edge, tree, &Place::Root)
    }

    fn type_error(&self, edge: &Edge, tree: &Tree, place: &Place<'_>) -> Option<String> {
        let node = self.nodes.of(edge);
        match (&node.shape, tree) {
            (_, Tree::Null) => None,
            (Shape::Time(precision), Tree::String(text)) => time::error(text, *precision),
            (Shape::Bytes, Tree::String(text)) => bytes::error(text),
            (Shape::Quantity, Tree::String(text)) => quantity::error(text).map(str::to_owned),
            (Shape::Quantity, Tree::Bool(_) | Tree::List(_) | Tree::Map(_)) => {
                Some(quantity::WRONG_FORM.to_owned())
            }
            (Shape::List(list), Tree::List(items)) => {
                items.iter().find_map(|item| self.type_error(&list.items, item, place))
            }
            (Shape::Object(object), Tree::Map(members)) => {
                members.iter().find_map(|(name, value)| self.type_error_of_member(object, name, value, place))
            }
            (shape, tree) if fits(shape, tree) => None,
            _ => Some(mismatch(node, tree, place)),
        }
    }

    fn type_error_of_member(
        &self,
        object: &Object,
        name: &str,
        value: &Tree,
        place: &Place<'_>,
    ) -> Option<String> {
        if let Some(edge) = object.field(name) {
            return self.type_error(edge, value, &Place::Field { parent: place, object: &object.name, name });
        }
        self.type_error(object.additional.as_ref()?, value, place)
    }
}

/// Whether a value can be decoded as it stands. An integer may be written with a fraction of zero.
fn fits(shape: &Shape, tree: &Tree) -> bool {
    match (shape, tree) {
        (Shape::Int32 | Shape::IntOrString, Tree::Int(number)) => i32::try_from(*number).is_ok(),
        (Shape::Int32, Tree::Float(number)) => number.fract() == 0.0 && number.abs() <= f64::from(i32::MAX),
        (Shape::Int64, Tree::Float(number)) => number.fract() == 0.0 && number.abs() < 9.2e18,
        (Shape::Any, _)
        | (Shape::Bool, Tree::Bool(_))
        | (Shape::Int64, Tree::Int(_))
        | (Shape::Number | Shape::Quantity, Tree::Int(_) | Tree::Float(_))
        | (Shape::String | Shape::IntOrString, Tree::String(_)) => true,
        _ => false,
    }
}

fn mismatch(node: &Node, tree: &Tree, place: &Place<'_>) -> String {
    let wants_number = matches!(node.shape, Shape::Int32 | Shape::Int64 | Shape::IntOrString);
    let value = match tree {
        Tree::Null => "null".to_owned(),
        Tree::Bool(_) => "bool".to_owned(),
        Tree::Int(number) if wants_number => format!("number {number}"),
        Tree::Float(number) if wants_number => format!("number {}", go_format::json_float(*number)),
        Tree::Int(_) | Tree::Float(_) => "number".to_owned(),
        Tree::String(_) => "string".to_owned(),
        Tree::List(_) => "array".to_owned(),
        Tree::Map(_) => "object".to_owned(),
    };
    // These two decode themselves: into a string, and into an integer.
    let go_type = match node.shape {
        Shape::Time(_) => "string",
        Shape::IntOrString => "int32",
        _ => &node.go_type,
    };
    match place {
        Place::Root => format!("json: cannot unmarshal {value} into Go value of type {go_type}"),
        Place::Field { object, .. } => {
            let path = dotted(place);
            format!("json: cannot unmarshal {value} into Go struct field {object}.{path} of type {go_type}")
        }
    }
}

fn dotted(place: &Place<'_>) -> String {
    match place {
        Place::Root => String::new(),
        Place::Field { parent: Place::Root, name, .. } => (*name).to_owned(),
        Place::Field { parent, name, .. } => format!("{}.{name}", dotted(parent)),
    }
}
