//! Between etcd's revisions and those we serve: served = etcd's + a number that only grows.
//!
//! The number is stored beside the data, in one key. Each time it is raised a new life begins, at the mod revision of that
//! key; a record keeps the revision that it had in the life of its write. Without that key the revisions are etcd's own,
//! as a Go server would serve them. Pure: who reads and writes the key is decided elsewhere.

use serde::{Deserialize, Serialize};

use super::proto::KeyValue;
use crate::storage::{Error, Result, Revision};

/// All lives, the first one from etcd's beginning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Base {
    /// The mod revision of the key, 0 when there is none.
    pub(super) at: i64,
    lives: Vec<Life>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Life {
    /// The first of etcd's revisions that belongs to it.
    from: i64,
    add: u64,
}

/// What the key holds. Where the newest life begins is known by the key's own mod revision only.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    add: u64,
    before: Vec<Life>,
}

impl Default for Base {
    fn default() -> Self {
        Self { at: 0, lives: vec![Life { from: 0, add: 0 }] }
    }
}

impl Base {
    /// What the key says; none is the beginning.
    pub(super) fn read(kv: Option<&KeyValue>) -> Result<Self> {
        let Some(kv) = kv else { return Ok(Self::default()) };
        let form: Form = serde_json::from_slice(&kv.value).map_err(|error| {
            Error::Incompatible(format!(
                "the revision base at the etcd key {} cannot be read ({error}): it was written by a newer version, or by \
                 something else; use that version, or another --etcd-prefix",
                String::from_utf8_lossy(&kv.key)
            ))
        })?;
        let mut lives = form.before;
        lives.push(Life { from: kv.mod_revision, add: form.add });
        Ok(Self { at: kv.mod_revision, lives })
    }

    /// What to write so that every revision behind etcd's `current` is served above `floor`, and the number it adds.
    pub(super) fn raised(&self, floor: Revision, current: i64) -> Vec<u8> {
        let add = floor.get().saturating_sub(count(current)).max(self.newest().add);
        let form = Form { add, before: self.lives.clone() };
        serde_json::to_vec(&form).unwrap_or_default()
    }

    /// How a revision of etcd is served.
    pub(super) fn serve(&self, etcd: i64) -> Revision {
        let life = self.lives.iter().rev().find(|life| life.from <= etcd);
        let add = life.map_or(0, |life| life.add);
        Revision::new(count(etcd).saturating_add(add)).unwrap_or(Revision::FIRST)
    }

    /// The revision of etcd whose state is asked for; the state of an earlier life is forgotten.
    pub(super) fn state(&self, asked: Revision) -> Result<i64> {
        let life = self.newest();
        let oldest = self.serve(life.from.max(1));
        if asked < oldest {
            return Err(Error::Compacted { asked, oldest });
        }
        Ok(i64::try_from(asked.get() - life.add).unwrap_or(i64::MAX))
    }

    /// The mod revision of the record that is served with that revision, from whichever life; one that no record has
    /// where there is none.
    pub(super) fn record(&self, served: Revision) -> i64 {
        let mut until = i64::MAX;
        for life in self.lives.iter().rev() {
            if let Some(etcd) = served.get().checked_sub(life.add).and_then(|etcd| i64::try_from(etcd).ok())
                && etcd >= life.from.max(1)
            {
                return if etcd < until { etcd } else { NONE };
            }
            until = life.from;
        }
        NONE
    }

    /// The oldest state that can be read, when etcd itself has forgotten up to `compacted`.
    pub(super) fn oldest(&self, compacted: i64) -> Revision {
        self.serve(compacted.max(self.newest().from).max(1))
    }

    fn newest(&self) -> Life {
        self.lives.last().copied().unwrap_or(Life { from: 0, add: 0 })
    }
}

/// A mod revision that no key has, not even one that does not exist.
const NONE: i64 = -1;

fn count(etcd: i64) -> u64 {
    u64::try_from(etcd).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn revision(number: u64) -> Revision {
        Revision::new(number).expect("not 0")
    }

    fn key(mod_revision: i64, value: Vec<u8>) -> KeyValue {
        KeyValue { key: "/p/~".into(), mod_revision, value: value.into(), ..KeyValue::default() }
    }

    /// Raised above 1000 by the write of revision 11, then above 5000 by that of 30.
    fn twice() -> Base {
        let first = Base::default();
        let second = Base::read(Some(&key(11, first.raised(revision(1000), 10)))).expect("a base");
        Base::read(Some(&key(30, second.raised(revision(5000), 20)))).expect("a base")
    }

    #[test]
    fn without_a_key_revisions_are_those_of_etcd() {
        let base = Base::read(None).expect("a base");
        assert_eq!((base.at, base.serve(7)), (0, revision(7)));
        assert_eq!((base.state(revision(7)), base.record(revision(7))), (Ok(7), 7));
        assert_eq!(base.oldest(3), revision(3));
    }

    #[test]
    fn a_raise_is_above_its_floor_and_forgets_what_was() {
        let base = twice();
        assert_eq!(base.at, 30);
        assert_eq!(
            (base.serve(10), base.serve(11), base.serve(29)),
            (revision(10), revision(1001), revision(1019))
        );
        assert_eq!((base.serve(30), base.serve(31)), (revision(5010), revision(5011)));
        assert_eq!(base.state(revision(5010)), Ok(30));
        for asked in [1, 10, 1001, 1019, 5000, 5009] {
            let compacted = Error::Compacted { asked: revision(asked), oldest: revision(5010) };
            assert_eq!(base.state(revision(asked)), Err(compacted));
        }
        assert_eq!((base.oldest(12), base.oldest(33)), (revision(5010), revision(5013)));
    }

    #[test]
    fn a_record_keeps_the_revision_of_its_write() {
        let base = twice();
        for etcd in [1, 10, 11, 29, 30, 31, 1_000_000] {
            assert_eq!(base.record(base.serve(etcd)), etcd);
        }
        for nobody in [11, 1000, 1020, 5009] {
            assert_eq!(base.record(revision(nobody)), NONE, "{nobody}");
        }
    }

    #[test]
    fn a_raise_below_the_present_adds_what_was_added() {
        let base = twice();
        let again = Base::read(Some(&key(40, base.raised(revision(100), 39)))).expect("a base");
        assert_eq!(again.serve(40), revision(5020));
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for value in ["", "7", r#"{"add":7}"#, r#"{"add":7,"before":[],"more":1}"#] {
            let refused = Base::read(Some(&key(9, value.into())));
            assert!(
                matches!(refused, Err(Error::Incompatible(ref why)) if why.contains("/p/~")),
                "{refused:?}"
            );
        }
    }
}
