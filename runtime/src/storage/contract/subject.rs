//! What a backend hands to the suite: how it is opened, and, where it can be, how it is crashed and hurt.

use std::sync::Arc;

use super::super::{BoxFuture, Storage};

type Hook<I, O> = Box<dyn Fn(I) -> BoxFuture<'static, O> + Send + Sync>;

/// One store under test, which can be opened again.
///
/// Its data may hold other keys than those of the suite, and others may write to them: then revisions have gaps.
pub struct Subject {
    open: Hook<(), Arc<dyn Storage>>,
    crash: Option<Hook<(), ()>>,
    hurt: Option<Hook<Trouble, ()>>,
    remembers: bool,
}

/// What is wrong with the machinery behind a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Nothing any more: the store recovers by itself.
    Over,
    /// Nothing can be written: a full disk, a server that refuses connections.
    Writes,
    /// Writes may or may not be carried out, but their answers are lost: an I/O error at a sync, a partition.
    Answers,
}

impl Subject {
    /// A store that is opened, empty at first, by that function. Called again after all handles are dropped, it opens
    /// the same data; a store that is not durable may begin anew. Called while a handle of a store that is
    /// [`Facts::shared`](super::super::Facts::shared) is open, it opens another replica.
    pub fn new<F>(open: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Arc<dyn Storage>> + Send + 'static,
    {
        Self { open: Box::new(move |()| Box::pin(open())), crash: None, hurt: None, remembers: false }
    }

    /// A store that this function stops as a power cut or `kill -9` would: what is not durable yet is gone.
    ///
    /// Handles of before may stay for a while: their calls end with [`Error::Unavailable`], [`Error::Timeout`] or
    /// [`Error::Unknown`], and their watches at the latest when they are dropped. Opening the store afterwards finds what
    /// survived.
    ///
    /// [`Error::Unavailable`]: super::super::Error::Unavailable
    /// [`Error::Timeout`]: super::super::Error::Timeout
    /// [`Error::Unknown`]: super::super::Error::Unknown
    #[must_use]
    pub fn crashing<F>(mut self, crash: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.crash = Some(Box::new(move |()| Box::pin(crash())));
        self
    }

    /// A store whose machinery this function breaks and mends, beneath handles that stay open. While there is trouble
    /// some write must fail, or nothing is shown.
    #[must_use]
    pub fn failing<F>(mut self, hurt: impl Fn(Trouble) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.hurt = Some(Box::new(move |trouble| Box::pin(hurt(trouble))));
        self
    }

    /// A layer over a store, whose own memory may still answer what the store has forgotten. A compacted revision may
    /// then be answered, rightly, where a store must refuse it.
    #[must_use]
    pub fn remembering(mut self) -> Self {
        self.remembers = true;
        self
    }

    pub(super) async fn open(&self) -> Arc<dyn Storage> {
        (self.open)(()).await
    }

    /// Whether it may answer what it was told to forget.
    pub(super) fn remembers(&self) -> bool {
        self.remembers
    }

    pub(super) fn crashes(&self) -> bool {
        self.crash.is_some()
    }

    pub(super) async fn crash(&self) {
        let crash = self.crash.as_ref().expect("only subjects that say how are crashed");
        crash(()).await;
    }

    pub(super) fn fails(&self) -> bool {
        self.hurt.is_some()
    }

    pub(super) async fn hurt(&self, trouble: Trouble) {
        let hurt = self.hurt.as_ref().expect("only subjects that say how are hurt");
        hurt(trouble).await;
    }
}
