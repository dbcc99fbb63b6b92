//! JSON in: keys are looked up in the table of fields, null is absent, the last of two equal keys counts.

use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};

use crate::schema::table::{Enumeration, Object};

/// Says what was expected.
pub fn expecting(f: &mut fmt::Formatter<'_>, object: &Object) -> fmt::Result {
    write!(f, "an object ({})", object.name)
}

/// The index of the next key among the fields; past them for a key that is not known.
pub fn member<'de, A: MapAccess<'de>>(
    map: &mut A,
    object: &'static Object,
) -> Result<Option<usize>, A::Error> {
    map.next_key_seed(Key(object))
}

/// The value behind the key, of a type that is only serde's; null is absent.
pub fn read_foreign<'de, T: Deserialize<'de>, A: MapAccess<'de>>(map: &mut A) -> Result<Option<T>, A::Error> {
    map.next_value()
}

/// Passes over the value of a key that is not known.
pub fn skip<'de, A: MapAccess<'de>>(map: &mut A) -> Result<(), A::Error> {
    map.next_value::<IgnoredAny>().map(drop)
}

/// A field that must be there.
pub fn required<T, E: Error>(value: Option<T>, name: &'static str) -> Result<T, E> {
    value.ok_or_else(|| E::missing_field(name))
}

/// What a root's `status` is before anybody wrote it.
#[must_use]
pub fn empty_status<T: Status>() -> T {
    T::default()
}

/// A type that may stand in the field `status` of a root.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a status: it is absent at first, so each of its fields may be absent",
    label = "has a field that must be there",
    note = "write `Option<…>`, `#[api(default)]` or `#[api(default = …)]` on the fields of `{Self}`"
)]
pub trait Status: Default {}

#[diagnostic::do_not_recommend]
impl<T: Default> Status for T {}

/// The index of the word among the values of an enum.
pub fn variant<'de, D: Deserializer<'de>>(
    deserializer: D,
    enumeration: &'static Enumeration,
) -> Result<usize, D::Error> {
    deserializer.deserialize_str(Word(enumeration))
}

struct Key(&'static Object);

impl<'de> DeserializeSeed<'de> for Key {
    type Value = usize;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<usize, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for Key {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a field of {}", self.0.name)
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<usize, E> {
        Ok(self.0.fields.iter().position(|field| field.name == key).unwrap_or(usize::MAX))
    }
}

struct Word(&'static Enumeration);

impl Visitor<'_> for Word {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "one of {}", self.0.values.join(", "))
    }

    fn visit_str<E: Error>(self, word: &str) -> Result<usize, E> {
        let found = self.0.values.iter().position(|value| *value == word);
        found.ok_or_else(|| E::unknown_variant(word, self.0.values))
    }
}
