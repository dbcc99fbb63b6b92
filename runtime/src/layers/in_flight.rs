//! Counts what is being answered, so that a shutdown can wait for it; refuses what arrives too late.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::Stream;
use tokio::sync::Notify;

use super::{Refusal, Stack};
use crate::health;
use crate::request::RequestInfo;
use crate::respond::{ApiError, Body, Response};
use crate::transport::{Busy, Peer};

/// The requests that are being answered, streams included.
#[derive(Debug, Default)]
pub(crate) struct InFlight {
    /// Those that last until somebody ends them, and those that end by themselves.
    long_running: Arc<Count>,
    others: Arc<Count>,
}

#[derive(Debug, Default)]
struct Count {
    number: AtomicUsize,
    fewer: Notify,
}

/// A request that is being answered.
#[derive(Debug)]
pub(super) struct Held {
    counted: Arc<Count>,
    _busy: Busy,
}

impl InFlight {
    /// Ends when no long-running request is being answered any more.
    pub(crate) async fn no_long_running(&self) {
        self.long_running.none().await;
    }

    /// Ends when none of the other requests is being answered any more.
    pub(crate) async fn no_others(&self) {
        self.others.none().await;
    }
}

impl Count {
    async fn none(&self) {
        loop {
            let mut fewer = std::pin::pin!(self.fewer.notified());
            fewer.as_mut().enable();
            if self.number.load(Ordering::Acquire) == 0 {
                return;
            }
            fewer.await;
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if self.counted.number.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.counted.fewer.notify_waiters();
        }
    }
}

/// Counts a request, unless the server drains.
pub(super) fn enter(stack: &Stack, peer: &Arc<Peer>, info: &RequestInfo) -> Result<Held, Refusal> {
    let InFlight { long_running, others } = &*stack.in_flight;
    let counted = Arc::clone(if info.is_long_running() { long_running } else { others });
    counted.number.fetch_add(1, Ordering::AcqRel);
    let held = Held { counted, _busy: peer.busy() };
    if stack.lifecycle.is_draining() && !health::is_about_the_server(&info.path) {
        // Most likely the next try meets another replica: no need to wait for long.
        return Err(ApiError::service_unavailable("apiserver is shutting down", 1).into());
    }
    Ok(held)
}

/// A stream counts until its last byte; everything else is as good as sent.
pub(super) fn hold(response: Response, held: impl Send + Unpin + 'static) -> Response {
    let (head, body) = response.into_parts();
    let body = match body {
        Body::Stream(stream) => Body::Stream(Box::pin(Holding { stream, _held: held })),
        ready => ready,
    };
    Response::from_parts(head, body)
}

struct Holding<H> {
    stream: Pin<Box<dyn Stream<Item = Bytes> + Send>>,
    _held: H,
}

impl<H: Unpin> Stream for Holding<H> {
    type Item = Bytes;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        self.stream.as_mut().poll_next(cx)
    }
}
