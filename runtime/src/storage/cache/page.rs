//! A page of a list while it is filled: whole slices where possible, new runs where the past differs from the present.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::runs::{Range, Runs};
use crate::object::Object;
use crate::storage::Key;
use crate::storage::view::{Run, Slice, Slices};

/// What stood under a key at a past revision; nothing where there was no object.
pub(super) type Past = BTreeMap<Key, Option<Arc<Object>>>;

/// A page in the making.
#[derive(Debug, Default)]
pub(super) struct Page {
    slices: Slices,
    /// Objects that are in no shared run.
    loose: Vec<Arc<Object>>,
    items: usize,
    bytes: usize,
    /// At most so many objects; 0 is no limit.
    limit: usize,
    /// At most so many bytes, but never less than one object; 0 is no limit.
    max_bytes: usize,
    /// Something did not fit.
    more: bool,
}

impl Page {
    pub(super) fn new(limit: usize, max_bytes: usize) -> Page {
        Page { limit, max_bytes, ..Page::default() }
    }

    /// The page of what is there now.
    pub(super) fn present(mut self, runs: &Runs, range: Range<'_>) -> (Slices, bool) {
        for slice in runs.slices(range) {
            if !self.slice(slice) {
                break;
            }
        }
        self.done()
    }

    /// The page of what was there before: `past` has every key of the range that changed since.
    pub(super) fn past(mut self, runs: &Runs, range: Range<'_>, past: &Past) -> (Slices, bool) {
        let mut past = past.iter().peekable();
        for slice in runs.slices(range) {
            let last = slice.items().last().map(|object| object.key());
            if past.peek().is_none_or(|(key, _)| Some(*key) > last) {
                if !self.slice(slice) {
                    return self.done();
                }
                continue;
            }
            for object in slice.items() {
                let key = object.key();
                while let Some((_, before)) = past.next_if(|(past, _)| *past < key) {
                    if !self.loose(before.as_ref()) {
                        return self.done();
                    }
                }
                let then = match past.next_if(|(past, _)| *past == key) {
                    Some((_, before)) => before.as_ref(),
                    None => Some(object),
                };
                if !self.loose(then) {
                    return self.done();
                }
            }
        }
        for (_, before) in past {
            if !self.loose(before.as_ref()) {
                break;
            }
        }
        self.done()
    }

    /// Adds a slice, or as much of it as fits; says whether all of it did.
    fn slice(&mut self, slice: Slice) -> bool {
        let all = slice.items().len();
        let fitting = self.fitting(&slice);
        self.more |= fitting < all;
        if let Some(part) = slice.first(fitting) {
            self.flush();
            self.items += fitting;
            self.bytes += part.bytes();
            self.slices.push(part);
        }
        fitting == all
    }

    /// How many objects of a slice fit.
    fn fitting(&self, slice: &Slice) -> usize {
        let all = slice.items().len();
        let few = self.limit == 0 || self.items + all <= self.limit;
        if few && (self.max_bytes == 0 || self.bytes + slice.bytes() <= self.max_bytes) {
            return all;
        }
        let (mut items, mut bytes) = (self.items, self.bytes);
        let fits = slice.items().iter().take_while(|object| {
            let length = object.length();
            let fits = self.fits(items, bytes, length);
            (items, bytes) = (items + 1, bytes + length);
            fits
        });
        fits.count()
    }

    /// Adds one object, if there is one and it fits.
    fn loose(&mut self, object: Option<&Arc<Object>>) -> bool {
        let Some(object) = object else { return true };
        let length = object.length();
        if !self.fits(self.items, self.bytes, length) {
            self.more = true;
            return false;
        }
        (self.items, self.bytes) = (self.items + 1, self.bytes + length);
        self.loose.push(Arc::clone(object));
        if self.loose.len() == Run::MOST {
            self.flush();
        }
        true
    }

    fn fits(&self, items: usize, bytes: usize, length: usize) -> bool {
        (self.limit == 0 || items < self.limit)
            && (self.max_bytes == 0 || items == 0 || bytes + length <= self.max_bytes)
    }

    fn flush(&mut self) {
        if !self.loose.is_empty() {
            self.slices.append(std::mem::take(&mut self.loose).into_iter().collect());
        }
    }

    fn done(mut self) -> (Slices, bool) {
        self.flush();
        (self.slices, self.more)
    }
}
