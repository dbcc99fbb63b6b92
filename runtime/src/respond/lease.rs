//! Until when an answer may hold what it is made of.
//!
//! A connection does not ask for more of a body while its reader takes nothing, so a body cannot notice that its time
//! is over. Whatever must be freed or end in time is therefore held under a lease: at the deadline a reaper takes it
//! away, and the body finds nothing left when, or if, it is asked again.

use std::collections::BTreeMap;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use futures::Stream;
use tokio::sync::Notify;
use tokio::time::Instant;

/// Pieces of a body, made as they are asked for.
pub type Pieces = Pin<Box<dyn Stream<Item = Bytes> + Send>>;

/// What goes with an answer while it is being sent.
pub trait Held: Send + 'static {
    /// Its time is over. What is answered stays until the body itself is gone.
    fn revoked(self: Box<Self>) -> Box<dyn Send>;
}

impl Held for () {
    fn revoked(self: Box<Self>) -> Box<dyn Send> {
        self
    }
}

/// The leases of one server that end at a time.
#[derive(Debug, Default)]
pub struct Leases {
    queue: Mutex<Queue>,
    /// One that ends before all others.
    sooner: Notify,
}

#[derive(Debug, Default)]
struct Queue {
    by_end: BTreeMap<(Instant, u64), Arc<Slot>>,
    granted: u64,
}

/// What a body has of a lease. Dropping it gives everything back.
pub struct Lease {
    slot: Arc<Slot>,
    queued: Option<(Arc<Leases>, (Instant, u64))>,
}

struct Slot(Mutex<State>);

enum State {
    Held { pieces: Pieces, held: Box<dyn Held>, asked: Option<Waker> },
    Revoked { _rest: Box<dyn Send> },
    Over,
}

impl Leases {
    /// Lends pieces, and what goes with them, until a time if there is one.
    #[must_use]
    pub fn grant(self: &Arc<Self>, until: Option<Instant>, pieces: Pieces, held: Box<dyn Held>) -> Lease {
        let slot = Arc::new(Slot(Mutex::new(State::Held { pieces, held, asked: None })));
        let queued = until.map(|until| (Arc::clone(self), self.enqueue(until, &slot)));
        Lease { slot, queued }
    }

    /// Revokes what is over, for as long as the server lives.
    pub async fn reap(&self) {
        loop {
            let next = self.lock().by_end.keys().next().map(|(end, _)| *end);
            let over = async {
                match next {
                    Some(end) => tokio::time::sleep_until(end).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = over => self.revoke_until(Instant::now()),
                () = self.sooner.notified() => {}
            }
        }
    }

    fn enqueue(&self, until: Instant, slot: &Arc<Slot>) -> (Instant, u64) {
        let mut queue = self.lock();
        queue.granted += 1;
        let place = (until, queue.granted);
        queue.by_end.insert(place, Arc::clone(slot));
        if queue.by_end.keys().next() == Some(&place) {
            self.sooner.notify_one();
        }
        place
    }

    fn revoke_until(&self, now: Instant) {
        loop {
            // One at a time: nobody waits for the queue while many are freed.
            let over = {
                let mut queue = self.lock();
                match queue.by_end.first_entry() {
                    Some(first) if first.key().0 <= now => first.remove(),
                    _ => return,
                }
            };
            over.revoke();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lease {
    /// The next piece; nothing at the end, and an error when the time is over.
    pub(super) fn poll_next(&self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Revoked>>> {
        let mut state = self.slot.lock();
        let ended = match &mut *state {
            State::Over => return Poll::Ready(None),
            State::Revoked { .. } => return Poll::Ready(Some(Err(Revoked))),
            State::Held { pieces, asked, .. } => match pieces.as_mut().poll_next(cx) {
                Poll::Ready(Some(piece)) => return Poll::Ready(Some(Ok(piece))),
                Poll::Ready(None) => std::mem::replace(&mut *state, State::Over),
                Poll::Pending => {
                    if !asked.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
                        *asked = Some(cx.waker().clone());
                    }
                    return Poll::Pending;
                }
            },
        };
        drop(state);
        drop(ended);
        Poll::Ready(None)
    }
}

/// The time of a lease is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Revoked;

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some((leases, place)) = self.queued.take() {
            leases.lock().by_end.remove(&place);
        }
        let last = std::mem::replace(&mut *self.slot.lock(), State::Over);
        drop(last);
    }
}

impl Slot {
    fn revoke(&self) {
        let mut state = self.lock();
        if !matches!(*state, State::Held { .. }) {
            return;
        }
        let State::Held { pieces, held, asked } = std::mem::replace(&mut *state, State::Over) else { return };
        *state = State::Revoked { _rest: held.revoked() };
        drop(state);
        drop(pieces);
        if let Some(waker) = asked {
            waker.wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Slot")
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease").field("until", &self.queued.as_ref().map(|(_, (end, _))| end)).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures::{FutureExt, StreamExt, future, stream};

    use super::*;

    /// Says who has it: the answer, or what remains of it.
    struct Seat(Arc<()>);

    impl Held for Seat {
        fn revoked(self: Box<Self>) -> Box<dyn Send> {
            drop(self.0);
            Box::new(())
        }
    }

    async fn next(lease: &Lease) -> Option<Result<Bytes, Revoked>> {
        future::poll_fn(|cx| lease.poll_next(cx)).await
    }

    /// A server's leases with its reaper at work; a lease; and what is alive as long as it holds anything.
    fn granted(seconds: u64, pieces: Pieces) -> (Arc<Leases>, Lease, Arc<()>) {
        let (leases, alive) = (Arc::new(Leases::default()), Arc::new(()));
        let reaper = Arc::clone(&leases);
        tokio::spawn(async move { reaper.reap().await });
        let kept = Arc::clone(&alive);
        let pieces = pieces.inspect(move |_| assert!(Arc::strong_count(&kept) > 1));
        let until = Instant::now() + Duration::from_secs(seconds);
        let lease = leases.grant(Some(until), Box::pin(pieces), Box::new(Seat(Arc::clone(&alive))));
        (leases, lease, alive)
    }

    fn endless() -> Pieces {
        Box::pin(stream::once(future::ready(Bytes::from_static(b"a"))).chain(stream::pending()))
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_never_asked_for_is_freed_at_the_deadline() {
        let (leases, lease, alive) = granted(60, endless());
        tokio::time::sleep(Duration::from_secs(59)).await;
        assert_eq!(Arc::strong_count(&alive), 3, "the pieces and the seat");
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert_eq!(Arc::strong_count(&alive), 1, "nothing is held any more");
        assert!(leases.lock().by_end.is_empty());
        assert_eq!(next(&lease).await, Some(Err(Revoked)));
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_for_a_piece_is_woken_at_the_deadline() {
        let (_leases, lease, _) = granted(60, endless());
        assert_eq!(next(&lease).await, Some(Ok(Bytes::from_static(b"a"))));
        let begun = Instant::now();
        assert_eq!(next(&lease).await, Some(Err(Revoked)));
        assert_eq!(begun.elapsed().as_secs(), 60);
    }

    #[tokio::test(start_paused = true)]
    async fn what_has_ended_or_is_dropped_holds_nothing() {
        let once = || Box::pin(stream::once(future::ready(Bytes::from_static(b"a"))));
        let (leases, lease, alive) = granted(60, once());
        assert_eq!(next(&lease).await, Some(Ok(Bytes::from_static(b"a"))));
        assert_eq!(next(&lease).await, None);
        assert_eq!(Arc::strong_count(&alive), 1);
        assert_eq!(next(&lease).await, None);
        drop(lease);
        assert!(leases.lock().by_end.is_empty());
        let (leases, lease, alive) = granted(60, endless());
        drop(lease);
        assert_eq!((Arc::strong_count(&alive), leases.lock().by_end.len()), (1, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn a_lease_that_ends_sooner_is_not_kept_waiting() {
        let (leases, _late, _) = granted(60, endless());
        tokio::time::sleep(Duration::from_secs(1)).await;
        let alive = Arc::new(());
        let until = Instant::now() + Duration::from_secs(1);
        let lease = leases.grant(Some(until), endless(), Box::new(Seat(Arc::clone(&alive))));
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert_eq!(Arc::strong_count(&alive), 1);
        assert_eq!(next(&lease).now_or_never(), Some(Some(Err(Revoked))));
    }

    #[tokio::test(start_paused = true)]
    async fn what_has_no_deadline_lasts() {
        let (leases, alive) = (Arc::new(Leases::default()), Arc::new(()));
        let lease = leases.grant(None, endless(), Box::new(Seat(Arc::clone(&alive))));
        assert!(leases.lock().by_end.is_empty());
        assert_eq!(next(&lease).await, Some(Ok(Bytes::from_static(b"a"))));
        assert_eq!(next(&lease).now_or_never(), None);
        assert_eq!(Arc::strong_count(&alive), 2);
    }
}
