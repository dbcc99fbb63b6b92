//! `APIGroupDiscoveryList` of `apidiscovery.k8s.io/v2`: everything in one document, with an entity tag.

use bytes::Bytes;
use http::header::{self, HeaderValue};
use http::{StatusCode, header::HeaderMap};
use serde_json::{Map, Value, json};

use super::legacy::SUBRESOURCE_VERBS;
use crate::kind::Kind;
use crate::kind::registry::{Group, Registry, Resource, Version};
use crate::request::Request;
use crate::respond::{Body, Response};

/// client-go tells this document from the group list by these parameters alone.
const CONTENT_TYPE: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/// The document, ready to be sent.
#[derive(Debug)]
pub(super) struct Aggregated {
    bytes: Bytes,
    etag: HeaderValue,
}

/// Whether the first clause of `Accept` that this server has is the aggregated form.
pub(super) fn asked_for(accept: Option<&str>) -> bool {
    let clauses = accept.unwrap_or_default().split(',');
    let first = clauses.map(Clause::parse).find(|clause| clause.plain() || clause.aggregated());
    first.is_some_and(|clause| clause.aggregated())
}

struct Clause<'a> {
    media: &'a str,
    parameters: Vec<(&'a str, &'a str)>,
}

impl<'a> Clause<'a> {
    fn parse(text: &'a str) -> Self {
        let mut parts = text.split(';').map(str::trim);
        let media = parts.next().unwrap_or_default();
        Clause { media, parameters: parts.filter_map(|part| part.split_once('=')).collect() }
    }

    fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(key, _)| *key == name).map(|(_, value)| *value)
    }

    fn json(&self) -> bool {
        matches!(self.media, "application/json" | "application/*" | "*/*")
    }

    fn plain(&self) -> bool {
        (self.json() || self.media == "application/yaml") && self.parameter("as").is_none()
    }

    fn aggregated(&self) -> bool {
        self.json()
            && self.parameter("g") == Some("apidiscovery.k8s.io")
            && self.parameter("v") == Some("v2")
            && self.parameter("as") == Some("APIGroupDiscoveryList")
    }
}

impl Aggregated {
    pub(super) fn new(registry: &Registry) -> Self {
        let items: Vec<Value> = registry.groups().iter().map(group).collect();
        let document = json!({
            "kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items,
        });
        let bytes = Bytes::from(format!("{document}\n"));
        let etag = format!("\"{}\"", super::etag::hash(&bytes));
        Aggregated { bytes, etag: HeaderValue::from_str(&etag).unwrap_or(HeaderValue::from_static("\"\"")) }
    }

    pub(super) fn answer(&self, request: &Request) -> Response {
        let unchanged = request.head.headers.get(header::IF_NONE_MATCH) == Some(&self.etag);
        let mut response =
            Response::new(if unchanged { Body::Empty } else { Body::Full(self.bytes.clone()) });
        if unchanged {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        } else {
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE));
        }
        self.stamp(response.headers_mut());
        response
    }

    fn stamp(&self, headers: &mut HeaderMap) {
        headers.insert(header::ETAG, self.etag.clone());
        headers.insert(header::VARY, HeaderValue::from_static("Accept"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public"));
    }
}

fn group(group: &Group) -> Value {
    let versions: Vec<Value> = group.versions.iter().map(version).collect();
    json!({"metadata": {"name": group.name, "creationTimestamp": null}, "versions": versions})
}

fn version(version: &Version) -> Value {
    let resources: Vec<Value> = version.resources.iter().map(|entry| resource(entry)).collect();
    json!({"version": version.name, "resources": resources, "freshness": "Current"})
}

fn resource(resource: &Resource) -> Value {
    let kind = &resource.kind;
    let mut entry = Map::new();
    entry.insert("resource".into(), kind.plural.clone().into());
    entry.insert("responseKind".into(), response_kind(kind));
    entry.insert("scope".into(), if kind.namespaced() { "Namespaced" } else { "Cluster" }.into());
    entry.insert("singularResource".into(), kind.singular.clone().into());
    entry.insert("verbs".into(), resource.verbs().into());
    if !kind.short_names.is_empty() {
        entry.insert("shortNames".into(), kind.short_names.clone().into());
    }
    if !kind.categories.is_empty() {
        entry.insert("categories".into(), kind.categories.clone().into());
    }
    let subresources = subresources(resource);
    if !subresources.is_empty() {
        entry.insert("subresources".into(), subresources.into());
    }
    entry.into()
}

fn subresources(resource: &Resource) -> Vec<Value> {
    let mut entries = Vec::new();
    let mut add = |name: &str, response_kind: Value, verbs: &[&str]| {
        entries.push(json!({"subresource": name, "responseKind": response_kind, "verbs": verbs}));
    };
    if resource.has_scale() {
        add("scale", json!({"group": "autoscaling", "version": "v1", "kind": "Scale"}), SUBRESOURCE_VERBS);
    }
    if resource.has_status() {
        add("status", response_kind(&resource.kind), SUBRESOURCE_VERBS);
    }
    for (name, served) in &resource.subresources {
        add(name, response_kind(&served.kind), &served.verbs());
    }
    entries
}

/// Never absent: clients of 0.26 crash without it (kubernetes#118361).
fn response_kind(kind: &Kind) -> Value {
    json!({"group": kind.group, "version": kind.version, "kind": kind.kind})
}

#[cfg(test)]
mod tests {
    use super::asked_for;

    #[test]
    fn the_first_clause_that_can_be_had_decides() {
        let v2 = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
        let v2beta1 = "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList";
        let protobuf =
            "application/vnd.kubernetes.protobuf;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
        let cases = [
            (None, false),
            (Some("application/json".to_owned()), false),
            (Some(v2.to_owned()), true),
            (Some(format!("{v2},application/json")), true),
            (Some(format!("application/json,{v2}")), false),
            (Some(format!("{v2beta1},application/json")), false),
            (Some(format!("{v2beta1},{v2}")), true),
            (Some(format!("{protobuf},{v2}")), true),
            (Some("text/html".to_owned()), false),
        ];
        for (accept, expected) in cases {
            assert_eq!(asked_for(accept.as_deref()), expected, "{accept:?}");
        }
    }
}
