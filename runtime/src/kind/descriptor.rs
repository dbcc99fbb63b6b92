//! What the derive says of a kind: names, scope, schema, hooks. Not judged yet.

use std::borrow::Cow;

use schemars::{Schema, SchemaGenerator};

use crate::object::Tree;
use crate::schema::FieldErrors;

/// A kind as its author described it.
#[derive(Debug)]
pub struct Descriptor {
    /// The API group, as `custom.example.com`.
    pub group: &'static str,
    /// The version, as `v1`.
    pub version: &'static str,
    /// The kind, as `Widget`.
    pub kind: &'static str,
    /// The plural of URLs; none means the rule's (`widgets`).
    pub plural: Option<&'static str>,
    /// The singular; none means the kind in lower case. Some("") for kinds that Go serves without one.
    pub singular: Option<&'static str>,
    /// Short names for kubectl.
    pub short_names: &'static [&'static str],
    /// Categories, as `all`.
    pub categories: &'static [&'static str],
    /// Whether objects live in namespaces.
    pub scope: Scope,
    /// The description published for the kind.
    pub description: &'static str,
    /// The schema of the whole object.
    pub schema: fn(&mut SchemaGenerator) -> Schema,
    /// The rules of storing objects of this kind.
    pub strategy: Strategy,
    /// The author's hooks, as functions on trees.
    pub hooks: HookFns,
}

impl Descriptor {
    /// The plural that was given, or the rule's.
    #[must_use]
    pub fn plural(&self) -> Cow<'static, str> {
        match self.plural {
            Some(plural) => Cow::Borrowed(plural),
            None => Cow::Owned(super::names::plural(self.kind)),
        }
    }
}

/// Where objects of a kind live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// In a namespace.
    Namespaced,
    /// In the cluster.
    Cluster,
}

/// How objects of a kind are stored; the defaults are those of custom resources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Strategy {
    /// Whether `metadata.generation` is kept.
    pub generation: bool,
    /// Whether an update without resourceVersion may overwrite.
    pub unconditional_update: bool,
}

impl Strategy {
    /// As a custom resource is stored.
    pub const CUSTOM_RESOURCE: Strategy = Strategy { generation: true, unconditional_update: false };
}

/// A hook that changes an object.
pub type Change = fn(&mut Tree) -> Result<(), String>;
/// A hook that changes the new object, in the light of the old one.
pub type Update = fn(&mut Tree, &Tree) -> Result<(), String>;
/// A hook that judges an object; on updates, beside the old one.
pub type Judge = fn(&Tree, Option<&Tree>, &mut FieldErrors) -> Result<(), String>;

/// The author's hooks on one object, each present or absent.
///
/// A hook takes the tree, makes a typed value, runs the author's code and writes back what changed.
/// An `Err` means the tree could not be read as the type: the schema was weaker than the type.
#[derive(Clone, Copy, Debug, Default)]
pub struct HookFns {
    /// `SetDefaults`: after the schema's defaults, in the request's version.
    pub set_defaults: Option<Change>,
    /// `PrepareForCreate`.
    pub prepare_for_create: Option<Change>,
    /// `PrepareForUpdate`: new, old.
    pub prepare_for_update: Option<Update>,
    /// `Validate`: new, old on update.
    pub validate: Option<Judge>,
}
