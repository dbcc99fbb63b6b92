//! The envelope of a list around items that are encoded already.

use super::Chunks;
use crate::object::Object;

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
    pub bytes: &'a [u8],
    /// The value of `metadata` in it.
    pub metadata: &'a [u8],
    /// `metadata.name`
    pub name: &'a str,
    /// `metadata.creationTimestamp`, often empty for computed objects.
    pub created: &'a str,
}

impl<'a> From<&'a Object> for Item<'a> {
    fn from(object: &'a Object) -> Self {
        Item {
            bytes: object.bytes(),
            metadata: object.metadata_slice(),
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
    pub fn write(&self, out: &mut Chunks) {
        out.text("{\"resourceVersion\":");
        out.quoted(&self.resource_version);
        if !self.continue_token.is_empty() {
            out.text(",\"continue\":");
            out.quoted(&self.continue_token);
        }
        if let Some(remaining) = self.remaining {
            out.text(&format!(",\"remainingItemCount\":{remaining}"));
        }
        out.text("}");
    }
}

/// Writes a list; `write_item` writes one item.
pub fn write<I>(
    out: &mut Chunks,
    (api_version, kind): (&str, &str),
    meta: &ListMeta,
    items: impl IntoIterator<Item = I>,
    mut write_item: impl FnMut(&mut Chunks, I),
) {
    out.text("{\"kind\":");
    out.quoted(kind);
    out.text(",\"apiVersion\":");
    out.quoted(api_version);
    out.text(",\"metadata\":");
    meta.write(out);
    out.text(",\"items\":[");
    separated(out, items, &mut write_item);
    out.text("]}\n");
}

/// Writes items with commas between them.
pub(super) fn separated<I>(
    out: &mut Chunks,
    items: impl IntoIterator<Item = I>,
    write_item: &mut impl FnMut(&mut Chunks, I),
) {
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            out.text(",");
        }
        write_item(out, item);
    }
}

#[cfg(test)]
mod tests {
    use super::{Chunks, ListMeta, write};

    fn list(meta: &ListMeta, items: &[&str]) -> String {
        let mut out = Chunks::default();
        write(&mut out, ("g.example.com/v1", "FooList"), meta, items, |out, item| out.text(item));
        let text = String::from_utf8(out.into_bytes().to_vec()).unwrap();
        text.strip_suffix('\n').expect("ends as a line does").to_owned()
    }

    #[test]
    fn an_empty_list_has_its_items() {
        assert_eq!(
            list(&ListMeta::at("7"), &[]),
            r#"{"kind":"FooList","apiVersion":"g.example.com/v1","metadata":{"resourceVersion":"7"},"items":[]}"#
        );
    }

    #[test]
    fn a_page_says_how_to_go_on() {
        let meta = ListMeta { continue_token: "abc".to_owned(), remaining: Some(3), ..ListMeta::at("7") };
        assert_eq!(
            list(&meta, &["{}", "{\"a\":1}"]),
            r#"{"kind":"FooList","apiVersion":"g.example.com/v1","metadata":{"resourceVersion":"7","continue":"abc","remainingItemCount":3},"items":[{},{"a":1}]}"#
        );
    }
}
