//! The client of every measurement: one HTTP/2 connection over TLS with a client certificate, the
//! same to both servers.

use crate::control_plane::certificates::Identity;
use crate::http::{Endpoint, client_config};
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http2::{Builder, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::ServerName;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// What the client lets a server send unread: enough that no window ever stops a list. Go's
/// clients open streams of the same size.
const STREAM_WINDOW: u32 = 4 << 20;
const CONNECTION_WINDOW: u32 = 64 << 20;

/// A request's body is whole before it is sent.
pub(super) type Body = Full<Bytes>;

/// An open connection.
#[derive(Clone, Debug)]
pub(super) struct Connection {
    sender: SendRequest<Body>,
}

impl Connection {
    /// Connects, or says what stood in the way.
    pub(super) async fn open(endpoint: &Endpoint, identity: &Identity) -> Result<Self, String> {
        Self::open_with(endpoint, identity, STREAM_WINDOW).await
    }

    /// The same with another window for each stream.
    pub(super) async fn open_with(
        endpoint: &Endpoint,
        identity: &Identity,
        stream_window: u32,
    ) -> Result<Self, String> {
        let tcp = TcpStream::connect(endpoint.address).await.map_err(|error| error.to_string())?;
        tcp.set_nodelay(true).map_err(|error| error.to_string())?;
        let name = ServerName::try_from(endpoint.name.clone()).map_err(|error| error.to_string())?;
        let mut config = client_config(&endpoint.ca, Some(identity));
        config.alpn_protocols = vec![b"h2".to_vec()];
        let tls = TlsConnector::from(Arc::new(config)).connect(name, tcp).await;
        let tls = tls.map_err(|error| format!("TLS: {error}"))?;
        let (sender, connection) = Builder::new(TokioExecutor::new())
            .initial_stream_window_size(stream_window)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .handshake(TokioIo::new(tls))
            .await
            .map_err(|error| format!("HTTP/2: {error}"))?;
        tokio::spawn(connection);
        Ok(Self { sender })
    }

    /// Sends a request and counts the bytes of the body that answers it.
    pub(super) async fn count(&mut self, request: Request<Body>) -> Result<Counted, String> {
        let (status, headers, mut body) = self.begin(request).await?;
        let mut bytes = 0;
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| format!("the body broke off: {error}"))?;
            bytes += frame.data_ref().map_or(0, |data| data.len() as u64);
        }
        Ok(Counted { status, headers, bytes })
    }

    /// The whole answer; panics where none came.
    pub(super) async fn whole(&mut self, request: Request<Body>) -> (StatusCode, HeaderMap, Bytes) {
        let what = format_args!("{} {}", request.method(), request.uri()).to_string();
        let answer = async {
            let (status, headers, body) = self.begin(request).await?;
            let body = body.collect().await.map_err(|error| format!("the body broke off: {error}"))?;
            Ok::<_, String>((status, headers, body.to_bytes()))
        };
        answer.await.unwrap_or_else(|why| panic!("{what}: {why}"))
    }

    /// Sends a request; its answer's body is still to be read.
    pub(super) async fn begin(
        &mut self,
        request: Request<Body>,
    ) -> Result<(StatusCode, HeaderMap, Incoming), String> {
        self.sender.ready().await.map_err(|error| error.to_string())?;
        let answer = self.sender.send_request(request).await.map_err(|error| error.to_string())?;
        let (head, body) = answer.into_parts();
        Ok((head.status, head.headers, body))
    }
}

/// An answer whose body was counted and not kept.
#[derive(Debug)]
pub(super) struct Counted {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) bytes: u64,
}
