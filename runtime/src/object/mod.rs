//! Objects as the machinery sees them: a tree while a write is worked on, encoded bytes at rest.
//!
//! Typed values exist only while user code runs on them.

pub mod tree;

pub use tree::{Map, Tree};
