//! The cache as a whole, and what the tests of its parts have in common.

mod contract;
mod feed;
pub(crate) mod flaky;
mod model;
mod recall;
mod scopes;

use std::sync::Arc;

use crate::object::Object;
use crate::storage::{Key, Revision, Stored};

pub(super) fn revision(number: u64) -> Revision {
    Revision::new(number).expect("not 0")
}

/// An object of that name, at that revision, with that much in it.
pub(super) fn object(name: &str, number: u64, content: &str) -> Arc<Object> {
    let last = name.rsplit('/').next().unwrap_or_default();
    let value = format!(r#"{{"metadata":{{"name":"{last}"}},"x":"{content}"}}"#).into();
    let stored =
        Stored { key: Key::new(format!("g/ks/{name}")), revision: revision(number), value, stale: false };
    Arc::new(Object::read(&stored, &[]).expect("an object"))
}
