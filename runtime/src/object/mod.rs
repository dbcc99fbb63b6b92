//! Objects as the machinery sees them: a tree while a write is worked on, encoded bytes at rest.
//!
//! Typed values exist only while user code runs on them.

#[cfg(feature = "server")]
pub mod encode;
#[cfg(feature = "server")]
mod index;
#[cfg(feature = "server")]
pub mod metadata;
#[cfg(feature = "server")]
#[allow(clippy::module_inception, reason = "the noun of the room")]
mod object;
#[cfg(feature = "server")]
mod pick;
#[cfg(feature = "server")]
mod splice;
pub mod tree;

#[cfg(feature = "server")]
pub use object::{Malformed, Object};
#[cfg(feature = "server")]
pub use splice::Served;
pub use tree::{Duplicate, Map, ParseError, Tree, TreeError, from_tree, to_tree};
