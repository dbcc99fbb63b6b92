//! From a method and a path to a verb and a resource.
//!
//! The rules are those of apiserver `pkg/endpoints/request/requestinfo.go`: what is not a resource is a path, and
//! nothing here knows which resources are served.

use std::borrow::Cow;

use http::Method;
use percent_encoding::percent_decode_str;

use super::QueryPairs;
use super::info::{RequestInfo, ResourceInfo, Verb};

impl RequestInfo {
    /// What a request asks for. The error is the sentence of a 400: the path begins like a special verb and ends there.
    pub fn parse(method: &Method, path: &str, query: &QueryPairs) -> Result<RequestInfo, String> {
        let path = decoded(path);
        let other = || Verb::Other(method.as_str().to_ascii_lowercase());
        let parts: Vec<&str> = match path.trim_matches('/') {
            "" => Vec::new(),
            trimmed => trimmed.split('/').collect(),
        };
        let (group, version, parts) = match parts.as_slice() {
            ["api", version, rest @ ..] if !rest.is_empty() => ("", *version, rest),
            ["apis", group, version, rest @ ..] if !rest.is_empty() => (*group, *version, rest),
            _ => return Ok(RequestInfo { verb: other(), resource: None, path: path.into_owned() }),
        };
        let (mut verb, parts) = match parts {
            ["watch" | "proxy"] => {
                return Err(format!("unable to determine kind and namespace from url, {path}"));
            }
            ["watch", rest @ ..] => (Verb::Watch, rest),
            ["proxy", rest @ ..] => (Verb::Other("proxy".to_owned()), rest),
            rest => (verb_of(method), rest),
        };
        let mut resource = resource(group, version, parts);
        if !resource.item {
            verb = on_a_collection(verb, query, &mut resource);
        }
        Ok(RequestInfo { verb, resource: Some(resource), path: path.into_owned() })
    }

    /// Whether the answer may take as long as the client stays: such a request has no deadline.
    #[must_use]
    pub fn is_long_running(&self) -> bool {
        self.verb == Verb::Watch
    }

    /// Whether the request only reads.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        matches!(self.verb.as_str(), "get" | "list" | "watch")
    }
}

fn decoded(path: &str) -> Cow<'_, str> {
    if path.contains('%') { percent_decode_str(path).decode_utf8_lossy() } else { Cow::Borrowed(path) }
}

fn verb_of(method: &Method) -> Verb {
    match *method {
        Method::GET | Method::HEAD => Verb::Get,
        Method::POST => Verb::Create,
        Method::PUT => Verb::Update,
        Method::PATCH => Verb::Patch,
        Method::DELETE => Verb::Delete,
        _ => Verb::Other(String::new()),
    }
}

/// `[namespaces/{namespace}/]{resource}[/{name}[/{subresource}[/…]]]`
fn resource(group: &str, version: &str, parts: &[&str]) -> ResourceInfo {
    let (namespace, parts) = match parts {
        // A namespace is a resource too, and these are its own subresources.
        ["namespaces", name, "status" | "finalize", ..] | ["namespaces", name] => (*name, parts),
        ["namespaces", name, rest @ ..] => (*name, rest),
        _ => ("", parts),
    };
    let part = |index: usize| parts.get(index).copied().unwrap_or_default().to_owned();
    ResourceInfo {
        group: group.to_owned(),
        version: version.to_owned(),
        namespace: namespace.to_owned(),
        resource: part(0),
        name: part(1),
        subresource: part(2),
        rest: parts.iter().skip(3).map(|&part| part.to_owned()).collect(),
        item: parts.get(1).is_some_and(|name| !name.is_empty()),
    }
}

/// Without a name in the path, a GET is a list or a watch and a DELETE takes the collection.
fn on_a_collection(verb: Verb, query: &QueryPairs, resource: &mut ResourceInfo) -> Verb {
    match verb {
        Verb::Get => {
            if let Some(name) = query.get("fieldSelector").and_then(selected_name)
                && numbers_are_readable(query)
            {
                resource.name = name;
            }
            let watch = query.get("watch").is_some_and(|value| !matches!(value, "0") && !is_false(value));
            if watch { Verb::Watch } else { Verb::List }
        }
        Verb::Delete => Verb::DeleteCollection,
        other => other,
    }
}

fn is_false(value: &str) -> bool {
    value.eq_ignore_ascii_case("false")
}

/// List options that cannot be read leave the request without a name, as in Go.
fn numbers_are_readable(query: &QueryPairs) -> bool {
    ["limit", "timeoutSeconds"]
        .iter()
        .all(|key| query.get(key).is_none_or(|value| value.parse::<i64>().is_ok()))
}

/// The name that a field selector demands: RBAC's `resourceNames` applies to `kubectl get foo x -w`.
fn selected_name(selector: &str) -> Option<String> {
    let name = selector.split(',').find_map(|term| {
        let (field, value) = term.split_once('=')?;
        (field == "metadata.name").then(|| value.strip_prefix('=').unwrap_or(value))
    })?;
    let is_segment = !matches!(name, "" | "." | "..") && !name.contains(['/', '%', '\\', '=']);
    is_segment.then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// method, path?query → verb, namespace, resource, subresource, name
    const RESOURCES: &[(&str, &str, [&str; 5])] = &[
        ("GET", "/apis/g/v1/foos", ["list", "", "foos", "", ""]),
        ("HEAD", "/apis/g/v1/foos", ["list", "", "foos", "", ""]),
        ("GET", "/apis/g/v1/foos?watch=true", ["watch", "", "foos", "", ""]),
        ("GET", "/apis/g/v1/foos?watch=1", ["watch", "", "foos", "", ""]),
        ("GET", "/apis/g/v1/foos?watch", ["watch", "", "foos", "", ""]),
        ("GET", "/apis/g/v1/foos?watch=0", ["list", "", "foos", "", ""]),
        ("GET", "/apis/g/v1/foos?watch=False", ["list", "", "foos", "", ""]),
        ("GET", "/apis/g/v1/namespaces/ns/foos", ["list", "ns", "foos", "", ""]),
        ("GET", "/apis/g/v1/namespaces/ns/foos/x", ["get", "ns", "foos", "", "x"]),
        ("GET", "/apis/g/v1/namespaces/ns/foos/x?watch=true", ["get", "ns", "foos", "", "x"]),
        ("GET", "/apis/g/v1/namespaces/ns/foos/x%20y", ["get", "ns", "foos", "", "x y"]),
        ("GET", "/apis/g/v1/namespaces/ns/foos/x/", ["get", "ns", "foos", "", "x"]),
        ("HEAD", "/apis/g/v1/namespaces/ns/foos/x", ["get", "ns", "foos", "", "x"]),
        ("PUT", "/apis/g/v1/namespaces/ns/foos/x/status", ["update", "ns", "foos", "status", "x"]),
        ("PATCH", "/apis/g/v1/bars/x/scale", ["patch", "", "bars", "scale", "x"]),
        ("POST", "/apis/g/v1/namespaces/ns/foos", ["create", "ns", "foos", "", ""]),
        ("DELETE", "/apis/g/v1/namespaces/ns/foos/x", ["delete", "ns", "foos", "", "x"]),
        ("DELETE", "/apis/g/v1/namespaces/ns/foos", ["deletecollection", "ns", "foos", "", ""]),
        ("OPTIONS", "/apis/g/v1/foos", ["", "", "foos", "", ""]),
        ("GET", "/apis/g/v1/watch/namespaces/ns/foos", ["watch", "ns", "foos", "", ""]),
        ("GET", "/apis/g/v1/watch/foos", ["watch", "", "foos", "", ""]),
        ("GET", "/apis/g/v1/watch/namespaces/ns/foos/x", ["watch", "ns", "foos", "", "x"]),
        ("GET", "/apis/g/v1/namespaces", ["list", "", "namespaces", "", ""]),
        ("GET", "/apis/g/v1/namespaces/ns", ["get", "ns", "namespaces", "", "ns"]),
        ("PUT", "/apis/g/v1/namespaces/ns/finalize", ["update", "ns", "namespaces", "finalize", "ns"]),
        ("GET", "/api/v1/pods/x/proxy/a/b", ["get", "", "pods", "proxy", "x"]),
        ("GET", "/apis/g/v1/foos?fieldSelector=metadata.name%3Dx", ["list", "", "foos", "", "x"]),
        ("GET", "/apis/g/v1/foos?watch=1&fieldSelector=metadata.name%3D%3Dx", ["watch", "", "foos", "", "x"]),
        ("GET", "/apis/g/v1/foos?fieldSelector=metadata.name%21%3Dx", ["list", "", "foos", "", ""]),
        ("GET", "/apis/g/v1/foos?fieldSelector=metadata.name%3Da%2Fb", ["list", "", "foos", "", ""]),
        ("GET", "/apis/g/v1/foos?limit=x&fieldSelector=metadata.name%3Dx", ["list", "", "foos", "", ""]),
        (
            "DELETE",
            "/apis/g/v1/foos?fieldSelector=metadata.name%3Dx",
            ["deletecollection", "", "foos", "", ""],
        ),
    ];

    fn parse(method: &str, target: &str) -> Result<RequestInfo, String> {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        RequestInfo::parse(&method, path, &QueryPairs::parse(Some(query)))
    }

    #[test]
    fn a_path_becomes_a_verb_and_a_resource() {
        for (method, target, expected) in RESOURCES {
            let info = parse(method, target).expect(target);
            let resource = info.resource.expect(target);
            let found = [
                info.verb.as_str(),
                &resource.namespace,
                &resource.resource,
                &resource.subresource,
                &resource.name,
            ];
            assert_eq!(&found, expected, "{method} {target}");
        }
    }

    #[test]
    fn other_paths_are_not_resources_and_their_verb_is_the_method() {
        for path in ["/", "", "/api", "/apis", "/apis/g", "/apis/g/v1", "/api/v1", "/healthz", "/a/b/c/d/e"] {
            let info = parse("HEAD", path).expect(path);
            assert_eq!((info.verb.as_str(), info.resource), ("head", None), "{path}");
        }
    }

    #[test]
    fn a_special_verb_needs_a_resource() {
        assert!(parse("GET", "/apis/g/v1/watch").is_err());
    }

    #[test]
    fn the_name_of_an_item_stands_in_the_path() {
        let info = parse("GET", "/apis/g/v1/foos/x/proxy/a/b").expect("a path");
        let resource = info.resource.expect("a resource");
        assert!(resource.item);
        assert_eq!(resource.rest, ["a", "b"]);
        let info = parse("GET", "/apis/g/v1/foos?fieldSelector=metadata.name%3Dx").expect("a path");
        assert!(!info.resource.expect("a resource").item);
    }
}
