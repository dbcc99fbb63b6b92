//! The floor: a hyper server over TLS that knows its bytes beforehand and does nothing else. It
//! runs as a process of its own, so that its CPU is read as that of the servers is.
//!
//! `PUT` gives it the bytes of a path and `GET` asks for them, the longer ones in chunks as ours
//! sends them; `POST` answers with what was sent; `GET /watch` follows what `PATCH` publishes.

use bytes::{Bytes, BytesMut};
use futures::StreamExt as _;
use futures::stream::unfold;
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::server::conn::http2::Builder;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
use std::collections::HashMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

/// The size of the chunks of long bodies.
const CHUNK: usize = 64 << 10;
/// Headers of an answer that are kept with its bytes.
const KEPT: [header::HeaderName; 2] = [header::CONTENT_TYPE, header::CONTENT_ENCODING];

type Body = UnsyncBoxBody<Bytes, Infallible>;

/// Serves for ever; panics where it cannot begin.
pub async fn serve(address: SocketAddr, certificate: &Path, key: &Path) {
    let tls = TlsAcceptor::from(Arc::new(tls(certificate, key)));
    let listener = TcpListener::bind(address).await;
    let listener = listener.unwrap_or_else(|error| panic!("listening on {address}: {error}"));
    let known = Arc::new(Known::default());
    loop {
        let Ok((tcp, _)) = listener.accept().await else { continue };
        let (tls, known) = (tls.clone(), Arc::clone(&known));
        tokio::spawn(async move {
            // A client that goes away is no failure of the floor.
            let _ = tcp.set_nodelay(true);
            let Ok(stream) = tls.accept(tcp).await else { return };
            let service = service_fn(move |request| answer(Arc::clone(&known), request));
            let mut http = Builder::new(TokioExecutor::new());
            let _ = http.max_concurrent_streams(1000).serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

fn tls(certificate: &Path, key: &Path) -> rustls::ServerConfig {
    let chain = CertificateDer::pem_file_iter(certificate).expect("a file with a certificate");
    let chain = chain.collect::<Result<Vec<_>, _>>().expect("PEM of a certificate");
    let key = PrivateKeyDer::from_pem_file(key).expect("PEM of a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring knows the default versions")
        .with_no_client_auth()
        .with_single_cert(chain, key);
    let mut config = config.expect("certificate and key belong together");
    config.alpn_protocols = vec![b"h2".to_vec()];
    config
}

/// What it answers with.
struct Known {
    bodies: RwLock<HashMap<String, (HeaderMap, Bytes)>>,
    published: Mutex<Vec<Bytes>>,
    count: watch::Sender<usize>,
}

impl Default for Known {
    fn default() -> Self {
        let count = watch::Sender::new(0);
        Self { bodies: RwLock::default(), published: Mutex::default(), count }
    }
}

async fn answer(known: Arc<Known>, request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
    let (head, body) = request.into_parts();
    let path = head.uri.path();
    Ok(match head.method {
        Method::GET if path == "/watch" => response(StatusCode::OK, &json(), follow(known)),
        Method::GET => {
            let found = known.bodies.read().unwrap_or_else(PoisonError::into_inner).get(path).cloned();
            match found {
                Some((headers, bytes)) => response(StatusCode::OK, &headers, chunks(bytes)),
                None => response(StatusCode::NOT_FOUND, &json(), whole(Bytes::new())),
            }
        }
        method => {
            let sent = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
            let status = if method == Method::POST { StatusCode::CREATED } else { StatusCode::OK };
            match method {
                Method::PUT => known.keep(path, &head.headers, sent.clone()),
                Method::PATCH => known.publish(sent.clone()),
                _ => {}
            }
            response(status, &json(), whole(sent))
        }
    })
}

impl Known {
    fn keep(&self, path: &str, headers: &HeaderMap, bytes: Bytes) {
        let kept = KEPT.iter().filter_map(|name| Some((name.clone(), headers.get(name)?.clone())));
        let mut bodies = self.bodies.write().unwrap_or_else(PoisonError::into_inner);
        bodies.insert(path.to_owned(), (kept.collect(), bytes));
    }

    fn publish(&self, event: Bytes) {
        let mut published = self.published.lock().unwrap_or_else(PoisonError::into_inner);
        published.push(event);
        self.count.send_replace(published.len());
    }
}

/// Everything published from now on, whatever is pending in one frame.
fn follow(known: Arc<Known>) -> Body {
    let count = known.count.subscribe();
    let from = *count.borrow();
    let frames = unfold((known, count, from), |(known, mut count, mut from)| async move {
        count.wait_for(|count| *count > from).await.ok()?;
        let (frame, taken) = {
            let published = known.published.lock().unwrap_or_else(PoisonError::into_inner);
            first_frame(&published[from..])
        };
        from += taken;
        Some((frame, (known, count, from)))
    });
    StreamBody::new(frames.map(|frame| Ok(Frame::data(frame)))).boxed_unsync()
}

/// As many events as go into a chunk; one alone is not copied.
fn first_frame(events: &[Bytes]) -> (Bytes, usize) {
    if let [event] = events {
        return (event.clone(), 1);
    }
    let (mut frame, mut taken) = (BytesMut::new(), 0);
    for event in events {
        if !frame.is_empty() && frame.len() + event.len() > CHUNK {
            break;
        }
        frame.extend_from_slice(event);
        taken += 1;
    }
    (frame.freeze(), taken)
}

fn chunks(bytes: Bytes) -> Body {
    if bytes.len() <= CHUNK {
        return whole(bytes);
    }
    let chunks = unfold((bytes, 0), |(bytes, at)| async move {
        let end = bytes.len().min(at + CHUNK);
        (at < end).then(|| (bytes.slice(at..end), (bytes, end)))
    });
    StreamBody::new(chunks.map(|chunk| Ok(Frame::data(chunk)))).boxed_unsync()
}

fn whole(bytes: Bytes) -> Body {
    Full::new(bytes).boxed_unsync()
}

fn json() -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    headers
}

/// With as many headers as an apiserver's answer has.
fn response(status: StatusCode, headers: &HeaderMap, body: Body) -> Response<Body> {
    let mut response = Response::builder()
        .status(status)
        .header("audit-id", "f6a8f8f5-6f3c-4a6d-9d8e-0a7f1f6f4c11")
        .header(header::CACHE_CONTROL, "no-cache, private");
    for (name, value) in headers {
        response = response.header(name, value);
    }
    response.body(body).expect("an answer")
}
