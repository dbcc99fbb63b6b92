//! Selectors: which objects a request is about, by labels and by fields.

pub mod field;
pub mod label;
mod label_syntax;

pub use field::FieldSelector;
pub use label::LabelSelector;
