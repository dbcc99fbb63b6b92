//! Bytes that were compressed before, to be used in many streams.

use bytes::Bytes;

use super::{Deflater, Pieces};

/// A section of a deflate stream, and what the stream's checksum needs to know of it.
#[derive(Clone, Debug)]
pub struct Block {
    deflated: Bytes,
    crc: u32,
    length: u64,
}

/// A block that is being made of the pieces it is given.
#[derive(Debug)]
pub struct Making<'a> {
    deflater: &'a mut Deflater,
    deflated: Vec<u8>,
    crc: crc32fast::Hasher,
}

impl Block {
    /// Begins a block.
    #[must_use]
    pub fn begin(deflater: &mut Deflater) -> Making<'_> {
        Making { deflater, deflated: Vec::new(), crc: crc32fast::Hasher::new() }
    }

    /// The compressed bytes.
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        &self.deflated
    }

    pub(super) fn checksum(&self) -> crc32fast::Hasher {
        crc32fast::Hasher::new_with_initial_len(self.crc, self.length)
    }
}

impl Making<'_> {
    /// Ends the block.
    #[must_use]
    pub fn end(mut self) -> Block {
        self.deflater.end(&mut self.deflated);
        let length = self.crc.total_len();
        // It is kept for long: no more than it needs.
        Block { deflated: self.deflated.into_boxed_slice().into(), crc: self.crc.finalize(), length }
    }
}

impl Pieces for Making<'_> {
    fn copy(&mut self, bytes: &[u8]) {
        self.crc.update(bytes);
        self.deflater.write(bytes, &mut self.deflated);
    }
}
