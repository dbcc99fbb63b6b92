//! The rules names must follow: Kubernetes' own, and the few that Rust adds. Pure; who asks and where is the caller's.

mod kind;
mod label;
mod module;
mod package;
mod plural;

pub(crate) use kind::kind;
pub(crate) use label::{domain, group, label, version};
pub(crate) use module::{module, stem};
pub(crate) use package::package;
pub(crate) use plural::plural;

/// What a rule has against a value, and what would pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Objection {
    pub(crate) value: String,
    pub(crate) rule: String,
    pub(crate) example: String,
}

impl Objection {
    fn new(value: &str, rule: impl Into<String>, example: impl Into<String>) -> Self {
        Self { value: value.to_owned(), rule: rule.into(), example: example.into() }
    }
}
