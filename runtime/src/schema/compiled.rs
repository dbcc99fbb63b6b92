//! A kind's schema, ready to judge documents and to be published.

use std::collections::BTreeMap;
use std::fmt;

use schemars::{Schema, SchemaGenerator};
use serde_json::Value;

use super::build;
use super::facts::{self, Facts};
use super::names::Names;
use super::node::{Edge, Nodes};
use super::publish;
use super::root;

/// The schema of one kind, compiled.
#[derive(Debug)]
pub struct Compiled {
    pub(super) nodes: Nodes,
    pub(super) root: Edge,
    published: BTreeMap<String, Value>,
    root_definition: String,
    facts: Facts,
}

/// Why a schema cannot be enforced or published: a sentence naming the field and the rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaError(pub(super) String);

impl fmt::Display for SchemaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for SchemaError {}

impl Compiled {
    /// Compiles the schema of a kind: sanitised, references resolved, defaults and patterns proven.
    pub fn compile(
        group: &str,
        version: &str,
        kind: &str,
        description: &str,
        root: fn(&mut SchemaGenerator) -> Schema,
    ) -> Result<Compiled, SchemaError> {
        let compile = || -> Result<Compiled, String> {
            let (key, mut definitions) = root::definitions(kind, description, root)?;
            let names = Names::new(group, version, &definitions)?;
            for (path, schema) in &mut definitions {
                publish::sanitise(schema, names.of(path).rsplit('.').next().unwrap_or(path))?;
            }
            let facts = facts::collect(&key, &definitions)?;
            let (nodes, root) = build::nodes(version, &key, &definitions)?;
            let published = names.publish(definitions, &key, [group, version, kind]);
            let compiled =
                Compiled { nodes, root, published, root_definition: names.of(&key).to_owned(), facts };
            compiled.prove_defaults()?;
            Ok(compiled)
        };
        compile().map_err(|reason| SchemaError(format!("the schema of {kind} ({group}/{version}): {reason}")))
    }

    /// What the fields said of themselves for the kind: columns, selectable fields, scale, status.
    #[must_use]
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The definitions of the kind's own types, by name, in the v3 form. Kubernetes' own are referred to.
    #[must_use]
    pub fn published(&self) -> &BTreeMap<String, Value> {
        &self.published
    }

    /// The name of the kind's definition.
    #[must_use]
    pub fn root_definition(&self) -> &str {
        &self.root_definition
    }
}
