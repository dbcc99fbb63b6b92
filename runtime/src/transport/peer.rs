//! The other end of a connection: its certificates, what was found out about them, and whether it is busy.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rustls::pki_types::CertificateDer;

use crate::authentication::Verdict;
use crate::request::Aside;

/// The other end of a connection.
#[derive(Debug)]
pub(crate) struct Peer {
    /// Where it is.
    pub(crate) address: SocketAddr,
    /// The certificates it showed, its own first. It holds the key; nothing else is known of them yet.
    pub(crate) certificates: Vec<CertificateDer<'static>>,
    verdict: Mutex<Option<Arc<Verdict>>>,
    active: AtomicUsize,
    begun: AtomicUsize,
    overdue: AtomicUsize,
    aside: Aside,
}

/// What goes on on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Activity {
    /// Requests that are being answered.
    pub(super) active: usize,
    /// Requests that ever were.
    pub(super) begun: usize,
    /// Answers whose time is over, and that nobody takes.
    pub(super) overdue: usize,
}

impl Peer {
    pub(crate) fn new(address: SocketAddr, certificates: Vec<CertificateDer<'static>>) -> Self {
        Peer {
            address,
            certificates,
            verdict: Mutex::new(None),
            active: AtomicUsize::new(0),
            begun: AtomicUsize::new(0),
            overdue: AtomicUsize::new(0),
            aside: Aside::default(),
        }
    }

    /// What the authenticator made of the certificates: kept while `fresh` says so, else made again.
    pub(crate) fn verdict(
        &self,
        fresh: impl Fn(&Verdict) -> bool,
        judge: impl FnOnce() -> Verdict,
    ) -> Arc<Verdict> {
        let mut kept = self.verdict.lock().unwrap_or_else(PoisonError::into_inner);
        match &*kept {
            Some(verdict) if fresh(verdict) => Arc::clone(verdict),
            _ => Arc::clone(kept.insert(Arc::new(judge()))),
        }
    }

    /// Says that a request is being answered, until the guard is dropped.
    pub(crate) fn busy(self: &Arc<Self>) -> Busy {
        self.active.fetch_add(1, Ordering::Relaxed);
        self.begun.fetch_add(1, Ordering::Relaxed);
        Busy(Arc::clone(self))
    }

    /// Where its requests say that they want to leave the task of the connection.
    pub(crate) fn aside(&self) -> Aside {
        self.aside.another()
    }

    /// Whether the request that was just polled wants to leave.
    pub(super) fn stepped_aside(&self) -> bool {
        self.aside.taken()
    }

    pub(super) fn activity(&self) -> Activity {
        let [active, begun, overdue] =
            [&self.active, &self.begun, &self.overdue].map(|count| count.load(Ordering::Relaxed));
        Activity { active, begun, overdue }
    }
}

/// A request that is being answered on a connection.
#[derive(Debug)]
pub(crate) struct Busy(Arc<Peer>);

impl Busy {
    /// Its time is over: counts it as overdue until the guard is dropped.
    pub(crate) fn overdue(&self) -> Overdue {
        self.0.overdue.fetch_add(1, Ordering::Relaxed);
        Overdue(Arc::clone(&self.0))
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.active.fetch_sub(1, Ordering::Relaxed);
    }
}

/// An answer that its reader did not take in time, and that the connection still holds.
#[derive(Debug)]
pub(crate) struct Overdue(Arc<Peer>);

impl Drop for Overdue {
    fn drop(&mut self) {
        self.0.overdue.fetch_sub(1, Ordering::Relaxed);
    }
}
