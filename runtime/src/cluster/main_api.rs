//! A main API of a few lines, for tests: each says what it answers.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Collected};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use crate::respond::Body;

/// Answers every request, on a free port, for as long as the runtime lives.
pub(crate) async fn serve(
    answer: impl Fn(Request<Bytes>) -> Response<Body> + Send + Sync + 'static,
) -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let answer = Arc::new(answer);
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let answer = Arc::clone(&answer);
            tokio::spawn(async move {
                let service = service_fn(async |request: Request<Incoming>| {
                    let (head, body) = request.into_parts();
                    let body = body.collect().await.map(Collected::to_bytes).unwrap_or_default();
                    Ok::<_, Infallible>(answer(Request::from_parts(head, body)))
                });
                let server = hyper::server::conn::http1::Builder::new();
                // A client that goes away ends it.
                let _ = server.serve_connection(TokioIo::new(socket), service).await;
            });
        }
    });
    address
}
