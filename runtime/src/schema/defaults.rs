//! What the client left out: null is absent, and absent fields take their defaults.

use super::compiled::Compiled;
use super::decode::{bytes, time};
use super::node::{Edge, NodeId, Shape};
use crate::object::Tree;
use crate::object::tree::{Path, go_format};
use crate::schema::FieldErrors;

impl Compiled {
    /// Drops members that are null, as Go's decoder overlooks them, and writes what Go's types decode
    /// themselves as Go would write it back: quantities given as numbers become strings, times move to
    /// UTC. What may be anything keeps its nulls.
    pub fn drop_nulls(&self, tree: &mut Tree) {
        self.drop_nulls_below(&self.root, tree);
    }

    /// Gives absent fields their defaults, also inside the defaults just given.
    pub fn apply_defaults(&self, tree: &mut Tree) {
        self.apply_below(&self.root, tree);
    }

    fn drop_nulls_below(&self, edge: &Edge, tree: &mut Tree) {
        match (&self.nodes.of(edge).shape, &mut *tree) {
            (Shape::List(list), Tree::List(items)) => {
                items.iter_mut().for_each(|item| self.drop_nulls_below(&list.items, item));
            }
            (Shape::Object(object), Tree::Map(members)) => members.retain(|name, value| {
                let Some(edge) = object.member(name) else { return true };
                self.drop_nulls_below(edge, value);
                !value.is_null()
            }),
            (Shape::Quantity, Tree::Int(number)) => *tree = Tree::String(number.to_string()),
            (Shape::Quantity, Tree::Float(number)) => *tree = Tree::String(go_format::json_float(*number)),
            (Shape::Time(precision), Tree::String(text)) => {
                if let Some(canonical) = time::canonical(text, *precision) {
                    *text = canonical;
                }
            }
            (Shape::Bytes, Tree::String(text)) => {
                if let Some(canonical) = bytes::canonical(text) {
                    *text = canonical;
                }
            }
            _ => {}
        }
    }

    fn apply_below(&self, edge: &Edge, tree: &mut Tree) {
        let node = self.nodes.of(edge);
        if !node.defaults_below {
            return;
        }
        match (&node.shape, tree) {
            (Shape::List(list), Tree::List(items)) => {
                items.iter_mut().for_each(|item| self.apply_below(&list.items, item));
            }
            (Shape::Object(object), Tree::Map(members)) => {
                for (name, edge) in &object.fields {
                    if let Some(value) = members.get_mut(name) {
                        self.apply_below(edge, value);
                    } else if let Some(default) = &edge.default {
                        let mut value = default.clone();
                        self.apply_below(edge, &mut value);
                        members.insert(name.clone(), value);
                    }
                }
                if let Some(edge) = &object.additional {
                    members.values_mut().for_each(|value| self.apply_below(edge, value));
                }
            }
            _ => {}
        }
    }

    /// Every default must be a value that the schema allows, its own defaults applied, and must end.
    pub(super) fn prove_defaults(&self) -> Result<(), String> {
        let mut entered = vec![false; self.nodes.0.len()];
        self.prove_below(self.root.node, &mut Vec::new(), &mut entered)
    }

    fn prove_below(&self, node: NodeId, path: &mut Vec<String>, entered: &mut [bool]) -> Result<(), String> {
        if std::mem::replace(&mut entered[node], true) || !self.nodes.0[node].defaults_below {
            return Ok(());
        }
        match &self.nodes.0[node].shape {
            Shape::List(list) => self.prove_below(list.items.node, path, entered),
            Shape::Object(object) => {
                for (name, edge) in &object.fields {
                    path.push(name.clone());
                    if node != self.root.node || name != "metadata" {
                        self.prove_default(edge, &path.join("."))?;
                    }
                    self.prove_below(edge.node, path, entered)?;
                    path.pop();
                }
                match &object.additional {
                    Some(values) => self.prove_below(values.node, path, entered),
                    None => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }

    fn prove_default(&self, edge: &Edge, place: &str) -> Result<(), String> {
        let Some(default) = &edge.default else { return Ok(()) };
        if self.repeats(edge, default, &mut Vec::new()) {
            return Err(format!("{place}: the default contains itself without end"));
        }
        let mut value = default.clone();
        self.apply_below(edge, &mut value);
        if let Some(error) = self.type_error_below(edge, &value) {
            return Err(format!("{place}: the default is of the wrong type: {error}"));
        }
        let mut errors = FieldErrors::new();
        self.validate_below(edge, &value, None, &Path::Key(&Path::Root, place), &mut errors);
        match errors.errors().first() {
            Some(error) => Err(format!("{place}: the default breaks the rules: {error}")),
            None => Ok(()),
        }
    }

    /// Whether applying the defaults inside `value` would come back to a node it is inside of.
    fn repeats(&self, edge: &Edge, value: &Tree, open: &mut Vec<NodeId>) -> bool {
        if !self.nodes.of(edge).defaults_below {
            return false;
        }
        match (&self.nodes.of(edge).shape, value) {
            (Shape::List(list), Tree::List(items)) => {
                items.iter().any(|item| self.repeats(&list.items, item, open))
            }
            (Shape::Object(object), Tree::Map(members)) => {
                if object.fields.is_empty() {
                    let values = object.additional.as_ref();
                    return values
                        .is_some_and(|edge| members.values().any(|value| self.repeats(edge, value, open)));
                }
                let given: Vec<_> = object
                    .fields
                    .iter()
                    .filter_map(|(name, edge)| Some((edge, members.get(name)?)))
                    .collect();
                if given.iter().any(|(edge, value)| self.repeats(edge, value, &mut Vec::new())) {
                    return true;
                }
                if open.contains(&edge.node) {
                    return true;
                }
                open.push(edge.node);
                let absent = object.fields.iter().filter(|(name, _)| !members.contains_key(name));
                let endless = absent.into_iter().any(|(_, edge)| {
                    edge.default.as_ref().is_some_and(|default| self.repeats(edge, default, open))
                });
                open.pop();
                endless
            }
            _ => false,
        }
    }
}
