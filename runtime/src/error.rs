//! What stops a server from starting, or running.
//!
//! What a client sees is an `ApiError`, made in `respond::status`.

use std::fmt;

/// A start or a run that failed. `main` prints `Debug`, so `Debug` is the sentence.
pub struct Error(String);

/// The result of starting or running a server.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// What was being done, to what, what was found, what to try.
    pub fn new(sentence: impl Into<String>) -> Self {
        Self(sentence.into())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<E: std::error::Error> From<E> for Error {
    fn from(error: E) -> Self {
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(inner) = source {
            text = format!("{text}: {inner}");
            source = inner.source();
        }
        Self(text)
    }
}
