//! A long answer, compressed on its way out.

use super::Chunks;
use crate::gzip::{Block, Deflater, Making, Member, Pieces};

/// What is compressed at a time.
const AT_ONCE: usize = 64 * 1024;
/// Less than this between two blocks is not worth a section of its own.
const LITTLE: usize = 32;

/// The member that is being written, and what waits to go into it.
#[derive(Debug)]
pub(super) struct Squeeze {
    member: Member,
    plain: Vec<u8>,
    /// For blocks that are kept.
    keeper: Option<Deflater>,
}

/// Where plain bytes go, to be compressed.
#[derive(Debug)]
pub(super) struct Input<'a> {
    squeeze: &'a mut Squeeze,
    out: &'a mut Chunks,
}

impl Squeeze {
    pub(super) fn begin(out: &mut Chunks) -> Squeeze {
        Squeeze { member: Member::begin(out), plain: Vec::new(), keeper: None }
    }

    pub(super) fn input<'a>(&'a mut self, out: &'a mut Chunks) -> Input<'a> {
        Input { squeeze: self, out }
    }

    /// A block of what is written.
    pub(super) fn make(&mut self, write: impl FnOnce(&mut Making<'_>)) -> Block {
        let mut making = Block::begin(self.keeper.get_or_insert_with(Deflater::to_keep));
        write(&mut making);
        making.end()
    }

    pub(super) fn block(&mut self, block: &Block, out: &mut Chunks) {
        if self.plain.len() < LITTLE {
            self.member.store(&self.plain, out);
            self.plain.clear();
        }
        self.flush(out);
        self.member.block(block, out);
    }

    pub(super) fn end(mut self, out: &mut Chunks) {
        if self.plain.len() < LITTLE {
            self.member.store(&self.plain, out);
            self.plain.clear();
        }
        self.flush(out);
        self.member.end(out);
    }

    fn flush(&mut self, out: &mut Chunks) {
        if self.plain.is_empty() {
            return;
        }
        self.member.deflate(&self.plain, out);
        self.plain.clear();
    }
}

impl Pieces for Input<'_> {
    fn copy(&mut self, bytes: &[u8]) {
        if self.squeeze.plain.len() + bytes.len() > AT_ONCE {
            self.squeeze.flush(self.out);
        }
        if bytes.len() > AT_ONCE {
            self.squeeze.member.deflate(bytes, self.out);
        } else {
            self.squeeze.plain.extend_from_slice(bytes);
        }
    }
}

/// Bytes as one compressed answer.
pub(super) fn compress<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Chunks {
    let mut out = Chunks::default();
    let mut squeeze = Squeeze::begin(&mut out);
    let mut input = squeeze.input(&mut out);
    pieces.into_iter().for_each(|piece| input.copy(piece));
    squeeze.end(&mut out);
    out
}
