//! Values of the wrong JSON type, in the words of Go's decoder. They are refused before anything else.

use super::compiled::Compiled;
use super::format;
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
            (_, Tree::Null)
            | (Shape::Any, _)
            | (Shape::Bool, Tree::Bool(_))
            | (Shape::Number, Tree::Int(_) | Tree::Float(_))
            | (Shape::Int64, Tree::Int(_))
            | (Shape::String | Shape::IntOrString, Tree::String(_)) => None,
            (Shape::Int32 | Shape::IntOrString, Tree::Int(number)) if i32::try_from(*number).is_ok() => None,
            (Shape::Int32, Tree::Float(number)) if whole(*number) && number.abs() <= f64::from(i32::MAX) => {
                None
            }
            (Shape::Int64, Tree::Float(number)) if whole(*number) => None,
            (Shape::Time, Tree::String(text)) => format::time_error(text),
            (Shape::Bytes, Tree::String(text)) => format::base64_error(text),
            (Shape::Quantity, Tree::Int(_) | Tree::Float(_)) => None,
            (Shape::Quantity, Tree::String(text)) if format::is_quantity(text) => None,
            (Shape::Quantity, _) => Some(format::QUANTITY_ERROR.to_owned()),
            (Shape::List(list), Tree::List(items)) => {
                items.iter().find_map(|item| self.type_error(&list.items, item, place))
            }
            (Shape::Object(object), Tree::Map(members)) => {
                members.iter().find_map(|(name, value)| self.type_error_of_member(object, name, value, place))
            }
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

/// Whether a number written with a fraction or an exponent is an integer that fits.
fn whole(number: f64) -> bool {
    number.fract() == 0.0 && (-9.2e18..9.2e18).contains(&number)
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
        Shape::Time => "string",
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
