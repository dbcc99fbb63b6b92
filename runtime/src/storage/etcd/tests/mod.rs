//! The store over members that answer what a test says.

mod barriers;
mod lists;
mod member;
mod versions;
