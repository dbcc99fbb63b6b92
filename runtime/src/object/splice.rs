//! Between the stored and the served form of an object.
//!
//! Stored: compact JSON without a resourceVersion, since that is unknown before the commit. Served: the
//! same bytes with `"resourceVersion":"N",` as the first member of `metadata`. Where `metadata` begins
//! is told by whoever encoded or parsed the bytes; it is never searched for.

use bytes::Bytes;

use crate::storage::Revision;

const HEAD: &[u8] = br#""resourceVersion":""#;
const TAIL: &[u8] = br#"","#;

/// How many bytes the splice of a revision adds.
pub(super) fn added(revision: Revision) -> usize {
    HEAD.len() + TAIL.len() + revision.get().ilog10() as usize + 1
}

/// The served form and a newline; `cut` is just behind the brace that opens `metadata`, which is not empty.
pub(super) fn serve(stored: &[u8], cut: usize, revision: Revision) -> Bytes {
    serve_parts(&stored[..cut], &stored[cut..], revision)
}

fn serve_parts(before: &[u8], behind: &[u8], revision: Revision) -> Bytes {
    let mut served = Vec::with_capacity(before.len() + behind.len() + added(revision) + 1);
    served.extend_from_slice(before);
    served.extend_from_slice(HEAD);
    served.extend_from_slice(revision.to_string().as_bytes());
    served.extend_from_slice(TAIL);
    served.extend_from_slice(behind);
    served.push(b'\n');
    served.into()
}

/// A served form at another revision; `added` bytes of it are the splice of the first one.
pub(super) fn reserve(served: &[u8], cut: usize, added: usize, revision: Revision) -> Bytes {
    serve_parts(&served[..cut], &served[cut + added..], revision)
}

/// The stored form that a served one was made of.
pub(super) fn unserve(served: &[u8], cut: usize, added: usize) -> Vec<u8> {
    let mut stored = Vec::with_capacity(served.len());
    stored.extend_from_slice(&served[..cut]);
    stored.extend_from_slice(&served[cut + added..]);
    stored
}

/// Whether a served form was made of these stored bytes.
pub(super) fn same(served: &[u8], cut: usize, added: usize, stored: &[u8]) -> bool {
    served.len() == stored.len() + added
        && served[..cut] == stored[..cut]
        && served[cut + added..] == stored[cut..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_served_form_leads_back_to_its_stored_form() {
        let stored = br#"{"apiVersion":"g/v","kind":"K","metadata":{"name":"a"},"spec":{}}"#;
        let cut = 43;
        for number in [1, 9, 10, 1_786_000_000_000] {
            let revision = Revision::new(number).expect("not 0");
            let line = serve(stored, cut, revision);
            let served = line.strip_suffix(b"\n").expect("a newline");
            let added = added(revision);
            let text = format!(
                r#"{{"apiVersion":"g/v","kind":"K","metadata":{{"resourceVersion":"{number}","name":"a"}},"spec":{{}}}}"#
            );
            assert_eq!(served, text.as_bytes());
            assert_eq!(unserve(served, cut, added), stored);
            assert!(same(served, cut, added, stored));
            assert_eq!(reserve(served, cut, added, Revision::FIRST), serve(stored, cut, Revision::FIRST));
            assert_eq!(reserve(stored, cut, 0, revision), serve(stored, cut, revision));
            assert!(!same(served, cut, added, &stored[..stored.len() - 1]));
            let other: Vec<u8> = stored.iter().map(|&byte| if byte == b'a' { b'b' } else { byte }).collect();
            assert!(!same(served, cut, added, &other));
        }
    }
}
