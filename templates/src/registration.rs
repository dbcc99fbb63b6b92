//! `files/registration`: the modules that bring the kinds together, rewritten whole.

use crate::{Error, File, Templates};
use serde::Serialize;

/// Every group of a project.
#[derive(Clone, Debug, Default)]
pub struct Registration {
    /// In any order: the files have rustfmt's.
    pub groups: Vec<Group>,
}

/// An API group and its module.
#[derive(Clone, Debug, Serialize)]
pub struct Group {
    /// The module's name: `inventory`.
    pub module: String,
    /// The whole name: `inventory.example.com`.
    pub api_group: String,
    /// Its versions.
    pub versions: Vec<Version>,
}

/// A version of a group and its module.
#[derive(Clone, Debug, Serialize)]
pub struct Version {
    /// The module's name: `v1`.
    pub module: String,
    /// As clients write it: `inventory.example.com/v1`.
    pub api_version: String,
    /// The modules of its kinds: `server`.
    pub kinds: Vec<String>,
}

#[derive(Serialize)]
struct Together<'a> {
    groups: &'a [Group],
    kinds: Vec<String>,
}

impl Registration {
    /// Its files: `src/apis/mod.rs`, one per group and one per version.
    pub fn files(&self, templates: &Templates) -> Result<Vec<File>, Error> {
        let groups = in_order(self.groups.clone());
        let mut files = Vec::new();
        let together = Together { groups: &groups, kinds: paths(&groups) };
        files.push(File {
            path: "src/apis/mod.rs".to_owned(),
            text: templates.render("registration/src/apis/mod.rs.tera", &together)?,
        });
        for group in &groups {
            files.push(File {
                path: format!("src/apis/{}/mod.rs", group.module),
                text: templates.render("registration/src/apis/group/mod.rs.tera", group)?,
            });
            for version in &group.versions {
                files.push(File {
                    path: format!("src/apis/{}/{}/mod.rs", group.module, version.module),
                    text: templates.render("registration/src/apis/group/version/mod.rs.tera", version)?,
                });
            }
        }
        Ok(files)
    }
}

/// Byte by byte, as rustfmt orders `mod` lines.
fn in_order(mut groups: Vec<Group>) -> Vec<Group> {
    groups.sort_by(|a, b| a.module.cmp(&b.module));
    for group in &mut groups {
        group.versions.sort_by(|a, b| a.module.cmp(&b.module));
        for version in &mut group.versions {
            version.kinds.sort();
        }
    }
    groups
}

fn paths(groups: &[Group]) -> Vec<String> {
    let of_version = |group: &Group, version: &Version| {
        let prefix = format!("{}::{}", group.module, version.module);
        version.kinds.iter().map(|kind| format!("{prefix}::{kind}")).collect::<Vec<_>>()
    };
    groups
        .iter()
        .flat_map(|group| group.versions.iter().flat_map(move |version| of_version(group, version)))
        .collect()
}
