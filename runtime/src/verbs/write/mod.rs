//! What all writes share: from a body to a tree, from a tree to the store.

mod commit;
mod decode;
mod prepare;
mod replace;

pub use commit::create;
pub use decode::{decode, settle, strict};
pub use prepare::{check_name, drop_duplicate_owners, ensure_namespace};
pub use replace::{Part, Replacement, replace};
