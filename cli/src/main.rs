//! The `aggboot` command.
fn main() {}
