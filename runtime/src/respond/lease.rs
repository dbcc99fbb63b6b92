//! Until when an answer may hold what it is made of.
//!
//! A connection does not ask for more of a body while its reader takes nothing, so a body cannot notice that its time
//! is over. Whatever must be freed or end in time is therefore held under a lease: at the deadline a reaper takes it
//! away, and the body finds nothing left when, or if, it is asked again. What pins much must moreover be taken steadily.

use std::collections::BTreeMap;
use std::fmt;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

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

/// How long the reader of what pins much may take nothing.
const PATIENCE: Duration = Duration::from_secs(60);

/// Says whether a body pins much, as a watch does that begins with what is there. Clones say it of the same body.
#[derive(Clone, Debug)]
pub struct Pinned(Arc<AtomicBool>);

impl Pinned {
    /// It does, until it is released.
    #[must_use]
    #[allow(clippy::new_without_default, reason = "nothing is pinned by default")]
    pub fn new() -> Self {
        Pinned(Arc::new(AtomicBool::new(true)))
    }

    /// It does so no more.
    pub fn release(&self) {
        self.0.store(false, Ordering::Release);
    }

    fn holds(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// How long a lease lasts.
#[derive(Clone, Debug, Default)]
pub struct Term {
    /// Until then, if there is an end.
    pub until: Option<Instant>,
    /// While this pins something, what is lent must be asked for now and then.
    pub pinned: Option<Pinned>,
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
    /// When to look whether they were asked for what they pin.
    looks: BTreeMap<(Instant, u64), Weak<Slot>>,
    numbers: u64,
}

/// What a body has of a lease. Dropping it gives everything back.
pub struct Lease {
    slot: Arc<Slot>,
    queued: Option<(Arc<Leases>, (Instant, u64))>,
}

struct Slot {
    state: Mutex<State>,
    pinned: Option<Pinned>,
}

enum State {
    /// `taken` is when it was asked last, where something is pinned.
    Held {
        pieces: Pieces,
        held: Box<dyn Held>,
        asked: Option<Waker>,
        taken: Instant,
    },
    Revoked {
        _rest: Box<dyn Send>,
    },
    Over,
}

impl Leases {
    /// Lends pieces, and what goes with them, for a term.
    #[must_use]
    pub fn grant(self: &Arc<Self>, term: Term, pieces: Pieces, held: Box<dyn Held>) -> Lease {
        let Term { until, pinned } = term;
        let taken = Instant::now();
        let state = Mutex::new(State::Held { pieces, held, asked: None, taken });
        let slot = Arc::new(Slot { state, pinned });
        if slot.pinned.is_some() {
            self.look_at(taken + PATIENCE, &slot);
        }
        let queued = until.map(|until| (Arc::clone(self), self.enqueue(until, &slot)));
        Lease { slot, queued }
    }

    /// Revokes what is over, for as long as the server lives.
    pub async fn reap(&self) {
        loop {
            let next = self.lock().next();
            let over = async {
                match next {
                    Some(end) => tokio::time::sleep_until(end).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = over => {
                    let now = Instant::now();
                    self.look_until(now);
                    self.revoke_until(now);
                }
                () = self.sooner.notified() => {}
            }
        }
    }

    fn enqueue(&self, until: Instant, slot: &Arc<Slot>) -> (Instant, u64) {
        let mut queue = self.lock();
        let place = queue.place(until);
        queue.by_end.insert(place, Arc::clone(slot));
        if queue.next() == Some(until) {
            self.sooner.notify_one();
        }
        place
    }

    fn look_at(&self, when: Instant, slot: &Arc<Slot>) {
        let mut queue = self.lock();
        let place = queue.place(when);
        queue.looks.insert(place, Arc::downgrade(slot));
        if queue.next() == Some(when) {
            self.sooner.notify_one();
        }
    }

    /// Revokes what pins something and was not asked for it.
    fn look_until(&self, now: Instant) {
        loop {
            let slot = {
                let mut queue = self.lock();
                match queue.looks.first_entry() {
                    Some(first) if first.key().0 <= now => first.remove(),
                    _ => return,
                }
            };
            let Some(slot) = slot.upgrade() else { continue };
            if let Some(later) = slot.look(now) {
                self.look_at(later, &slot);
            }
        }
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
            over.revoke(over.lock());
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    /// When there is something to do.
    fn next(&self) -> Option<Instant> {
        let ends = self.by_end.keys().next().into_iter();
        ends.chain(self.looks.keys().next()).map(|(when, _)| *when).min()
    }

    fn place(&mut self, when: Instant) -> (Instant, u64) {
        self.numbers += 1;
        (when, self.numbers)
    }
}

impl Lease {
    /// The next piece; nothing at the end, and an error when the time is over.
    pub(super) fn poll_next(&self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Revoked>>> {
        let mut state = self.slot.lock();
        let ended = match &mut *state {
            State::Over => return Poll::Ready(None),
            State::Revoked { .. } => return Poll::Ready(Some(Err(Revoked))),
            State::Held { pieces, asked, taken, .. } => match pieces.as_mut().poll_next(cx) {
                Poll::Ready(Some(piece)) => {
                    if self.slot.pins() {
                        *taken = Instant::now();
                    }
                    return Poll::Ready(Some(Ok(piece)));
                }
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
    /// Whether something is pinned now.
    fn pins(&self) -> bool {
        self.pinned.as_ref().is_some_and(Pinned::holds)
    }

    /// Revokes what is pinned and was not asked for in time. Says when to look again.
    fn look(&self, now: Instant) -> Option<Instant> {
        let state = self.lock();
        let State::Held { taken, .. } = &*state else { return None };
        // Asked under the lock: the last of what is pinned is handed out under it.
        let end = *taken + PATIENCE;
        match self.pins() {
            true if end > now => return Some(end),
            true => self.revoke(state),
            false => {}
        }
        None
    }

    fn revoke(&self, mut state: MutexGuard<'_, State>) {
        if !matches!(*state, State::Held { .. }) {
            return;
        }
        let State::Held { pieces, held, asked, .. } = std::mem::replace(&mut *state, State::Over) else {
            return;
        };
        *state = State::Revoked { _rest: held.revoked() };
        drop(state);
        drop(pieces);
        if let Some(waker) = asked {
            waker.wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
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
mod tests;
