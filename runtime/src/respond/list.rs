//! What lists and tables say of themselves, and what they need to know of an object.

use super::pieces::Json as _;
use crate::gzip::Pieces;
use crate::object::{Object, Served};

/// `metadata` of a list or a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListMeta {
    /// The revision of the list.
    pub resource_version: String,
    /// The token of the next page; empty on the last one.
    pub continue_token: String,
    /// How many items remain, when that is known.
    pub remaining: Option<u64>,
}

/// One object, as its encoded bytes and what lists and tables need to know of it.
#[derive(Clone, Copy, Debug)]
pub struct Item<'a> {
    /// The whole object: compact JSON.
    pub bytes: Served<'a>,
    /// The value of `metadata` in it.
    pub metadata: Served<'a>,
    /// `metadata.name`
    pub name: &'a str,
    /// `metadata.creationTimestamp`, often empty for computed objects.
    pub created: &'a str,
}

impl<'a> From<&'a Object> for Item<'a> {
    fn from(object: &'a Object) -> Self {
        Item {
            bytes: object.served(),
            metadata: object.served_metadata(),
            name: object.name(),
            created: object.created(),
        }
    }
}

impl ListMeta {
    /// The metadata of a whole list at a revision.
    #[must_use]
    pub fn at(revision: impl Into<String>) -> Self {
        Self { resource_version: revision.into(), ..Self::default() }
    }

    /// Writes `{"resourceVersion":…}`.
    pub fn write(&self, out: &mut impl Pieces) {
        out.text("{\"resourceVersion\":");
        out.quoted(&self.resource_version);
        if !self.continue_token.is_empty() {
            out.text(",\"continue\":");
            out.quoted(&self.continue_token);
        }
        if let Some(remaining) = self.remaining {
            out.formatted(format_args!(",\"remainingItemCount\":{remaining}"));
        }
        out.text("}");
    }
}
