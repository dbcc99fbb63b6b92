//! Which form of an answer a client asked for: the `Accept` header, judged clause by clause as Go does
//! (apiserver `pkg/endpoints/handlers/negotiation`).
//!
//! What turns bytes into that form is `respond::encode`.

use std::cmp::Ordering;

use http::header::HeaderMap;

use super::QueryPairs;
use crate::respond::{ApiError, ApiResult};

/// The form of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form {
    /// How the document is written.
    pub media: Media,
    /// What the document is.
    pub shape: Shape,
    /// Whether JSON is indented.
    pub pretty: bool,
}

/// How a document is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Media {
    /// `application/json`
    Json,
    /// `application/yaml`
    Yaml,
}

/// What is made of the objects asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// The object or list itself.
    Object,
    /// `as=Table`
    Table(MetaVersion),
    /// `as=PartialObjectMetadata`
    Partial(MetaVersion),
    /// `as=PartialObjectMetadataList`
    PartialList(MetaVersion),
}

/// The version of `meta.k8s.io` that a table or a partial object has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetaVersion {
    /// `v1`
    V1,
    /// `v1beta1`
    V1Beta1,
}

/// What an endpoint has to offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer {
    /// Objects and lists of a kind, as they are or as tables and metadata: every verb but watch.
    Resource,
    /// The events of a watch, in the same shapes; never YAML.
    Watch,
    /// Documents that have one shape: discovery, reviews, errors.
    Plain,
}

impl Form {
    /// Plain JSON: what a client without wishes gets.
    pub const JSON: Form = Form { media: Media::Json, shape: Shape::Object, pretty: false };

    /// The `Content-Type` of an answer in this form, watches included.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        self.media.content_type()
    }
}

impl Media {
    /// The media type, as `Content-Type` has it.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Media::Json => "application/json",
            Media::Yaml => "application/yaml",
        }
    }
}

impl MetaVersion {
    /// The `apiVersion`.
    #[must_use]
    pub fn api_version(self) -> &'static str {
        match self {
            MetaVersion::V1 => "meta.k8s.io/v1",
            MetaVersion::V1Beta1 => "meta.k8s.io/v1beta1",
        }
    }
}

/// The form that fits the first clause, best quality first, that can be had. Otherwise a 406.
pub fn negotiate(accept: Option<&str>, offer: Offer) -> ApiResult<Form> {
    let accept = accept.filter(|header| !header.is_empty());
    let Some(header) = accept else { return Ok(Form::JSON) };
    if !names_a_served_type(header, offer) {
        return Err(ApiError::not_acceptable(format!(
            "406: Not Acceptable\n\nAvailable representations: {}",
            representations(offer)
        ))
        .with_empty_details());
    }
    let fitting = clauses(header).iter().find_map(|clause| fit(clause, offer));
    match fitting {
        Some(form) if offer != Offer::Watch || form.media == Media::Json => Ok(form),
        _ => Err(ApiError::not_acceptable(format!(
            "only the following media types are accepted: {}",
            if offer == Offer::Watch { STREAMS } else { DOCUMENTS }
        ))),
    }
}

/// Whether JSON is to be indented: asked for in the query, or read by a person with curl, wget or a browser.
#[must_use]
pub fn pretty(query: &QueryPairs, headers: &HeaderMap) -> bool {
    if let Some(asked) = query.get("pretty").filter(|asked| !asked.is_empty()) {
        return matches!(asked, "1" | "t" | "T" | "true" | "TRUE" | "True");
    }
    let agent = headers.get(http::header::USER_AGENT).map_or(&b""[..], http::HeaderValue::as_bytes);
    ["curl", "Wget", "Mozilla/5.0"].iter().any(|person| agent.starts_with(person.as_bytes()))
}

/// The form for a request: its `Accept` header, then what makes JSON pretty.
pub fn negotiate_request(headers: &HeaderMap, query: &QueryPairs, offer: Offer) -> ApiResult<Form> {
    let accept = headers.get(http::header::ACCEPT).and_then(|value| value.to_str().ok());
    let mut form = negotiate(accept, offer)?;
    form.pretty = form.pretty || pretty(query, headers);
    Ok(form)
}

const DOCUMENTS: &str = "application/json, application/yaml";
const STREAMS: &str = "application/json;stream=watch";

fn representations(offer: Offer) -> &'static str {
    match offer {
        Offer::Resource | Offer::Plain => DOCUMENTS,
        Offer::Watch => "application/json, application/yaml, application/json;stream=watch",
    }
}

/// Go's router asks first, and knows neither parameters nor `application/*`.
fn names_a_served_type(header: &str, offer: Offer) -> bool {
    offer == Offer::Plain
        || header.split(',').any(|clause| {
            let media = clause.split(';').next().unwrap_or_default().trim_matches(' ');
            matches!(media, "*/*" | "application/json" | "application/yaml")
        })
}

/// One clause of an `Accept` header.
struct Clause<'a> {
    main: &'a str,
    sub: &'a str,
    quality: f32,
    parameters: Vec<(&'a str, &'a str)>,
}

/// The clauses, best first: by quality, then those without stars.
fn clauses(header: &str) -> Vec<Clause<'_>> {
    let mut clauses: Vec<_> = header.split(',').filter_map(clause).collect();
    clauses.sort_by(|a, b| {
        let by_quality = b.quality.partial_cmp(&a.quality).unwrap_or(Ordering::Equal);
        by_quality.then((a.main == "*").cmp(&(b.main == "*"))).then((a.sub == "*").cmp(&(b.sub == "*")))
    });
    clauses
}

fn clause(text: &str) -> Option<Clause<'_>> {
    let space = ' ';
    let mut parts = text.trim_matches(space).split(';');
    let media = parts.next().unwrap_or_default();
    let (main, sub) = match media.split_once('/') {
        Some((main, sub)) if !sub.is_empty() => (main, sub),
        _ if media.trim_matches(['/', space]) == "*" => ("*", "*"),
        _ => return None,
    };
    if sub.contains('/') {
        return None;
    }
    let mut clause = Clause {
        main: main.trim_matches(space),
        sub: sub.trim_matches(space),
        quality: 1.0,
        parameters: Vec::new(),
    };
    for (name, value) in parts.filter_map(|part| part.split_once('=')) {
        match name.trim_matches(space) {
            _ if value.is_empty() || value.contains('=') => {}
            "q" => clause.quality = value.parse().unwrap_or(0.0),
            name => clause.parameters.push((name, value.trim_matches(space))),
        }
    }
    Some(clause)
}

fn fit(clause: &Clause<'_>, offer: Offer) -> Option<Form> {
    let media = match (clause.main, clause.sub) {
        ("application", "json" | "*") | ("*", "*") => Media::Json,
        ("application", "yaml") => Media::Yaml,
        _ => return None,
    };
    let mut form = Form { media, shape: Shape::Object, pretty: false };
    let (mut kind, mut group, mut version) = (None, None, None);
    for &(name, value) in &clause.parameters {
        match name {
            "as" => kind = Some(value),
            "g" => group = Some(value),
            "v" => version = Some(value),
            "stream" if value != "watch" || media == Media::Yaml => return None,
            // The version of the meta group; everything here is v1.
            "sv" if offer == Offer::Plain || value != "v1" => return None,
            "pretty" => form.pretty = value == "1",
            _ => {}
        }
    }
    if kind.is_some() || group.is_some() || version.is_some() {
        form.shape = shape(kind?, group?, version?, offer)?;
    }
    Some(form)
}

fn shape(kind: &str, group: &str, version: &str, offer: Offer) -> Option<Shape> {
    let version = match (group, version) {
        ("meta.k8s.io", "v1") => MetaVersion::V1,
        ("meta.k8s.io", "v1beta1") => MetaVersion::V1Beta1,
        _ => return None,
    };
    match kind {
        _ if offer == Offer::Plain => None,
        "Table" => Some(Shape::Table(version)),
        "PartialObjectMetadata" => Some(Shape::Partial(version)),
        "PartialObjectMetadataList" => Some(Shape::PartialList(version)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use http::header::{HeaderValue, USER_AGENT};

    use super::{Form, Media, MetaVersion, Offer, QueryPairs, Shape, negotiate, pretty};

    const KUBECTL: &str = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;\
                           g=meta.k8s.io,application/json";
    const METADATA: &str = "application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,\
                            application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";

    #[test]
    fn takes_the_first_clause_that_can_be_had() {
        let (json, yaml) = (Media::Json, Media::Yaml);
        for (accept, media, shape) in [
            (None, json, Shape::Object),
            (Some(""), json, Shape::Object),
            (Some("*/*"), json, Shape::Object),
            (Some("application/yaml"), yaml, Shape::Object),
            (Some("application/json;q=0.5,application/yaml"), yaml, Shape::Object),
            (Some("*/*,application/yaml"), yaml, Shape::Object),
            (Some("application/vnd.kubernetes.protobuf,application/json"), json, Shape::Object),
            (Some(KUBECTL), json, Shape::Table(MetaVersion::V1)),
            (Some(METADATA), json, Shape::PartialList(MetaVersion::V1)),
            (Some("application/yaml;as=Table;v=v1;g=meta.k8s.io"), yaml, Shape::Table(MetaVersion::V1)),
            (
                Some("application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1beta1"),
                json,
                Shape::Partial(MetaVersion::V1Beta1),
            ),
            (Some("application/json;as=Other;g=meta.k8s.io;v=v1,application/yaml"), yaml, Shape::Object),
            (Some("application/json;as=Table,*/*"), json, Shape::Object),
            (Some("text/html,application/xhtml+xml,*/*;q=0.8"), json, Shape::Object),
            (Some("application/json;charset=utf-8"), json, Shape::Object),
        ] {
            let form = negotiate(accept, Offer::Resource).unwrap();
            assert_eq!((form.media, form.shape), (media, shape), "{accept:?}");
        }
    }

    #[test]
    fn what_nobody_has_is_a_406() {
        let router = "406: Not Acceptable\n\nAvailable representations: application/json, application/yaml";
        let handler = "only the following media types are accepted: application/json, application/yaml";
        for (accept, offer, text) in [
            ("text/plain", Offer::Resource, router),
            ("application/*", Offer::Resource, router),
            ("application/vnd.kubernetes.protobuf", Offer::Resource, router),
            ("application/json;as=Other;g=meta.k8s.io;v=v1", Offer::Resource, handler),
            ("application/json;as=Table;g=other;v=v1", Offer::Resource, handler),
            ("application/json;stream=other", Offer::Resource, handler),
            ("application/json;as=Table;g=meta.k8s.io;v=v1", Offer::Plain, handler),
            ("text/plain", Offer::Plain, handler),
            (
                "application/yaml",
                Offer::Watch,
                "only the following media types are accepted: application/json;stream=watch",
            ),
        ] {
            let error = negotiate(Some(accept), offer).unwrap_err();
            assert_eq!((error.code().as_u16(), error.reason()), (406, "NotAcceptable"), "{accept}");
            assert_eq!(error.message(), text, "{accept}");
        }
    }

    #[test]
    fn a_watch_is_json_in_any_shape() {
        for accept in ["application/json;stream=watch", "application/json", "*/*"] {
            assert_eq!(negotiate(Some(accept), Offer::Watch).unwrap(), Form::JSON, "{accept}");
        }
        assert_eq!(negotiate(Some(KUBECTL), Offer::Watch).unwrap().shape, Shape::Table(MetaVersion::V1));
    }

    #[test]
    fn people_get_indented_json() {
        for (query, agent, expected) in [
            ("pretty=true", "kubectl/v1.37", true),
            ("pretty=1", "kubectl/v1.37", true),
            ("pretty=false", "curl/8", false),
            ("pretty=yes", "curl/8", false),
            ("pretty=", "curl/8", true),
            ("", "curl/8", true),
            ("", "Wget/1", true),
            ("", "Mozilla/5.0 (X11)", true),
            ("", "kubectl/v1.37", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(USER_AGENT, HeaderValue::from_static(agent));
            assert_eq!(pretty(&QueryPairs::parse(Some(query)), &headers), expected, "{query} {agent}");
        }
        assert!(negotiate(Some("application/json;pretty=1"), Offer::Resource).unwrap().pretty);
    }
}
