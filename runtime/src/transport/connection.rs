//! One connection, from its first byte to its last.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use http::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::io::AsyncRead;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use super::Peer;
use super::gathered::Gathered;
use super::hold::{Hold, hold_records};
use super::listener::until;
use super::turn::{Begun, Turns};
use crate::layers::{self, Stack};
use crate::respond::Response;

/// The limits of connections; the numbers are those of Go's servers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// HTTP/2 streams at a time.
    pub(crate) streams: u32,
    /// For the handshake, and for the head of a request.
    pub(crate) head: Duration,
    /// Without any request, or with an answer that nobody takes.
    pub(crate) idle: Duration,
    /// For a peer to take what is left once it was told that the connection ends.
    pub(crate) goodbye: Duration,
}

/// How often a peer is asked for a sign of life, and how long it may take: one that is gone without a word would
/// hold its watches for as long as they last.
const PING: Duration = Duration::from_secs(30);
const PONG: Duration = Duration::from_secs(15);
const STREAM_WINDOW: u32 = 256 * 1024;
/// What may wait on a stream for its reader before the answer is asked for more: with the piece that is being sent and
/// the next one, all that a stalled stream holds.
const UNSENT: usize = 16 * 1024;

impl Limits {
    pub(crate) fn new(streams: u32) -> Self {
        let [head, idle, goodbye] = [32, 90, 30].map(Duration::from_secs);
        Limits { streams, head, idle, goodbye }
    }

    pub(super) fn builder(&self, begun: Begun) -> Builder<Begun> {
        let mut builder = Builder::new(begun);
        builder.http1().timer(TokioTimer::new()).header_read_timeout(self.head);
        builder
            .http2()
            .timer(TokioTimer::new())
            .keep_alive_interval(PING)
            .keep_alive_timeout(PONG)
            .max_concurrent_streams(self.streams)
            .max_send_buf_size(UNSENT)
            .initial_stream_window_size(STREAM_WINDOW)
            // Go allows this much for each of a hundred streams, whatever the number of streams is.
            .initial_connection_window_size(STREAM_WINDOW * 100)
            .max_frame_size(STREAM_WINDOW);
        builder
    }
}

/// Serves a connection until the peer leaves, it is idle for long, or the server closes.
pub(super) async fn serve(
    socket: TcpStream,
    address: SocketAddr,
    tls: TlsAcceptor,
    limits: Limits,
    stack: Arc<Stack>,
    closing: watch::Receiver<bool>,
) {
    let mut stream = match tokio::time::timeout(limits.head, tls.accept(socket)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => {
            stack.metrics.handshake_failed();
            tracing::debug!(%address, %error, "TLS handshake error");
            return;
        }
        Err(_) => {
            stack.metrics.handshake_failed();
            tracing::debug!(%address, "TLS handshake took too long");
            return;
        }
    };
    hold_records(stream.get_mut().1);
    let certificates = stream.get_ref().1.peer_certificates().unwrap_or_default();
    let certificates = certificates.iter().map(|certificate| certificate.clone().into_owned()).collect();
    let peer = Arc::new(Peer::new(address, certificates));
    let answer = |request| {
        let (stack, peer) = (Arc::clone(&stack), Arc::clone(&peer));
        async move { layers::answer(&stack, &peer, request).await }
    };
    requests(stream, &peer, limits, answer, closing).await;
}

async fn requests<A: Future<Output = Response> + Send + 'static>(
    stream: impl AsyncRead + Hold + Unpin + Send + 'static,
    peer: &Peer,
    limits: Limits,
    answer: impl Fn(Request<Incoming>) -> A,
    mut closing: watch::Receiver<bool>,
) {
    let answer = service_fn(|request| answer(request).map(Ok::<_, Infallible>));
    let (stream, begun) = (Gathered::new(stream), Begun::default());
    let builder = limits.builder(begun.clone());
    let connection = builder.serve_connection(TokioIo::new(stream.clone()), answer);
    tokio::pin!(connection);
    let mut turns = Turns::new(stream, peer, begun);
    let leaving = async {
        tokio::select! {
            () = until(&mut closing) => {}
            () = done(peer, limits.idle) => {}
        }
    };
    let ended = tokio::select! {
        ended = turns.run(connection.as_mut()) => ended,
        () = leaving => {
            // Says goodbye (GOAWAY, Connection: close) and finishes what was begun, while somebody takes it.
            connection.as_mut().graceful_shutdown();
            tokio::select! {
                ended = turns.run(connection.as_mut()) => ended,
                () = forsaken(peer, limits.goodbye) => Ok(()),
            }
        }
    };
    if let Err(error) = ended {
        tracing::trace!(address = %peer.address, %error, "the connection broke");
    }
}

/// Ends once no request was answered for a whole period, or answers were overdue for as long: their peer reads
/// nothing of them, and each takes a stream and what was sent last. New requests go to a new connection then.
async fn done(peer: &Peer, period: Duration) {
    let mut before = peer.activity();
    loop {
        tokio::time::sleep(period).await;
        let now = peer.activity();
        let idle = now.active == 0 && now == before;
        if idle || now.overdue.min(before.overdue) > 0 {
            return;
        }
        before = now;
    }
}

/// Ends once nothing was being answered for a whole period: what is left then is what the peer does not take.
async fn forsaken(peer: &Peer, period: Duration) {
    let mut before = peer.activity();
    loop {
        tokio::time::sleep(period).await;
        let now = peer.activity();
        if now.active == 0 && now == before {
            return;
        }
        before = now;
    }
}

#[cfg(test)]
mod tests;
