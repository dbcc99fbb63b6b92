//! gzip, assembled: one member out of bytes that are compressed now and blocks that were compressed before.
//!
//! A deflate stream is a sequence of sections that end on a byte. A section made by a compressor that knew nothing of
//! what came before can stand anywhere, in any stream, so it can be kept and used again: that is a [`Block`]. The
//! checksum of the whole is combined from those of the parts. One member, since many readers stop after the first.
//!
//! This room knows bytes only: neither objects, nor lists, nor HTTP.

mod block;
mod deflate;
mod member;

pub use block::{Block, Making};
pub use deflate::Deflater;
pub use member::{Member, Pieces};

#[cfg(test)]
mod tests;
