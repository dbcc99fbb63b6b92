//! The store over members that answer what a test says.

mod barriers;
mod health;
mod lists;
mod member;
mod versions;
