//! A body that comes piece by piece, and what becomes of it when its time is over.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures::Stream;
use tokio::time::Instant;

use super::lease::{Held, Lease, Leases, Pieces, Pinned, Revoked, Term};

/// A body that is made as it is asked for.
pub struct Streamed {
    source: Source,
    /// Whether it is complete wherever it ends, as a watch is.
    open_ended: bool,
    until: Option<Instant>,
    pinned: Option<Pinned>,
}

enum Source {
    /// Not given to a connection yet.
    Ready(Pieces),
    Leased(Lease),
}

/// The time of an answer was over before it was complete: the connection must not say that it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the answer was not taken in time")]
pub struct Incomplete;

impl Streamed {
    /// Events, for as long as they come or until a time: it ends then, and is complete.
    pub fn events(pieces: impl Stream<Item = Bytes> + Send + 'static, until: Option<Instant>) -> Self {
        Streamed { source: Source::Ready(Box::pin(pieces)), open_ended: true, until, pinned: None }
    }

    /// A document: either all of it is sent, or the client learns that something is missing.
    pub fn document(pieces: impl Stream<Item = Bytes> + Send + 'static) -> Self {
        Streamed { source: Source::Ready(Box::pin(pieces)), open_ended: false, until: None, pinned: None }
    }

    /// The same, which pins much until it says otherwise: under a lease it must be taken steadily.
    #[must_use]
    pub fn pinning(self, pinned: Option<Pinned>) -> Self {
        Streamed { pinned, ..self }
    }

    /// The same, under a lease that ends with its own time or with `deadline`, whichever is sooner.
    #[must_use]
    pub fn leased(self, leases: &Arc<Leases>, deadline: Option<Instant>, held: Box<dyn Held>) -> Self {
        let Source::Ready(pieces) = self.source else { return self };
        let until = [self.until, deadline].into_iter().flatten().min();
        let term = Term { until, pinned: self.pinned };
        let source = Source::Leased(leases.grant(term, pieces, held));
        Streamed { source, open_ended: self.open_ended, until, pinned: None }
    }

    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Incomplete>>> {
        let next = match &mut self.source {
            Source::Ready(pieces) => ready!(pieces.as_mut().poll_next(cx)).map(Ok),
            Source::Leased(lease) => ready!(lease.poll_next(cx)),
        };
        Poll::Ready(match next {
            Some(Ok(piece)) => Some(Ok(piece)),
            Some(Err(Revoked)) if !self.open_ended => Some(Err(Incomplete)),
            Some(Err(Revoked)) | None => None,
        })
    }
}

impl fmt::Debug for Streamed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Streamed").field("open_ended", &self.open_ended).field("until", &self.until).finish()
    }
}
