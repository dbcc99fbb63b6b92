//! One kind, as `aggboot.toml` remembers it: every name decided and judged.

use crate::failure::{Failure, Result};
use crate::names;
use serde::Deserialize;

/// A kind whose names follow the rules.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Kind {
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) kind: String,
    pub(crate) plural: String,
    pub(crate) singular: String,
    #[serde(default)]
    pub(crate) short_names: Vec<String>,
    #[serde(default)]
    pub(crate) categories: Vec<String>,
    pub(crate) scope: Scope,
    pub(crate) status: bool,
    pub(crate) scale: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(crate) enum Scope {
    Namespaced,
    Cluster,
}

/// What was typed.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) kind: String,
    pub(crate) plural: Option<String>,
    pub(crate) singular: Option<String>,
    pub(crate) short_names: Vec<String>,
    pub(crate) categories: Vec<String>,
    pub(crate) scope: Scope,
    pub(crate) status: bool,
    pub(crate) scale: bool,
}

impl Asked {
    /// Applies every rule that concerns the kind alone.
    pub(crate) fn judge(self, domain: &str) -> Result<Kind> {
        let kind = names::kind(&self.kind).map_err(|objection| Failure::objection("--kind", objection))?;
        let lower = kind.to_ascii_lowercase();
        let judged = Kind {
            plural: self.plural.unwrap_or_else(|| names::plural(&lower)),
            singular: self.singular.unwrap_or(lower),
            group: self.group,
            version: self.version,
            kind,
            short_names: self.short_names,
            categories: self.categories,
            scope: self.scope,
            status: self.status,
            scale: self.scale,
        };
        judged.check(domain)?;
        Ok(judged)
    }
}

impl Kind {
    /// Every rule that concerns the kind alone.
    pub(crate) fn check(&self, domain: &str) -> Result<()> {
        let refuse = |argument: &'static str| move |objection| Failure::objection(argument, objection);
        names::group(&self.group, domain).map_err(refuse("--group"))?;
        names::version(&self.version).map_err(refuse("--version"))?;
        names::kind(&self.kind).map_err(refuse("--kind"))?;
        names::label(&self.plural, "servers").map_err(refuse("--plural"))?;
        names::label(&self.singular, "server").map_err(refuse("--singular"))?;
        for name in &self.short_names {
            names::label(name, "srv").map_err(refuse("--short-name"))?;
        }
        for name in &self.categories {
            names::label(name, "all").map_err(refuse("--category"))?;
        }
        self.check_twice("--short-name", &self.short_names)?;
        self.check_twice("--category", &self.categories)?;
        self.check_short_names()?;
        if self.scale && !self.status {
            return Err(Failure::Refused {
                argument: "--scale".to_owned(),
                value: self.kind.clone(),
                rule: "a scale reports status.replicas, and --no-status leaves no status to hold it"
                    .to_owned(),
                advice: "drop one of --scale and --no-status".to_owned(),
            });
        }
        Ok(())
    }

    fn check_twice(&self, argument: &str, names: &[String]) -> Result<()> {
        let again = names.iter().enumerate().find(|(at, name)| names[..*at].contains(name));
        again.map_or(Ok(()), |(_, name)| {
            Err(Failure::Refused {
                argument: argument.to_owned(),
                value: name.clone(),
                rule: format!("it is given twice for {}", self.kind),
                advice: format!("try {argument} {name} once"),
            })
        })
    }

    fn check_short_names(&self) -> Result<()> {
        let own = self.short_names.iter().find(|name| **name == self.plural || **name == self.singular);
        own.map_or(Ok(()), |name| {
            Err(Failure::Refused {
                argument: "--short-name".to_owned(),
                value: name.clone(),
                rule: format!("{} has that plural or singular already", self.kind),
                advice: "try a shorter name, or none".to_owned(),
            })
        })
    }

    pub(crate) fn api_group(&self, domain: &str) -> String {
        format!("{}.{domain}", self.group)
    }

    pub(crate) fn group_module(&self) -> String {
        group_module(&self.group)
    }

    pub(crate) fn module(&self) -> String {
        names::module(&self.kind, &self.version)
    }

    /// The names that lead a client to it.
    pub(crate) fn client_names(&self) -> impl Iterator<Item = &str> {
        [&self.plural, &self.singular].into_iter().chain(&self.short_names).map(String::as_str)
    }

    /// The file of the type itself.
    pub(crate) fn path(&self) -> String {
        format!("src/apis/{}/{}/{}.rs", self.group_module(), self.version, self.module())
    }

    /// What its test and its sample are called.
    pub(crate) fn file_name(&self) -> String {
        format!("{}_{}_{}", self.group_module(), self.version, names::stem(&self.kind))
    }

    /// What the templates need to know of it.
    pub(crate) fn template(&self, crate_name: &str, domain: &str) -> aggboot_templates::Kind {
        let lower = self.kind.to_ascii_lowercase();
        let unless = |value: &String, default: &str| (value != default).then(|| value.clone());
        aggboot_templates::Kind {
            crate_name: crate_name.to_owned(),
            api_group: self.api_group(domain),
            group_module: self.group_module(),
            module: self.module(),
            version: self.version.clone(),
            kind: self.kind.clone(),
            stem: names::stem(&self.kind),
            plural: unless(&self.plural, &names::plural(&lower)),
            singular: unless(&self.singular, &lower),
            short_names: self.short_names.clone(),
            categories: self.categories.clone(),
            namespaced: self.scope == Scope::Namespaced,
            status: self.status,
            scale: self.scale,
        }
    }
}

/// The module of a group; one called like a version would hold a module of its own name.
fn group_module(group: &str) -> String {
    let module = names::module(group, "apis");
    if names::version(&module).is_ok() { format!("{module}_") } else { module }
}
