//! What the kinds look like, for people and machines: `/openapi/v2` and `/openapi/v3`.
//!
//! Documents are made when first asked for, from the registry alone, and kept as bytes.

mod definitions;
mod names;
mod operations;
mod parameters;
mod protobuf;
mod v2;
mod v3;

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderValue};
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::kind::registry::Registry;
use crate::request::Request;
use crate::respond::{ApiError, ApiResult, Body, Response, gzip};

/// The OpenAPI documents of one server.
#[derive(Debug)]
pub(crate) struct OpenApi {
    registry: Arc<Registry>,
    v2: OnceLock<V2>,
    v3: OnceLock<V3>,
}

#[derive(Debug)]
struct V2 {
    json: Document,
    protobuf: Document,
}

#[derive(Debug)]
struct V3 {
    index: Document,
    /// By `apis/G/V`.
    documents: BTreeMap<String, Document>,
}

/// A document that is ready to be sent.
#[derive(Clone, Debug)]
struct Document {
    bytes: Bytes,
    content_type: &'static str,
    /// Upper-case hex SHA-512 of the JSON form.
    hash: String,
    gzip: OnceLock<Bytes>,
}

const JSON: &str = "application/json";
const PROTOBUF: &str = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";
/// What clients call it, also with the `@` that is not valid in a media type.
const PROTOBUF_NAMES: &[&str] = &[PROTOBUF, "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"];

impl OpenApi {
    /// The documents of what is registered.
    #[must_use]
    pub(crate) fn new(registry: Arc<Registry>) -> Self {
        OpenApi { registry, v2: OnceLock::new(), v3: OnceLock::new() }
    }

    /// Answers `/openapi/v2`, `/openapi/v3` and what is below it.
    pub(crate) fn answer(&self, request: &Request) -> ApiResult<Response> {
        if !matches!(request.head.method, Method::GET | Method::HEAD) {
            return Err(ApiError::method_not_allowed());
        }
        let headers = &request.head.headers;
        match request.info.path.trim_end_matches('/') {
            "/openapi/v2" => Ok(self.answer_v2(headers)),
            "/openapi/v3" => Ok(send(&self.v3().index, headers)),
            path => {
                let key = path.strip_prefix("/openapi/v3/").unwrap_or_default();
                let document = self.v3().documents.get(key).ok_or_else(ApiError::no_such_resource)?;
                Ok(send_versioned(document, headers, request.query.get("hash")))
            }
        }
    }

    fn answer_v2(&self, headers: &HeaderMap) -> Response {
        let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or("*/*");
        let document = accept.split(',').find_map(|clause| {
            let media = clause.split(';').next().unwrap_or_default().trim();
            match media {
                "" | "*/*" | "application/*" | JSON => Some(&self.v2().json),
                media if PROTOBUF_NAMES.contains(&media) => Some(&self.v2().protobuf),
                _ => None,
            }
        });
        document.map_or_else(|| status(StatusCode::NOT_ACCEPTABLE), |document| send(document, headers))
    }

    fn v2(&self) -> &V2 {
        self.v2.get_or_init(|| {
            let document = v2::document(&self.registry);
            let json = Document::json(&document);
            let bytes = protobuf::encode(&document).into();
            let protobuf =
                Document { bytes, content_type: PROTOBUF, hash: json.hash.clone(), gzip: OnceLock::new() };
            V2 { json, protobuf }
        })
    }

    fn v3(&self) -> &V3 {
        self.v3.get_or_init(|| {
            let mut documents = BTreeMap::new();
            for group in self.registry.groups() {
                for version in &group.versions {
                    let document = Document::json(&v3::document(&group.name, version));
                    documents.insert(format!("apis/{}/{}", group.name, version.name), document);
                }
            }
            let paths: BTreeMap<_, _> = documents
                .iter()
                .map(|(key, document)| {
                    let url = format!("/openapi/v3/{key}?hash={}", document.hash);
                    (key, json!({"serverRelativeURL": url}))
                })
                .collect();
            V3 { index: Document::json(&json!({"paths": paths})), documents }
        })
    }
}

impl Document {
    fn json(value: &Value) -> Self {
        let bytes = Bytes::from(value.to_string());
        Document {
            content_type: JSON,
            hash: crate::discovery::etag::hash(&bytes),
            bytes,
            gzip: OnceLock::new(),
        }
    }

    fn etag(&self) -> String {
        format!("\"{}\"", self.hash)
    }
}

/// What every document says of itself.
fn info() -> Value {
    json!({"title": "Kubernetes API of an aggregated server", "version": env!("CARGO_PKG_VERSION")})
}

/// `apps` and `v1` → `apps_v1`.
fn tag(group: &str, version: &str) -> String {
    format!("{}_{version}", operations::lower_camel(group.trim_end_matches(".k8s.io")))
}

fn phrase(code: u16) -> &'static str {
    match code {
        201 => "Created",
        202 => "Accepted",
        _ => "OK",
    }
}

fn send(document: &Document, request: &HeaderMap) -> Response {
    let etag = document.etag();
    let unchanged =
        request.get(header::IF_NONE_MATCH).is_some_and(|value| value.as_bytes() == etag.as_bytes());
    let mut response = if unchanged { status(StatusCode::NOT_MODIFIED) } else { full(document, request) };
    let headers = response.headers_mut();
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        headers.insert(header::ETAG, etag);
    }
    headers.insert(header::VARY, HeaderValue::from_static("Accept"));
    response
}

/// With the right hash the answer holds for ever. With an old one Go redirects, which the aggregator
/// turns into a 502: the current document, not to be kept, serves everybody.
fn send_versioned(document: &Document, request: &HeaderMap, hash: Option<&str>) -> Response {
    let mut response = send(document, request);
    if hash == Some(document.hash.as_str()) {
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, immutable"));
        let in_a_year = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * 365);
        let expires = in_a_year.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        if let Ok(expires) = HeaderValue::from_str(&expires) {
            headers.insert(header::EXPIRES, expires);
        }
    }
    response
}

fn full(document: &Document, request: &HeaderMap) -> Response {
    let zipped = gzip::asked(request);
    let bytes =
        if zipped { document.gzip.get_or_init(|| gzip::compress(&document.bytes)) } else { &document.bytes };
    let mut response = Response::new(Body::Full(bytes.clone()));
    if zipped {
        response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(document.content_type));
    response
}

fn status(code: StatusCode) -> Response {
    let mut response = Response::new(Body::Empty);
    *response.status_mut() = code;
    response
}
