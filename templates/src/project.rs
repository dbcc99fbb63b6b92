//! `files/project`: what `aggboot init repo` writes, once.

use crate::{Error, File, TEMPLATES, Templates};
use serde::Serialize;

/// A project without kinds.
#[derive(Clone, Debug, Serialize)]
pub struct Project {
    /// The package, as Cargo spells it: `edge-fleet`.
    pub name: String,
    /// What the API groups end in: `example.com`.
    pub domain: String,
    /// The dependency on the runtime, as a TOML value: `"0.1.0"` or `{ path = "…" }`.
    pub aggboot: String,
    /// The same with the feature `testing`.
    pub aggboot_for_tests: String,
}

const FILES: &[(&str, &str)] = &[
    ("project/_gitignore", ".gitignore"),
    ("project/Cargo.toml.tera", "Cargo.toml"),
    ("project/README.md.tera", "README.md"),
    ("project/aggboot.toml.tera", "aggboot.toml"),
    ("project/src/lib.rs.tera", "src/lib.rs"),
    ("project/src/main.rs.tera", "src/main.rs"),
];

#[derive(Serialize)]
struct Context<'a> {
    name: &'a str,
    domain: &'a str,
    aggboot: &'a str,
    aggboot_for_tests: &'a str,
    crate_name: String,
    templates: i64,
}

impl Project {
    /// Its files, in the order of their paths.
    pub fn files(&self, templates: &Templates) -> Result<Vec<File>, Error> {
        let context = self.context();
        let render = |(template, path): &(&str, &str)| {
            Ok(File { path: (*path).to_owned(), text: templates.render(template, &context)? })
        };
        FILES.iter().map(render).collect()
    }

    /// `Cargo.toml` alone.
    pub fn cargo_toml(&self, templates: &Templates) -> Result<String, Error> {
        templates.render("project/Cargo.toml.tera", &self.context())
    }

    fn context(&self) -> Context<'_> {
        Context {
            name: &self.name,
            domain: &self.domain,
            aggboot: &self.aggboot,
            aggboot_for_tests: &self.aggboot_for_tests,
            crate_name: self.name.replace('-', "_"),
            templates: TEMPLATES,
        }
    }
}
