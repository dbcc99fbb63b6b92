//! A kind's schema, ready to judge documents and to be published.

/// The schema of one kind, compiled.
#[derive(Debug)]
pub struct Compiled {}
