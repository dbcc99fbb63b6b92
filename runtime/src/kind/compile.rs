//! A judged kind: every name checked, every path found, the schema ready to judge documents.

use std::fmt;
use std::sync::Arc;

use super::{Descriptor, HookFns, Scope, Strategy};
use crate::schema::compiled::Compiled;

/// A kind as the machinery uses it.
#[derive(Debug)]
pub struct Kind {
    /// The API group.
    pub group: String,
    /// The version.
    pub version: String,
    /// The kind.
    pub kind: String,
    /// The plural, as it stands in URLs.
    pub plural: String,
    /// The singular.
    pub singular: String,
    /// The kind of a list, as `WidgetList`.
    pub list_kind: String,
    /// Short names.
    pub short_names: Vec<String>,
    /// Categories.
    pub categories: Vec<String>,
    /// Where objects live.
    pub scope: Scope,
    /// The description of the kind.
    pub description: String,
    /// Whether the object has a `status`, and so the status subresource.
    pub status: bool,
    /// The scale subresource.
    pub scale: Option<ScalePaths>,
    /// The printer columns after `Name`, before `Age`.
    pub columns: Vec<Column>,
    /// Fields that field selectors may name, besides `metadata.name` and `metadata.namespace`.
    pub selectable: Vec<FieldPath>,
    /// The schema, compiled.
    pub schema: Compiled,
    /// The rules of storing.
    pub strategy: Strategy,
    /// The author's hooks.
    pub hooks: HookFns,
}

impl Kind {
    /// Judges a descriptor. The error names the kind, the rule and what to change.
    pub fn compile(_descriptor: &Descriptor) -> Result<Arc<Kind>, crate::Error> {
        Err(crate::Error::new("not compiled yet"))
    }

    /// `group/version`, as it stands in `apiVersion`.
    #[must_use]
    pub fn api_version(&self) -> String {
        format!("{}/{}", self.group, self.version)
    }

    /// `plural.group`, as error texts name a resource.
    #[must_use]
    pub fn group_resource(&self) -> String {
        format!("{}.{}", self.plural, self.group)
    }

    /// Whether objects live in namespaces.
    #[must_use]
    pub fn namespaced(&self) -> bool {
        self.scope == Scope::Namespaced
    }
}

/// Where the scale subresource finds its numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScalePaths {
    /// `spec.replicas` of the scale.
    pub spec: FieldPath,
    /// `status.replicas` of the scale.
    pub status: Option<FieldPath>,
    /// `status.selector` of the scale.
    pub selector: Option<FieldPath>,
}

/// One printer column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// The heading.
    pub name: String,
    /// `string`, `integer`, `number`, `boolean` or `date`.
    pub kind: &'static str,
    /// The format, often empty.
    pub format: String,
    /// What the column shows.
    pub description: String,
    /// 0, or 1 for `-o wide` only.
    pub priority: i32,
    /// Where the cell's value stands.
    pub path: FieldPath,
}

/// A path of member names from the root of an object, as `spec.replicas`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FieldPath(pub Vec<String>);

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("."))
    }
}
