//! Between the stored and the served form of an object.
//!
//! Stored: compact JSON without a resourceVersion, since that is unknown before the commit. Served: the same bytes
//! with `"resourceVersion":"N",` as the first member of `metadata`, put in when they are written out, so that whoever
//! holds the stored form and whoever serves it hold the same bytes. Where `metadata` begins is told by whoever encoded
//! or parsed the bytes; it is never searched for.

use std::borrow::Cow;

use crate::storage::Revision;

const HEAD: &[u8] = br#""resourceVersion":""#;
const TAIL: &[u8] = br#"","#;
/// Digits of the largest revision.
const DIGITS: usize = 20;
const MOST: usize = HEAD.len() + DIGITS + TAIL.len();

/// The served form of an object, or of its metadata: pieces that follow each other.
#[derive(Clone, Copy, Debug)]
pub struct Served<'a> {
    before: &'a [u8],
    mark: Mark,
    behind: &'a [u8],
}

/// `"resourceVersion":"N",`, or nothing.
#[derive(Clone, Copy, Debug)]
struct Mark {
    /// Written from its end.
    text: [u8; MOST],
    start: usize,
}

impl<'a> Served<'a> {
    /// Stored bytes at a revision; `cut` is just behind the brace that opens `metadata`, which is not empty.
    pub(super) fn new(stored: &'a [u8], cut: usize, revision: Option<Revision>) -> Served<'a> {
        let (before, behind) = stored.split_at(cut);
        Served { before, mark: revision.map_or(Mark::NONE, Mark::of), behind }
    }

    /// The pieces, in their order; some may be empty.
    #[must_use]
    pub fn pieces(&self) -> [&[u8]; 3] {
        [self.before, &self.mark.text[self.mark.start..], self.behind]
    }

    /// All in one.
    #[must_use]
    pub fn whole(&self) -> Cow<'a, [u8]> {
        match self.behind {
            [] if self.mark.start == MOST => Cow::Borrowed(self.before),
            _ => Cow::Owned(self.pieces().concat()),
        }
    }
}

impl<'a> From<&'a [u8]> for Served<'a> {
    /// Bytes as they are.
    fn from(bytes: &'a [u8]) -> Self {
        Served { before: bytes, mark: Mark::NONE, behind: &[] }
    }
}

impl Mark {
    const NONE: Mark = Mark { text: [0; MOST], start: MOST };

    fn of(revision: Revision) -> Mark {
        let mut mark = Mark::NONE;
        mark.put(TAIL);
        let mut rest = revision.get();
        while rest > 0 {
            mark.put(&[b'0' + (rest % 10) as u8]);
            rest /= 10;
        }
        mark.put(HEAD);
        mark
    }

    /// Puts bytes in front.
    fn put(&mut self, bytes: &[u8]) {
        let end = self.start;
        self.start -= bytes.len();
        self.text[self.start..end].copy_from_slice(bytes);
    }
}

/// How many bytes the splice of a revision adds.
pub(super) fn added(revision: Revision) -> usize {
    HEAD.len() + TAIL.len() + revision.get().ilog10() as usize + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_served_form_is_the_stored_one_with_its_revision() {
        let stored = br#"{"apiVersion":"g/v","kind":"K","metadata":{"name":"a"},"spec":{}}"#;
        for number in [1, 9, 10, 1_786_000_000_000_000, u64::MAX] {
            let revision = Revision::new(number).expect("not 0");
            let served = Served::new(stored, 43, Some(revision)).whole();
            let text = format!(
                r#"{{"apiVersion":"g/v","kind":"K","metadata":{{"resourceVersion":"{number}","name":"a"}},"spec":{{}}}}"#
            );
            assert_eq!(served, text.as_bytes());
            assert_eq!(served.len(), stored.len() + added(revision));
        }
    }

    #[test]
    fn bytes_without_a_revision_are_themselves() {
        let stored = br#"{"metadata":{"name":"a"}}"#;
        assert_eq!(&*Served::new(stored, 13, None).whole(), stored);
        assert!(matches!(Served::from(&stored[..]).whole(), Cow::Borrowed(bytes) if bytes == stored));
    }
}
