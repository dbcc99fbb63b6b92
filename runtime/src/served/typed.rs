//! Between the type of a kind and its tree.

use super::Answer;
use crate::kind::ApiResource;
use crate::object::{Tree, tree};
use crate::respond::ApiError;

pub(super) fn encode<K: ApiResource>(object: &K) -> Answer<Tree> {
    tree::to_tree(object).map_err(|error| ApiError::internal(format_args!("encoding an answer: {error}")))
}

pub(super) fn decode<K: ApiResource>(tree: &Tree) -> Answer<K> {
    K::deserialize(tree).map_err(|error| {
        let kind = K::DESCRIPTOR.kind;
        let version = K::DESCRIPTOR.version;
        ApiError::bad_request(format!("{kind} in version {version:?} cannot be handled as a {kind}: {error}"))
    })
}
