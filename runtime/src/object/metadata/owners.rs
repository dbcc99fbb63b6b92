//! Owner references that say the same thing twice.

use std::collections::HashSet;

use super::super::encode::canonicalize;
use super::super::{Map, Tree};

/// Drops owner references that equal an earlier one; answers the uids of those dropped.
pub fn drop_duplicate_owners(metadata: &mut Map) -> Vec<String> {
    let Some(Tree::List(owners)) = metadata.get_mut("ownerReferences") else { return Vec::new() };
    let mut dropped = Vec::new();
    // By their bytes: comparing each with all would let one request stop the server.
    let mut seen = HashSet::with_capacity(owners.len());
    owners.retain(|owner| {
        let mut canonical = owner.clone();
        canonicalize(&mut canonical);
        let new = seen.insert(canonical.to_json());
        if !new {
            dropped.push(owner.get("uid").and_then(Tree::as_str).unwrap_or_default().to_owned());
        }
        new
    });
    dropped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_equal_references_are_dropped() {
        let owner = |uid: &str, name: &str| {
            Tree::Map(
                [("uid".to_owned(), uid.into()), ("name".to_owned(), name.into())].into_iter().collect(),
            )
        };
        let owners = vec![owner("u", "a"), owner("u", "b"), owner("u", "a"), owner("v", "a")];
        let mut metadata: Map = [("ownerReferences".to_owned(), Tree::List(owners))].into_iter().collect();
        assert_eq!(drop_duplicate_owners(&mut metadata), ["u"]);
        let left = metadata["ownerReferences"].as_list().expect("a list");
        assert_eq!(left, [owner("u", "a"), owner("u", "b"), owner("v", "a")]);
        assert!(drop_duplicate_owners(&mut Map::new()).is_empty());
    }
}
