//! A decoded document: key order kept, numbers as Go's unstructured has them (`i64` or `f64`).
//!
//! Parsing (which reports duplicate keys), printing and the bridges to serde stand beside this file.

mod convert;
mod de;
pub mod go_format;
mod json;
mod path;
mod ser;
mod write;
#[cfg(feature = "server")]
mod yaml;

use std::fmt;

use indexmap::IndexMap;

pub use de::from_tree;
pub use json::MAX_DEPTH;
pub use path::Path;
pub use ser::to_tree;

/// The members of an object, in the order in which they were written.
pub type Map = IndexMap<String, Tree>;

/// One node of a document.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Tree {
    /// `null`
    #[default]
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A number without fraction or exponent that fits.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// A string.
    String(String),
    /// An array.
    List(Vec<Tree>),
    /// An object.
    Map(Map),
}

impl Tree {
    /// The member `key` of an object; nothing on anything else.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Tree> {
        self.as_map()?.get(key)
    }

    /// The member `key` of an object, to be changed.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Tree> {
        self.as_map_mut()?.get_mut(key)
    }

    /// What stands below the members `path`, one after the other.
    #[must_use]
    pub fn at<S: AsRef<str>>(&self, path: &[S]) -> Option<&Tree> {
        path.iter().try_fold(self, |node, key| node.get(key.as_ref()))
    }

    /// The members, when this is an object.
    #[must_use]
    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Tree::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The members, to be changed.
    pub fn as_map_mut(&mut self) -> Option<&mut Map> {
        match self {
            Tree::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The items, when this is an array.
    #[must_use]
    pub fn as_list(&self) -> Option<&[Tree]> {
        match self {
            Tree::List(items) => Some(items),
            _ => None,
        }
    }

    /// The text, when this is a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Tree::String(text) => Some(text),
            _ => None,
        }
    }

    /// The number, when this is an integer.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Tree::Int(number) => Some(*number),
            _ => None,
        }
    }

    /// Whether this is `null`.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Tree::Null)
    }
}

impl From<&str> for Tree {
    fn from(text: &str) -> Self {
        Tree::String(text.to_owned())
    }
}

impl From<String> for Tree {
    fn from(text: String) -> Self {
        Tree::String(text)
    }
}

impl From<i64> for Tree {
    fn from(number: i64) -> Self {
        Tree::Int(number)
    }
}

impl From<bool> for Tree {
    fn from(value: bool) -> Self {
        Tree::Bool(value)
    }
}

impl From<Map> for Tree {
    fn from(members: Map) -> Self {
        Tree::Map(members)
    }
}

impl From<Vec<Tree>> for Tree {
    fn from(items: Vec<Tree>) -> Self {
        Tree::List(items)
    }
}

/// A member given twice. The last value wins; whether that is an error is the caller's question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Duplicate {
    /// The member, as `spec.ports[0].name`.
    pub path: String,
}

impl fmt::Display for Duplicate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "duplicate field {}", go_format::quoted(&self.path))
    }
}

/// Why a document could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// Where reading stopped, in bytes from the start.
    pub offset: usize,
    /// What was found, as Go words it.
    pub message: String,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ParseError {}

/// Why a value could not become a tree, or a tree a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeError(pub(crate) String);

impl fmt::Display for TreeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for TreeError {}

impl serde::de::Error for TreeError {
    fn custom<T: fmt::Display>(text: T) -> Self {
        TreeError(text.to_string())
    }
}

impl serde::ser::Error for TreeError {
    fn custom<T: fmt::Display>(text: T) -> Self {
        TreeError(text.to_string())
    }
}
