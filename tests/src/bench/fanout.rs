//! W7: one writer, many watchers: what a delivery costs and how long it takes.

use super::Plan;
use super::crowd::{Connections, Crowd};
use super::load::{CPU_PER_SAMPLE, Clocks, Sample};
use super::objects::{collection, flunder, post};
use super::peers::{Peer, Peers};
use super::rounds::{Round, figures, rounds};
use super::row::{Row, Unit};
use crate::wait::wait_for;
use http::{Method, Request, StatusCode, header};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// The object that is written again and again.
const NAME: &str = "watched";

/// How fast the writer goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
    /// One write after the other.
    Full,
    /// Twenty a second.
    Twenty,
}

/// Who watches.
#[derive(Clone, Copy)]
struct Shape {
    watchers: usize,
    connections: Connections,
    pace: Pace,
}

const fn shape(watchers: usize, connections: Connections, pace: Pace) -> Shape {
    Shape { watchers, connections, pace }
}

/// CPU of a delivery and its p99, for each shape.
pub(super) async fn rows(peers: &Peers, plan: Plan) -> Vec<Row> {
    store(peers).await;
    let mut rows = row(peers, plan, shape(100, Connections::One, Pace::Full)).await;
    rows[0] = rows[0].clone().aiming_at(4.0);
    if plan.quick {
        return rows;
    }
    let mut thousand = row(peers, plan, shape(1000, Connections::One, Pace::Full)).await;
    thousand[0] = thousand[0].clone().aiming_at(2.2);
    let mut paced = row(peers, plan, shape(1000, Connections::One, Pace::Twenty)).await;
    paced[0] = paced[0].clone().within(1.3);
    paced[1] = paced[1].clone().aiming_at(3.0).within(1.5);
    rows.extend(thousand.into_iter().chain(paced));
    rows.extend(row(peers, plan, shape(100, Connections::Each, Pace::Full)).await);
    rows.extend(row(peers, plan, shape(1000, Connections::Each, Pace::Twenty)).await);
    rows
}

/// The object, in every server.
pub(super) async fn store(peers: &Peers) {
    for peer in [&peers.ours, &peers.go] {
        // Go's server is ready before it knows whom it believes: for a moment everybody is anonymous.
        wait_for(&format!("{} to store an object", peer.name()), async || {
            let request = post(peer, &collection(&peers.watched), flunder(NAME, 1));
            let (status, _, body) = peer.connect().await.whole(request).await;
            let there = [StatusCode::CREATED, StatusCode::CONFLICT].contains(&status);
            there.then_some(()).ok_or_else(|| format!("{status}: {body:?}"))
        })
        .await;
    }
}

async fn row(peers: &Peers, plan: Plan, shape: Shape) -> Vec<Row> {
    let Shape { watchers, connections, pace } = shape;
    let connections_of = match connections {
        Connections::One => "one connection",
        Connections::Each => "one connection each",
    };
    let paced = if pace == Pace::Twenty { " x 20/s" } else { "" };
    let what = format!("{watchers} watchers{paced}, {connections_of}");
    (plan.tell)(&what);
    // The floor's writes are so quick that it would send many as one: at a given pace it does the same work.
    let contest = if pace == Pace::Full { peers.pair() } else { peers.three() };
    let mut crowds = HashMap::new();
    for peer in [Some(contest.ours), contest.go, contest.floor].into_iter().flatten() {
        let crowd = Crowd::open(peer, &peers.watched, watchers, connections).await;
        crowds.insert(peer.name(), (crowd, 0));
    }
    let samples = rounds(contest, plan, async |peer| {
        let (crowd, writes) = crowds.get_mut(peer.name()).expect("everybody has watchers");
        sample(peer, &peers.watched, crowd, writes, pace).await
    })
    .await;
    let lost = figures(&samples, |(_, lost)| *lost as f64);
    let samples = samples.iter().map(|round| round.map(|(sample, _)| *sample)).collect::<Vec<_>>();
    table(&what, pace, &samples, lost[lost.len() - 1])
}

fn table(what: &str, pace: Pace, samples: &[Round<Sample>], lost: Round<f64>) -> Vec<Row> {
    let last = samples[samples.len() - 1];
    let rates = last.map(Sample::rate);
    let mut note = format!(
        "CPU of the server for each event that reached a watcher, the write included; {:.0} and {:.0} of them a second",
        rates.ours,
        rates.go.unwrap_or(0.0)
    );
    if lost.ours + lost.go.unwrap_or(0.0) > 0.0 {
        note = format!("{note}; watches that the server ended: {} and {}", lost.ours, lost.go.unwrap_or(0.0));
    }
    let cpu = Row::of("W7", format!("{what}, delivery"), Unit::Micros, &figures(samples, Sample::cpu_micros));
    let p99 = Row::of("W7", format!("{what}, p99"), Unit::Millis, &figures(samples, Sample::p99_millis));
    let shares = figures(samples, Sample::client_share);
    let p99 = p99.note("from the sending of the write to a watcher, known to a twentieth");
    // A writer that waits for its turn leaves the client time.
    vec![cpu.note(note), if pace == Pace::Full { p99.with_client(&shares) } else { p99 }]
}

/// Writes until the server has used enough CPU and everybody has seen the last write; also says
/// how many watches the server has ended.
pub(super) async fn sample(
    peer: &Arc<Peer>,
    namespace: &str,
    crowd: &Crowd,
    writes: &mut u64,
    pace: Pace,
) -> (Sample, usize) {
    let mut connection = peer.connect().await;
    let mut tick = tokio::time::interval(Duration::from_millis(50));
    let before = crowd.delivered();
    let clocks = Clocks::start(peer);
    while clocks.cpu() < CPU_PER_SAMPLE {
        if pace == Pace::Twenty {
            tick.tick().await;
        }
        let request = patch(peer, namespace, *writes);
        crowd.sending(*writes);
        let (status, _, body) = connection.whole(request).await;
        assert_eq!(status, StatusCode::OK, "{}: {body:?}", peer.name());
        *writes += 1;
    }
    let ended = crowd.seen(*writes).await;
    (clocks.stop(crowd.delivered() - before, 0, crowd.p99()), ended)
}

/// A write that everybody sees.
pub(super) fn patch(peer: &Peer, namespace: &str, number: u64) -> Request<super::client::Body> {
    let (path, body) = match peer.is_floor() {
        true => ("/publish".to_owned(), event(number)),
        false => {
            let annotation =
                format!(r#"{{"metadata":{{"annotations":{{"example.com/written":"{number}"}}}}}}"#);
            (format!("{}/{NAME}", collection(namespace)), annotation)
        }
    };
    peer.request(Method::PATCH, &path)
        .header(header::CONTENT_TYPE, "application/merge-patch+json")
        .body(super::client::Body::from(body))
        .expect("a request")
}

/// What a server says of such a write, nearly.
fn event(number: u64) -> String {
    let object = String::from_utf8(flunder(NAME, number).to_vec()).expect("JSON is text");
    let managed = "x".repeat(350);
    format!("{{\"type\":\"MODIFIED\",\"managed\":\"{managed}\",\"object\":{object}}}\n")
}
