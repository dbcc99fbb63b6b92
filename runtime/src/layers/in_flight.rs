//! Counts what is being answered, so that a shutdown can wait for it; refuses what arrives too late.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use tokio::sync::Notify;

use super::max_in_flight::Seat;
use super::{Refusal, Stack};
use crate::health::{self, Measured};
use crate::request::RequestInfo;
use crate::respond::{ApiError, Body, Response, lease};
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
    busy: Busy,
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
    let held = Held { counted, busy: peer.busy() };
    if stack.lifecycle.is_draining() && !health::is_about_the_server(&info.path) {
        // Most likely the next try meets another replica: no need to wait for long.
        return Err(ApiError::service_unavailable("apiserver is shutting down", 1).into());
    }
    Ok(held)
}

/// What an answer holds of the server until its last byte, or its deadline.
pub(super) struct Sending {
    pub(super) held: Held,
    pub(super) seat: Option<Seat>,
    pub(super) measured: Measured,
}

impl lease::Held for Sending {
    fn revoked(self: Box<Self>) -> Box<dyn Send> {
        let Sending { held, seat, measured } = *self;
        drop((seat, measured));
        Box::new(held.busy.overdue())
    }
}

/// What is long or comes as a stream counts until its last byte or its deadline; everything else is as good as sent.
pub(super) fn hold(
    stack: &Stack,
    response: Response,
    deadline: Option<Instant>,
    sending: Sending,
) -> Response {
    response.map(|body| match body.in_pieces() {
        Body::Stream(stream) => {
            Body::Stream(stream.leased(&stack.leases, deadline.map(Into::into), Box::new(sending)))
        }
        ready => ready,
    })
}
