//! A small HTTPS client that shows the wire as it is: any method, path, header and client
//! certificate, and the answer unjudged. One connection per call; clients with more sense are
//! kube's and kubectl.

use crate::control_plane::certificates::Identity;
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject as _};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// A call that takes longer than this hangs.
const LIMIT: Duration = Duration::from_secs(60);

/// Where a server listens and how to know it.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// Where it listens.
    pub address: SocketAddr,
    /// The name its certificate carries.
    pub name: String,
    /// PEM of the authority that signed its certificate.
    pub ca: String,
}

impl Endpoint {
    /// A GET of `path` (with its query), to be sent.
    pub fn get(&self, path: &str) -> Call {
        self.call(Method::GET, path)
    }

    /// A request to be sent.
    pub fn call(&self, method: Method, path: &str) -> Call {
        Call {
            endpoint: self.clone(),
            method,
            path: path.to_owned(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            identity: None,
        }
    }

    /// The URL of this server on its address, for kubeconfigs.
    pub fn url(&self) -> String {
        format!("https://{}", self.address)
    }
}

/// A request on its way.
#[derive(Clone, Debug)]
pub struct Call {
    endpoint: Endpoint,
    method: Method,
    path: String,
    headers: HeaderMap,
    body: Bytes,
    identity: Option<Identity>,
}

impl Call {
    /// Adds a header; one name may be given often.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let name = HeaderName::try_from(name).expect("a header's name");
        let value = HeaderValue::try_from(value).expect("a header's value");
        self.headers.append(name, value);
        self
    }

    /// Sends these bytes as the body.
    pub fn body(mut self, content_type: &str, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self.header("content-type", content_type)
    }

    /// Sends this value as a JSON body.
    pub fn json(self, body: &serde_json::Value) -> Self {
        self.body("application/json", body.to_string())
    }

    /// Presents this certificate.
    pub fn identity(mut self, identity: &Identity) -> Self {
        self.identity = Some(identity.clone());
        self
    }

    /// The whole answer; panics where none came.
    pub async fn send(self) -> Answer {
        self.try_send().await.unwrap_or_else(|why| panic!("{why}"))
    }

    /// The whole answer, or why there is none.
    pub async fn try_send(self) -> Result<Answer, String> {
        let what = self.describe();
        let answer = async {
            let (status, headers, body) = self.begin().await?;
            let body = body.collect().await.map_err(|error| error.to_string())?;
            Ok(Answer { status, headers, body: body.to_bytes() })
        };
        bounded(&what, answer).await
    }

    /// The head of the answer, its body to be read by the line; panics where none came.
    pub async fn stream(self) -> Lines {
        self.try_stream().await.unwrap_or_else(|why| panic!("{why}"))
    }

    /// The same, or why there is no answer.
    pub async fn try_stream(self) -> Result<Lines, String> {
        let what = self.describe();
        let (status, headers, body) = bounded(&what, self.begin()).await?;
        Ok(Lines { what, status, headers, body, rest: BytesMut::new() })
    }

    fn describe(&self) -> String {
        format!("{} {}{}", self.method, self.endpoint.url(), self.path)
    }

    async fn begin(self) -> Result<(StatusCode, HeaderMap, Incoming), String> {
        let tcp = TcpStream::connect(self.endpoint.address).await.map_err(|error| error.to_string())?;
        let name = ServerName::try_from(self.endpoint.name.clone()).map_err(|error| error.to_string())?;
        let config = client_config(&self.endpoint.ca, self.identity.as_ref());
        let tls = TlsConnector::from(Arc::new(config)).connect(name, tcp).await;
        let tls = tls.map_err(|error| format!("TLS: {error}"))?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(tls))
            .await
            .map_err(|error| error.to_string())?;
        tokio::spawn(connection);
        let mut request = http::Request::builder()
            .method(self.method)
            .uri(&self.path)
            .header(header::HOST, format!("{}:{}", self.endpoint.name, self.endpoint.address.port()))
            .body(Full::new(self.body))
            .map_err(|error| error.to_string())?;
        request.headers_mut().extend(self.headers);
        let response = sender.send_request(request).await.map_err(|error| error.to_string())?;
        let (head, body) = response.into_parts();
        Ok((head.status, head.headers, body))
    }
}

async fn bounded<T>(what: &str, work: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    match tokio::time::timeout(LIMIT, work).await {
        Ok(done) => done.map_err(|why| format!("{what}: {why}")),
        Err(_) => Err(format!("{what}: no answer within {LIMIT:?}")),
    }
}

pub(crate) fn client_config(ca: &str, identity: Option<&Identity>) -> rustls::ClientConfig {
    let mut roots = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(ca.as_bytes()) {
        roots.add(certificate.expect("PEM of the server's authority")).expect("a trust anchor");
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring knows the default versions")
        .with_root_certificates(roots);
    let Some(identity) = identity else {
        return config.with_no_client_auth();
    };
    let chain = CertificateDer::pem_slice_iter(identity.certificate.as_bytes())
        .collect::<Result<Vec<_>, _>>()
        .expect("PEM of the client's certificate");
    let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).expect("PEM of the client's key");
    config.with_client_auth_cert(chain, key).expect("certificate and key belong together")
}

/// What a server said.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
}

impl Answer {
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON; panics with the body where it is none.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("not JSON ({error}): {} {}", self.status, self.text()))
    }
}

/// A body read by the line, as a watch is.
#[derive(Debug)]
pub struct Lines {
    what: String,
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    body: Incoming,
    rest: BytesMut,
}

impl Lines {
    /// The next line without its end, or `None` where the body ends; panics where nothing comes.
    pub async fn next(&mut self) -> Option<Bytes> {
        self.try_next().await.unwrap_or_else(|why| panic!("{}: {why}", self.what))
    }

    /// The same where the server may be cut off: the error says how.
    pub async fn try_next(&mut self) -> Result<Option<Bytes>, String> {
        loop {
            if let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
                let line = self.rest.split_to(end + 1).freeze();
                return Ok(Some(line.slice(..end)));
            }
            let frame = tokio::time::timeout(LIMIT, self.body.frame()).await;
            match frame.map_err(|_| format!("no line within {LIMIT:?}"))? {
                Some(Ok(frame)) => self.rest.extend_from_slice(frame.data_ref().map_or(&[], |data| data)),
                Some(Err(error)) => return Err(format!("the body broke off: {error}")),
                None if self.rest.is_empty() => return Ok(None),
                None => return Ok(Some(self.rest.split().freeze())),
            }
        }
    }

    /// The next line as JSON.
    pub async fn next_json(&mut self) -> Option<serde_json::Value> {
        let line = self.next().await?;
        Some(serde_json::from_slice(&line).unwrap_or_else(|error| {
            panic!("{}: a line is not JSON ({error}): {}", self.what, String::from_utf8_lossy(&line))
        }))
    }
}
