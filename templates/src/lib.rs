//! The files of a scaffolded project: what they say, not where or whether they are written.
//!
//! `files/` is shaped like a project. Each folder of it has one context here: [`Project`] (written once),
//! [`Registration`] (rewritten whole whenever a kind is added) and [`Kind`] (written once per kind).

mod attribute;
mod kind;
mod project;
mod registration;

pub use kind::Kind;
pub use project::Project;
pub use registration::{Group, Registration, Version};

use include_dir::{Dir, include_dir};
use serde::Serialize;

static FILES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/files");

/// The number of this set of templates; `aggboot.toml` remembers which one a project was made with.
pub const TEMPLATES: i64 = 1;

/// A file of a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Where it goes, below the project's folder, with `/` between parts.
    pub path: String,
    /// What it says.
    pub text: String,
}

/// A template did not parse or render: a mistake in this crate, never in what a user asked for.
#[derive(Debug, thiserror::Error)]
#[error("template {name} cannot be rendered: {source}")]
pub struct Error {
    name: String,
    source: tera::Error,
}

/// Every template, parsed.
pub struct Templates(tera::Tera);

impl Templates {
    /// Parses what is built in.
    pub fn load() -> Result<Self, Error> {
        let mut tera = tera::Tera::new();
        for (name, text) in sources(&FILES) {
            tera.add_raw_template(name, text).map_err(|source| Error { name: name.to_owned(), source })?;
        }
        Ok(Self(tera))
    }

    fn render(&self, name: &str, context: &impl Serialize) -> Result<String, Error> {
        tera::Context::from_serialize(context)
            .and_then(|context| self.0.render(name, &context))
            .map_err(|source| Error { name: name.to_owned(), source })
    }
}

fn sources<'a>(folder: &'a Dir<'a>) -> Vec<(&'a str, &'a str)> {
    let here = folder.files().filter_map(|file| Some((file.path().to_str()?, file.contents_utf8()?)));
    here.chain(folder.dirs().flat_map(sources)).collect()
}
