//! The store over members that answer what a test says.

mod lists;
mod member;
