//! How many records to ask etcd for, which counts records and not bytes, and when a page is full. Pure.

use crate::storage::Stored;

/// What is asked for first, before anything is known of the size of records.
const FIRST: usize = 256;
/// What is asked for at most.
const MOST: usize = 10_000;
/// What one answer should be, in bytes.
const ANSWER: usize = 2 << 20;

/// A page in the making.
pub(super) struct Paging {
    limit: usize,
    max_bytes: usize,
    items: Vec<Stored>,
    bytes: usize,
    more: bool,
}

impl Paging {
    /// An empty page; 0 is no limit.
    pub(super) fn new(limit: usize, max_bytes: usize) -> Self {
        let or_none = |limit| if limit == 0 { usize::MAX } else { limit };
        Self {
            limit: or_none(limit),
            max_bytes: or_none(max_bytes),
            items: Vec::new(),
            bytes: 0,
            more: false,
        }
    }

    /// How many records to ask for next: what fills an answer, going by the size of those that came.
    pub(super) fn ask(&self) -> i64 {
        let wanted = match self.items.len() {
            0 => FIRST,
            taken => {
                let average = (self.bytes / taken).max(1);
                let room = (self.max_bytes.saturating_sub(self.bytes) / average).saturating_add(1);
                (ANSWER / average).clamp(1, MOST).min(room)
            }
        };
        i64::try_from(wanted.min(self.limit - self.items.len())).unwrap_or(i64::MAX)
    }

    /// Takes a record, unless the page is full.
    pub(super) fn take(&mut self, item: Stored) -> bool {
        let bytes = self.bytes + item.value.len();
        let fits = self.items.len() < self.limit && (self.items.is_empty() || bytes <= self.max_bytes);
        if fits {
            self.bytes = bytes;
            self.items.push(item);
        }
        self.more = !fits;
        fits
    }

    /// Whether to ask for more, when etcd says whether it has more.
    pub(super) fn goes_on(&mut self, more: bool) -> bool {
        self.more = more;
        more && self.items.len() < self.limit
    }

    /// The records, and whether others follow.
    pub(super) fn end(self) -> (Vec<Stored>, bool) {
        (self.items, self.more)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::{Key, Revision};

    fn item(length: usize) -> Stored {
        Stored {
            key: Key::new("g/r/n"),
            revision: Revision::FIRST,
            value: vec![b'x'; length].into(),
            stale: false,
        }
    }

    #[test]
    fn what_is_asked_for_follows_the_size_of_records() {
        let mut paging = Paging::new(0, 0);
        assert_eq!(paging.ask(), 256);
        for (length, asked) in [(2 << 10, 1024), (2 << 20, 1), (0, 10_000)] {
            paging.items.clear();
            paging.bytes = 0;
            assert!(paging.take(item(length)));
            assert_eq!(paging.ask(), asked, "{length}");
        }
    }

    #[test]
    fn a_page_asks_for_no_more_than_it_has_room_for() {
        let mut paging = Paging::new(5, 0);
        assert_eq!(paging.ask(), 5);
        assert!(paging.take(item(10)));
        assert_eq!(paging.ask(), 4);
        let mut paging = Paging::new(0, 100);
        assert!(paging.take(item(10)));
        assert_eq!(paging.ask(), 10);
    }

    #[test]
    fn a_page_ends_at_its_items_or_bytes_and_never_empty() {
        let fill = |limit, max_bytes, lengths: &[usize]| {
            let mut paging = Paging::new(limit, max_bytes);
            let taken = lengths.iter().take_while(|length| paging.take(item(**length))).count();
            (taken, paging.more)
        };
        assert_eq!(fill(2, 0, &[1, 1, 1]), (2, true));
        assert_eq!(fill(0, 10, &[5, 5, 1]), (2, true));
        assert_eq!(fill(0, 10, &[50, 1]), (1, true));
        assert_eq!(fill(0, 0, &[50, 1]), (2, false));
        let mut paging = Paging::new(1, 0);
        assert!(paging.take(item(1)) && !paging.goes_on(true) && paging.end().1);
    }
}
