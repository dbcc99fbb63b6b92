//! The turns of a connection: it and its requests run until nothing is left to do, and then what was said is sent.
//!
//! Requests run in the task of their connection. As tasks of their own they would cost more than most of them cost: each
//! answer would wake the connection, on whichever worker is idle, to be sent alone. Whoever may take long leaves with
//! [`Aside`](crate::request::Aside).

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use futures::stream::{FuturesUnordered, StreamExt};
use futures::task::AtomicWaker;
use hyper::rt::Executor;

use super::Peer;
use super::gathered::Gathered;
use super::hold::Hold;

/// How often a connection goes on at once before other connections have their turn.
const ROUNDS: usize = 8;

/// How many new requests a connection runs itself in one turn. More at once get tasks of their own: their clients do not
/// wait for each other one by one, and the connection hears them meanwhile.
const FEW: usize = 32;

type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Where a connection leaves the requests that it has read.
#[derive(Clone, Default)]
pub(super) struct Begun(Arc<Mutex<Vec<Work>>>);

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for Begun {
    fn execute(&self, request: F) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Box::pin(request));
    }
}

impl Begun {
    fn take(&self) -> Vec<Work> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A connection's stream and its requests.
pub(super) struct Turns<'a, S> {
    stream: Gathered<S>,
    peer: &'a Peer,
    begun: Begun,
    requests: FuturesUnordered<Running<'a>>,
    waking: Arc<Waking>,
}

impl<'a, S: Hold + Unpin> Turns<'a, S> {
    pub(super) fn new(stream: Gathered<S>, peer: &'a Peer, begun: Begun) -> Self {
        Turns { stream, peer, begun, requests: FuturesUnordered::new(), waking: Arc::default() }
    }

    /// Runs the connection, which is over this stream, turn by turn.
    pub(super) async fn run<C: Future>(&mut self, mut connection: Pin<&mut C>) -> C::Output {
        let waker = Waker::from(Arc::clone(&self.waking));
        poll_fn(|task| {
            self.waking.task.register(task.waker());
            let polled = self.turn(connection.as_mut(), &mut Context::from_waker(&waker), task);
            self.stream.end_of_turn(task);
            polled
        })
        .await
    }

    /// An answer wakes the connection: where that happens in its own turn it goes on at once.
    fn turn<C: Future>(
        &mut self,
        mut connection: Pin<&mut C>,
        cx: &mut Context<'_>,
        task: &Context<'_>,
    ) -> Poll<C::Output> {
        for _ in 0..ROUNDS {
            self.waking.begin();
            if let Poll::Ready(ended) = connection.as_mut().poll(cx) {
                return Poll::Ready(ended);
            }
            self.step(cx);
            if self.waking.is_idle() {
                return Poll::Pending;
            }
        }
        self.waking.state.swap(IDLE, Ordering::AcqRel);
        task.waker().wake_by_ref();
        Poll::Pending
    }

    /// Takes the next step of every request that has one to take.
    fn step(&mut self, cx: &mut Context<'_>) {
        let mut begun = self.begun.take().into_iter();
        let few = begun.by_ref().take(FEW);
        self.requests.extend(few.map(|work| Running { work: Some(work), peer: self.peer }));
        begun.for_each(|work| drop(tokio::spawn(work)));
        while let Poll::Ready(Some(())) = self.requests.poll_next_unpin(cx) {}
    }
}

/// What a connection began in its last moment is never run. It knows where it was left, and would keep that for ever.
impl<S> Drop for Turns<'_, S> {
    fn drop(&mut self) {
        drop(self.begun.take());
    }
}

/// A request in the task of its connection, until it is answered or steps aside.
struct Running<'a> {
    work: Option<Work>,
    peer: &'a Peer,
}

impl Future for Running<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let peer = self.peer;
        let Some(work) = &mut self.work else { return Poll::Ready(()) };
        // What those said that run elsewhere is not about this one.
        let _ = peer.stepped_aside();
        // As in a task, a panic ends what panicked and nothing else.
        let step = catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(cx)));
        let pending = step.is_ok_and(|step| step.is_pending());
        // Asked in any case: it is about this step and none that follows.
        let aside = peer.stepped_aside();
        if pending && !aside {
            return Poll::Pending;
        }
        let work = self.work.take();
        if pending {
            work.map(tokio::spawn);
        } else if catch_unwind(AssertUnwindSafe(|| drop(work))).is_err() {
            tracing::error!("a request panicked while it was put away");
        }
        Poll::Ready(())
    }
}

const IDLE: u8 = 0;
const RUNNING: u8 = 1;
const WOKEN: u8 = 2;

/// Knows whether whoever wakes the connection has to wake its task.
#[derive(Debug, Default)]
struct Waking {
    state: AtomicU8,
    task: AtomicWaker,
}

impl Waking {
    /// Whatever woke the connection before is seen by those who are polled now.
    fn begin(&self) {
        self.state.swap(RUNNING, Ordering::AcqRel);
    }

    /// Nobody woke the connection since its turn began; who does it from now on wakes the task.
    fn is_idle(&self) -> bool {
        self.state.compare_exchange(RUNNING, IDLE, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }
}

impl Wake for Waking {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.state.swap(WOKEN, Ordering::AcqRel) == IDLE {
            self.task.wake();
        }
    }
}

#[cfg(test)]
#[path = "turn/tests.rs"]
mod tests;
