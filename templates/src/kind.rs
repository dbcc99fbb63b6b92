//! `files/kind`: a kind, its test and its sample, written once each.

use crate::{Error, File, Templates, attribute};
use serde::Serialize;

/// A kind, with every name decided.
#[derive(Clone, Debug)]
pub struct Kind {
    /// The library it goes into: `edge_fleet`.
    pub crate_name: String,
    /// The whole group: `inventory.example.com`.
    pub api_group: String,
    /// The group's module: `inventory`.
    pub group_module: String,
    /// `v1`, which is its module too.
    pub version: String,
    /// `Server`.
    pub kind: String,
    /// The kind's module: `server`, or `type_` for `Type`.
    pub module: String,
    /// What the test and the sample are called, after group and version: `server`.
    pub stem: String,
    /// Where it differs from what the derive would choose: `plural = "…"`.
    pub plural: Option<String>,
    /// Likewise.
    pub singular: Option<String>,
    /// `kubectl get srv`.
    pub short_names: Vec<String>,
    /// `kubectl get all`.
    pub categories: Vec<String>,
    /// Whether its objects live in namespaces.
    pub namespaced: bool,
    /// Whether it has a status.
    pub status: bool,
    /// Whether it has a scale; needs a status.
    pub scale: bool,
}

#[derive(Serialize)]
struct Context<'a> {
    api_version: String,
    attribute: String,
    crate_name: &'a str,
    group_module: &'a str,
    kind: &'a str,
    module: &'a str,
    namespaced: bool,
    sample_name: String,
    scale: bool,
    status: bool,
    version: &'a str,
    yaml_kind: String,
}

impl Kind {
    fn path(&self) -> String {
        format!("src/apis/{}/{}/{}.rs", self.group_module, self.version, self.module)
    }

    /// Its files, in the order of their paths.
    pub fn files(&self, templates: &Templates) -> Result<Vec<File>, Error> {
        let name = format!("{}_{}_{}", self.group_module, self.version, self.stem);
        let context = self.context();
        let file =
            |template: &str, path: String| Ok(File { path, text: templates.render(template, &context)? });
        Ok(vec![
            file("kind/config/samples/group_version_kind.yaml.tera", format!("config/samples/{name}.yaml"))?,
            file("kind/src/apis/group/version/kind.rs.tera", self.path())?,
            file("kind/tests/group_version_kind.rs.tera", format!("tests/{name}.rs"))?,
        ])
    }

    fn context(&self) -> Context<'_> {
        Context {
            api_version: format!("{}/{}", self.api_group, self.version),
            attribute: attribute::api(&self.arguments()),
            crate_name: &self.crate_name,
            group_module: &self.group_module,
            kind: &self.kind,
            module: &self.module,
            namespaced: self.namespaced,
            sample_name: format!("{}-sample", self.kind.to_ascii_lowercase()),
            scale: self.scale,
            status: self.status,
            version: &self.version,
            yaml_kind: yaml_text(&self.kind),
        }
    }

    fn arguments(&self) -> Vec<String> {
        let mut arguments =
            vec![format!("group = \"{}\"", self.api_group), format!("version = \"{}\"", self.version)];
        let mut say = |key: &str, value: &str| arguments.push(format!("{key} = \"{value}\""));
        self.plural.iter().for_each(|name| say("plural", name));
        self.singular.iter().for_each(|name| say("singular", name));
        self.short_names.iter().for_each(|name| say("short_name", name));
        self.categories.iter().for_each(|name| say("category", name));
        if !self.namespaced {
            say("scope", "Cluster");
        }
        arguments
    }
}

/// Quoted where YAML would read a word as something other than text: a kind may be called `No`.
fn yaml_text(word: &str) -> String {
    const NOT_TEXT: &[&str] = &["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
    if NOT_TEXT.contains(&word.to_ascii_lowercase().as_str()) {
        format!("\"{word}\"")
    } else {
        word.to_owned()
    }
}
