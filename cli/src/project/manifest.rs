//! `aggboot.toml`: what was asked for, and nothing that follows from it.

use super::{Kind, Scope, clash};
use crate::failure::{Failure, Result};
use crate::names;
use aggboot_templates::{Group, Registration, TEMPLATES, Version};
use serde::Deserialize;
use toml_edit::{Array, ArrayOfTables, DocumentMut, Item, Table, value};

/// The manifest's name in the project's folder.
pub(crate) const MANIFEST: &str = "aggboot.toml";

/// A manifest whose every name follows the rules.
#[derive(Clone, Debug)]
pub(crate) struct Manifest {
    pub(crate) name: String,
    pub(crate) domain: String,
    pub(crate) kinds: Vec<Kind>,
    text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    templates: i64,
    project: WrittenProject,
    #[serde(default)]
    kinds: Vec<Kind>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenProject {
    name: String,
    domain: String,
}

impl Manifest {
    /// Reads and judges the text of an `aggboot.toml`.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let restore = "correct it, or restore it from version control";
        let written: Written =
            toml_edit::de::from_str(text).map_err(|error| broken(one_line(&error, text), restore))?;
        if written.templates != TEMPLATES {
            let found = format!(
                "it was made with templates {}, and this aggboot has templates {TEMPLATES}",
                written.templates
            );
            return Err(broken(found, "use the aggboot that made it"));
        }
        let WrittenProject { name, domain } = written.project;
        names::package(&name)
            .map_err(|objection| broken(format!("name {:?}: {}", name, objection.rule), restore))?;
        names::domain(&domain)
            .map_err(|objection| broken(format!("domain {:?}: {}", domain, objection.rule), restore))?;
        let manifest = Self { name, domain, kinds: written.kinds, text: text.to_owned() };
        manifest.check_kinds(restore)?;
        Ok(manifest)
    }

    fn check_kinds(&self, restore: &str) -> Result<()> {
        for (at, kind) in self.kinds.iter().enumerate() {
            let alone = kind.check(&self.domain).err();
            if let Some(failure) = alone.or_else(|| clash(kind, &self.kinds[..at], &self.domain)) {
                return Err(broken(format!("kind {} ({failure})", kind.kind), restore));
            }
        }
        Ok(())
    }

    /// The text of the file.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The entry of this very kind, whatever its options.
    pub(crate) fn find(&self, like: &Kind) -> Option<&Kind> {
        self.kinds
            .iter()
            .find(|kind| (&kind.group, &kind.version, &kind.kind) == (&like.group, &like.version, &like.kind))
    }

    /// With one kind more; comments and order of the rest stay.
    pub(crate) fn with(&self, kind: &Kind) -> Result<Self> {
        let mut document: DocumentMut =
            self.text.parse().map_err(|error| broken(format!("{error}"), "correct it"))?;
        let kinds = document.entry("kinds").or_insert(Item::ArrayOfTables(ArrayOfTables::new()));
        let Some(kinds) = kinds.as_array_of_tables_mut() else {
            return Err(broken("kinds is an inline list".to_owned(), "write each kind as a [[kinds]] table"));
        };
        kinds.push(table(kind));
        Self::parse(&document.to_string())
    }

    /// The modules that follow from it.
    pub(crate) fn registration(&self) -> Registration {
        let mut registration = Registration::default();
        for kind in &self.kinds {
            let groups = &mut registration.groups;
            let module = kind.group_module();
            let group = entry(
                groups,
                |group: &Group| group.module == module,
                || Group {
                    module: module.clone(),
                    api_group: kind.api_group(&self.domain),
                    versions: Vec::new(),
                },
            );
            let version = entry(
                &mut group.versions,
                |version: &Version| version.module == kind.version,
                || Version {
                    module: kind.version.clone(),
                    api_version: format!("{}/{}", kind.api_group(&self.domain), kind.version),
                    kinds: Vec::new(),
                },
            );
            version.kinds.push(kind.module());
        }
        registration
    }
}

fn entry<T>(all: &mut Vec<T>, is: impl Fn(&T) -> bool, new: impl FnOnce() -> T) -> &mut T {
    let at = all.iter().position(is).unwrap_or_else(|| {
        all.push(new());
        all.len() - 1
    });
    &mut all[at]
}

fn table(kind: &Kind) -> Table {
    let list = |names: &[String]| value(names.iter().collect::<Array>());
    let scope = match kind.scope {
        Scope::Namespaced => "Namespaced",
        Scope::Cluster => "Cluster",
    };
    let mut table = Table::new();
    table["group"] = value(&kind.group);
    table["version"] = value(&kind.version);
    table["kind"] = value(&kind.kind);
    table["plural"] = value(&kind.plural);
    table["singular"] = value(&kind.singular);
    table["short_names"] = list(&kind.short_names);
    table["categories"] = list(&kind.categories);
    table["scope"] = value(scope);
    table["status"] = value(kind.status);
    table["scale"] = value(kind.scale);
    table
}

fn broken(found: String, advice: &str) -> Failure {
    Failure::Broken { path: MANIFEST.to_owned(), found, advice: advice.to_owned() }
}

/// toml's messages span lines and draw carets; ours are one sentence.
fn one_line(error: &toml_edit::de::Error, text: &str) -> String {
    let message = error.message().lines().collect::<Vec<_>>().join(", ");
    match error.span() {
        Some(span) => {
            let line = text[..span.start.min(text.len())].matches('\n').count() + 1;
            format!("line {line}: {message}")
        }
        None => message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = "templates = 1\n\n[project]\nname = \"fleet\"\ndomain = \"example.com\"\n";

    #[test]
    fn broken_manifests_say_where() {
        let check = |text: &str, expected: &str| {
            let said = Manifest::parse(text).unwrap_err().to_string();
            assert!(said.contains(expected) && said.lines().count() == 1, "{said}");
        };
        check("templates = ", "line 1");
        check("", "missing field `templates`");
        check(&SMALL.replace("templates = 1", "templates = 2"), "templates 2");
        check(&SMALL.replace("example.com", "Example.com"), "domain \"Example.com\"");
        check(&SMALL.replace("\"fleet\"", "\"Fleet\""), "name \"Fleet\"");
        check(&SMALL.replace("domain", "domian"), "domian");
        check(&format!("{SMALL}\n[[kinds]]\ngroup = \"a\"\n"), "missing field");
        check(&format!("{SMALL}\nextra = 1\n"), "extra");
    }

    #[test]
    fn a_kind_is_appended_and_comments_stay() {
        let kind = Kind {
            group: "inventory".to_owned(),
            version: "v1".to_owned(),
            kind: "Server".to_owned(),
            plural: "servers".to_owned(),
            singular: "server".to_owned(),
            short_names: vec!["srv".to_owned()],
            categories: vec![],
            scope: Scope::Cluster,
            status: true,
            scale: false,
        };
        let before = Manifest::parse(&format!("# ours\n{SMALL}")).unwrap();
        let after = before.with(&kind).unwrap();
        assert_eq!(after.find(&kind), Some(&kind));
        assert!(after.text().starts_with(before.text()));
        assert!(after.with(&kind).is_err(), "the same kind twice is a clash");
    }
}
