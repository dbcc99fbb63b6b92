//! A member of etcd that answers what a test says.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures::future::BoxFuture;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Collected, Full, StreamBody};
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use prost::Message;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::storage::etcd::client::Client;
use crate::storage::etcd::core::Core;
use crate::storage::etcd::layout::Layout;

/// What becomes of a call.
pub(super) enum Answer {
    Message(Vec<u8>),
    /// A stream that says nothing.
    Silence,
    /// Not even that.
    Nothing,
}

impl Answer {
    pub(super) fn of(message: &impl Message) -> Self {
        Self::Message(message.encode_to_vec())
    }
}

/// Dropping it closes its port.
pub(super) struct Member {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    _serving: JoinSet<()>,
}

impl Member {
    /// One that is asked by the last part of a path, and with a message.
    pub(super) async fn start(answer: impl Fn(&str, Bytes) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port on loopback");
        let address = listener.local_addr().expect("it is bound");
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let (answer, log) = (Arc::new(answer), Arc::clone(&asked));
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((tcp, _)) = listener.accept().await {
                let (answer, log) = (Arc::clone(&answer), Arc::clone(&log));
                let service = service_fn(move |request| call(request, Arc::clone(&answer), Arc::clone(&log)));
                let connection =
                    http2::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(tcp), service);
                connections.spawn(async move { drop(connection.await) });
            }
        });
        Self { address, asked, _serving: serving }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How often it was asked that.
    pub(super) fn asked(&self, what: &str) -> usize {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.iter().filter(|asked| *asked == what).count()
    }
}

/// A core over such members.
pub(super) fn core(members: &[&Member], prepare: impl FnOnce(&mut Client)) -> Arc<Core> {
    let urls: Vec<_> = members.iter().map(|member| member.url()).collect();
    let mut client = Client::new(&urls, None, std::time::Duration::from_secs(5)).expect("URLs");
    prepare(&mut client);
    Arc::new(Core::new(client, Layout::new("/p"), 1 << 20))
}

type Body = UnsyncBoxBody<Bytes, Infallible>;

fn call(
    request: http::Request<Incoming>,
    answer: Arc<impl Fn(&str, Bytes) -> Answer + Send + Sync + 'static>,
    asked: Arc<Mutex<Vec<String>>>,
) -> BoxFuture<'static, Result<http::Response<Body>, Infallible>> {
    Box::pin(async move {
        let path = request.uri().path().rsplit('/').next().unwrap_or_default().to_owned();
        asked.lock().unwrap_or_else(PoisonError::into_inner).push(path.clone());
        // What is asked on a stream comes when it pleases.
        let message = match path.as_str() {
            "Watch" => Bytes::new(),
            _ => request.into_body().collect().await.map_or_else(|_| Bytes::new(), Collected::to_bytes),
        };
        let body = match answer(&path, message.slice(message.len().min(5)..)) {
            Answer::Message(message) => whole(&message),
            Answer::Silence => StreamBody::new(futures::stream::pending()).boxed_unsync(),
            Answer::Nothing => std::future::pending().await,
        };
        let response = http::Response::builder().header("content-type", "application/grpc").body(body);
        Ok(response.expect("a header that can be"))
    })
}

fn whole(message: &[u8]) -> Body {
    let length = u32::try_from(message.len()).expect("a message of a test").to_be_bytes();
    let mut trailers = http::HeaderMap::new();
    trailers.insert("grpc-status", http::HeaderValue::from_static("0"));
    let body = [&[0], &length[..], message].concat();
    Full::new(Bytes::from(body)).with_trailers(async { Some(Ok(trailers)) }).boxed_unsync()
}
