//! `/metrics`, under the names of Go's servers.
//!
//! On the way of a request stand one lookup under a read lock and a few atomic additions; labels are made when a
//! series is new.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use http::{HeaderMap, HeaderValue, StatusCode, header};
use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::request::{QueryPairs, RequestInfo, Verb};
use crate::respond::{Body, Refusal, Response};

/// The metrics of one server.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<Request, Counter>,
    durations: Family<Series, Histogram, fn() -> Histogram>,
    long_running: Family<Series, Gauge>,
    in_flight: Family<RequestKind, Gauge>,
    dropped: Family<RequestKind, Counter>,
    handshakes: Counter,
    series: RwLock<HashMap<String, Arc<Measures>>>,
    /// What the layer that limits them counts.
    pub(crate) reads_in_flight: Arc<AtomicUsize>,
    pub(crate) writes_in_flight: Arc<AtomicUsize>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Series {
    verb: String,
    dry_run: &'static str,
    group: String,
    version: String,
    resource: String,
    subresource: String,
    scope: &'static str,
    component: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    #[prometheus(flatten)]
    series: Series,
    code: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestKind {
    request_kind: &'static str,
}

/// What is counted of one series.
struct Measures {
    series: Series,
    by_code: Mutex<Vec<(u16, Counter)>>,
    duration: Histogram,
    long_running: Option<Gauge>,
}

/// A request that is being measured.
pub(crate) struct Measuring<'a> {
    metrics: &'a Metrics,
    measures: Arc<Measures>,
    measured: Measured,
    began: Instant,
}

/// A request, answered or not: a long-running one is counted while this lives.
pub(crate) struct Measured(Option<Gauge>);

/// Bounds of `apiserver_request_duration_seconds`, as Go has them.
const SECONDS: [f64; 22] = [
    0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 1.25, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 15.0,
    20.0, 30.0, 60.0,
];

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut metrics = Metrics {
            registry: Registry::default(),
            requests: Family::default(),
            durations: Family::new_with_constructor(|| Histogram::new(SECONDS)),
            long_running: Family::default(),
            in_flight: Family::default(),
            dropped: Family::default(),
            handshakes: Counter::default(),
            series: RwLock::default(),
            reads_in_flight: Arc::default(),
            writes_in_flight: Arc::default(),
        };
        metrics.register();
        metrics
    }

    /// Names end without `_total`: the text form appends it to counters.
    fn register(&mut self) {
        let registry = &mut self.registry;
        registry.register(
            "apiserver_request",
            "Counter of apiserver requests broken out for each verb, dry run value, group, version, resource, scope, component, and HTTP response code",
            self.requests.clone(),
        );
        registry.register(
            "apiserver_request_duration_seconds",
            "Response latency distribution in seconds",
            self.durations.clone(),
        );
        registry.register(
            "apiserver_longrunning_requests",
            "Gauge of all active long-running apiserver requests",
            self.long_running.clone(),
        );
        registry.register(
            "apiserver_current_inflight_requests",
            "Number of requests that are being answered now",
            self.in_flight.clone(),
        );
        registry.register(
            "apiserver_dropped_requests",
            "Number of requests dropped with 'Try again later' response",
            self.dropped.clone(),
        );
        registry.register(
            "apiserver_tls_handshake_errors",
            "Number of requests dropped with 'TLS handshake error from' error",
            self.handshakes.clone(),
        );
        let start: Gauge<f64, std::sync::atomic::AtomicU64> = Gauge::default();
        start.set(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64()));
        registry.register(
            "process_start_time_seconds",
            "Start time of the process since unix epoch in seconds",
            start,
        );
    }

    /// Begins to measure a request. Only what is `served` gets labels of its own, so that nobody can fill the memory
    /// with names.
    pub(crate) fn begin(
        &self,
        info: &RequestInfo,
        query: &QueryPairs,
        headers: &HeaderMap,
        served: bool,
    ) -> Measuring<'_> {
        let series = Borrowed::of(info, query, headers, served);
        let key = series.key();
        let known = self.series.read().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        let measures = known.unwrap_or_else(|| self.measures(key, &series, info.is_long_running()));
        if let Some(gauge) = &measures.long_running {
            gauge.inc();
        }
        let measured = Measured(measures.long_running.clone());
        Measuring { metrics: self, measures, measured, began: Instant::now() }
    }

    fn measures(&self, key: String, series: &Borrowed<'_>, long_running: bool) -> Arc<Measures> {
        let series = series.to_owned();
        let measures = Measures {
            by_code: Mutex::default(),
            duration: self.durations.get_or_create_owned(&series),
            long_running: long_running.then(|| self.long_running.get_or_create_owned(&series)),
            series,
        };
        let mut all = self.series.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(all.entry(key).or_insert_with(|| Arc::new(measures)))
    }

    /// Counts a request for which there was no seat.
    pub(crate) fn dropped(&self, read_only: bool) {
        self.dropped.get_or_create(&kind(read_only)).inc();
    }

    /// Counts a connection that never spoke HTTP.
    pub(crate) fn handshake_failed(&self) {
        self.handshakes.inc();
    }

    /// The text.
    pub(crate) fn answer(&self) -> Response {
        for (read_only, count) in [(true, &self.reads_in_flight), (false, &self.writes_in_flight)] {
            let count = i64::try_from(count.load(Ordering::Relaxed)).unwrap_or(i64::MAX);
            self.in_flight.get_or_create(&kind(read_only)).set(count);
        }
        let mut body = String::new();
        if text::encode(&mut body, &self.registry).is_err() {
            let text = "the metrics could not be written";
            return Refusal::text(StatusCode::INTERNAL_SERVER_ERROR, text).into_response();
        }
        let mut response = Response::new(Body::from(body));
        let form = HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");
        response.headers_mut().insert(header::CONTENT_TYPE, form);
        response
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Measuring<'_> {
    /// Counts the answer. Only what is not long-running has a duration.
    pub(crate) fn answered(self, code: StatusCode) -> Measured {
        let code = code.as_u16();
        let mut by_code = self.measures.by_code.lock().unwrap_or_else(PoisonError::into_inner);
        match by_code.iter().find(|(known, _)| *known == code) {
            Some((_, counter)) => counter.inc(),
            None => {
                let request = Request { series: self.measures.series.clone(), code };
                let counter = self.metrics.requests.get_or_create_owned(&request);
                by_code.push((code, counter.clone()));
                counter.inc()
            }
        };
        drop(by_code);
        if self.measures.long_running.is_none() {
            self.measures.duration.observe(self.began.elapsed().as_secs_f64());
        }
        self.measured
    }
}

impl Drop for Measured {
    fn drop(&mut self) {
        if let Some(gauge) = &self.0 {
            gauge.dec();
        }
    }
}

fn kind(read_only: bool) -> RequestKind {
    RequestKind { request_kind: if read_only { "readOnly" } else { "mutating" } }
}

/// A series before it is known whether it is new.
struct Borrowed<'a> {
    verb: &'static str,
    dry_run: &'static str,
    group: &'a str,
    version: &'a str,
    resource: &'a str,
    subresource: &'a str,
    scope: &'static str,
}

impl<'a> Borrowed<'a> {
    fn of(info: &'a RequestInfo, query: &QueryPairs, headers: &HeaderMap, served: bool) -> Self {
        let dry_run = if query.get("dryRun").is_some() { "All" } else { "" };
        let verb = verb(&info.verb, headers);
        let (group, version, resource, subresource, scope) = match &info.resource {
            Some(r) if served => {
                let scope = if r.item || info.verb == Verb::Create {
                    "resource"
                } else if r.namespace.is_empty() {
                    "cluster"
                } else {
                    "namespace"
                };
                (r.group.as_str(), r.version.as_str(), r.resource.as_str(), r.subresource.as_str(), scope)
            }
            Some(_) => ("", "", "", "", ""),
            None => ("", "", "", well_known(&info.path), ""),
        };
        Borrowed { verb, dry_run, group, version, resource, subresource, scope }
    }

    fn key(&self) -> String {
        [self.verb, self.dry_run, self.group, self.version, self.resource, self.subresource, self.scope]
            .join("\n")
    }

    fn to_owned(&self) -> Series {
        Series {
            verb: self.verb.to_owned(),
            dry_run: self.dry_run,
            group: self.group.to_owned(),
            version: self.version.to_owned(),
            resource: self.resource.to_owned(),
            subresource: self.subresource.to_owned(),
            scope: self.scope,
            component: "apiserver",
        }
    }
}

fn well_known(path: &str) -> &str {
    match path {
        "/" | "/apis" | "/healthz" | "/livez" | "/readyz" | "/metrics" | "/openapi/v2" | "/openapi/v3"
        | "/version" => path,
        _ => "",
    }
}

fn verb(verb: &Verb, headers: &HeaderMap) -> &'static str {
    match verb {
        Verb::Get => "GET",
        Verb::List => "LIST",
        Verb::Watch => "WATCH",
        Verb::Create => "POST",
        Verb::Update => "PUT",
        Verb::Patch => {
            let apply = |value: &HeaderValue| value.as_bytes().starts_with(b"application/apply-patch");
            if headers.get(header::CONTENT_TYPE).is_some_and(apply) { "APPLY" } else { "PATCH" }
        }
        Verb::Delete => "DELETE",
        Verb::DeleteCollection => "DELETECOLLECTION",
        Verb::Other(method) => match method.as_str() {
            "get" => "GET",
            "head" => "HEAD",
            "post" => "POST",
            "put" => "PUT",
            "patch" => "PATCH",
            "delete" => "DELETE",
            _ => "other",
        },
    }
}
