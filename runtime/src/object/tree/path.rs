//! Where a walk stands: a list on the stack, written out only when there is something to report.

use std::fmt;

/// The way from the root to a node.
#[derive(Clone, Copy, Debug)]
pub enum Path<'a> {
    /// The root itself.
    Root,
    /// A member of what stands before.
    Key(&'a Path<'a>, &'a str),
    /// An item of what stands before.
    Index(&'a Path<'a>, usize),
}

impl Path<'_> {
    /// The path of the member `name` below this one, written out.
    #[must_use]
    pub fn member(&self, name: &str) -> String {
        Path::Key(self, name).to_string()
    }

    /// Whether this is the root.
    #[must_use]
    pub fn is_root(&self) -> bool {
        matches!(self, Path::Root)
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Path::Root => Ok(()),
            Path::Key(Path::Root, name) => f.write_str(name),
            Path::Key(parent, name) => write!(f, "{parent}.{name}"),
            Path::Index(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}
