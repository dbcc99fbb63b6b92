//! What was asked, as types. No I/O but the reading of a body.

pub mod accept;
mod aside;
pub mod body;
pub mod continuation;
pub(crate) mod duration;
pub mod info;
pub mod options;
mod path;
pub mod selector;
pub mod user;

use std::sync::{Arc, Mutex};
use std::time::Instant;

use bytes::Bytes;
use http_body_util::combinators::BoxBody;

pub(crate) use aside::Aside;
pub use info::{RequestInfo, Verb};
pub use user::User;

/// The body of a request, not read yet. Whoever reads it enforces the limit (3 MiB).
pub type RequestBody = BoxBody<Bytes, BrokenBody>;

/// A body that ended too early, and why.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct BrokenBody(pub String);

/// A request with an identity: only authentication makes one, so no handler runs without a [`User`].
#[derive(Debug)]
pub struct Request {
    /// Method, URI and headers; identity headers and `Authorization` are removed.
    pub head: http::request::Parts,
    /// The body, not read yet.
    pub body: RequestBody,
    /// What the path and method mean.
    pub info: RequestInfo,
    /// The query, decoded, in the order written.
    pub query: QueryPairs,
    /// Who asks.
    pub user: User,
    /// The id shared with the caller's audit log.
    pub audit_id: Arc<str>,
    /// When the answer must be complete; none for long-running requests.
    pub deadline: Option<Instant>,
    /// Warnings to be sent in headers.
    pub warnings: Warnings,
    /// Becomes true when the server drains: watches end then.
    pub draining: tokio::sync::watch::Receiver<bool>,
    /// For what may take long.
    pub(crate) aside: Aside,
}

impl Request {
    /// A header's text, if there is one and it is text.
    #[must_use]
    pub fn header(&self, name: http::header::HeaderName) -> Option<&str> {
        self.head.headers.get(name)?.to_str().ok()
    }
}

/// The parameters of a query, decoded, in the order written.
#[derive(Clone, Debug, Default)]
pub struct QueryPairs(Vec<(String, String)>);

impl QueryPairs {
    /// Decodes `a=b&c=d`; what cannot be decoded is left out, as Go does.
    #[must_use]
    pub fn parse(query: Option<&str>) -> Self {
        let decode = |text: &str| {
            let spaced = text.replace('+', " ");
            percent_encoding::percent_decode_str(&spaced).decode_utf8().ok().map(std::borrow::Cow::into_owned)
        };
        let pairs =
            query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty() && !pair.contains(';'));
        Self(
            pairs
                .filter_map(|pair| {
                    let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
                    Some((decode(key)?, decode(value)?))
                })
                .collect(),
        )
    }

    /// The first value of a parameter; nothing when absent.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// All of them.
    #[must_use]
    pub fn pairs(&self) -> &[(String, String)] {
        &self.0
    }

    /// Every value of a parameter, in order.
    pub fn all<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(name, _)| name == key).map(|(_, value)| value.as_str())
    }
}

/// More than anybody reads, and few enough to look through.
const MAX_WARNINGS: usize = 500;

/// Warnings gathered while a request is worked on; duplicates are dropped.
#[derive(Clone, Debug, Default)]
pub struct Warnings(Arc<Mutex<Vec<String>>>);

impl Warnings {
    /// Adds a text, once.
    pub fn add(&self, text: impl Into<String>) {
        let (text, mut texts) = (text.into(), self.lock());
        if texts.len() < MAX_WARNINGS && !texts.contains(&text) {
            texts.push(text);
        }
    }

    /// The texts so far, in order.
    #[must_use]
    pub fn texts(&self) -> Vec<String> {
        self.lock().clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<String>> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
