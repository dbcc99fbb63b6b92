//! Text written piece by piece, wherever it goes.

use std::fmt;
use std::io;

use crate::gzip::Pieces;
use crate::object::Served;

/// What bodies are made of, besides slices of objects.
pub(super) trait Json: Pieces + Sized {
    /// Writes a text as it is.
    fn text(&mut self, text: &str) {
        self.copy(text.as_bytes());
    }

    /// Writes what is served of an object.
    fn served(&mut self, object: Served<'_>) {
        object.pieces().into_iter().for_each(|piece| self.copy(piece));
    }

    /// Writes a text as a JSON string.
    fn quoted(&mut self, text: &str) {
        // Writing into memory does not fail.
        let _ = serde_json::to_writer(Out(self), text);
    }

    /// Writes what is formatted.
    fn formatted(&mut self, text: fmt::Arguments<'_>) {
        let _ = fmt::Write::write_fmt(&mut Out(self), text);
    }
}

impl<P: Pieces> Json for P {}

struct Out<'a, P>(&'a mut P);

impl<P: Pieces> fmt::Write for Out<'_, P> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.copy(text.as_bytes());
        Ok(())
    }
}

impl<P: Pieces> io::Write for Out<'_, P> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.copy(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
