//! Strings that Go's types decode themselves: times, quantities, bytes. What is wrong with one, in the
//! words of its decoder, and the form in which Go would write it back.

pub(super) mod bytes;
pub(super) mod quantity;
pub(super) mod time;
