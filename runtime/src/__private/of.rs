//! What is done with a field, by its type.
//!
//! A type that is no `ApiType` is reported once, where the table of fields asks for its schema. Everywhere
//! else `Of::<T>::…` falls back to [`Reported`], as inherent functions beat those of a trait, so that
//! one mistake makes one error.

use std::marker::PhantomData;

use serde::de::{Error, MapAccess};
use serde::ser::{Serialize, SerializeMap};

use crate::schema::ApiType;

/// A field of type `T`.
#[derive(Debug)]
pub struct Of<T>(PhantomData<fn() -> T>);

impl<T: ApiType> Of<T> {
    /// A copy.
    pub fn copy(value: &T) -> T {
        value.clone()
    }

    /// The value behind the key that was read; null is absent.
    pub fn read<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Option<T>, A::Error> {
        map.next_value()
    }

    /// The value of a field whose type says whether it must be there.
    pub fn by_type<E: Error>(value: Option<T>, name: &'static str) -> Result<T, E> {
        match value {
            Some(value) => Ok(value),
            None => T::absent().ok_or_else(|| E::missing_field(name)),
        }
    }

    /// Whether the value says what an absent field says.
    pub fn is_absent(value: &T) -> bool {
        value.is_absent()
    }

    /// Writes a field, unless it holds what its type means by absent.
    pub fn write_by_type<M: SerializeMap>(
        map: &mut M,
        name: &'static str,
        value: &T,
    ) -> Result<(), M::Error> {
        if T::OPTIONAL && value.is_absent() { Ok(()) } else { map.serialize_entry(name, value) }
    }
}

impl<T: Serialize> Of<T> {
    /// Writes a field.
    pub fn write<M: SerializeMap>(map: &mut M, name: &'static str, value: &T) -> Result<(), M::Error> {
        map.serialize_entry(name, value)
    }
}

impl<T: Default> Of<T> {
    /// The type's own default.
    #[must_use]
    pub fn blank() -> T {
        T::default()
    }
}

/// Stands in for what a type does not have. The mistake is reported elsewhere, so none of this runs.
pub trait Reported<T> {
    /// Never runs.
    fn copy(_: &T) -> T {
        unreachable!()
    }

    /// Never runs.
    fn read<'de, A: MapAccess<'de>>(_: &mut A) -> Result<Option<T>, A::Error> {
        unreachable!()
    }

    /// Never runs.
    fn by_type<E: Error>(_: Option<T>, _: &'static str) -> Result<T, E> {
        unreachable!()
    }

    /// Never runs.
    fn is_absent(_: &T) -> bool {
        unreachable!()
    }

    /// Never runs.
    fn write_by_type<M: SerializeMap>(_: &mut M, _: &'static str, _: &T) -> Result<(), M::Error> {
        unreachable!()
    }

    /// Never runs.
    fn write<M: SerializeMap>(_: &mut M, _: &'static str, _: &T) -> Result<(), M::Error> {
        unreachable!()
    }

    /// Never runs.
    fn blank() -> T {
        unreachable!()
    }
}

impl<T> Reported<T> for Of<T> {}
