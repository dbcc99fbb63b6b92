//! Who asks.

use std::collections::BTreeMap;

/// An authenticated identity; anonymous is one too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct User {
    /// The name.
    pub name: String,
    /// The uid, often empty.
    pub uid: String,
    /// The groups.
    pub groups: Vec<String>,
    /// Extra attributes, keys in lower case.
    pub extra: BTreeMap<String, Vec<String>>,
}

impl User {
    /// The user without credentials.
    #[must_use]
    pub fn anonymous() -> Self {
        User {
            name: "system:anonymous".to_owned(),
            groups: vec!["system:unauthenticated".to_owned()],
            ..User::default()
        }
    }

    /// Whether the user belongs to a group.
    #[must_use]
    pub fn in_group(&self, group: &str) -> bool {
        self.groups.iter().any(|name| name == group)
    }
}
