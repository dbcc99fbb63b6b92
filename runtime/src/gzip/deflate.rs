//! Sections of a deflate stream that end on a byte and depend on nothing before them.

use std::fmt;

use flate2::{Compress, Compression, FlushCompress};

use super::Pieces;

/// How much is compressed at a time, in compressed bytes.
const ROOM: usize = 16 * 1024;

/// A compressor, and the section that it is writing.
pub struct Deflater {
    compress: Compress,
    /// Whether something was written since the last section ended.
    open: bool,
    room: Vec<u8>,
}

impl Deflater {
    /// For answers that are compressed once: quick, and still smaller than Go's quickest. Half of the largest window
    /// makes it a tenth quicker and its output a fiftieth larger.
    #[must_use]
    pub fn once() -> Self {
        Deflater::of(2, 14)
    }

    /// For blocks that are kept: smaller, since they cannot refer to what stands before them.
    #[must_use]
    pub fn to_keep() -> Self {
        Deflater::of(3, 15)
    }

    fn of(level: u32, window_bits: u8) -> Self {
        let compress = Compress::new_with_window_bits(Compression::new(level), false, window_bits);
        Deflater { compress, open: false, room: Vec::with_capacity(ROOM) }
    }

    /// Compresses bytes behind what the section has.
    pub(super) fn write(&mut self, bytes: &[u8], out: &mut impl Pieces) {
        self.open |= !bytes.is_empty();
        let mut rest = bytes;
        while !rest.is_empty() {
            rest = &rest[self.step(rest, FlushCompress::None, out)..];
        }
    }

    /// Ends the section, if there is one: what follows depends on nothing in it.
    pub(super) fn end(&mut self, out: &mut impl Pieces) {
        if !std::mem::take(&mut self.open) {
            return;
        }
        loop {
            self.step(&[], FlushCompress::Sync, out);
            // Space was left over: nothing waits in the compressor any more.
            if self.room.len() < self.room.capacity() {
                break;
            }
        }
        self.compress.reset();
    }

    /// Compresses as much as there is room for; answers how many bytes it took.
    fn step(&mut self, bytes: &[u8], flush: FlushCompress, out: &mut impl Pieces) -> usize {
        self.room.clear();
        let before = self.compress.total_in();
        // The only failures are those of a broken state, which a compressor from `new` or `reset` does not have.
        let _ = self.compress.compress_vec(bytes, &mut self.room, flush);
        out.copy(&self.room);
        usize::try_from(self.compress.total_in() - before).unwrap_or(bytes.len())
    }
}

impl fmt::Debug for Deflater {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deflater").field("open", &self.open).finish_non_exhaustive()
    }
}
