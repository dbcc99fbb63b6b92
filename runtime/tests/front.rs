//! What stands before the route, over real sockets: TLS, identities, health, limits, the end.
#![cfg(feature = "testing")]

use std::sync::Arc;
use std::time::Duration;

use aggboot::Options;
use aggboot::kube::api::{Api, PostParams};
use aggboot::prelude::*;
use aggboot::testing::{TestServer, serve, serve_with};
use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// What came back.
#[derive(Debug)]
struct Answer {
    code: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

/// A connection with or without a client certificate.
enum Connection {
    One(http1::SendRequest<Empty<Bytes>>),
    Two(http2::SendRequest<Empty<Bytes>>),
}

impl Connection {
    async fn open(server: &TestServer, credentials: Option<&str>, protocol: &str) -> Connection {
        let mut roots = rustls::RootCertStore::empty();
        roots
            .add(CertificateDer::from_pem_slice(server.ca_pem().as_bytes()).expect("an authority"))
            .expect("added");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("protocols")
            .with_root_certificates(roots);
        let mut config = match credentials {
            None => config.with_no_client_auth(),
            Some(pem) => {
                let chain = CertificateDer::pem_slice_iter(pem.as_bytes()).map(|found| found.expect("PEM"));
                let key = PrivateKeyDer::from_pem_slice(pem.as_bytes()).expect("a key");
                config.with_client_auth_cert(chain.collect(), key).expect("credentials")
            }
        };
        config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
        let address = server.url().trim_start_matches("https://").to_owned();
        let socket = TcpStream::connect(&address).await.expect("a connection");
        let name = "localhost".try_into().expect("a name");
        let stream = TlsConnector::from(Arc::new(config)).connect(name, socket).await.expect("TLS");
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(protocol.as_bytes()));
        let io = TokioIo::new(stream);
        if protocol == "h2" {
            let (sender, connection) = http2::handshake(TokioExecutor::new(), io).await.expect("HTTP/2");
            tokio::spawn(connection);
            Connection::Two(sender)
        } else {
            let (sender, connection) = http1::handshake(io).await.expect("HTTP/1.1");
            tokio::spawn(connection);
            Connection::One(sender)
        }
    }

    async fn send(&mut self, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::builder().method(method);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = match self {
            Connection::One(sender) => {
                let request =
                    request.header("host", "localhost").uri(path).body(Empty::new()).expect("a request");
                sender.send_request(request).await
            }
            Connection::Two(sender) => {
                let uri = format!("https://localhost{path}");
                sender.send_request(request.uri(uri).body(Empty::new()).expect("a request")).await
            }
        };
        let (head, body) = response.expect("an answer").into_parts();
        let body = body.collect().await.expect("a body").to_bytes();
        Answer {
            code: head.status,
            headers: head.headers,
            body: String::from_utf8(body.to_vec()).expect("text"),
        }
    }

    async fn get(&mut self, path: &str) -> Answer {
        self.send(Method::GET, path, &[]).await
    }
}

const FORGED: &[(&str, &str)] = &[("x-remote-user", "admin"), ("x-remote-group", "system:masters")];

#[tokio::test]
async fn both_protocols_are_spoken_and_every_answer_is_stamped() {
    let server = serve([]).await;
    for protocol in ["h2", "http/1.1"] {
        let mut connection = Connection::open(&server, None, protocol).await;
        let answer = connection.get("/readyz").await;
        assert_eq!((answer.code, answer.body.as_str()), (StatusCode::OK, "ok"), "{protocol}");
        assert_eq!(answer.headers["content-type"], "text/plain; charset=utf-8");
        assert_eq!(answer.headers["x-content-type-options"], "nosniff");
        assert_eq!(answer.headers["cache-control"], "no-cache, private");
        assert_eq!(answer.headers["audit-id"].len(), 36);
        let answer = connection.send(Method::GET, "/livez", &[("audit-id", "mine")]).await;
        assert_eq!(answer.headers["audit-id"], "mine");
    }
}

#[tokio::test]
async fn who_one_is_decides_what_one_sees() {
    let (server, other) = (serve([]).await, serve([]).await);
    let path = "/apis/none.example.com/v1/things";
    // credentials, headers, expected code and name
    let table = [
        (None, &[][..], 403, "system:anonymous"),
        (None, FORGED, 403, "system:anonymous"),
        (Some(server.user_pem("bob", &["team-a"])), FORGED, 403, "bob"),
        (Some(server.admin_pem()), &[], 404, ""),
        (Some(other.admin_pem()), &[], 401, ""),
        (Some(other.admin_pem()), FORGED, 401, ""),
    ];
    for (credentials, headers, code, name) in table {
        let mut connection = Connection::open(&server, credentials.as_deref(), "h2").await;
        let answer = connection.send(Method::GET, path, headers).await;
        assert_eq!(answer.code.as_u16(), code, "{answer:?}");
        let status = answer.json();
        assert_eq!(status["kind"], "Status");
        if code == 403 {
            let text = format!(
                "things.none.example.com is forbidden: User {name:?} cannot list resource \"things\" in API group \
                 \"none.example.com\" at the cluster scope"
            );
            assert_eq!(status["message"], text);
            assert_eq!(answer.headers["x-content-type-options"], "nosniff");
        }
    }
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_401_even_on_health() {
    let (server, other) = (serve([]).await, serve([]).await);
    let mut connection = Connection::open(&server, Some(&other.admin_pem()), "http/1.1").await;
    for path in ["/healthz", "/readyz", "/apis"] {
        let answer = connection.get(path).await;
        assert_eq!(answer.code, StatusCode::UNAUTHORIZED, "{path}");
        assert_eq!(
            (&answer.json()["reason"], &answer.json()["message"]),
            (&"Unauthorized".into(), &"Unauthorized".into())
        );
    }
}

#[tokio::test]
async fn health_is_open_to_all_and_its_details_are_not() {
    let server = serve([]).await;
    let mut anybody = Connection::open(&server, None, "h2").await;
    let mut admin = Connection::open(&server, Some(&server.admin_pem()), "h2").await;
    assert_eq!(anybody.get("/readyz/ping").await.code, StatusCode::FORBIDDEN);
    assert_eq!(admin.get("/readyz/ping").await.body, "ok");
    assert_eq!(admin.get("/readyz/nothing").await.code, StatusCode::NOT_FOUND);
    let verbose = admin.get("/readyz?verbose").await.body;
    assert!(verbose.starts_with("[+]ping ok\n") && verbose.ends_with("readyz check passed\n"), "{verbose}");
    assert_eq!(anybody.get("/metrics").await.code, StatusCode::FORBIDDEN);
    assert_eq!(admin.get("/version").await.json()["major"], "1");
}

#[tokio::test]
async fn the_index_lists_paths_and_unknown_paths_get_it_too() {
    let server = serve([]).await;
    let mut admin = Connection::open(&server, Some(&server.admin_pem()), "h2").await;
    for (path, code) in [("/", 200), ("/index.html", 200), ("/nowhere", 404)] {
        let answer = admin.get(path).await;
        assert_eq!(answer.code.as_u16(), code, "{path}");
        let paths = answer.json()["paths"].clone();
        let paths: Vec<String> = serde_json::from_value(paths).expect("paths");
        assert!(paths.is_sorted() && paths.contains(&"/readyz/shutdown".to_owned()), "{paths:?}");
    }
}

#[tokio::test]
async fn the_timeout_of_a_request_is_read_or_refused() {
    let server = serve([]).await;
    let mut admin = Connection::open(&server, Some(&server.admin_pem()), "h2").await;
    assert_eq!(admin.get("/version?timeout=5s").await.code, StatusCode::OK);
    let answer = admin.get("/version?timeout=soon").await;
    assert_eq!(answer.code, StatusCode::BAD_REQUEST);
    let text = "invalid timeout specified in the request URL - time: invalid duration \"soon\"";
    assert_eq!(answer.json()["message"], text);
}

#[tokio::test]
async fn what_was_answered_is_counted() {
    let server = serve([]).await;
    let mut admin = Connection::open(&server, Some(&server.admin_pem()), "h2").await;
    for name in ["a", "b", "c"] {
        admin.get(&format!("/apis/none.example.com/v1/{name}")).await;
    }
    let metrics = admin.get("/metrics").await.body;
    let line = metrics.lines().find(|line| line.starts_with("apiserver_request_total{verb=\"LIST\""));
    assert!(line.is_some_and(|line| line.contains("code=\"404\"") && line.ends_with(" 3")), "{metrics}");
    assert!(!metrics.contains("none.example.com"), "names nobody serves are no labels");
    assert!(metrics.contains("\napiserver_request_duration_seconds_bucket{"), "{metrics}");
    assert!(metrics.contains("\nprocess_start_time_seconds "), "{metrics}");
}

#[tokio::test]
async fn a_stopped_server_says_goodbye() {
    let server = serve([]).await;
    let address = server.url().trim_start_matches("https://").to_owned();
    let mut connection = Connection::open(&server, None, "http/1.1").await;
    assert_eq!(connection.get("/readyz").await.code, StatusCode::OK);
    server.stop().await;
    assert!(TcpStream::connect(&address).await.is_err(), "nobody listens any more");
}

/// Something long.
#[derive(Debug, ApiResource)]
#[api(group = "front.example.com", version = "v1")]
pub struct Scroll {
    pub metadata: ObjectMeta,
    pub spec: ScrollSpec,
}

/// What is written on it.
#[derive(Debug, ApiType)]
pub struct ScrollSpec {
    /// Much.
    pub text: String,
}

/// More than all the buffers between the two take.
async fn write_scrolls(server: &TestServer) {
    let api: Api<Scroll> = Api::namespaced(server.client(), "default");
    let text = "x".repeat(1 << 20);
    for number in 0..16 {
        let scroll = serde_json::from_value(serde_json::json!({
            "apiVersion": "front.example.com/v1", "kind": "Scroll",
            "metadata": {"name": format!("s{number}")}, "spec": {"text": text},
        }));
        api.create(&PostParams::default(), &scroll.expect("a scroll")).await.expect("created");
    }
}

#[tokio::test]
async fn a_list_has_its_seat_until_the_last_byte() {
    for form in ["application/json", "application/yaml"] {
        let mut options = Options::default();
        options.max_requests_inflight = 1;
        let server = serve_with(options, [Scroll::stored().into()]).await.expect("it starts");
        write_scrolls(&server).await;
        let Connection::One(mut sender) =
            Connection::open(&server, Some(&server.admin_pem()), "http/1.1").await
        else {
            panic!("HTTP/1.1 was asked for")
        };
        let list = Request::get("/apis/front.example.com/v1/scrolls").header("host", "localhost");
        let list = list.header("accept", form).body(Empty::new()).expect("a request");
        let unread = sender.send_request(list).await.expect("a head");
        assert_eq!(unread.status(), StatusCode::OK);
        let mut nobody = Connection::open(&server, Some(&server.user_pem("nobody", &[])), "h2").await;
        let path = "/apis/front.example.com/v1/scrolls";
        assert_eq!(nobody.get(path).await.code, StatusCode::TOO_MANY_REQUESTS, "{form}");
        let read = unread.into_body().collect().await.expect("all of it").to_bytes();
        assert!(read.len() > 16 << 20, "{} bytes of {form}", read.len());
        // The last byte is here before the server knows that it is.
        while nobody.get(path).await.code == StatusCode::TOO_MANY_REQUESTS {
            tokio::task::yield_now().await;
        }
        assert_eq!(nobody.get(path).await.code, StatusCode::FORBIDDEN, "{form}");
    }
}

#[tokio::test]
async fn a_reader_that_stalls_does_not_keep_a_server_from_stopping() {
    let server = serve([Scroll::stored().into()]).await;
    write_scrolls(&server).await;
    let admin = server.admin_pem();
    let Connection::One(mut sender) = Connection::open(&server, Some(&admin), "http/1.1").await else {
        panic!("HTTP/1.1 was asked for")
    };
    let path = "/apis/front.example.com/v1/scrolls?watch=true";
    let request = Request::get(path).header("host", "localhost").body(Empty::new()).expect("a request");
    let unread = sender.send_request(request).await.expect("a head");
    assert_eq!(unread.status(), StatusCode::OK);
    // Ordinary requests may take a minute to end.
    let stopped = tokio::time::timeout(Duration::from_secs(45), server.stop()).await;
    assert!(stopped.is_ok(), "the server waits for a reader that never reads");
    let cut = unread.into_body().collect().await.map(|body| body.to_bytes().len());
    assert!(cut.is_err(), "the watch was read to its end: {cut:?}");
}

#[tokio::test]
async fn local_mode_keeps_what_it_generated() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut options = Options::default();
    let data = folder.path().join("data");
    options.data_dir = data.clone();
    let first = serve_with(options.clone(), []).await.expect("it starts");
    let (authority, admin) = (first.ca_pem(), first.admin_pem());
    assert!(data.join("kubeconfig").exists());
    first.stop().await;
    let second = serve_with(options.clone(), []).await.expect("it starts again");
    assert_eq!((second.ca_pem(), second.admin_pem()), (authority, admin));
    #[cfg(unix)]
    for (secret, mode) in [
        ("", 0o700),
        ("pki", 0o700),
        ("pki/ca.key", 0o600),
        ("pki/serving.key", 0o600),
        ("pki/admin.key", 0o600),
        ("kubeconfig", 0o600),
    ] {
        use std::os::unix::fs::PermissionsExt;
        let found = data.join(secret).metadata().expect(secret).permissions().mode();
        assert_eq!(found & 0o777, mode, "{secret}");
    }
    options.bind_address = Some([192, 0, 2, 1].into());
    let error = serve_with(options, []).await.expect_err("not this machine").to_string();
    assert!(error.contains("--bind-address") && error.contains("192.0.2.1"), "{error}");
}

#[tokio::test]
async fn a_client_reads_the_version() {
    let server = serve([]).await;
    let version = server.client().apiserver_version().await.expect("a version");
    assert_eq!((version.major.as_str(), version.minor.as_str()), ("1", "37"));
    let error = server.client_for("bob", &[]).apiserver_version().await.expect_err("forbidden");
    assert!(error.to_string().contains("bob"), "{error}");
}
