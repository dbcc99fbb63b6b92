//! One gzip member, written from its header to its checksum.

use bytes::Bytes;

use super::{Block, Deflater};

/// Where bytes go.
pub trait Pieces {
    /// Takes a copy.
    fn copy(&mut self, bytes: &[u8]);

    /// Takes bytes that others have too: need not copy them.
    fn share(&mut self, bytes: &Bytes) {
        self.copy(bytes);
    }
}

impl Pieces for Vec<u8> {
    fn copy(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}

/// A member that is being written.
#[derive(Debug)]
pub struct Member {
    crc: crc32fast::Hasher,
    /// Made when something is compressed here: it takes a quarter of a mebibyte.
    deflater: Option<Deflater>,
}

/// No name, no time, no comment; written on an unknown system.
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
/// The last block of a deflate stream: fixed codes, and nothing in it.
const LAST: [u8; 2] = [3, 0];
/// A stored block has at most so many bytes.
const STORED: usize = 0xffff;

impl Member {
    /// Begins a member.
    #[must_use]
    pub fn begin(out: &mut impl Pieces) -> Member {
        out.copy(&HEADER);
        Member { crc: crc32fast::Hasher::new(), deflater: None }
    }

    /// Compresses bytes.
    pub fn deflate(&mut self, bytes: &[u8], out: &mut impl Pieces) {
        self.crc.update(bytes);
        self.deflater.get_or_insert_with(Deflater::once).write(bytes, out);
    }

    /// Writes bytes as they are: right for a few between blocks.
    pub fn store(&mut self, bytes: &[u8], out: &mut impl Pieces) {
        self.crc.update(bytes);
        self.end_section(out);
        for piece in bytes.chunks(STORED) {
            let length = u16::try_from(piece.len()).unwrap_or(u16::MAX);
            let [low, high] = length.to_le_bytes();
            out.copy(&[0, low, high, !low, !high]);
            out.copy(piece);
        }
    }

    /// Writes a block.
    pub fn block(&mut self, block: &Block, out: &mut impl Pieces) {
        self.end_section(out);
        self.crc.combine(&block.checksum());
        out.share(block.bytes());
    }

    /// Ends the member.
    pub fn end(mut self, out: &mut impl Pieces) {
        self.end_section(out);
        out.copy(&LAST);
        let length = self.crc.total_len() & 0xffff_ffff;
        out.copy(&self.crc.finalize().to_le_bytes());
        out.copy(&u32::try_from(length).unwrap_or_default().to_le_bytes());
    }

    fn end_section(&mut self, out: &mut impl Pieces) {
        if let Some(deflater) = &mut self.deflater {
            deflater.end(out);
        }
    }
}
