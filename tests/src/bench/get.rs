//! One object at a time, 32 requests under way.
//!
//! Whether a user may get an object of one name is a question of its own to kube-apiserver, which
//! both servers ask once in ten seconds. So a few objects are asked for again and again to measure
//! what answering costs, and all of them in turn to measure what that question adds.

use super::Plan;
use super::load::Load;
use super::objects::{COUNT, collection, name};
use super::peers::Peers;
use super::rounds::{Pair, rounds};
use super::row::{Row, Unit};
use http::StatusCode;
use std::sync::Arc;

const STREAMS: usize = 32;
/// So few that asking whether they may be read is lost in a sample, and they lie far apart.
const FEW: u64 = 16;
/// Coprime with the number of objects, so that each has its turn before one comes again.
const STRIDE: u64 = 7919;

/// With the consistency both give unasked, from Go's cache, and where nothing is known of the right.
pub(super) async fn rows(peers: &Peers, plan: Plan) -> Vec<Row> {
    let few = |number: u64| number % FEW * (COUNT / FEW);
    let all = |number: u64| number.wrapping_mul(STRIDE) % COUNT;
    vec![
        row(peers, plan, "GET, 32 streams", few, "").await.aiming_at(12.0),
        row(peers, plan, "GET, resourceVersion=0", few, "?resourceVersion=0").await,
        row(peers, plan, "GET, access review each", all, "").await,
    ]
}

async fn row(peers: &Peers, plan: Plan, what: &str, object: fn(u64) -> u64, query: &'static str) -> Row {
    (plan.tell)(what);
    let collection = collection(&peers.read);
    let load = Load {
        streams: STREAMS,
        expected: StatusCode::OK,
        request: Arc::new(move |peer, number| {
            peer.get(&format!("{collection}/{}{query}", name(object(number))))
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
