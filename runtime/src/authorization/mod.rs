//! May they: masters, paths that are open to all, then whatever the cluster says.
//!
//! Every request is asked about here although a front proxy may have asked already: it can be reached past it.

mod access_review;
mod always_allowed;

use http::{StatusCode, Uri};

use crate::request::{QueryPairs, RequestInfo, User};
use crate::respond::status::GroupResource;
use crate::respond::{ApiError, Refusal};

pub(crate) use access_review::{AccessReviews, Keep};
pub(crate) use always_allowed::AlwaysAllowed;

/// Decides who may do what.
#[derive(Debug)]
pub(crate) struct Authorizer {
    paths: AlwaysAllowed,
    reviews: Option<AccessReviews>,
}

impl Authorizer {
    /// Without reviews only masters, and everybody on open paths, are allowed anything.
    pub(crate) fn new(paths: AlwaysAllowed, reviews: Option<AccessReviews>) -> Self {
        Authorizer { paths, reviews }
    }

    /// Lets an allowed request pass.
    pub(crate) async fn authorize(
        &self,
        user: &User,
        info: &RequestInfo,
        query: &QueryPairs,
        uri: &Uri,
    ) -> Result<(), Refusal> {
        if user.in_group("system:masters") || self.paths.allows(info) {
            return Ok(());
        }
        let Some(reviews) = &self.reviews else { return Err(forbidden(user, info, "").into()) };
        match reviews.decide(user, info, query).await {
            Ok(decision) if decision.allowed => Ok(()),
            Ok(decision) => Err(forbidden(user, info, &decision.reason).into()),
            Err(error) => Err(undecided(uri, &error)),
        }
    }
}

/// Nobody could say: closed. The text is not a `Status`, as in Go.
fn undecided(uri: &Uri, error: &str) -> Refusal {
    let uri = uri.path_and_query().map_or("", |path| path.as_str());
    let text = escaped(&format!("Internal Server Error: {uri:?}: {error}"));
    Refusal::text(StatusCode::INTERNAL_SERVER_ERROR, &text)
}

/// A text that shows what callers sent is never markup.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The 403 of Kubernetes.
fn forbidden(user: &User, info: &RequestInfo, reason: &str) -> ApiError {
    let (who, verb) = (&user.name, &info.verb);
    let because = |text: String| {
        let text = escaped(&text);
        if reason.is_empty() { text } else { format!("{text}: {reason}") }
    };
    let Some(resource) = &info.resource else {
        return ApiError::forbidden_path(&because(format!(
            "User {who:?} cannot {verb} path {:?}",
            info.path
        )));
    };
    let what = match resource.subresource.as_str() {
        "" => resource.resource.clone(),
        subresource => format!("{}/{subresource}", resource.resource),
    };
    let scope = match resource.namespace.as_str() {
        "" => "at the cluster scope".to_owned(),
        namespace => format!("in the namespace {namespace:?}"),
    };
    let group = &resource.group;
    let text = format!("User {who:?} cannot {verb} resource {what:?} in API group {group:?} {scope}");
    let about = GroupResource { group, resource: &resource.resource };
    ApiError::forbidden(about, &resource.name, &because(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Method;

    fn text(method: &Method, path: &str, name: &str) -> String {
        let info = RequestInfo::parse(method, path, &QueryPairs::default()).expect("a path");
        let user = User { name: name.to_owned(), ..User::default() };
        forbidden(&user, &info, "").message().to_owned()
    }

    #[test]
    fn a_403_says_who_cannot_do_what_where() {
        for (method, path, expected) in [
            (
                Method::GET,
                "/apis/g.example.com/v1/namespaces/ns/foos/n",
                r#"foos.g.example.com "n" is forbidden: User "u" cannot get resource "foos" in API group "g.example.com" in the namespace "ns""#,
            ),
            (
                Method::PUT,
                "/apis/g.example.com/v1/bars/n/status",
                r#"bars.g.example.com "n" is forbidden: User "u" cannot update resource "bars/status" in API group "g.example.com" at the cluster scope"#,
            ),
            (
                Method::GET,
                "/apis/g.example.com/v1/bars",
                r#"bars.g.example.com is forbidden: User "u" cannot list resource "bars" in API group "g.example.com" at the cluster scope"#,
            ),
            (Method::POST, "/metrics", r#"forbidden: User "u" cannot post path "/metrics""#),
        ] {
            assert_eq!(text(&method, path, "u"), expected);
        }
    }

    #[test]
    fn a_403_is_never_markup() {
        assert_eq!(
            text(&Method::GET, "/metrics", "<b>&"),
            r#"forbidden: User "&lt;b&gt;&amp;" cannot get path "/metrics""#
        );
    }
}
