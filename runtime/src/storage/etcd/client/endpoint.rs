//! One member of etcd, as a URL names it, and a connection to it.

use std::sync::Arc;
use std::time::Duration;

use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::channel::Channel;
use super::tls::Tls;
use crate::storage::{Error, Result};

/// A silent member is asked for a sign of life. etcd takes it amiss to be asked more often than every five seconds.
const PING: Duration = Duration::from_secs(6);
const PONG: Duration = Duration::from_secs(4);
/// What may be on its way to us on one stream, and on all of a connection.
const STREAM_WINDOW: u32 = 4 << 20;
const CONNECTION_WINDOW: u32 = 32 << 20;

/// Where a member listens for clients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Endpoint {
    url: String,
    host: String,
    port: u16,
    pub(super) secure: bool,
}

impl Endpoint {
    /// `http://host:port` or `https://host:port`, as `--etcd-servers` takes them.
    pub(super) fn parse(url: &str) -> Result<Self> {
        let wrong = |why: &str| {
            let text = format!(
                "{url:?} is no URL of an etcd server: {why}; it is like https://etcd-0.example.com:2379"
            );
            Error::Incompatible(text)
        };
        let uri: http::Uri = url.parse().map_err(|error: http::uri::InvalidUri| wrong(&error.to_string()))?;
        let secure = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(wrong("it begins with neither http:// nor https://")),
        };
        if !matches!(uri.path(), "" | "/") || uri.query().is_some() {
            return Err(wrong("it goes on behind the port"));
        }
        let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = uri.port_u16().unwrap_or(2379);
        Ok(Self { url: url.trim_end_matches('/').to_owned(), host, port, secure })
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// A connection, or why there is none.
    pub(super) async fn connect(&self, tls: Option<&Tls>) -> Result<Channel, String> {
        let tcp =
            TcpStream::connect((self.host.as_str(), self.port)).await.map_err(|error| error.to_string())?;
        tcp.set_nodelay(true).map_err(|error| error.to_string())?;
        let origin = self.url.parse().map_err(|error: http::uri::InvalidUri| error.to_string())?;
        let Some(tls) = tls.filter(|_| self.secure) else { return handshake(tcp, origin).await };
        let config = tls.config()?;
        let name = ServerName::try_from(self.host.clone()).map_err(|error| error.to_string())?;
        let stream = TlsConnector::from(Arc::new(config)).connect(name, tcp).await;
        handshake(stream.map_err(|error| format!("TLS: {error}"))?, origin).await
    }
}

async fn handshake<S>(stream: S, origin: http::Uri) -> Result<Channel, String>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (sender, connection) = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .keep_alive_interval(PING)
        .keep_alive_timeout(PONG)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|error| format!("HTTP/2: {error}"))?;
    // It ends with its last sender and its last stream.
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection to etcd ended");
        }
    });
    Ok(Channel::new(sender, origin))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_name_members() {
        for (url, host, port, secure) in [
            ("http://127.0.0.1:2379", "127.0.0.1", 2379, false),
            ("https://etcd-0.etcd:2380/", "etcd-0.etcd", 2380, true),
            ("https://[::1]:2379", "::1", 2379, true),
            ("http://localhost", "localhost", 2379, false),
        ] {
            let endpoint = Endpoint::parse(url).expect("a URL");
            assert_eq!((endpoint.host.as_str(), endpoint.port, endpoint.secure), (host, port, secure));
        }
    }

    #[test]
    fn what_is_no_url_is_named() {
        for url in ["", "127.0.0.1:2379", "localhost", "unix:///x", "ftp://a:1", "http://a:1/v3", "http://"] {
            let refused = Endpoint::parse(url).expect_err(url).to_string();
            assert!(refused.contains(&format!("{url:?}")) && refused.contains("https://"), "{refused}");
        }
    }
}
