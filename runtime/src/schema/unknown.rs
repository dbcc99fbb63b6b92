//! Fields that the schema does not know: named, and dropped.

use super::compiled::Compiled;
use super::node::{Edge, Object, Shape};
use crate::object::Tree;
use crate::object::tree::Path;

/// Go stops naming them there; all are dropped.
const MAX_NAMED: usize = 100;

impl Compiled {
    /// Drops the fields that the schema does not know, and answers their paths in the order of the document.
    pub fn prune(&self, tree: &mut Tree) -> Vec<String> {
        let mut named = Vec::new();
        self.prune_below(&self.root, tree, &Path::Root, &mut named);
        named
    }

    /// The paths of the fields that the schema does not know, in the order of the document.
    #[must_use]
    pub fn unknown_fields(&self, tree: &Tree) -> Vec<String> {
        self.prune(&mut tree.clone())
    }

    fn prune_below(&self, edge: &Edge, tree: &mut Tree, path: &Path<'_>, named: &mut Vec<String>) {
        match (&self.nodes.of(edge).shape, tree) {
            (Shape::List(list), Tree::List(items)) => {
                for (index, item) in items.iter_mut().enumerate() {
                    self.prune_below(&list.items, item, &Path::Index(path, index), named);
                }
            }
            (Shape::Object(object), Tree::Map(members)) => {
                members.retain(|name, value| self.keeps(object, name, value, path, named));
            }
            _ => {}
        }
    }

    fn keeps(
        &self,
        object: &Object,
        name: &str,
        value: &mut Tree,
        path: &Path<'_>,
        named: &mut Vec<String>,
    ) -> bool {
        if let Some(edge) = object.member(name) {
            self.prune_below(edge, value, &Path::Key(path, name), named);
            return true;
        }
        if !object.preserve && named.len() < MAX_NAMED {
            named.push(path.member(name));
        }
        object.preserve
    }
}
