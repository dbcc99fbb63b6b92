//! `aggboot create group version resource`: one kind more, or the same kind again.

use super::{Fate, Wanted};
use crate::failure::{Failure, Result};
use crate::project::{Dependency, Kind, MANIFEST, Manifest, clash, for_tests};
use aggboot_templates::{File, Project, Templates};

/// What has to be there for `kind` to be served: nothing new if it is served already.
pub(crate) fn create(
    templates: &Templates,
    manifest: &Manifest,
    kind: &Kind,
    crate_name: &str,
    dependency: &Dependency,
) -> Result<Vec<Wanted>> {
    if let Some(served) = manifest.find(kind) {
        return if served == kind {
            registered(templates, manifest, manifest)
        } else {
            Err(other_options(served, kind))
        };
    }
    if let Some(failure) = clash(kind, &manifest.kinds, &manifest.domain) {
        return Err(failure);
    }
    let after = manifest.with(kind)?;
    let mut wanted = registered(templates, manifest, &after)?;
    let once = |file: File| Wanted { path: file.path, text: file.text, fate: Fate::Once };
    wanted.extend(kind.template(crate_name, &manifest.domain).files(templates)?.into_iter().map(once));
    wanted.push(cargo_toml(templates, manifest, dependency)?);
    let before = Some(manifest.text().to_owned());
    wanted.push(Wanted {
        path: MANIFEST.to_owned(),
        text: after.text().to_owned(),
        fate: Fate::Whole { before },
    });
    Ok(wanted)
}

/// The modules that follow from `after`, where those that followed from `before` are.
pub(crate) fn registered(templates: &Templates, before: &Manifest, after: &Manifest) -> Result<Vec<Wanted>> {
    let written = before.registration().files(templates)?;
    let text_before =
        |path: &str| written.iter().find(|file| file.path == path).map(|file| file.text.clone());
    let whole = |file: File| Wanted {
        fate: Fate::Whole { before: text_before(&file.path) },
        path: file.path,
        text: file.text,
    };
    Ok(after.registration().files(templates)?.into_iter().map(whole).collect())
}

/// What the new test needs, should it be missing.
fn cargo_toml(templates: &Templates, manifest: &Manifest, dependency: &Dependency) -> Result<Wanted> {
    let value = dependency.value();
    let project = Project {
        name: manifest.name.clone(),
        domain: manifest.domain.clone(),
        aggboot: value.to_string().trim().to_owned(),
        aggboot_for_tests: for_tests(&value).to_string().trim().to_owned(),
    };
    Ok(Wanted {
        path: "Cargo.toml".to_owned(),
        text: project.cargo_toml(templates)?,
        fate: Fate::DependenciesAdded,
    })
}

fn other_options(served: &Kind, asked: &Kind) -> Failure {
    Failure::Refused {
        argument: "--kind".to_owned(),
        value: asked.kind.clone(),
        rule: format!("it was made with other options ({})", differences(served, asked)),
        advice: format!("edit {}, and its entry in {MANIFEST} to match", served.path()),
    }
}

fn differences(served: &Kind, asked: &Kind) -> String {
    let list = |names: &[String]| {
        if names.is_empty() { "none".to_owned() } else { names.join(",") }
    };
    let facts = |kind: &Kind| {
        [
            ("plural", kind.plural.clone()),
            ("singular", kind.singular.clone()),
            ("short names", list(&kind.short_names)),
            ("categories", list(&kind.categories)),
            ("scope", format!("{:?}", kind.scope)),
            ("status", kind.status.to_string()),
            ("scale", kind.scale.to_string()),
        ]
    };
    let pairs = facts(served).into_iter().zip(facts(asked)).filter(|(served, asked)| served != asked);
    pairs.map(|((what, was), (_, is))| format!("{what} {was}, not {is}")).collect::<Vec<_>>().join("; ")
}
