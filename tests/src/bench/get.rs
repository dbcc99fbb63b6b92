//! One object at a time, 32 requests under way, a different object each time.

use super::Plan;
use super::load::Load;
use super::objects::{COUNT, collection, name};
use super::peers::Peers;
use super::rounds::{Pair, rounds};
use super::row::{Row, Unit};
use http::StatusCode;
use std::sync::Arc;

const STREAMS: usize = 32;
/// Coprime with the number of objects, so that every object has its turn and neighbours in the
/// store do not follow each other.
const STRIDE: u64 = 7919;

/// With the consistency both give unasked, and from Go's cache.
pub(super) async fn rows(peers: &Peers, plan: Plan) -> Vec<Row> {
    let consistent = row(peers, plan, "GET, 32 streams", "").await.aiming_at(12.0);
    let cached = row(peers, plan, "GET, 32 streams, resourceVersion=0", "?resourceVersion=0").await;
    vec![consistent, cached]
}

async fn row(peers: &Peers, plan: Plan, what: &str, query: &'static str) -> Row {
    (plan.tell)(what);
    let collection = collection(&peers.read);
    let load = Load {
        streams: STREAMS,
        expected: StatusCode::OK,
        request: Arc::new(move |peer, number| {
            let name = name(number.wrapping_mul(STRIDE) % COUNT);
            peer.get(&format!("{collection}/{name}{query}"))
        }),
    };
    let samples = rounds(peers, &load, plan).await;
    let pairs = samples
        .iter()
        .map(|pair| Pair { ours: pair.ours.cpu_micros(), go: pair.go.cpu_micros() })
        .collect::<Vec<_>>();
    let last = samples[samples.len() - 1];
    Row::of(what, Unit::Micros, &pairs).note(format!(
        "CPU of the server; Go's etcd {:.0} µs beside; {:.0} and {:.0} requests a second; bodies of {} and {} bytes",
        last.go.beside_micros(),
        last.ours.rate(),
        last.go.rate(),
        last.ours.bytes(),
        last.go.bytes()
    ))
}
