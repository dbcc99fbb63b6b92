//! Values that break a rule, in the words of custom resource validation.
//!
//! On an update a rule is not reported for a value that is as it was: tightening a rule must not make
//! stored objects impossible to change.

mod lists;
mod rules;

use super::FieldErrors;
use super::compiled::Compiled;
use super::node::{Edge, List, ListKind, Object, Shape};
use crate::object::Tree;
use crate::object::tree::Path;

impl Compiled {
    /// Reports what breaks a rule of the schema. `old` is the stored object on updates. The members of
    /// `metadata` are not judged here.
    pub fn validate(&self, tree: &Tree, old: Option<&Tree>, errors: &mut FieldErrors) {
        self.validate_below(&self.root, tree, old, &Path::Root, errors);
    }

    pub(super) fn validate_below(
        &self,
        edge: &Edge,
        tree: &Tree,
        old: Option<&Tree>,
        path: &Path<'_>,
        errors: &mut FieldErrors,
    ) {
        let before = errors.len();
        let node = self.nodes.of(edge);
        let checks = [&edge.checks, &node.checks].into_iter().flatten();
        match (&node.shape, tree) {
            (shape, tree) if !rules::has_type(shape, tree) => rules::wrong_type(shape, tree, path, errors),
            (Shape::List(list), Tree::List(items)) => {
                self.validate_items(list, items, old, path, errors);
                checks.for_each(|checks| rules::check(checks, tree, path, errors));
            }
            (Shape::Object(object), Tree::Map(_)) => {
                checks.for_each(|checks| rules::check(checks, tree, path, errors));
                self.validate_members(object, tree, old, path, errors);
            }
            _ => checks.for_each(|checks| rules::check(checks, tree, path, errors)),
        }
        if errors.len() > before && old == Some(tree) {
            errors.truncate(before);
        }
    }

    fn validate_members(
        &self,
        object: &Object,
        tree: &Tree,
        old: Option<&Tree>,
        path: &Path<'_>,
        errors: &mut FieldErrors,
    ) {
        for (name, value) in tree.as_map().into_iter().flatten() {
            if path.is_root() && ["apiVersion", "kind", "metadata"].contains(&name.as_str()) {
                continue;
            }
            if let Some(edge) = object.member(name) {
                let old = old.and_then(|old| old.get(name));
                self.validate_below(edge, value, old, &Path::Key(path, name), errors);
            }
        }
        for name in &object.required {
            if tree.get(name).is_none() {
                errors.required(path.member(name), "");
            }
        }
    }

    fn validate_items(
        &self,
        list: &List,
        items: &[Tree],
        old: Option<&Tree>,
        path: &Path<'_>,
        errors: &mut FieldErrors,
    ) {
        let old = old.and_then(Tree::as_list).unwrap_or_default();
        for (index, item) in items.iter().enumerate() {
            let old = match &list.kind {
                ListKind::Map(keys) => old.iter().find(|old| lists::same_keys(keys, item, old)),
                ListKind::Atomic | ListKind::Set => None,
            };
            self.validate_below(&list.items, item, old, &Path::Index(path, index), errors);
        }
        if lists::has_duplicates(&list.kind, items) && !lists::has_duplicates(&list.kind, old) {
            lists::duplicates(&list.kind, items, |index, value| {
                errors.duplicate(Path::Index(path, index).to_string(), value);
            });
        }
    }
}
