//! Two stores side by side in the order of their keys. Reads only, and holds a page of each.
//!
//! Pages are of the latest state, so that no history has to last as long as a migration does. Nobody else writes; and
//! what the migration writes has a key that was passed already.

use std::cmp::Ordering;
use std::collections::VecDeque;

use super::super::{Key, Prefix, Query, Revision, Storage, Stored};
use super::marker::RESERVED;
use super::{Error, Result};

/// How many records, and bytes of values, are in memory of each store.
const PAGE: usize = 1000;
const PAGE_BYTES: usize = 4 << 20;

/// What is to be done about one key.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The target lacks it.
    Create(Stored),
    /// The target has something else, at that revision.
    Replace(Stored, Revision),
    /// The target has it.
    Keep(Stored),
    /// Only the target has it, at that revision.
    Delete(Key, Revision),
}

pub(super) struct Merge<'a> {
    pub(super) source: Pages<'a>,
    pub(super) target: Pages<'a>,
    above: Revision,
}

impl<'a> Merge<'a> {
    /// Everything in the target has to be above that revision.
    pub(super) fn new(source: &'a dyn Storage, target: &'a dyn Storage, above: Revision) -> Self {
        Self { source: Pages::new(source), target: Pages::new(target), above }
    }

    pub(super) async fn next(&mut self) -> Result<Option<Step>> {
        let source = self.source.peek().await.map_err(Error::Source)?;
        let target = self.target.peek().await.map_err(Error::Target)?;
        let order = match (source, target) {
            (None, None) => return Ok(None),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(source), Some(target)) => source.key.cmp(&target.key),
        };
        let source = if order.is_le() { self.source.items.pop_front() } else { None };
        let target = if order.is_ge() { self.target.items.pop_front() } else { None };
        Ok(match (source, target) {
            (Some(source), Some(target)) => Some(self.compared(source, &target)),
            (Some(source), None) => Some(Step::Create(source)),
            (None, target) => target.map(|target| Step::Delete(target.key, target.revision)),
        })
    }

    fn compared(&self, source: Stored, target: &Stored) -> Step {
        if target.revision > self.above && target.value == source.value {
            Step::Keep(source)
        } else {
            Step::Replace(source, target.revision)
        }
    }
}

/// The objects of one store, a page at a time.
pub(super) struct Pages<'a> {
    storage: &'a dyn Storage,
    items: VecDeque<Stored>,
    /// Where the next page begins; `None` when there is none.
    next: Option<Box<str>>,
    /// How many records there are, once the first page is read.
    pub(super) total: u64,
    began: bool,
}

impl<'a> Pages<'a> {
    pub(super) fn new(storage: &'a dyn Storage) -> Self {
        Self { storage, items: VecDeque::new(), next: Some("".into()), total: 0, began: false }
    }

    pub(super) async fn next(&mut self) -> super::super::Result<Option<Stored>> {
        self.peek().await?;
        Ok(self.items.pop_front())
    }

    async fn peek(&mut self) -> super::super::Result<Option<&Stored>> {
        while self.items.is_empty() {
            let Some(from) = self.next.take() else { return Ok(None) };
            self.read(from).await?;
        }
        Ok(self.items.front())
    }

    async fn read(&mut self, from: Box<str>) -> super::super::Result<()> {
        let all = Query::all(Prefix::everything());
        let (limit, max_bytes, count) = (PAGE, PAGE_BYTES, !self.began);
        let page = self.storage.list(Query { from: Some(from), limit, max_bytes, count, ..all }).await?.value;
        if count {
            self.total = page.items.len() as u64 + page.remaining.unwrap_or_default();
            self.began = true;
        }
        self.next = page.items.last().filter(|_| page.more).map(|last| format!("{}\0", last.key).into());
        self.items.extend(page.items.into_iter().filter(|item| !item.key.as_str().starts_with(RESERVED)));
        Ok(())
    }
}
