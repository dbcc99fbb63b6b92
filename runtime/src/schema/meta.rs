//! The definitions that Kubernetes itself publishes, read where a kind refers to one.

use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::value::RawValue;

const DEFINITIONS: &str = include_str!("../openapi/meta_v1.json");

/// Whether a definition is Kubernetes' own.
pub(super) fn is_shared(name: &str) -> bool {
    name.starts_with("io.k8s.") && !name.contains("::")
}

/// The shared definitions in their v3 form, each decoded when it is asked for.
#[derive(Debug)]
pub(crate) struct Shared(BTreeMap<&'static str, &'static RawValue>);

impl Shared {
    pub(crate) fn new() -> Self {
        // The file is part of the program, and a test reads it.
        Shared(serde_json::from_str(DEFINITIONS).unwrap_or_default())
    }

    pub(crate) fn definition(&self, name: &str) -> Option<Value> {
        serde_json::from_str(self.0.get(name)?.get()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::{DEFINITIONS, Shared};

    #[test]
    fn the_file_holds_what_fields_and_answers_refer_to() {
        let shared = Shared::new();
        for name in
            ["ObjectMeta", "ListMeta", "Status", "DeleteOptions", "Patch", "WatchEvent", "APIResourceList"]
        {
            let name = format!("io.k8s.apimachinery.pkg.apis.meta.v1.{name}");
            assert!(shared.definition(&name).is_some(), "{name}");
        }
        assert!(shared.definition("io.k8s.api.autoscaling.v1.Scale").is_some());
        assert!(DEFINITIONS.len() > 10_000);
    }
}
