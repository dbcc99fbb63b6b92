//! How many records to ask etcd for, which counts records and not bytes, and when a page is full. Pure.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::storage::Stored;

/// What is asked for first while nothing is known of the size of records.
const FIRST: usize = 16;
/// What is asked for first at most: records of this range may be larger than those before.
const FIRST_AT_MOST: usize = 256;
/// What is asked for at most.
const MOST: usize = 10_000;
/// What one answer should be, in bytes.
const ANSWER: usize = 2 << 20;

/// How large records are, going by the answers of before; 0 is not known.
#[derive(Debug, Default)]
pub(super) struct Sizes(AtomicUsize);

impl Sizes {
    fn typical(&self) -> Option<usize> {
        Some(self.0.load(Ordering::Relaxed)).filter(|size| *size > 0)
    }

    /// Rises at once and falls little by little: to ask for too much costs more than to ask once more.
    fn learn(&self, size: usize) {
        let known = self.0.load(Ordering::Relaxed);
        self.0.store(size.max(known - known / 4), Ordering::Relaxed);
    }
}

/// A page in the making.
pub(super) struct Paging<'a> {
    limit: usize,
    max_bytes: usize,
    sizes: &'a Sizes,
    /// How many records the last answer held, and how large they were.
    last: Option<(usize, usize)>,
    items: Vec<Stored>,
    bytes: usize,
    more: bool,
}

impl<'a> Paging<'a> {
    /// An empty page; 0 is no limit.
    pub(super) fn new(limit: usize, max_bytes: usize, sizes: &'a Sizes) -> Self {
        let or_none = |limit| if limit == 0 { usize::MAX } else { limit };
        Self {
            limit: or_none(limit),
            max_bytes: or_none(max_bytes),
            sizes,
            last: None,
            items: Vec::new(),
            bytes: 0,
            more: false,
        }
    }

    /// How many records to ask for next: what fills an answer, going by the size of those that came last, and at most twice
    /// as many as came then.
    pub(super) fn ask(&self) -> i64 {
        let (size, most) = match (self.last, self.sizes.typical()) {
            (Some((records, size)), _) => (size, (2 * records).min(MOST)),
            (None, Some(size)) => (size, FIRST_AT_MOST),
            (None, None) => (1, FIRST),
        };
        let room = (self.max_bytes.saturating_sub(self.bytes) / size).saturating_add(1);
        let wanted = (ANSWER / size).min(room).clamp(1, most);
        i64::try_from(wanted.min(self.limit - self.items.len())).unwrap_or(i64::MAX)
    }

    /// Learns what came: how many records, and how many bytes.
    pub(super) fn answered(&mut self, records: usize, bytes: usize) {
        if let Some(size) = bytes.checked_div(records) {
            let size = size.max(1);
            self.sizes.learn(size);
            self.last = Some((records, size));
        }
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
    fn what_is_asked_for_follows_the_size_of_the_last_records() {
        let sizes = Sizes::default();
        let mut paging = Paging::new(0, 0, &sizes);
        assert_eq!(paging.ask(), 16);
        for (records, size, asked) in [
            (16, 100, 32),
            (32, 100, 64),
            (900, 2 << 10, 1024),
            (8000, 100, 10_000),
            (1, 100, 2),
            (64, 1 << 20, 2),
            (2, 4 << 20, 1),
            (1, 0, 2),
        ] {
            paging.answered(records, records * size);
            assert_eq!(paging.ask(), asked, "after {records} of {size}");
        }
    }

    #[test]
    fn a_later_list_begins_with_what_is_known() {
        let sizes = Sizes::default();
        Paging::new(0, 0, &sizes).answered(3, 300);
        assert_eq!(Paging::new(0, 0, &sizes).ask(), 256, "what it asks for may be larger");
        Paging::new(0, 0, &sizes).answered(2, 2 << 20);
        assert_eq!(Paging::new(0, 1 << 20, &sizes).ask(), 2);
        // Small ones among them make it no bolder at once.
        Paging::new(0, 0, &sizes).answered(100, 100);
        assert_eq!(Paging::new(0, 0, &sizes).ask(), 2);
        for _ in 0..40 {
            Paging::new(0, 0, &sizes).answered(100, 100);
        }
        assert_eq!(Paging::new(0, 0, &sizes).ask(), 256);
    }

    #[test]
    fn a_page_asks_for_no_more_than_it_has_room_for() {
        let sizes = Sizes::default();
        let mut paging = Paging::new(5, 0, &sizes);
        assert_eq!(paging.ask(), 5);
        paging.answered(1, 10);
        assert!(paging.take(item(10)));
        assert_eq!(paging.ask(), 2);
        paging.answered(2, 20);
        assert!(paging.take(item(10)) && paging.take(item(10)));
        assert_eq!(paging.ask(), 2);
        let mut paging = Paging::new(0, 100, &sizes);
        paging.answered(20, 200);
        assert!(paging.take(item(10)));
        assert_eq!(paging.ask(), 10);
    }

    #[test]
    fn a_page_ends_at_its_items_or_bytes_and_never_empty() {
        let sizes = Sizes::default();
        let fill = |limit, max_bytes, lengths: &[usize]| {
            let mut paging = Paging::new(limit, max_bytes, &sizes);
            let taken = lengths.iter().take_while(|length| paging.take(item(**length))).count();
            (taken, paging.more)
        };
        assert_eq!(fill(2, 0, &[1, 1, 1]), (2, true));
        assert_eq!(fill(0, 10, &[5, 5, 1]), (2, true));
        assert_eq!(fill(0, 10, &[50, 1]), (1, true));
        assert_eq!(fill(0, 0, &[50, 1]), (2, false));
        let mut paging = Paging::new(1, 0, &sizes);
        assert!(paging.take(item(1)) && !paging.goes_on(true) && paging.end().1);
    }
}
