//! The verbs over the memory storage, asked by requests that never were on a wire. They are judged twice: through a watch
//! cache, and without one.

mod create;
mod delete;
mod get;
pub(crate) mod kinds;
mod list;
mod patch;
mod scale;
mod selected;
mod stale;
mod update;
mod watch;

use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use serde_json::Value;
use tokio::task::JoinSet;

use super::{Kinds, Views};
use crate::cluster::namespaces::{EveryNamespace, Namespaces};
use crate::kind::registry::{Backend, Registry, Resource};
use crate::request::{Aside, QueryPairs, Request, RequestInfo, User, Warnings};
use crate::respond::Body;
use crate::respond::lease::Leases;
use crate::storage::Storage;
use crate::storage::memory::Memory;

/// Where widgets of the namespace `default` are.
pub(crate) const WIDGETS: &str = "/apis/example.com/v1/namespaces/default/widgets";
/// Where widgets of all namespaces are.
pub(crate) const ALL_WIDGETS: &str = "/apis/example.com/v1/widgets";
/// Where gadgets, which are of the cluster, are.
pub(crate) const GADGETS: &str = "/apis/example.com/v1/gadgets";

/// A server without a wire.
pub(crate) struct Bench {
    kinds: Kinds,
    pub(crate) storage: Arc<dyn Storage>,
    draining: tokio::sync::watch::Sender<bool>,
    aside: Aside,
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) code: u16,
    pub(crate) body: Value,
    pub(crate) text: String,
    pub(crate) warnings: Vec<String>,
    pub(crate) content_type: String,
}

/// A request in the making.
pub(crate) struct Ask<'a> {
    bench: &'a Bench,
    method: http::Method,
    uri: String,
    headers: http::HeaderMap,
    body: Bytes,
}

/// Those of the module that this one is compiled as.
fn views() -> Views {
    if module_path!().ends_with("plain_tests") { Views::Plain } else { Views::Cached }
}

impl Bench {
    pub(crate) fn new() -> Bench {
        Bench::with(Arc::new(EveryNamespace))
    }

    pub(crate) fn with(namespaces: Arc<dyn Namespaces>) -> Bench {
        Bench::over(Arc::new(Memory::new()), namespaces)
    }

    pub(crate) fn over(storage: Arc<dyn Storage>, namespaces: Arc<dyn Namespaces>) -> Bench {
        let stored =
            |kind| Resource { kind: Arc::new(kind), backend: Backend::Stored, subresources: Vec::new() };
        let registry = Registry::of(vec![stored(kinds::widget()), stored(kinds::gadget())]);
        let kinds = Kinds::new(Arc::new(registry), Arc::clone(&storage), namespaces, views());
        Bench { kinds, storage, draining: tokio::sync::watch::channel(false).0, aside: Aside::default() }
    }

    /// Another server on the same storage.
    pub(crate) fn again(&self) -> Bench {
        Bench::over(Arc::clone(&self.storage), Arc::new(EveryNamespace))
    }

    pub(crate) fn ask(&self, method: &str, uri: &str) -> Ask<'_> {
        Ask {
            bench: self,
            method: method.parse().expect("a method"),
            uri: uri.to_owned(),
            headers: http::HeaderMap::new(),
            body: Bytes::new(),
        }
    }

    pub(crate) async fn get(&self, uri: &str) -> Answer {
        self.ask("GET", uri).send().await
    }

    pub(crate) async fn post(&self, uri: &str, body: Value) -> Answer {
        self.ask("POST", uri).json(&body).send().await
    }

    /// Creates a widget and answers it.
    pub(crate) async fn widget(&self, name: &str) -> Value {
        let body = serde_json::json!({"metadata": {"name": name}, "spec": {"replicas": 1}});
        let answer = self.post(WIDGETS, body).await;
        assert_eq!(answer.code, 201, "{}", answer.text);
        answer.body
    }

    /// Whether a request since the last question wanted to leave its connection.
    pub(crate) fn stepped_aside(&self) -> bool {
        self.aside.taken()
    }

    /// Tells watches that the server drains.
    pub(crate) fn drain(&self) {
        self.draining.send_replace(true);
    }
}

impl Ask<'_> {
    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.insert(name, value.parse().expect("a header"));
        self
    }

    pub(crate) fn json(mut self, body: &Value) -> Self {
        self.body = body.to_string().into();
        self
    }

    pub(crate) fn text(mut self, body: &str) -> Self {
        self.body = Bytes::copy_from_slice(body.as_bytes());
        self
    }

    /// The whole answer; never of a watch.
    pub(crate) async fn send(self) -> Answer {
        let (response, warnings) = self.open().await;
        let code = response.status().as_u16();
        let content_type = response
            .headers()
            .get("content-type")
            .map(|value| value.to_str().expect("text").to_owned())
            .unwrap_or_default();
        let bytes = response.into_body().collect().await.expect("cannot fail").to_bytes();
        let text = String::from_utf8(bytes.to_vec()).expect("UTF-8");
        let body = serde_json::from_str(&text).unwrap_or_default();
        Answer { code, body, text, warnings: warnings.texts(), content_type }
    }

    /// The lines of a watch.
    pub(crate) async fn watch(self) -> Lines {
        let (response, _) = self.open().await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "application/json");
        match response.into_body() {
            Body::Stream(stream) => {
                let (leases, mut reaper) = (Arc::new(Leases::default()), JoinSet::new());
                let body = Body::Stream(stream.leased(&leases, None, Box::new(())));
                reaper.spawn(async move { leases.reap().await });
                Lines { body, rest: Vec::new(), _reaper: reaper }
            }
            body => panic!("a watch answers a stream, not {body:?}"),
        }
    }

    async fn open(self) -> (crate::respond::Response, Warnings) {
        let warnings = Warnings::default();
        let (path, query) = self.uri.split_once('?').unwrap_or((&self.uri, ""));
        let query = QueryPairs::parse(Some(query));
        let info = RequestInfo::parse(&self.method, path, &query).expect("a path of the tests");
        let mut head = http::Request::new(()).into_parts().0;
        (head.method, head.headers) = (self.method, self.headers);
        let request = Request {
            head,
            body: Full::new(self.body).map_err(|never| match never {}).boxed(),
            info,
            query,
            user: User::anonymous(),
            audit_id: "a".into(),
            deadline: None,
            warnings: warnings.clone(),
            draining: self.bench.draining.subscribe(),
            aside: self.bench.aside.another(),
        };
        let answer = self.bench.kinds.answer(request).await;
        (answer.unwrap_or_else(crate::respond::ApiError::into_response), warnings)
    }
}

/// The events of a watch.
pub(crate) struct Lines {
    body: Body,
    rest: Vec<u8>,
    _reaper: JoinSet<()>,
}

impl Lines {
    /// The next event; nothing at the end.
    pub(crate) async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some(end) = self.rest.iter().position(|&byte| byte == b'\n') {
                let line: Vec<u8> = self.rest.drain(..=end).collect();
                return Some(serde_json::from_slice(&line).expect("a line is a document"));
            }
            let frame = self.body.frame().await?.expect("complete");
            self.rest.extend_from_slice(frame.data_ref()?);
        }
    }

    /// The next event, as its type, the object's name and its resourceVersion.
    pub(crate) async fn told(&mut self) -> (String, String, String) {
        let event = self.next().await.expect("an event");
        let text = |path: &str| event.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned();
        (text("/type"), text("/object/metadata/name"), text("/object/metadata/resourceVersion"))
    }
}
