//! What is made of a run and kept with it, so that the next one who needs it finds it ready.
//!
//! Only what is asked for twice is kept: a run that changes between two lists costs nothing here. All of it together
//! takes at most a quarter of what the objects take, and goes with the run.

use std::ops::Deref;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::gzip::Block;

/// A value and what was made of it. Whoever changes the value drops what was made.
#[derive(Debug, Default)]
pub struct Kept<T> {
    value: T,
    made: Made,
}

/// What was made of the objects of a run.
#[derive(Debug, Default)]
pub struct Made {
    /// The objects with commas between them, compressed.
    pub objects: OnSecond<Block>,
    /// The same of the objects' metadata.
    pub metadata: OnSecond<Block>,
    /// What a table says of the objects.
    pub cells: OnSecond<Holed>,
    spent: AtomicUsize,
}

/// Made when it is asked for the second time.
#[derive(Debug)]
pub struct OnSecond<T> {
    asked: AtomicUsize,
    /// Nothing where it turned out too large to be kept.
    made: OnceLock<Option<T>>,
}

/// Text with holes, in as many parts as a run has objects: what does not change, around what depends on the time.
#[derive(Debug, Default)]
pub struct Holed {
    text: Vec<u8>,
    /// Where in the text something is missing, and what it is made of.
    holes: Vec<(u32, i64)>,
    /// Where the parts end, in the text and among the holes.
    ends: Vec<(u32, u32)>,
}

/// A piece of a text with holes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filling<'a> {
    /// What does not change.
    Text(&'a [u8]),
    /// What a hole is filled from.
    Hole(i64),
}

impl<T> Kept<T> {
    /// The value, of which nothing is made yet.
    #[must_use]
    pub fn new(value: T) -> Self {
        Kept { value, made: Made::default() }
    }

    /// The value, to be changed.
    pub fn change(&mut self) -> &mut T {
        self.made = Made::default();
        &mut self.value
    }

    /// What was made of it.
    #[must_use]
    pub fn made(&self) -> &Made {
        &self.made
    }
}

impl<T> Deref for Kept<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: Clone> Clone for Kept<T> {
    /// Copies are made to be changed: they begin without anything.
    fn clone(&self) -> Self {
        Kept::new(self.value.clone())
    }
}

impl<T> Default for OnSecond<T> {
    fn default() -> Self {
        OnSecond { asked: AtomicUsize::new(0), made: OnceLock::new() }
    }
}

impl<T> OnSecond<T> {
    /// What was made. Asked for the second time it is made now, and kept if `made` allows its size; whoever comes
    /// while it is being made does without.
    pub fn get(
        &self,
        made: &Made,
        budget: usize,
        make: impl FnOnce() -> T,
        size: impl FnOnce(&T) -> usize,
    ) -> Option<&T> {
        if let Some(made) = self.made.get() {
            return made.as_ref();
        }
        if self.asked.fetch_add(1, Ordering::Relaxed) != 1 {
            return None;
        }
        let new = make();
        let fits = made.spend(size(&new), budget);
        self.made.get_or_init(|| fits.then_some(new)).as_ref()
    }

    /// What was made, without asking for it.
    #[must_use]
    pub fn made(&self) -> Option<&T> {
        self.made.get()?.as_ref()
    }
}

impl Made {
    fn spend(&self, size: usize, budget: usize) -> bool {
        let spend = |spent: usize| Some(spent + size).filter(|sum| *sum <= budget);
        self.spent.fetch_update(Ordering::Relaxed, Ordering::Relaxed, spend).is_ok()
    }
}

impl Holed {
    /// Writes text.
    pub fn text(&mut self, text: &[u8]) {
        self.text.extend_from_slice(text);
    }

    /// Leaves a hole.
    pub fn hole(&mut self, of: i64) {
        self.holes.push((place(self.text.len()), of));
    }

    /// Ends a part.
    pub fn end(&mut self) {
        self.ends.push((place(self.text.len()), place(self.holes.len())));
    }

    /// A part, piece by piece.
    pub fn part(&self, number: usize) -> Option<impl Iterator<Item = Filling<'_>>> {
        let (end, last) = self.ends.get(number).map(|&(end, last)| (end as usize, last as usize))?;
        let before = number.checked_sub(1).and_then(|before| self.ends.get(before)).copied();
        let (mut from, first) = before.map_or((0, 0), |(end, last)| (end as usize, last as usize));
        let holes = self.holes.get(first..last)?;
        let rest = self.text.get(holes.last().map_or(from, |hole| hole.0 as usize)..end)?;
        let filled = holes.iter().flat_map(move |&(at, of)| {
            let text = self.text.get(from..at as usize).unwrap_or_default();
            from = at as usize;
            [Filling::Text(text), Filling::Hole(of)]
        });
        Some(filled.chain([Filling::Text(rest)]))
    }

    /// How much memory it takes.
    #[must_use]
    pub fn size(&self) -> usize {
        self.text.capacity() + self.holes.capacity() * size_of::<(u32, i64)>() + self.ends.capacity() * 8
    }

    /// No more than it needs, since it is kept for long.
    #[must_use]
    pub fn fitted(mut self) -> Self {
        self.text.shrink_to_fit();
        self.holes.shrink_to_fit();
        self.ends.shrink_to_fit();
        self
    }
}

/// A run has at most so much text.
fn place(offset: usize) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_asked_for_twice_is_made_and_only_what_fits_is_kept() {
        let kept = Kept::new(());
        let ask = |budget| {
            let made = kept.made();
            made.cells.get(made, budget, Holed::default, |_| 10).is_some()
        };
        assert_eq!([ask(10), ask(10), ask(0)], [false, true, true]);
        let made = kept.made();
        // 10 of 15 are spent.
        let ask = || made.objects.get(made, 15, || panic!("once"), |_| 6).is_some();
        assert!(!ask());
        let other = Kept::new(());
        let ask = |budget| other.made().cells.get(other.made(), budget, Holed::default, |_| 10).is_some();
        assert_eq!([ask(9), ask(9), ask(10)], [false, false, false], "too large once is too large");
    }

    #[test]
    fn a_change_drops_what_was_made_and_a_copy_has_nothing() {
        let mut kept = Kept::new(1);
        for _ in 0..2 {
            kept.made().cells.get(kept.made(), 10, Holed::default, |_| 0);
        }
        assert!(kept.made().cells.made().is_some());
        assert!(kept.clone().made().cells.made().is_none());
        *kept.change() = 2;
        assert!(kept.made().cells.made().is_none() && *kept == 2);
    }

    #[test]
    fn holes_are_found_where_they_were_left() {
        let mut holed = Holed::default();
        for (number, parts) in [&["a", "b", "c"][..], &["d"], &["", "e"]].into_iter().enumerate() {
            for (place, text) in parts.iter().enumerate() {
                if place > 0 {
                    holed.hole(i64::try_from(number).unwrap());
                }
                holed.text(text.as_bytes());
            }
            holed.end();
        }
        let read = |number| {
            let fillings = holed.part(number)?.map(|filling| match filling {
                Filling::Text(text) => String::from_utf8(text.to_vec()).unwrap(),
                Filling::Hole(hole) => format!("<{hole}>"),
            });
            Some(fillings.collect::<String>())
        };
        assert_eq!(read(0).as_deref(), Some("a<0>b<0>c"));
        assert_eq!(read(1).as_deref(), Some("d"));
        assert_eq!(read(2).as_deref(), Some("<2>e"));
        assert_eq!(read(3), None);
        assert!(holed.fitted().size() >= 5);
    }
}
