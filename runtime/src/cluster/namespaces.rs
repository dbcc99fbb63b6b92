//! Whether a namespace exists and takes new objects.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

/// What is known of a namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It takes new objects.
    Active,
    /// It is being deleted.
    Terminating,
    /// There is none.
    Missing,
}

/// The main API could not be asked: creation fails closed (403 `not yet ready to handle request`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotReady;

/// The namespaces of the cluster.
pub trait Namespaces: Send + Sync + fmt::Debug + 'static {
    /// The state of a namespace. Asks the main API before it says [`Phase::Missing`].
    fn phase<'a>(
        &'a self,
        namespace: &'a str,
    ) -> Pin<Box<dyn Future<Output = Result<Phase, NotReady>> + Send + 'a>>;
}

/// Without a cluster every namespace exists.
#[derive(Clone, Copy, Debug)]
pub struct EveryNamespace;

impl Namespaces for EveryNamespace {
    fn phase<'a>(
        &'a self,
        _namespace: &'a str,
    ) -> Pin<Box<dyn Future<Output = Result<Phase, NotReady>> + Send + 'a>> {
        Box::pin(std::future::ready(Ok(Phase::Active)))
    }
}
