//! One HTTP/2 connection as a service of tonic's, which knows whether a request that failed was ever sent.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::body::Incoming;
use hyper::client::conn::http2::SendRequest;
use tonic::body::Body;
use tower_service::Service;

/// Clones share the connection.
#[derive(Clone, Debug)]
pub(super) struct Channel {
    sender: SendRequest<Body>,
    origin: http::Uri,
}

/// Why a request has no answer.
#[derive(Debug)]
pub(in crate::storage::etcd) struct Broken {
    /// Whether it may have reached the server.
    pub(in crate::storage::etcd) sent: bool,
    error: hyper::Error,
}

impl Channel {
    pub(super) fn new(sender: SendRequest<Body>, origin: http::Uri) -> Self {
        Self { sender, origin }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.sender.is_closed()
    }

    pub(super) fn origin(&self) -> http::Uri {
        self.origin.clone()
    }
}

impl Service<http::Request<Body>> for Channel {
    type Response = http::Response<Incoming>;
    type Error = Broken;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Broken>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        self.sender.poll_ready(context).map_err(|error| Broken { sent: false, error })
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let answer = self.sender.try_send_request(request);
        Box::pin(async move {
            answer.await.map_err(|mut failed| {
                let sent = failed.take_message().is_none();
                Broken { sent, error: failed.into_error() }
            })
        })
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match std::error::Error::source(&self.error) {
            Some(source) => write!(f, "{}: {source}", self.error),
            None => fmt::Display::fmt(&self.error, f),
        }
    }
}

impl std::error::Error for Broken {}
