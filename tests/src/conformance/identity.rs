//! Who a server takes its callers for. Each case is a request straight to the server, past
//! kube-apiserver, and what every Go apiserver answers.

use super::Subject;
use crate::control_plane::certificates::Identity;
use crate::control_plane::users::rule;
use crate::http::{Call, Endpoint};
use http::StatusCode;

/// Headers that would make anyone the administrator, were they believed.
const FORGED: [(&str, &str); 2] = [("X-Remote-User", "admin"), ("X-Remote-Group", "system:masters")];

/// One request and what is expected of it.
struct Case {
    name: &'static str,
    call: Call,
    status: StatusCode,
    /// Text of the answer's message.
    says: String,
}

/// What a server answered in one case, to be compared between servers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// The case.
    pub case: &'static str,
    /// The status code.
    pub status: u16,
    /// The message of the `Status`, or the whole body where it is none.
    pub message: String,
}

/// Sends every case to the server at `endpoint`, panics with all that went wrong, and answers what
/// the server said.
pub async fn check(subject: &Subject<'_>, endpoint: &Endpoint) -> Vec<Answered> {
    let mut answers = Vec::new();
    let mut wrong = Vec::new();
    for case in cases(subject, endpoint).await {
        let answer = case.call.send().await;
        let message = serde_json::from_slice::<serde_json::Value>(&answer.body)
            .ok()
            .and_then(|status| status["message"].as_str().map(String::from))
            .unwrap_or_else(|| answer.text());
        if answer.status != case.status || !message.contains(&case.says) {
            wrong.push(format!(
                "{}: expected {} saying {:?}, got {} saying {message:?}",
                case.name, case.status, case.says, answer.status
            ));
        }
        answers.push(Answered { case: case.name, status: answer.status.as_u16(), message });
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    answers
}

async fn cases(subject: &Subject<'_>, endpoint: &Endpoint) -> Vec<Case> {
    let plane = subject.plane;
    let list = subject.path("default");
    let reader = plane.user(&format!("reader-{}", plane.next()), &["readers"]);
    plane.grant(&reader, &[rule(subject.group, &[subject.plural], &["list"])]).await;
    let nobody = plane.user("nobody", &["nobodies"]);
    let aggregator = plane.front_proxy_identity();
    let foreign = plane.foreign_ca_identity();
    let other_proxy = plane.front_proxy_identity_with_cn("another-proxy");
    let get = |identity: &Identity| endpoint.get(&list).identity(identity);
    let denied = |user: &str| {
        format!(
            "{} is forbidden: User \"{user}\" cannot list resource \"{}\" in API group \"{}\" in the namespace \"default\"",
            subject.resource(),
            subject.plural,
            subject.group
        )
    };
    let case = |name, call, status, says: &str| Case { name, call, status, says: says.to_owned() };
    let (ok, forbidden, unauthorized) = (StatusCode::OK, StatusCode::FORBIDDEN, StatusCode::UNAUTHORIZED);
    vec![
        case("nobody at all", endpoint.get(&list), forbidden, &denied("system:anonymous")),
        case(
            "forged headers, no certificate",
            forged(endpoint.get(&list)),
            forbidden,
            &denied("system:anonymous"),
        ),
        case(
            "forged headers, certificate of another CA",
            forged(get(&foreign)),
            unauthorized,
            "Unauthorized",
        ),
        case(
            "forged headers, front proxy of a CN not allowed",
            forged(get(&other_proxy)),
            unauthorized,
            "Unauthorized",
        ),
        case(
            "forged headers, a client certificate without rights",
            forged(get(nobody.identity())),
            forbidden,
            &denied("nobody"),
        ),
        case("a client certificate with rights", get(reader.identity()), ok, ""),
        case("the aggregator names nobody", get(&aggregator), unauthorized, "Unauthorized"),
        case("the aggregator names a user with rights", named(get(&aggregator), reader.name()), ok, ""),
        case(
            "the aggregator names a user without rights",
            named(get(&aggregator), "nobody"),
            forbidden,
            &denied("nobody"),
        ),
        case("the aggregator names a user and a group", forged(get(&aggregator)), ok, ""),
        case(
            "certificate of another CA, /healthz",
            endpoint.get("/healthz").identity(&foreign),
            unauthorized,
            "Unauthorized",
        ),
        case("nobody at all, /healthz", endpoint.get("/healthz"), ok, "ok"),
    ]
}

fn forged(call: Call) -> Call {
    FORGED.into_iter().fold(call, |call, (name, value)| call.header(name, value))
}

fn named(call: Call, user: &str) -> Call {
    call.header("X-Remote-User", user).header("X-Remote-Group", "system:authenticated")
}
