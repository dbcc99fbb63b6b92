//! A judged kind: every name checked, every path found, the schema ready to judge documents.

use std::fmt;
use std::sync::Arc;

use super::{Descriptor, HookFns, Scope, Strategy, names};
use crate::schema::compiled::Compiled;
use crate::schema::facts::{ColumnFact, Facts, FieldFact};

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
    pub fn compile(descriptor: &Descriptor) -> Result<Arc<Kind>, crate::Error> {
        let Descriptor { group, version, kind, .. } = descriptor;
        let refuse = |rule: String| crate::Error::new(format!("kind {kind} in {group}/{version}: {rule}"));
        let plural = descriptor.plural();
        let singular = descriptor.singular.map_or_else(|| kind.to_ascii_lowercase(), str::to_owned);
        check_names(descriptor, &plural, &singular).map_err(refuse)?;
        let schema = Compiled::compile(group, version, kind, descriptor.description, descriptor.schema)?;
        let facts = schema.facts();
        Ok(Arc::new(Kind {
            group: (*group).to_owned(),
            version: (*version).to_owned(),
            kind: (*kind).to_owned(),
            plural: plural.into_owned(),
            singular,
            list_kind: format!("{kind}List"),
            short_names: owned(descriptor.short_names),
            categories: owned(descriptor.categories),
            scope: descriptor.scope,
            description: descriptor.description.to_owned(),
            status: facts.has_status,
            scale: scale(facts).map_err(refuse)?,
            columns: facts.columns.iter().map(column).collect(),
            selectable: facts.selectable.iter().map(path).collect(),
            strategy: descriptor.strategy,
            hooks: descriptor.hooks,
            schema,
        }))
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

/// Every name by Kubernetes' rules, and none of them twice.
fn check_names(descriptor: &Descriptor, plural: &str, singular: &str) -> Result<(), String> {
    names::check_group(descriptor.group)?;
    names::check_version(descriptor.version)?;
    names::check_kind(descriptor.kind)?;
    names::check_resource("plural", plural)?;
    if !singular.is_empty() {
        names::check_resource("singular", singular)?;
    }
    for category in descriptor.categories {
        names::check_resource("category", category)?;
    }
    let mut taken = vec![plural, singular];
    for name in descriptor.short_names {
        names::check_resource("short name", name)?;
        if taken.contains(name) {
            return Err(format!("the short name {name:?} is a name of this kind already; leave it out"));
        }
        taken.push(name);
    }
    Ok(())
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn column(fact: &ColumnFact) -> Column {
    Column {
        name: fact.name.clone(),
        kind: fact.field.kind,
        format: String::new(),
        description: fact.field.description.clone(),
        priority: i32::from(fact.wide),
        path: path(&fact.field),
    }
}

fn path(fact: &FieldFact) -> FieldPath {
    FieldPath(fact.path.clone())
}

/// The scale has replicas to set below `spec`; what it reports stands below `status`.
fn scale(facts: &Facts) -> Result<Option<ScalePaths>, String> {
    let below = |root: &str, target: &str, fact: &FieldFact| {
        if fact.path.first().is_some_and(|first| first == root) {
            return Ok(path(fact));
        }
        Err(format!("{} is {target} of the scale, so it must stand below {root}", path(fact)))
    };
    let status =
        facts.scale_status.as_ref().map(|fact| below("status", "status.replicas", fact)).transpose()?;
    let selector =
        facts.scale_selector.as_ref().map(|fact| below("status", "status.selector", fact)).transpose()?;
    match (&facts.scale_spec, status.as_ref().or(selector.as_ref())) {
        (Some(spec), _) => {
            Ok(Some(ScalePaths { spec: below("spec", "spec.replicas", spec)?, status, selector }))
        }
        (None, Some(path)) => Err(format!(
            "{path} belongs to a scale that has no replicas: say `scale = \"spec.replicas\"` of a field below spec"
        )),
        (None, None) => Ok(None),
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

#[cfg(test)]
mod tests {
    use super::Kind;
    use crate::kind::{ApiResource as _, Descriptor};
    use crate::prelude::*;

    /// A kind whose descriptor is sound.
    #[derive(ApiResource, Debug)]
    #[api(group = "sound.example.com", version = "v1")]
    struct Sound {
        metadata: ObjectMeta,
    }

    #[derive(ApiResource, Debug)]
    #[api(group = "sound.example.com", version = "v1")]
    struct Unscaled {
        metadata: ObjectMeta,
        status: Counted,
    }

    #[derive(ApiResource, Debug)]
    #[api(group = "sound.example.com", version = "v1")]
    struct Misplaced {
        metadata: ObjectMeta,
        data: Replicated,
    }

    #[derive(ApiType, Debug)]
    struct Counted {
        #[api(default = 0, scale = "status.replicas")]
        ready: i32,
    }

    #[derive(ApiType, Debug)]
    struct Replicated {
        #[api(scale = "spec.replicas")]
        replicas: i32,
    }

    fn sound() -> Descriptor {
        let Descriptor { group, version, kind, scope, schema, strategy, hooks, .. } = *Sound::DESCRIPTOR;
        Descriptor {
            group,
            version,
            kind,
            plural: None,
            singular: None,
            short_names: &[],
            categories: &[],
            scope,
            description: "",
            schema,
            strategy,
            hooks,
        }
    }

    fn refusal(descriptor: &Descriptor) -> String {
        Kind::compile(descriptor).expect_err("an unsound descriptor").to_string()
    }

    #[test]
    fn names_follow_from_the_kind() {
        let kind = Kind::compile(&sound()).expect("a sound descriptor");
        assert_eq!((kind.plural.as_str(), kind.singular.as_str()), ("sounds", "sound"));
        assert_eq!(
            (kind.list_kind.as_str(), kind.api_version().as_str()),
            ("SoundList", "sound.example.com/v1")
        );
        assert_eq!(kind.group_resource(), "sounds.sound.example.com");
    }

    #[test]
    fn every_name_is_judged() {
        let unsound = [
            (Descriptor { group: "sound", ..sound() }, "the group \"sound\" has no domain"),
            (Descriptor { version: "one", ..sound() }, "the version \"one\" is none that Kubernetes orders"),
            (Descriptor { kind: "sound", ..sound() }, "the kind \"sound\" is none"),
            (Descriptor { plural: Some("Sounds"), ..sound() }, "the plural \"Sounds\" is no DNS label"),
            (Descriptor { singular: Some("a b"), ..sound() }, "the singular \"a b\" is no DNS label"),
            (Descriptor { categories: &["All"], ..sound() }, "the category \"All\" is no DNS label"),
            (
                Descriptor { short_names: &["s", "s"], ..sound() },
                "the short name \"s\" is a name of this kind already",
            ),
            (
                Descriptor { short_names: &["sounds"], ..sound() },
                "the short name \"sounds\" is a name of this kind",
            ),
        ];
        for (descriptor, sentence) in unsound {
            let refusal = refusal(&descriptor);
            assert!(refusal.contains(sentence), "{refusal}");
        }
    }

    #[test]
    fn a_scale_has_replicas_below_spec() {
        assert_eq!(
            refusal(Unscaled::DESCRIPTOR),
            "kind Unscaled in sound.example.com/v1: status.ready belongs to a scale that has no replicas: say \
             `scale = \"spec.replicas\"` of a field below spec"
        );
        assert_eq!(
            refusal(Misplaced::DESCRIPTOR),
            "kind Misplaced in sound.example.com/v1: data.replicas is spec.replicas of the scale, so it must stand \
             below spec"
        );
    }
}
