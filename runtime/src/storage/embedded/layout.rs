//! What the file holds.
//!
//! - `log`: revision → row. A row is one write: the key, the new value or its absence, and the revision it replaced.
//!   Rows are data as long as they are live, and history as long as they are not compacted.
//! - `live`: key → revision of its row. Follows from the log; an opening compares the two.
//! - `meta`: the version of this layout, the compacted revision, the life (see `witness`), and the ceiling while writes
//!   are acknowledged before they are durable: no revision at or above it was given away.
//!
//! The current revision is that of the last row, or the compacted one when that is higher (its row may be a deletion
//! that is forgotten).

use redb::TableDefinition;

use super::super::{Event, Revision, Stored};

pub(super) const LOG: TableDefinition<u64, &[u8]> = TableDefinition::new("log");
pub(super) const LIVE: TableDefinition<&str, u64> = TableDefinition::new("live");
pub(super) const META: TableDefinition<&str, u64> = TableDefinition::new("meta");

/// Key of `meta`: the version of the layout.
pub(super) const FORMAT: &str = "format";
/// The version that is written and read.
pub(super) const FORMAT_1: u64 = 1;
/// Key of `meta`: the compacted revision.
pub(super) const COMPACTED: &str = "compacted";
/// Key of `meta`: the ceiling. It is there only between the first relaxed write and an orderly end.
pub(super) const CEILING: &str = "ceiling";

/// Key of `meta`: the life that the store is in, as its witness knows it. Files of before there were witnesses have none,
/// which is the life 0.
pub(super) const LIFE: &str = "life";

const DELETED: u8 = 0;
const VALUE: u8 = 1;
/// Kind, replaced revision (0 is none), length of the key.
const HEAD: usize = 1 + 8 + 4;

/// A row of the log as it lies in the file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Row<'a> {
    pub(super) key: &'a str,
    pub(super) value: Option<&'a [u8]>,
    pub(super) replaced: Option<Revision>,
}

impl Row<'_> {
    /// A row must replace what is there.
    pub(super) fn replaces(&self, current: Option<&Stored>) -> Result<(), String> {
        let current = current.map(|current| current.revision);
        if self.replaced == current {
            return Ok(());
        }
        Err(format!("it replaced {:?} of {} and {current:?} is there", self.replaced, self.key))
    }
}

/// The row of an event, into a buffer that is used again.
pub(super) fn encode(event: &Event, row: &mut Vec<u8>) {
    let key = event.key.as_str().as_bytes();
    // A length beyond 4 GiB is cut here and refused when it is read; keys are bounded far below.
    let length = u32::try_from(key.len()).unwrap_or(u32::MAX);
    let value = event.value.as_deref().unwrap_or_default();
    row.clear();
    row.reserve(HEAD + key.len() + value.len());
    row.push(if event.value.is_some() { VALUE } else { DELETED });
    row.extend_from_slice(
        &event.previous.as_ref().map_or(0, |previous| previous.revision.get()).to_le_bytes(),
    );
    row.extend_from_slice(&length.to_le_bytes());
    row.extend_from_slice(key);
    row.extend_from_slice(value);
}

/// What a row says, or what is wrong with it.
pub(super) fn decode(row: &[u8]) -> Result<Row<'_>, String> {
    let short = || format!("a row of {} bytes is too short", row.len());
    let (kind, rest) = row.split_first().ok_or_else(short)?;
    let (replaced, rest) = rest.split_first_chunk::<8>().ok_or_else(short)?;
    let (length, rest) = rest.split_first_chunk::<4>().ok_or_else(short)?;
    let length = u32::from_le_bytes(*length) as usize;
    let (key, value) = rest.split_at_checked(length).ok_or_else(short)?;
    let key = std::str::from_utf8(key).map_err(|why| format!("the key is not text: {why}"))?;
    let value = match *kind {
        VALUE => Some(value),
        DELETED if value.is_empty() => None,
        kind => return Err(format!("the row of {key} is of the unknown kind {kind}")),
    };
    Ok(Row { key, value, replaced: Revision::new(u64::from_le_bytes(*replaced)) })
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::super::super::Key;
    use super::*;

    #[test]
    fn a_row_says_what_its_event_said() {
        let key = Key::new("g/r/n/a");
        let revision = Revision::new(7).expect("not 0");
        let previous = Stored { key: key.clone(), revision, value: "old".into(), stale: false };
        let values = [None, Some(Bytes::new()), Some(Bytes::from("{}"))];
        for (value, previous) in values.into_iter().zip([Some(previous), None, None]) {
            let event = Event { key: key.clone(), revision: revision.next(), value, previous };
            let mut row = b"left over".to_vec();
            encode(&event, &mut row);
            let replaced = event.previous.as_ref().map(|previous| previous.revision);
            let expected = Row { key: "g/r/n/a", value: event.value.as_deref(), replaced };
            assert_eq!(decode(&row), Ok(expected));
            for length in 0..HEAD + 7 {
                assert!(decode(&row[..length]).is_err(), "{length} bytes");
            }
        }
        let mut row = vec![9; HEAD];
        row[9..13].fill(0);
        assert_eq!(decode(&row), Err("the row of  is of the unknown kind 9".into()));
    }
}
