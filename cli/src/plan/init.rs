//! `aggboot init repo`: a project without kinds.

use super::{Fate, Wanted};
use crate::failure::Result;
use crate::project::{Dependency, for_tests};
use aggboot_templates::{File, Project, Registration, Templates};

/// The files of a new project.
pub(crate) fn init(
    templates: &Templates,
    name: &str,
    domain: &str,
    dependency: &Dependency,
) -> Result<Vec<Wanted>> {
    let value = dependency.value();
    let project = Project {
        name: name.to_owned(),
        domain: domain.to_owned(),
        aggboot: value.to_string().trim().to_owned(),
        aggboot_for_tests: for_tests(&value).to_string().trim().to_owned(),
    };
    let wanted = |file: File| Wanted { fate: fate(&file.path), path: file.path, text: file.text };
    let files = project.files(templates)?.into_iter().chain(Registration::default().files(templates)?);
    Ok(files.map(wanted).collect())
}

fn fate(path: &str) -> Fate {
    match path {
        "Cargo.toml" => Fate::DependenciesAdded,
        ".gitignore" => Fate::LinesAdded,
        "README.md" => Fate::OnceOrKept,
        "aggboot.toml" | "src/apis/mod.rs" => Fate::Whole { before: None },
        _ => Fate::Once,
    }
}
