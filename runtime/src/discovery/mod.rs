//! What is served, for clients: the group documents and the aggregated one.
//!
//! Everything here follows from the registry alone, so it answers before storage does.

mod aggregated;
pub(crate) mod etag;
mod legacy;

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{Method, StatusCode, header};
use serde_json::Value;

use crate::kind::registry::Registry;
use crate::request::Request;
use crate::request::accept::{Offer, negotiate_request};
use crate::respond::{ApiError, ApiResult, Response, encode, gzip};

/// The discovery documents of one server.
#[derive(Debug)]
pub(crate) struct Discovery {
    groups: Vec<Value>,
    /// `/apis/G` and `/apis/G/V`.
    documents: BTreeMap<String, Bytes>,
    aggregated: aggregated::Aggregated,
}

impl Discovery {
    /// The documents of what is registered.
    #[must_use]
    pub(crate) fn new(registry: &Registry) -> Self {
        let mut documents = BTreeMap::new();
        for group in registry.groups() {
            let name = &group.name;
            documents.insert(format!("/apis/{name}"), legacy::group_document(group));
            for version in &group.versions {
                documents.insert(format!("/apis/{name}/{}", version.name), legacy::resources(name, version));
            }
        }
        let documents =
            documents.into_iter().map(|(path, value)| (path, format!("{value}\n").into())).collect();
        let groups = registry.groups().iter().map(legacy::group).collect();
        Discovery { groups, documents, aggregated: aggregated::Aggregated::new(registry) }
    }

    /// Answers `/apis`, `/apis/G` and `/apis/G/V`.
    pub(crate) fn answer(&self, request: &Request) -> ApiResult<Response> {
        let path = request.info.path.trim_end_matches('/');
        let root = path == "/apis";
        let document = self.documents.get(path);
        if !root && document.is_none() {
            return Err(ApiError::no_such_resource());
        }
        if !matches!(request.head.method, Method::GET | Method::HEAD) {
            return Err(ApiError::method_not_allowed());
        }
        let accept = request.header(header::ACCEPT);
        if root && aggregated::asked_for(accept) {
            return Ok(self.aggregated.answer(request));
        }
        let form = negotiate_request(&request.head.headers, &request.query, Offer::Plain)?;
        let bytes = document.cloned().unwrap_or_else(|| self.group_list(request).into());
        Ok(encode::respond(StatusCode::OK, form, gzip::asked(&request.head.headers), bytes.into()))
    }

    /// `/apis`: says under which address the caller reached this server.
    fn group_list(&self, request: &Request) -> String {
        let address = request.head.uri.authority().map(http::uri::Authority::as_str);
        let address = address.or_else(|| request.header(header::HOST)).unwrap_or_default();
        format!("{}\n", legacy::group_list(&self.groups, address))
    }
}
