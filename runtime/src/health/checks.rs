//! `/healthz`, `/livez`, `/readyz`, and each check by its name.

use std::fmt::{self, Write};

use http::{HeaderValue, StatusCode, header};

use crate::request::{QueryPairs, Request};
use crate::respond::{Body, Refusal, Response};

/// The checks of a server.
#[derive(Debug)]
pub(crate) struct Health(Vec<Check>);

/// Something that is well or not.
pub(crate) struct Check {
    name: &'static str,
    of: Of,
    test: Box<dyn Fn() -> Tested + Send + Sync>,
}

/// Well, and perhaps with something to say; or not, and why.
type Tested = Result<Option<String>, String>;

/// What a check belongs to. A process is not restarted because something it needs is away: only `ping` is about life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Of {
    Life,
    Health,
    Readiness,
}

impl Check {
    /// A check of `/healthz` and `/readyz`. The error is for the log, and for those who may ask for the check alone; what
    /// there is to say when all is well is for them too, and for whoever asks for all checks one by one.
    pub(crate) fn health(
        name: &'static str,
        test: impl Fn() -> Result<Option<String>, String> + Send + Sync + 'static,
    ) -> Self {
        Check { name, of: Of::Health, test: Box::new(test) }
    }

    /// A check of `/readyz` only.
    pub(crate) fn readiness(
        name: &'static str,
        test: impl Fn() -> Result<(), String> + Send + Sync + 'static,
    ) -> Self {
        Check { name, of: Of::Readiness, test: Box::new(move || test().map(|()| None)) }
    }
}

impl fmt::Debug for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl Health {
    /// `ping`, and the checks given.
    pub(crate) fn new(checks: impl IntoIterator<Item = Check>) -> Self {
        let ping = Check { name: "ping", of: Of::Life, test: Box::new(|| Ok(None)) };
        Health([ping].into_iter().chain(checks).collect())
    }

    /// Answers a health path; nothing for other paths.
    pub(crate) fn answer(&self, request: &Request) -> Option<Response> {
        let mut parts = request.info.path.trim_start_matches('/').splitn(2, '/');
        let endpoint = parts.next()?;
        if !matches!(endpoint, "healthz" | "livez" | "readyz") {
            return None;
        }
        match parts.next() {
            None => Some(self.all(endpoint, &request.query)),
            Some(name) => self.checks(endpoint).find(|check| check.name == name).map(one),
        }
    }

    /// The paths that are answered here.
    pub(crate) fn paths(&self) -> Vec<String> {
        let mut paths = Vec::new();
        for endpoint in ["healthz", "livez", "readyz"] {
            paths.push(format!("/{endpoint}"));
            paths.extend(self.checks(endpoint).map(|check| format!("/{endpoint}/{}", check.name)));
        }
        paths
    }

    fn checks<'a>(&'a self, endpoint: &'a str) -> impl Iterator<Item = &'a Check> {
        self.0.iter().filter(move |check| match endpoint {
            "livez" => check.of == Of::Life,
            "healthz" => check.of != Of::Readiness,
            _ => true,
        })
    }

    fn all(&self, endpoint: &str, query: &QueryPairs) -> Response {
        let (mut report, mut failed) = (String::new(), false);
        let mut unknown: Vec<&str> = query.all("exclude").collect();
        unknown.sort_unstable();
        unknown.dedup();
        for check in self.checks(endpoint) {
            if query.all("exclude").any(|name| name == check.name) {
                unknown.retain(|name| *name != check.name);
                let _ = writeln!(report, "[+]{} excluded: ok", check.name);
                continue;
            }
            let _ = match (check.test)() {
                Err(reason) => {
                    failed = true;
                    tracing::info!(check = check.name, "{endpoint} check failed: {reason}");
                    writeln!(report, "[-]{} failed: reason withheld", check.name)
                }
                Ok(note) => writeln!(report, "[+]{} {}", check.name, well(note)),
            };
        }
        if !unknown.is_empty() {
            let names: Vec<_> = unknown.iter().map(|name| format!("{name:?}")).collect();
            let names = names.join(",");
            let _ = writeln!(report, "warn: some health checks cannot be excluded: no matches for {names}");
        }
        if failed {
            let text = format!("{report}{endpoint} check failed");
            return Refusal::text(StatusCode::INTERNAL_SERVER_ERROR, &text).into_response();
        }
        match query.get("verbose") {
            None => text("ok".to_owned()),
            Some(_) => text(format!("{report}{endpoint} check passed\n")),
        }
    }
}

fn one(check: &Check) -> Response {
    match (check.test)() {
        Ok(note) => bare(well(note)),
        Err(reason) => {
            let text = format!("internal server error: {reason}");
            Refusal::text(StatusCode::INTERNAL_SERVER_ERROR, &text).into_response()
        }
    }
}

fn well(note: Option<String>) -> String {
    note.map_or_else(|| "ok".to_owned(), |note| format!("ok: {note}"))
}

fn bare(text: String) -> Response {
    let mut response = Response::new(Body::from(text));
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

fn text(text: String) -> Response {
    let mut response = Response::new(Body::from(text));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn health() -> Health {
        Health::new([
            Check::health("storage", || Ok(None)),
            Check::readiness("shutdown", || Err("process is shutting down".to_owned())),
        ])
    }

    fn asked(endpoint: &str, query: &str) -> (u16, String) {
        let response = health().all(endpoint, &QueryPairs::parse(Some(query)));
        let code = response.status().as_u16();
        let Body::Full(body) = response.into_body() else { panic!("a body in one piece") };
        (code, String::from_utf8(body.to_vec()).expect("text"))
    }

    #[test]
    fn a_healthy_endpoint_is_short_unless_asked() {
        assert_eq!(asked("livez", ""), (200, "ok".to_owned()));
        assert_eq!(asked("livez", "verbose"), (200, "[+]ping ok\nlivez check passed\n".to_owned()));
        assert_eq!(
            asked("healthz", "verbose"),
            (200, "[+]ping ok\n[+]storage ok\nhealthz check passed\n".to_owned())
        );
    }

    #[test]
    fn a_failing_check_is_named_and_its_reason_withheld() {
        let report = "[+]ping ok\n[+]storage ok\n[-]shutdown failed: reason withheld\nreadyz check failed\n";
        assert_eq!(asked("readyz", ""), (500, report.to_owned()));
    }

    #[test]
    fn what_is_well_may_have_something_to_say() {
        let note = || Ok(Some("read-only: the disk is full".to_owned()));
        let health = Health::new([Check::health("storage", note)]);
        let asked = |response: Response| {
            assert_eq!(response.status(), StatusCode::OK);
            let Body::Full(body) = response.into_body() else { panic!("a body in one piece") };
            String::from_utf8(body.to_vec()).expect("text")
        };
        let all = |query| asked(health.all("readyz", &QueryPairs::parse(Some(query))));
        assert_eq!(all(""), "ok");
        let report = "[+]ping ok\n[+]storage ok: read-only: the disk is full\nreadyz check passed\n";
        assert_eq!(all("verbose"), report);
        assert_eq!(asked(one(&health.0[1])), "ok: read-only: the disk is full");
        assert_eq!(asked(one(&health.0[0])), "ok");
    }

    #[test]
    fn checks_may_be_excluded() {
        assert_eq!(asked("readyz", "exclude=shutdown"), (200, "ok".to_owned()));
        let report = "[+]ping ok\n[+]storage ok\n[+]shutdown excluded: ok\n\
            warn: some health checks cannot be excluded: no matches for \"odd\"\nreadyz check passed\n";
        assert_eq!(asked("readyz", "exclude=shutdown&exclude=odd&verbose"), (200, report.to_owned()));
    }
}
