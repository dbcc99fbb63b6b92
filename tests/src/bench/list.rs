//! W2 and W4: all 10 000 objects, one request at a time: as they are, compressed, as a Table.

use super::Plan;
use super::client::{Body, Connection};
use super::load::{CPU_PER_SAMPLE, Clocks, Load, Sample, percentile, sample};
use super::objects::{COUNT, collection, name};
use super::peers::{Peer, Peers};
use super::rounds::{Round, figures, rounds};
use super::row::{Row, Unit};
use http::{HeaderName, Method, Request, StatusCode, header};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// How a list is asked for.
#[derive(Clone, Copy)]
struct Form {
    what: &'static str,
    encoding: &'static str,
    accept: &'static str,
    /// Where the floor keeps the bytes of the answer.
    bare: &'static str,
}

const JSON: &str = "application/json";
const TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io";
const IDENTITY: Form =
    Form { what: "LIST of 10 000, identity", encoding: "identity", accept: JSON, bare: "/list" };
const GZIP: Form = Form { what: "LIST of 10 000, gzip", encoding: "gzip", accept: JSON, bare: "/list-gzip" };
const TABLES: Form =
    Form { what: "LIST of 10 000 as a Table", encoding: "identity", accept: TABLE, bare: "/table" };
/// Lists before bytes may be kept for them.
const LISTS_BEFORE: usize = 2;
/// Of so many objects that follow each other one is changed, so that no run of them stays as it was.
const STEP: u64 = 16;
/// Writers that change them, and lists that follow in one sample.
const WRITERS: u64 = 16;

/// In both encodings; what is not compressed yet and what may be kept are apart.
pub(super) async fn rows(peers: &Peers, plan: Plan) -> Vec<Row> {
    let identity = again(peers, plan, IDENTITY).await;
    let changed = after_changes(peers, plan).await;
    let gzip = again(peers, plan, GZIP).await;
    let mut rows = vec![
        row("W2", IDENTITY.what, &identity).aiming_at(9.0).within(1.4),
        row("W2", "LIST of 10 000, gzip, all changed before", &changed).aiming_at(4.0),
        row("W2", "LIST of 10 000, gzip, unchanged", &gzip).aiming_at(40.0).within(2.0),
        sizes(&gzip),
    ];
    if !plan.quick {
        rows.push(memory(peers, plan).await);
    }
    rows
}

/// As kubectl asks.
pub(super) async fn tables(peers: &Peers, plan: Plan) -> Vec<Row> {
    vec![row("W4", TABLES.what, &again(peers, plan, TABLES).await).aiming_at(8.0).within(2.0)]
}

/// The same list again and again.
async fn again(peers: &Peers, plan: Plan, form: Form) -> Vec<Round<Sample>> {
    (plan.tell)(form.what);
    for peer in [&peers.ours, &peers.go] {
        for _ in 0..LISTS_BEFORE {
            check(peer, &peers.read, form).await;
        }
    }
    peers.teach(form.bare, request(&peers.ours, &peers.read, form)).await;
    let namespace = peers.read.clone();
    let load = Load {
        streams: 1,
        expected: StatusCode::OK,
        request: Arc::new(move |peer, _| request(peer, &namespace, form)),
    };
    rounds(peers.three(), plan, async |peer| sample(peer, &load).await).await
}

/// Between two lists every run of objects changes: nothing that was compressed serves again.
async fn after_changes(peers: &Peers, plan: Plan) -> Vec<Round<Sample>> {
    (plan.tell)("LIST of 10 000, gzip, all changed before");
    rounds(peers.pair(), plan, async |peer| {
        let mut connection = peer.connect().await;
        let mut sum: Option<Sample> = None;
        while sum.is_none_or(|sum| sum.cpu < CPU_PER_SAMPLE) {
            change(peer, &peers.read).await;
            let one = one(peer, &mut connection, request(peer, &peers.read, GZIP)).await;
            sum = Some(sum.map_or(one, |sum| sum.and(&one)));
        }
        sum.expect("at least one list")
    })
    .await
}

/// One list, by itself.
async fn one(peer: &Peer, connection: &mut Connection, request: Request<Body>) -> Sample {
    let clocks = Clocks::start(peer);
    let sent = Instant::now();
    let answer = connection.count(request).await.unwrap_or_else(|why| panic!("{}: {why}", peer.name()));
    assert_eq!(answer.status, StatusCode::OK, "{}", peer.name());
    clocks.stop(1, answer.bytes, percentile(&mut [sent.elapsed()], 99))
}

/// Writes one object of every few, and leaves the server alone until it has come to rest.
async fn change(peer: &Arc<Peer>, namespace: &str) {
    let connection = peer.connect().await;
    let stamp = peer.number();
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let (peer, mut connection, collection) =
            (Arc::clone(peer), connection.clone(), collection(namespace));
        writers.spawn(async move {
            for number in (writer * STEP..COUNT).step_by((STEP * WRITERS) as usize) {
                let path = format!("{collection}/{}", name(number));
                let body = format!(r#"{{"metadata":{{"annotations":{{"example.com/changed":"{stamp}"}}}}}}"#);
                let request = peer
                    .request(Method::PATCH, &path)
                    .header(header::CONTENT_TYPE, "application/merge-patch+json")
                    .body(Body::from(body))
                    .expect("a request");
                let (status, _, body) = connection.whole(request).await;
                assert_eq!(status, StatusCode::OK, "{} {path}: {body:?}", peer.name());
            }
        });
    }
    while let Some(done) = writers.join_next().await {
        done.unwrap_or_else(|error| panic!("changing objects in {}: {error}", peer.name()));
    }
    tokio::time::sleep(SETTLE).await;
}

/// What a server may still do after its last answer.
const SETTLE: Duration = Duration::from_millis(100);

/// What a list adds to the memory of a server while it is sent.
async fn memory(peers: &Peers, plan: Plan) -> Row {
    (plan.tell)("LIST of 10 000, memory");
    let peaks = rounds(peers.pair(), plan, async |peer| {
        let process = peer.process();
        let before = process.at_rest(peer.name()).await;
        process.forget_peak();
        check(peer, &peers.read, IDENTITY).await;
        process.peak().saturating_sub(before) as f64 / f64::from(1 << 20)
    });
    Row::of("W2", "LIST of 10 000, peak RSS added", Unit::Mebibytes, &peaks.await).at_most(1.0)
}

/// The bytes that gzip leaves of a list; more than Go's would be a gain without merit.
fn sizes(samples: &[Round<Sample>]) -> Row {
    let sizes = figures(samples, |sample| sample.bytes() as f64 / f64::from(1 << 20));
    let pairs = sizes.iter().map(|size| Round { floor: None, ..*size }).collect::<Vec<_>>();
    Row::of("W2", "LIST of 10 000, gzip, size", Unit::Mebibytes, &pairs).aiming_at(1.0)
}

fn row(id: &'static str, what: &str, samples: &[Round<Sample>]) -> Row {
    let last = samples[samples.len() - 1];
    let wall = last.map(Sample::wall_millis);
    let size = last.map(|sample| sample.bytes() as f64 / 1e6);
    Row::of(id, what, Unit::Millis, &figures(samples, Sample::cpu_millis)).note(format!(
        "CPU of the server; {:.1} and {:.1} ms from request to last byte; bodies of {:.2} and {:.2} MB",
        wall.ours,
        wall.go.unwrap_or(0.0),
        size.ours,
        size.go.unwrap_or(0.0)
    ))
}

async fn check(peer: &Peer, namespace: &str, form: Form) {
    let answer = peer.connect().await.count(request(peer, namespace, form)).await;
    let answer = answer.unwrap_or_else(|why| panic!("{} ({}): {why}", form.what, peer.name()));
    let found = |name: HeaderName| answer.headers.get(name).and_then(|value| value.to_str().ok());
    assert_eq!(found(header::CONTENT_ENCODING).unwrap_or("identity"), form.encoding, "{}", peer.name());
    let kind = found(header::CONTENT_TYPE).unwrap_or_default();
    assert!(kind.starts_with(JSON), "{} ({}): {kind}", form.what, peer.name());
}

fn request(peer: &Peer, namespace: &str, form: Form) -> Request<Body> {
    if peer.is_floor() {
        return peer.get(form.bare);
    }
    peer.request(Method::GET, &collection(namespace))
        .header(header::ACCEPT_ENCODING, form.encoding)
        .header(header::ACCEPT, form.accept)
        .body(Body::default())
        .expect("a request")
}
