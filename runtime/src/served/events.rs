//! The changes that a source's watch writes, on their way to one client.

use std::marker::PhantomData;

use tokio::sync::mpsc;

use super::Answer;
use super::typed::encode;
use crate::kind::ApiResource;
use crate::object::Tree;
use crate::respond::ApiError;

/// One change, still a tree.
#[derive(Debug)]
pub(crate) enum Change {
    Added(Tree),
    Modified(Tree),
    Deleted(Tree),
    Bookmark(String),
}

/// Where the changes go; few are in flight, so that sending waits for a slow client.
#[derive(Clone, Debug)]
pub(crate) struct Sink(mpsc::Sender<Change>);

impl Sink {
    /// A sink, and the end that the response reads.
    pub(crate) fn new() -> (Sink, mpsc::Receiver<Change>) {
        let (sender, receiver) = mpsc::channel(16);
        (Sink(sender), receiver)
    }

    async fn send(&self, change: Change) -> Answer<()> {
        self.0.send(change).await.map_err(|_| ApiError::timeout("the client left", 0))
    }
}

/// Where a source's watch writes its changes. Sending waits for a slow client.
#[derive(Debug)]
pub struct Events<K> {
    sink: Sink,
    kind: PhantomData<fn(K)>,
}

impl<K: ApiResource> Events<K> {
    pub(super) fn new(sink: Sink) -> Self {
        Events { sink, kind: PhantomData }
    }

    /// The object is new, or newly asked for.
    pub async fn added(&mut self, object: &K) -> Answer<()> {
        self.sink.send(Change::Added(encode(object)?)).await
    }

    /// The object changed.
    pub async fn modified(&mut self, object: &K) -> Answer<()> {
        self.sink.send(Change::Modified(encode(object)?)).await
    }

    /// The object is gone; this was its last state.
    pub async fn deleted(&mut self, object: &K) -> Answer<()> {
        self.sink.send(Change::Deleted(encode(object)?)).await
    }

    /// Everything up to that revision has been sent.
    pub async fn bookmark(&mut self, resource_version: impl Into<String>) -> Answer<()> {
        self.sink.send(Change::Bookmark(resource_version.into())).await
    }
}
