//! W9: a watch that begins with what there is: 10 000 objects and the bookmark after them.

use super::Plan;
use super::client::{Body, Connection};
use super::load::{CPU_PER_SAMPLE, Clocks, Sample, percentile};
use super::objects::{COUNT, collection};
use super::peers::{Peer, Peers};
use super::rounds::{figures, rounds};
use super::row::{Row, Unit};
use http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// How many are opened at once for the row about memory.
const AT_ONCE: usize = 50;
/// What the bookmark after the last object carries.
const END: &[u8] = b"\"k8s.io/initial-events-end\":\"true\"";
/// How long all of it may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// Before a server is asked again that has put one off.
const PAUSE: Duration = Duration::from_millis(10);

/// CPU of one, and the memory of many at once.
pub(super) async fn rows(peers: &Peers, plan: Plan) -> Vec<Row> {
    (plan.tell)("watches that begin with 10 000 objects");
    let (status, _, _) = begin(&peers.ours, &peers.read).await;
    if status != StatusCode::OK {
        (plan.tell)("no rows: this build of ours refuses sendInitialEvents");
        return Vec::new();
    }
    let samples = rounds(peers.pair(), plan, async |peer| sample(peer, &peers.read).await).await;
    let what = format!("WatchList of {COUNT}");
    let cpu =
        Row::of("W9", what.as_str(), Unit::Millis, &figures(&samples, Sample::cpu_millis)).aiming_at(8.0);
    let last = samples[samples.len() - 1].map(Sample::wall_millis);
    let (ours, go) = (last.ours, last.go.unwrap_or(0.0));
    let cpu = cpu.note(format!("CPU of the server; {ours:.0} and {go:.0} ms from request to bookmark"));
    let peaks = rounds(peers.pair(), plan, async |peer| peak(peer, &peers.read).await).await;
    let peaks = Row::of("W9", format!("{what}, {AT_ONCE} at once: peak RSS added"), Unit::Mebibytes, &peaks);
    vec![cpu, peaks.aiming_at(10.0)]
}

async fn sample(peer: &Arc<Peer>, namespace: &str) -> Sample {
    let clocks = Clocks::start(peer);
    let mut connection = peer.connect().await;
    let (mut latencies, mut bytes) = (Vec::new(), 0);
    while clocks.cpu() < CPU_PER_SAMPLE {
        let sent = Instant::now();
        bytes += whole(&mut connection, peer, namespace).await;
        latencies.push(sent.elapsed());
    }
    clocks.stop(latencies.len() as u64, bytes, percentile(&mut latencies, 99))
}

/// MiB that so many at once add to what is resident at rest.
async fn peak(peer: &Arc<Peer>, namespace: &str) -> f64 {
    let process = peer.process();
    let before = process.at_rest(peer.name()).await;
    process.forget_peak();
    let connection = peer.connect().await;
    let mut watches = JoinSet::new();
    for _ in 0..AT_ONCE {
        let (mut connection, peer, namespace) = (connection.clone(), Arc::clone(peer), namespace.to_owned());
        watches.spawn(async move { whole(&mut connection, &peer, &namespace).await });
    }
    while let Some(done) = watches.join_next().await {
        done.unwrap_or_else(|error| panic!("a watch of {}: {error}", peer.name()));
    }
    process.peak().saturating_sub(before) as f64 / f64::from(1 << 20)
}

/// Reads up to the bookmark and leaves; counts the bytes.
async fn whole(connection: &mut Connection, peer: &Peer, namespace: &str) -> u64 {
    let mut body = watch(connection, peer, namespace).await;
    let (mut lines, mut bytes, mut last) = (0, 0, Vec::new());
    let read = async {
        while lines <= COUNT {
            let frame = body.frame().await.expect("the bookmark comes").expect("the watch goes on");
            let data = frame.into_data().unwrap_or_default();
            bytes += data.len() as u64;
            lines += data.iter().filter(|byte| **byte == b'\n').count() as u64;
            // A line may come in several frames.
            last.extend_from_slice(&data[data.len().saturating_sub(1024)..]);
            last.drain(..last.len().saturating_sub(1024));
        }
    };
    let read = tokio::time::timeout(PATIENCE, read).await;
    read.unwrap_or_else(|_| panic!("{lines} of {COUNT} objects and a bookmark within {PATIENCE:?}"));
    assert!(last.windows(END.len()).any(|window| window == END), "the last line is the bookmark");
    bytes
}

/// Begins one. A server that asks to come again, as Go's does now and then, is asked again.
async fn watch(connection: &mut Connection, peer: &Peer, namespace: &str) -> Incoming {
    let started = Instant::now();
    loop {
        let begun = connection.begin(request(peer, namespace)).await;
        let (status, _, body) = begun.unwrap_or_else(|why| panic!("{}: {why}", peer.name()));
        match status {
            StatusCode::OK => return body,
            StatusCode::TOO_MANY_REQUESTS if started.elapsed() < PATIENCE => tokio::time::sleep(PAUSE).await,
            status => panic!("a watch of {} is answered with {status}", peer.name()),
        }
    }
}

async fn begin(peer: &Peer, namespace: &str) -> (StatusCode, http::HeaderMap, Incoming) {
    let mut connection = peer.connect().await;
    let begun = connection.begin(request(peer, namespace)).await;
    begun.unwrap_or_else(|why| panic!("{}: {why}", peer.name()))
}

fn request(peer: &Peer, namespace: &str) -> Request<Body> {
    let query = "watch=1&allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan";
    peer.get(&format!("{}?{query}", collection(namespace)))
}
