//! What the cluster allows: a SubjectAccessReview, kept for some seconds.

use std::sync::Arc;
use std::time::{Duration, Instant};

use k8s_openapi::api::authorization::v1::{
    FieldSelectorAttributes, LabelSelectorAttributes, NonResourceAttributes, ResourceAttributes,
    SubjectAccessReview, SubjectAccessReviewSpec,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{FieldSelectorRequirement, LabelSelectorRequirement};
use kube::api::PostParams;
use kube::{Api, Client};

use crate::cluster::Answers;
use crate::cluster::answers::{Parts, Question};
use crate::request::info::ResourceInfo;
use crate::request::selector::label::Operator;
use crate::request::selector::{FieldSelector, LabelSelector};
use crate::request::{QueryPairs, RequestInfo, User};

/// Asks the cluster who may do what.
#[derive(Debug)]
pub(crate) struct AccessReviews {
    api: Api<SubjectAccessReview>,
    answers: Answers<Result<Arc<Decision>, Arc<str>>>,
    keep: Keep,
}

/// How long decisions are kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Keep {
    pub(crate) allowed: Duration,
    pub(crate) denied: Duration,
}

/// What the cluster said.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Decision {
    pub(super) allowed: bool,
    pub(super) reason: String,
}

const CAPACITY: usize = 8192;
/// In all, with every try.
const PATIENCE: Duration = Duration::from_secs(10);
const TRIES: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_millis(500);

impl AccessReviews {
    pub(crate) fn new(client: Client, keep: Keep) -> Self {
        AccessReviews { api: Api::all(client), answers: Answers::new(CAPACITY), keep }
    }

    /// The decision. The error says why there is none.
    pub(super) async fn decide(
        &self,
        user: &User,
        info: &RequestInfo,
        query: &QueryPairs,
    ) -> Result<Arc<Decision>, Arc<str>> {
        let selectors = Selectors::of(info, query);
        let answer = self.answers.get(question(user, info, &selectors), || {
            let (api, keep, spec) = (self.api.clone(), self.keep, spec(user, info, &selectors));
            async move {
                match ask(&api, spec).await {
                    Ok(decision) => {
                        let keep = if decision.allowed { keep.allowed } else { keep.denied };
                        (Ok(Arc::new(decision)), keep)
                    }
                    Err(error) => {
                        tracing::error!(error, "a SubjectAccessReview failed");
                        (Err(error.into()), Duration::ZERO)
                    }
                }
            }
        });
        answer.wait().await.unwrap_or_else(|| Err("the SubjectAccessReview broke off".into()))
    }
}

/// The selectors that take part in a decision.
#[derive(Debug, Default)]
struct Selectors<'a> {
    fields: &'a str,
    labels: &'a str,
}

impl<'a> Selectors<'a> {
    /// Only of verbs that honour them, and never of the old `/watch/` paths, which may not.
    fn of(info: &RequestInfo, query: &'a QueryPairs) -> Self {
        let honoured = matches!(info.verb.as_str(), "list" | "watch" | "deletecollection");
        if !honoured || info.path.split('/').nth(4) == Some("watch") {
            return Selectors::default();
        }
        let of = |key| query.get(key).unwrap_or_default();
        Selectors { fields: of("fieldSelector"), labels: of("labelSelector") }
    }
}

fn question(user: &User, info: &RequestInfo, selectors: &Selectors<'_>) -> Question {
    let mut parts = Parts::new();
    parts.add(&user.name).add(&user.uid).many(user.groups.len());
    for group in &user.groups {
        parts.add(group);
    }
    parts.many(user.extra.len());
    for (key, values) in &user.extra {
        parts.add(key).many(values.len());
        for value in values {
            parts.add(value);
        }
    }
    parts.add(info.verb.as_str());
    match &info.resource {
        None => {
            parts.many(0).add(&info.path);
        }
        Some(r) => {
            parts.many(1).add(&r.namespace).add(&r.group).add(&r.version).add(&r.resource);
            parts.add(&r.subresource).add(&r.name).add(selectors.fields).add(selectors.labels);
        }
    }
    parts.question()
}

fn spec(user: &User, info: &RequestInfo, selectors: &Selectors<'_>) -> SubjectAccessReviewSpec {
    let verb = some(info.verb.as_str());
    let mut spec = SubjectAccessReviewSpec {
        user: some(&user.name),
        uid: some(&user.uid),
        groups: Some(user.groups.clone()).filter(|groups| !groups.is_empty()),
        extra: Some(user.extra.clone()).filter(|extra| !extra.is_empty()),
        ..SubjectAccessReviewSpec::default()
    };
    match &info.resource {
        None => spec.non_resource_attributes = Some(NonResourceAttributes { path: some(&info.path), verb }),
        Some(resource) => spec.resource_attributes = Some(attributes(resource, verb, selectors)),
    }
    spec
}

fn attributes(r: &ResourceInfo, verb: Option<String>, selectors: &Selectors<'_>) -> ResourceAttributes {
    let fields = field_requirements(selectors.fields);
    let labels = label_requirements(selectors.labels);
    ResourceAttributes {
        verb,
        namespace: some(&r.namespace),
        group: some(&r.group),
        version: some(&r.version),
        resource: some(&r.resource),
        subresource: some(&r.subresource),
        name: some(&r.name),
        field_selector: fields
            .map(|fields| FieldSelectorAttributes { raw_selector: None, requirements: Some(fields) }),
        label_selector: labels
            .map(|labels| LabelSelectorAttributes { raw_selector: None, requirements: Some(labels) }),
    }
}

/// A selector that cannot be read is left out: the question is then about more, never about less.
fn field_requirements(text: &str) -> Option<Vec<FieldSelectorRequirement>> {
    // Which fields a kind has is not decided here, so every one that is named counts as known.
    let named: Vec<&str> = text.split([',', '=', '!']).collect();
    let selector = FieldSelector::parse(text, &named).ok()?;
    let requirements = selector.requirements().iter().map(|requirement| FieldSelectorRequirement {
        key: requirement.field.clone(),
        operator: if requirement.equals { "In" } else { "NotIn" }.to_owned(),
        values: Some(vec![requirement.value.clone()]),
    });
    Some(requirements.collect()).filter(|found: &Vec<_>| !found.is_empty())
}

fn label_requirements(text: &str) -> Option<Vec<LabelSelectorRequirement>> {
    let selector = LabelSelector::parse(text).ok()?;
    let requirements = selector.requirements().iter().filter_map(|requirement| {
        let operator = match requirement.operator {
            Operator::Equals | Operator::DoubleEquals | Operator::In => "In",
            Operator::NotEquals | Operator::NotIn => "NotIn",
            Operator::Exists => "Exists",
            Operator::DoesNotExist => "DoesNotExist",
            Operator::GreaterThan | Operator::LessThan => return None,
        };
        let values = Some(requirement.values.clone()).filter(|values| !values.is_empty());
        Some(LabelSelectorRequirement { key: requirement.key.clone(), operator: operator.to_owned(), values })
    });
    Some(requirements.collect()).filter(|found: &Vec<_>| !found.is_empty())
}

fn some(text: &str) -> Option<String> {
    if text.is_empty() { None } else { Some(text.to_owned()) }
}

/// Asks, and asks again when the main API stumbles.
async fn ask(api: &Api<SubjectAccessReview>, spec: SubjectAccessReviewSpec) -> Result<Decision, String> {
    let review = SubjectAccessReview { spec, ..SubjectAccessReview::default() };
    let end = Instant::now() + PATIENCE;
    let mut pause = FIRST_PAUSE;
    let mut tries = 1;
    loop {
        let post = PostParams::default();
        let asked = tokio::time::timeout_at(end.into(), api.create(&post, &review));
        let error = match asked.await {
            Ok(Ok(answered)) => {
                let status = answered.status.unwrap_or_default();
                let allowed = status.allowed && status.denied != Some(true);
                return Ok(Decision { allowed, reason: status.reason.unwrap_or_default() });
            }
            Ok(Err(error)) => error,
            Err(_) => return Err("the main API did not answer a SubjectAccessReview in time".to_owned()),
        };
        let out_of_time = Instant::now() + pause >= end;
        if tries == TRIES || out_of_time || !is_worth_another_try(&error) {
            return Err(format!("the main API could not answer a SubjectAccessReview: {error}"));
        }
        tokio::time::sleep(pause).await;
        pause = pause.mul_f64(1.5);
        tries += 1;
    }
}

/// What the main API refused it will refuse again.
fn is_worth_another_try(error: &kube::Error) -> bool {
    match error {
        kube::Error::Api(status) => matches!(status.code, 429 | 500..=599),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Method;

    fn asked(method: &Method, target: &str) -> (RequestInfo, QueryPairs) {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let query = QueryPairs::parse(Some(query));
        (RequestInfo::parse(method, path, &query).expect("a path"), query)
    }

    fn reviewed(method: &Method, target: &str) -> SubjectAccessReviewSpec {
        let (info, query) = asked(method, target);
        let user = User { name: "u".to_owned(), groups: vec!["g".to_owned()], ..User::default() };
        spec(&user, &info, &Selectors::of(&info, &query))
    }

    #[test]
    fn a_resource_is_asked_about_with_everything_known_of_it() {
        let spec = reviewed(&Method::PUT, "/apis/g.example.com/v1/namespaces/ns/foos/n/status");
        let found = serde_json::to_value(&spec).expect("JSON");
        let expected = serde_json::json!({
            "user": "u", "groups": ["g"],
            "resourceAttributes": {
                "namespace": "ns", "verb": "update", "group": "g.example.com", "version": "v1",
                "resource": "foos", "subresource": "status", "name": "n",
            },
        });
        assert_eq!(found, expected);
    }

    #[test]
    fn a_path_is_asked_about_with_its_method() {
        let spec = reviewed(&Method::HEAD, "/metrics");
        let found = serde_json::to_value(spec.non_resource_attributes).expect("JSON");
        assert_eq!(found, serde_json::json!({"path": "/metrics", "verb": "head"}));
    }

    #[test]
    fn selectors_narrow_the_question() {
        let target =
            "/apis/g/v1/foos?fieldSelector=spec.node%3Da,metadata.name!%3Db&labelSelector=a%3Db,c,!d,e>3";
        let attributes = reviewed(&Method::GET, target).resource_attributes.expect("a resource");
        let fields = serde_json::to_value(attributes.field_selector).expect("JSON");
        assert_eq!(
            fields["requirements"],
            serde_json::json!([
                {"key": "metadata.name", "operator": "NotIn", "values": ["b"]},
                {"key": "spec.node", "operator": "In", "values": ["a"]},
            ])
        );
        let labels = serde_json::to_value(attributes.label_selector).expect("JSON");
        assert_eq!(
            labels["requirements"],
            serde_json::json!([
                {"key": "a", "operator": "In", "values": ["b"]},
                {"key": "c", "operator": "Exists"},
                {"key": "d", "operator": "DoesNotExist"},
            ])
        );
    }

    #[test]
    fn selectors_that_are_not_honoured_or_not_readable_take_no_part() {
        for (method, target) in [
            (Method::GET, "/apis/g/v1/foos/n?labelSelector=a"),
            (Method::GET, "/apis/g/v1/watch/foos?labelSelector=a"),
            (Method::GET, "/apis/g/v1/foos?labelSelector=!!"),
        ] {
            let attributes = reviewed(&method, target).resource_attributes.expect("a resource");
            assert_eq!(attributes.label_selector, None, "{target}");
        }
    }

    #[test]
    fn every_difference_is_another_question() {
        let of = |user: &User, target| {
            let (info, query) = asked(&Method::GET, target);
            question(user, &info, &Selectors::of(&info, &query))
        };
        let user = User { name: "u".to_owned(), ..User::default() };
        let grouped = User { groups: vec!["u".to_owned()], ..user.clone() };
        let same = of(&user, "/apis/g/v1/foos");
        assert!(same == of(&user, "/apis/g/v1/foos"));
        for other in ["/apis/g/v1/foos/n", "/apis/g/v1/bars", "/apis/g/v1/foos?labelSelector=a", "/apis/g/v1"]
        {
            assert!(same != of(&user, other), "{other}");
        }
        assert!(same != of(&grouped, "/apis/g/v1/foos"));
    }
}
