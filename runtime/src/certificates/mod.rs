//! Certificates: what is written in one, and an authority of our own.
//!
//! Whether a certificate is believed is decided in `authentication`; how it is shown, in `transport`.

pub(crate) mod authority;
pub(crate) mod files;
pub(crate) mod subject;

pub(crate) use authority::{Authority, Leaf, Pair};
pub(crate) use subject::Subject;
