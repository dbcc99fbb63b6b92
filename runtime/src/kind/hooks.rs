//! The author's hooks: small synchronous traits on the kind. An impl is enough, nothing is registered.

use crate::schema::FieldErrors;

/// Fills in what the client left out and a constant cannot say. Runs after the schema's defaults.
pub trait SetDefaults {
    /// Fills in what is missing.
    fn set_defaults(&mut self);
}

/// Prepares an object that is about to be created.
pub trait PrepareForCreate {
    /// Changes the new object.
    fn prepare_for_create(&mut self);
}

/// Prepares an object that is about to replace another.
pub trait PrepareForUpdate {
    /// Changes the new object, in the light of the old one.
    fn prepare_for_update(&mut self, old: &Self);
}

/// Judges what a schema cannot say.
pub trait Validate: Sized {
    /// Reports mistakes in `self`; `old` is the stored object on updates.
    fn validate(&self, old: Option<&Self>, errors: &mut FieldErrors);
}
