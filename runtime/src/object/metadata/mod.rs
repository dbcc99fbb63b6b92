//! The envelope of every object: what is read from `metadata`, what the system writes into it
//! (`system`), and the rules it must keep (`rules`).

mod owners;
pub mod rules;
pub mod system;
pub(crate) mod words;

use super::{Map, Tree};

/// `metadata`; nothing where it is missing or no object.
#[must_use]
pub fn of(object: &Tree) -> Option<&Map> {
    object.get("metadata")?.as_map()
}

/// `metadata`, to be changed; made where it is missing. `object` is an object.
pub fn of_mut(object: &mut Tree) -> &mut Map {
    if !matches!(object, Tree::Map(_)) {
        *object = Tree::Map(Map::new());
    }
    let Tree::Map(members) = object else { unreachable!("made above") };
    let metadata = members.entry("metadata".to_owned()).or_default();
    if !matches!(metadata, Tree::Map(_)) {
        *metadata = Tree::Map(Map::new());
    }
    let Tree::Map(metadata) = metadata else { unreachable!("made above") };
    metadata
}

/// A text of the metadata, empty where it is absent.
#[must_use]
pub fn text<'a>(metadata: &'a Map, key: &str) -> &'a str {
    metadata.get(key).and_then(Tree::as_str).unwrap_or_default()
}

/// Sets a text of the metadata; an empty one is absent.
pub fn set_text(metadata: &mut Map, key: &str, value: &str) {
    if value.is_empty() {
        metadata.shift_remove(key);
    } else {
        metadata.insert(key.to_owned(), value.into());
    }
}

/// The name of an object.
#[must_use]
pub fn name(object: &Tree) -> &str {
    of(object).map(|metadata| text(metadata, "name")).unwrap_or_default()
}

/// The finalizers.
pub fn finalizers(metadata: &Map) -> impl Iterator<Item = &str> {
    metadata.get("finalizers").and_then(Tree::as_list).unwrap_or_default().iter().filter_map(Tree::as_str)
}

/// Replaces the finalizers.
pub fn set_finalizers(metadata: &mut Map, finalizers: Vec<String>) {
    if finalizers.is_empty() {
        metadata.shift_remove("finalizers");
    } else {
        let items = finalizers.into_iter().map(Tree::String).collect();
        metadata.insert("finalizers".to_owned(), Tree::List(items));
    }
}

pub use owners::drop_duplicate_owners;
