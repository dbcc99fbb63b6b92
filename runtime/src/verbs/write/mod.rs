//! What all writes share: from a body to a tree, from a tree to the store.

mod commit;
mod decode;
mod prepare;
mod replace;

pub(crate) use commit::create;
pub(crate) use decode::{decode, settle, strict};
pub(crate) use prepare::{check_name, drop_duplicate_owners, ensure_namespace, for_create, for_update};
pub(crate) use replace::{Part, Replacement, replace};
