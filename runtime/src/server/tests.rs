//! A server beside a cluster: whom it believes and what it allows, against a main API of a few lines.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Empty};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsConnector;

use super::{Options, Running, Server, StorageKind, start};
use crate::certificates::{Authority, Leaf};
use crate::cluster::main_api;
use crate::respond::{Body, Streamed};

/// What the main API knows, and what it was asked.
struct MainApi {
    /// The published authorities; changes are watched.
    published: watch::Sender<Value>,
    access_reviews: AtomicUsize,
    last_review: Mutex<Value>,
}

impl MainApi {
    async fn serve(self: &Arc<Self>) -> SocketAddr {
        let api = Arc::clone(self);
        main_api::serve(move |request| api.answer(&request)).await
    }

    fn answer(&self, request: &Request<Bytes>) -> Response<Body> {
        let body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
        let watch = request.uri().query().is_some_and(|query| query.contains("watch=true"));
        let config_map = |data: &Value| {
            let metadata = json!({"name": "extension-apiserver-authentication", "resourceVersion": "1"});
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data})
        };
        let answered = match request.uri().path() {
            "/api/v1/namespaces" if !watch => list("Namespace", &[]),
            "/api/v1/namespaces/kube-system/configmaps" if watch => return self.changes(config_map),
            "/api/v1/namespaces/kube-system/configmaps" => {
                list("ConfigMap", &[config_map(&self.published.borrow())])
            }
            "/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication" => {
                config_map(&self.published.borrow())
            }
            "/apis/authentication.k8s.io/v1/tokenreviews" => {
                let user = json!({"username": "carol", "groups": ["team-a"]});
                let good = body["spec"]["token"] == "good";
                let status = json!({"authenticated": good, "user": if good { user } else { json!({}) }});
                json!({"metadata": {}, "spec": body["spec"], "status": status})
            }
            "/apis/authorization.k8s.io/v1/subjectaccessreviews" => {
                self.access_reviews.fetch_add(1, Ordering::SeqCst);
                let status = json!({"allowed": body["spec"]["user"] != "dave", "reason": "says the table"});
                let answered = json!({"metadata": {}, "spec": body["spec"], "status": status});
                *self.last_review.lock().expect("unpoisoned") = body["spec"].clone();
                answered
            }
            _ => {
                // A watch on which nothing happens.
                let silent = Body::Stream(Streamed::events(futures::stream::pending(), None));
                return Response::new(silent);
            }
        };
        Response::new(Body::from(answered.to_string()))
    }

    fn changes(&self, config_map: impl Fn(&Value) -> Value + Send + 'static) -> Response<Body> {
        let changes = futures::stream::unfold(
            (self.published.subscribe(), config_map),
            async |(mut published, config_map)| {
                published.changed().await.ok()?;
                let object = config_map(&published.borrow_and_update());
                let event = format!("{}\n", json!({"type": "MODIFIED", "object": object}));
                Some((Bytes::from(event), (published, config_map)))
            },
        );
        Response::new(Body::Stream(Streamed::events(changes, None)))
    }
}

fn list(kind: &str, items: &[Value]) -> Value {
    let metadata = json!({"resourceVersion": "1"});
    json!({"apiVersion": "v1", "kind": format!("{kind}List"), "metadata": metadata, "items": items})
}

/// A server, the main API beside it, and the authorities that are published at first.
struct World {
    api: Arc<MainApi>,
    users: Authority,
    proxies: Authority,
    server: Running,
    folder: tempfile::TempDir,
}

fn published(users: &Authority, proxies: &[&Authority]) -> Value {
    let bundle: String = proxies.iter().map(|authority| authority.pair.certificate.as_str()).collect();
    json!({
        "client-ca-file": users.pair.certificate,
        "requestheader-client-ca-file": bundle,
        "requestheader-username-headers": "[\"X-Remote-User\"]",
        "requestheader-group-headers": "[\"X-Remote-Group\"]",
        "requestheader-extra-headers-prefix": "[\"X-Remote-Extra-\"]",
        "requestheader-allowed-names": "[\"aggregator\"]",
    })
}

async fn world() -> World {
    let [users, proxies] = ["users", "proxies"].map(|name| Authority::new(name).expect("an authority"));
    let api = Arc::new(MainApi {
        published: watch::Sender::new(published(&users, &[&proxies])),
        access_reviews: AtomicUsize::new(0),
        last_review: Mutex::default(),
    });
    let folder = tempfile::tempdir().expect("a folder");
    let options = options(folder.path(), api.serve().await);
    let server = start(options, Vec::new()).await.expect("it starts");
    World { api, users, proxies, server, folder }
}

fn options(folder: &Path, main_api: SocketAddr) -> Options {
    let kubeconfig = folder.join("kubeconfig");
    let text = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: c\nclusters:\n- name: c\n  cluster: {{server: \
         \"http://{main_api}\"}}\ncontexts:\n- name: c\n  context: {{cluster: c, user: u}}\nusers:\n- name: u\n  user: {{}}\n"
    );
    std::fs::write(&kubeconfig, text).expect("written");
    Options {
        kubeconfig: Some(kubeconfig),
        bind_address: Some([127, 0, 0, 1].into()),
        secure_port: Some(0),
        storage: Some(StorageKind::Memory),
        cert_dir: folder.join("certificates"),
        ..Options::default()
    }
}

impl World {
    /// Asks with a certificate of an authority and headers: the code and the body.
    async fn ask(
        &self,
        who: Option<(&Authority, &str)>,
        path: &str,
        headers: &[(&str, &str)],
    ) -> (u16, String) {
        let shown = std::fs::read(self.folder.path().join("certificates/apiserver.crt")).expect("generated");
        let mut roots = rustls::RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(&shown).expect("PEM")).expect("added");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("protocols")
            .with_root_certificates(roots);
        let config = match who {
            None => config.with_no_client_auth(),
            Some((authority, common_name)) => {
                let pair = authority.issue(Leaf { common_name, ..Leaf::default() }).expect("a leaf");
                let chain = CertificateDer::from_pem_slice(pair.certificate.as_bytes()).expect("PEM");
                let key = PrivateKeyDer::from_pem_slice(pair.key.as_bytes()).expect("a key");
                config.with_client_auth_cert(vec![chain], key).expect("credentials")
            }
        };
        let socket = TcpStream::connect(self.server.address).await.expect("a connection");
        let name = "localhost".try_into().expect("a name");
        let stream = TlsConnector::from(Arc::new(config)).connect(name, socket).await.expect("TLS");
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.expect("HTTP");
        tokio::spawn(connection);
        let mut request = Request::get(path).header("host", "localhost");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Empty::<Bytes>::new()).expect("a request");
        let response = sender.send_request(request).await.expect("an answer");
        let code = response.status().as_u16();
        let body = response.into_body().collect().await.expect("a body").to_bytes();
        (code, String::from_utf8(body.to_vec()).expect("text"))
    }
}

const PATH: &str = "/version";

#[tokio::test]
async fn a_token_is_reviewed_and_its_user_authorized() {
    let world = world().await;
    for (value, code) in [("Bearer good", 200), ("Bearer bad", 401), ("Basic eA==", 200)] {
        assert_eq!(world.ask(None, PATH, &[("authorization", value)]).await.0, code, "{value}");
    }
    let last = world.api.last_review.lock().expect("unpoisoned").clone();
    assert_eq!(last["user"], "system:anonymous", "{last}");
}

#[tokio::test]
async fn decisions_are_asked_for_once_and_a_refusal_says_why() {
    let world = world().await;
    let dave = &[("x-remote-user", "dave")];
    let proxy = Some((&world.proxies, "aggregator"));
    for _ in 0..3 {
        let (code, body) = world.ask(proxy, PATH, dave).await;
        assert_eq!(code, 403);
        let text = "forbidden: User \\\"dave\\\" cannot get path \\\"/version\\\": says the table";
        assert!(body.contains(text), "{body}");
    }
    assert_eq!(world.api.access_reviews.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn an_authority_that_is_published_later_is_taken_over() {
    let world = world().await;
    let later = Authority::new("later").expect("an authority");
    let alice = &[("x-remote-user", "alice")];
    assert_eq!(world.ask(Some((&world.proxies, "aggregator")), PATH, alice).await.0, 200);
    assert_eq!(world.ask(Some((&world.proxies, "somebody")), PATH, alice).await.0, 401);
    assert_eq!(world.ask(Some((&later, "aggregator")), PATH, alice).await.0, 401);
    let begun = tokio::time::Instant::now();
    loop {
        // Sent again, since the watch may not have begun when it was sent first.
        world.api.published.send_replace(published(&world.users, &[&world.proxies, &later]));
        let (code, _) = world.ask(Some((&later, "aggregator")), PATH, alice).await;
        if code == 200 {
            break;
        }
        assert!(begun.elapsed().as_secs() < 60, "never taken over");
        tokio::task::yield_now().await;
    }
    assert_eq!(world.ask(Some((&world.proxies, "aggregator")), PATH, alice).await.0, 200);
}

#[tokio::test]
async fn without_a_main_api_a_server_says_what_to_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let nobody = listener.local_addr().expect("an address");
    drop(listener);
    let mut options = options(folder.path(), nobody);
    let error = start(options.clone(), Vec::new()).await.expect_err("nobody to ask").to_string();
    for word in ["extension-apiserver-authentication", "--authentication-tolerate-lookup-failure"] {
        assert!(error.contains(word), "{error}");
    }
    options.authentication_tolerate_lookup_failure = true;
    let running = start(options.clone(), Vec::new()).await.expect("it starts all the same");
    drop(running);
    options.kubeconfig = None;
    let error = start(options, Vec::new()).await.expect_err("no cluster").to_string();
    assert!(error.contains("--kubeconfig") && error.contains("--local"), "{error}");
}

#[tokio::test]
async fn an_answer_that_nobody_gives_closes_the_door() {
    let mut world = world().await;
    let folder = tempfile::tempdir().expect("a folder");
    let refused = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let mut options = options(folder.path(), refused.local_addr().expect("an address"));
    drop(refused);
    options.authentication_tolerate_lookup_failure = true;
    world.server = start(options, Vec::new()).await.expect("it starts");
    world.folder = folder;
    let (code, body) = world.ask(None, PATH, &[]).await;
    assert_eq!(code, StatusCode::INTERNAL_SERVER_ERROR.as_u16());
    assert!(body.starts_with("Internal Server Error: \"/version\": "), "{body}");
    assert_eq!(world.ask(None, PATH, &[("authorization", "Bearer good")]).await.0, 401);
    assert_eq!(world.ask(None, "/livez", &[]).await.0, 200, "probes need nobody");
}

#[tokio::test]
async fn a_start_that_waits_for_the_cluster_can_be_ended() {
    let folder = tempfile::tempdir().expect("a folder");
    let silent = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let options = options(folder.path(), silent.local_addr().expect("an address"));
    let asked = async { drop(silent.accept().await.expect("a question")) };
    Server::new(options).run_until(asked).await.expect("ended, not failed");
}
