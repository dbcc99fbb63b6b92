//! Everything one server serves: groups, their versions, their resources, in the order of discovery.

use std::sync::Arc;

use super::registration::{Backing, Registration};
use super::{Kind, clash};
use crate::served::Verbs;

/// The kinds of one server, judged together.
#[derive(Debug, Default)]
pub struct Registry {
    groups: Vec<Group>,
}

/// An API group and its versions, the preferred one first.
#[derive(Debug)]
pub struct Group {
    /// The group's name.
    pub name: String,
    /// Its versions, the preferred one first.
    pub versions: Vec<Version>,
}

/// A version of a group.
#[derive(Debug)]
pub struct Version {
    /// The version's name.
    pub name: String,
    /// Its resources, in byte order of their plurals.
    pub resources: Vec<Arc<Resource>>,
}

/// One resource: a kind and what answers for it.
#[derive(Debug)]
pub struct Resource {
    /// The kind.
    pub kind: Arc<Kind>,
    /// What answers for it.
    pub backend: Backend,
    /// Subresources answered by code; `status` and `scale` follow from the kind.
    pub subresources: Vec<(String, Arc<Resource>)>,
}

/// Who answers for a resource.
#[derive(Debug)]
pub enum Backend {
    /// The machinery, over storage.
    Stored,
    /// The user's code.
    Served(Verbs),
}

/// What a stored kind answers, as discovery says it.
const STORED_VERBS: &[&str] =
    &["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

impl Resource {
    /// Whether there is a status subresource: a served kind's status is its code's business.
    #[must_use]
    pub fn has_status(&self) -> bool {
        self.kind.status && matches!(self.backend, Backend::Stored)
    }

    /// Whether there is a scale subresource.
    #[must_use]
    pub fn has_scale(&self) -> bool {
        self.kind.scale.is_some() && matches!(self.backend, Backend::Stored)
    }

    /// The verbs of the main resource, alphabetically.
    #[must_use]
    pub fn verbs(&self) -> Vec<&'static str> {
        match &self.backend {
            Backend::Stored => STORED_VERBS.to_vec(),
            Backend::Served(verbs) => verbs.names(),
        }
    }
}

impl Registry {
    /// Judges registrations: each kind by itself, then clashes of plurals, short names and kinds.
    pub fn compile(registrations: Vec<Registration>) -> Result<Registry, crate::Error> {
        let mut registry = Registry::default();
        for registration in registrations {
            registry.add(Arc::new(resource(registration)?))?;
        }
        registry.sort();
        Ok(registry)
    }

    /// The registry of kinds that are judged already.
    #[cfg(test)]
    pub(crate) fn of(resources: Vec<Resource>) -> Registry {
        let mut registry = Registry::default();
        for resource in resources {
            registry.add(Arc::new(resource)).expect("names do not clash");
        }
        registry.sort();
        registry
    }

    /// The groups, in the order of discovery.
    #[must_use]
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// The resource a path names.
    #[must_use]
    pub fn find(&self, group: &str, version: &str, plural: &str) -> Option<&Arc<Resource>> {
        let group = self.groups.iter().find(|candidate| candidate.name == group)?;
        let version = group.versions.iter().find(|candidate| candidate.name == version)?;
        version.resources.iter().find(|candidate| candidate.kind.plural == plural)
    }

    fn add(&mut self, resource: Arc<Resource>) -> Result<(), crate::Error> {
        let kind = &resource.kind;
        clash::check(&self.groups, &resource).map_err(crate::Error::new)?;
        let group = match self.groups.iter().position(|group| group.name == kind.group) {
            Some(found) => &mut self.groups[found],
            None => {
                self.groups.push(Group { name: kind.group.clone(), versions: Vec::new() });
                self.groups.last_mut().expect("pushed above")
            }
        };
        let version = match group.versions.iter().position(|version| version.name == kind.version) {
            Some(found) => &mut group.versions[found],
            None => {
                group.versions.push(Version { name: kind.version.clone(), resources: Vec::new() });
                group.versions.last_mut().expect("pushed above")
            }
        };
        version.resources.push(resource);
        Ok(())
    }

    fn sort(&mut self) {
        self.groups.sort_by(|a, b| a.name.cmp(&b.name));
        for group in &mut self.groups {
            group.versions.sort_by(|a, b| super::names::compare_versions(&a.name, &b.name));
            for version in &mut group.versions {
                version.resources.sort_by(|a, b| a.kind.plural.cmp(&b.kind.plural));
            }
        }
    }
}

fn resource(registration: Registration) -> Result<Resource, crate::Error> {
    let subresources = registration
        .subresources
        .into_iter()
        .map(|(name, registration)| Ok((name, Arc::new(resource(registration)?))))
        .collect::<Result<_, crate::Error>>()?;
    let backend = match registration.backing {
        Backing::Stored => Backend::Stored,
        Backing::Served(verbs) => Backend::Served(verbs),
    };
    let resource = Resource { kind: Kind::compile(registration.descriptor)?, backend, subresources };
    clash::check_alone(&resource).map_err(crate::Error::new)?;
    Ok(resource)
}
