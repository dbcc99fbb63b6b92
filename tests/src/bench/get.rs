//! W1: one object at a time, 32 requests under way.
//!
//! Whether a user may get an object of one name is a question of its own to kube-apiserver, which
//! both servers ask once in ten seconds. So a few objects are asked for again and again to measure
//! what answering costs, and all of them in turn to measure what that question adds.

use super::Plan;
use super::load::{Load, Sample, sample};
use super::objects::{COUNT, collection, name};
use super::open_loop;
use super::peers::Peers;
use super::rounds::{Contest, figures, rounds};
use super::row::{Row, Unit};
use http::StatusCode;
use std::sync::Arc;

const STREAMS: usize = 32;
/// So few that asking whether they may be read is lost in a sample, and they lie far apart.
const FEW: u64 = 16;
/// Coprime with the number of objects, so that each has its turn before one comes again.
const STRIDE: u64 = 7919;
/// Where the floor keeps the bytes of one.
const BARE: &str = "/one";

/// Of Go's best rate, what every server is asked for where answers are timed.
const SHARE: f64 = 0.7;

/// With the consistency both give unasked, from Go's cache, and where nothing is known of the right.
pub(super) async fn rows(peers: &Peers, plan: Plan) -> Vec<Row> {
    let few = |number: u64| number % FEW * (COUNT / FEW);
    let all = |number: u64| number.wrapping_mul(STRIDE) % COUNT;
    let path = format!("{}/{}", collection(&peers.read), name(few(1)));
    peers.teach(BARE, peers.ours.get(&path)).await;
    let unasked = load(peers, few, "");
    let [cpu, rate] = row(peers.three(), plan, "GET, 32 streams", &unasked).await;
    let best = rate.go.map_or(0.0, |rate| rate.median);
    let mut rows = vec![cpu.aiming_at(12.0).within(1.8), rate];
    if plan.quick {
        return rows;
    }
    rows.push(timed(peers, plan, &unasked, best * SHARE).await);
    let cached = load(peers, few, "?resourceVersion=0");
    rows.extend(row(peers.three(), plan, "GET, resourceVersion=0", &cached).await);
    rows.extend(row(peers.pair(), plan, "GET, access review each", &load(peers, all, "")).await);
    rows
}

/// How long answers take where requests come at so many a second, whoever is behind.
async fn timed(peers: &Peers, plan: Plan, load: &Load, rate: f64) -> Row {
    (plan.tell)("GET at 70 % of Go's best rate");
    let p99 = rounds(peers.three(), plan, async |peer| open_loop::p99(peer, load, rate).await).await;
    Row::of("W1", "GET at 70 % of Go's best rate, p99", Unit::Millis, &p99)
        .aiming_at(5.0)
        .within(2.0)
        .note(format!("{rate:.0} a second, each timed from the moment it was due"))
}

fn load(peers: &Peers, object: fn(u64) -> u64, query: &'static str) -> Load {
    let collection = collection(&peers.read);
    Load {
        streams: STREAMS,
        expected: StatusCode::OK,
        request: Arc::new(move |peer, number| match peer.is_floor() {
            true => peer.get(BARE),
            false => peer.get(&format!("{collection}/{}{query}", name(object(number)))),
        }),
    }
}

/// CPU and rate.
async fn row(contest: Contest<'_>, plan: Plan, what: &str, load: &Load) -> [Row; 2] {
    (plan.tell)(what);
    let samples = rounds(contest, plan, async |peer| sample(peer, load).await).await;
    let last = samples[samples.len() - 1];
    let beside = last.go.map_or(0.0, |go| go.beside_micros());
    let bytes = last.map(Sample::bytes);
    let cpu = Row::of("W1", what, Unit::Micros, &figures(&samples, Sample::cpu_micros));
    let rate = Row::of("W1", format!("{what}, rate"), Unit::PerSecond, &figures(&samples, Sample::rate));
    let bodies = format!("bodies of {} and {} bytes", bytes.ours, bytes.go.unwrap_or(0));
    [
        cpu.note(format!("CPU of the server; Go's etcd {beside:.0} µs beside; {bodies}")),
        rate.with_client(&figures(&samples, Sample::client_share)),
    ]
}
