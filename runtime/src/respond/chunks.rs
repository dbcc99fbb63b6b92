//! Bytes gathered for a body: copied into 64 KiB pieces, so that no answer needs one large buffer.

use std::collections::VecDeque;

use bytes::Bytes;

use super::Body;
use crate::gzip::Pieces;

/// How large a piece grows, unless it is shared.
pub(super) const PIECE: usize = 64 * 1024;
/// From this length on sending a piece of its own costs less than copying it.
const SHARED: usize = 16 * 1024;

/// A body while it is written.
#[derive(Debug, Default)]
pub struct Chunks {
    full: VecDeque<Bytes>,
    open: Vec<u8>,
}

impl Chunks {
    /// The first piece, once it is full.
    pub(super) fn take_full(&mut self) -> Option<Bytes> {
        self.full.pop_front()
    }

    /// What there is besides full pieces.
    pub(super) fn take_rest(&mut self) -> Option<Bytes> {
        Some(std::mem::take(&mut self.open)).filter(|rest| !rest.is_empty()).map(Bytes::from)
    }
}

impl Pieces for Chunks {
    fn copy(&mut self, mut bytes: &[u8]) {
        while self.open.len() + bytes.len() > PIECE {
            let (now, later) = bytes.split_at(PIECE - self.open.len());
            self.open.extend_from_slice(now);
            // The next piece will be full too, likely: it is allocated once.
            let piece = std::mem::replace(&mut self.open, Vec::with_capacity(PIECE));
            self.full.push_back(piece.into());
            bytes = later;
        }
        self.open.extend_from_slice(bytes);
    }

    fn share(&mut self, bytes: &Bytes) {
        if bytes.len() < SHARED {
            return self.copy(bytes);
        }
        let before = self.take_rest();
        self.full.extend(before);
        self.full.push_back(bytes.clone());
    }
}

impl Chunks {
    /// Makes room for so many bytes, as far as one piece goes.
    pub fn reserve(&mut self, bytes: usize) {
        self.open.reserve(bytes.min(PIECE));
    }

    /// How many bytes were written.
    #[must_use]
    pub fn len(&self) -> usize {
        self.full.iter().map(Bytes::len).sum::<usize>() + self.open.len()
    }

    /// Whether nothing was written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What was written, in one piece.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        if self.full.is_empty() {
            return self.open.into();
        }
        let mut whole = Vec::with_capacity(self.len());
        self.full.iter().for_each(|piece| whole.extend_from_slice(piece));
        whole.extend_from_slice(&self.open);
        whole.into()
    }

    /// What was written, as a body.
    #[must_use]
    pub fn into_body(mut self) -> Body {
        if self.full.is_empty() {
            return Body::Full(self.open.into());
        }
        if !self.open.is_empty() {
            self.full.push_back(self.open.into());
        }
        Body::Chunks(self.full)
    }
}

#[cfg(test)]
mod tests {
    use super::{Body, Chunks, PIECE, Pieces as _};
    use crate::respond::pieces::Json as _;

    #[test]
    fn pieces_are_filled_and_nothing_is_lost() {
        for step in [1, 1000, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE] {
            let item: Vec<u8> = (0..step).map(|n| u8::try_from(n % 251).unwrap()).collect();
            let (mut chunks, mut expected) = (Chunks::default(), Vec::new());
            while expected.len() < 2 * PIECE {
                chunks.copy(&item);
                expected.extend_from_slice(&item);
            }
            assert_eq!(chunks.len(), expected.len());
            let Body::Chunks(pieces) = chunks.into_body() else { panic!("several pieces for {step}") };
            let (last, full) =
                pieces.iter().collect::<Vec<_>>().split_last().map(|(l, f)| (*l, f.to_vec())).unwrap();
            assert!(full.iter().all(|piece| piece.len() == PIECE) && !last.is_empty());
            assert_eq!(pieces.iter().flatten().copied().collect::<Vec<u8>>(), expected);
        }
    }

    #[test]
    fn a_short_body_is_one_piece() {
        let mut chunks = Chunks::default();
        chunks.text("{");
        chunks.quoted("a\"b");
        chunks.text("}");
        let Body::Full(bytes) = chunks.into_body() else { panic!("one piece") };
        assert_eq!(bytes, "{\"a\\\"b\"}");
    }
}
