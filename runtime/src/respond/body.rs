//! A response's body: bytes that are ready, chunks that are ready, or a stream of them.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};

use super::streamed::{Incomplete, Streamed};

/// What every handler answers.
pub type Response = http::Response<Body>;

/// A response's body.
#[derive(Default)]
pub enum Body {
    /// Nothing (left).
    #[default]
    Empty,
    /// One piece.
    Full(Bytes),
    /// Pieces that are ready.
    Chunks(VecDeque<Bytes>),
    /// Pieces as they come: watches, and answers too long to hold.
    Stream(Streamed),
}

/// What is longer takes some clients long to take.
const LONG: usize = 128 << 10;
const PIECE: usize = 64 << 10;

impl Body {
    /// As a stream where it is long: a client that does not take it can then be left, and what it holds let go.
    #[must_use]
    pub fn in_pieces(self) -> Self {
        let ready = match self {
            Body::Full(bytes) if bytes.len() > LONG => VecDeque::from([bytes]),
            Body::Chunks(chunks) if chunks.iter().map(Bytes::len).sum::<usize>() > LONG => chunks,
            short => return short,
        };
        let pieces = ready.into_iter().flat_map(|mut whole| {
            std::iter::from_fn(move || {
                let next = whole.split_to(whole.len().min(PIECE));
                (!next.is_empty()).then_some(next)
            })
        });
        Body::Stream(Streamed::document(futures::stream::iter(pieces)))
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = Incomplete;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Incomplete>>> {
        let next = match &mut *self {
            Body::Empty => None,
            Body::Full(bytes) => {
                let bytes = std::mem::take(bytes);
                *self = Body::Empty;
                Some(bytes).filter(|bytes| !bytes.is_empty())
            }
            Body::Chunks(chunks) => chunks.pop_front(),
            Body::Stream(stream) => {
                return stream.poll_next(cx).map(|next| next.map(|piece| piece.map(Frame::data)));
            }
        };
        Poll::Ready(next.map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Body::Empty => true,
            Body::Full(bytes) => bytes.is_empty(),
            Body::Chunks(chunks) => chunks.is_empty(),
            Body::Stream(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Body::Empty => SizeHint::with_exact(0),
            Body::Full(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Body::Chunks(chunks) => SizeHint::with_exact(chunks.iter().map(|chunk| chunk.len() as u64).sum()),
            Body::Stream(_) => SizeHint::default(),
        }
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Body::Full(bytes)
    }
}

impl From<String> for Body {
    fn from(text: String) -> Self {
        Body::Full(text.into())
    }
}

impl From<&'static str> for Body {
    fn from(text: &'static str) -> Self {
        Body::Full(Bytes::from_static(text.as_bytes()))
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Body::Full(bytes.into())
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Body::Empty => "Empty",
            Body::Full(_) => "Full",
            Body::Chunks(_) => "Chunks",
            Body::Stream(_) => "Stream",
        })
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;

    #[tokio::test]
    async fn what_is_long_comes_in_pieces_and_is_the_same() {
        let long: Bytes = (0..LONG + 1).map(|byte| byte as u8).collect::<Vec<_>>().into();
        let chunks = VecDeque::from([long.slice(..PIECE + 1), long.slice(PIECE + 1..)]);
        for body in [Body::Full(long.clone()), Body::Chunks(chunks)] {
            let body = body.in_pieces();
            assert!(matches!(body, Body::Stream(_)));
            assert_eq!(body.collect().await.expect("nothing ends it").to_bytes(), long);
        }
        assert!(matches!(Body::Full(long.slice(1..)).in_pieces(), Body::Full(_)));
    }
}
