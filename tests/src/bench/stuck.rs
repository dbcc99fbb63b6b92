//! W8: watchers that never read, beside others who do: what each of them holds in the server, and
//! whether the others notice.

use super::Plan;
use super::client::Connection;
use super::crowd::{Connections, Crowd, now, watch};
use super::fanout::{self, patch};
use super::objects::collection;
use super::peers::{Peer, Peers};
use super::rounds::Round;
use super::row::{Row, Unit};
use http::StatusCode;
use hyper::body::Incoming;
use std::sync::Arc;

/// Who reads, and who does not.
const HEALTHY: usize = 100;
const STUCK: usize = 200;
/// The window of a stream that is not read: what fits into it is the client's.
const WINDOW: u32 = 64 << 10;
/// Writes of a burst: some six windows.
const BURST: u64 = 300;
/// Each round starts both servers anew.
const ROUNDS: usize = 3;

/// What one round found of one server.
#[derive(Clone, Copy)]
struct Found {
    /// KiB of each stuck watcher.
    held: f64,
    /// p99 of the others, in milliseconds: before, and beside the stuck.
    p99: [f64; 2],
    /// Watches that were read and that it ended nevertheless.
    ended: usize,
}

/// Memory and the others' p99.
pub(super) async fn rows(peers: &mut Peers, plan: Plan) -> Vec<Row> {
    fanout::store(peers).await;
    let mut rounds = Vec::new();
    for round in 1..=ROUNDS.min(plan.rounds) {
        (plan.tell)(&format!("watchers that never read, {round} of {ROUNDS}"));
        let ours = found(&mut peers.ours, &peers.watched).await;
        rounds.push(Round::pair(ours, found(&mut peers.go, &peers.watched).await));
    }
    assert!(rounds.iter().all(|round| round.ours.ended == 0), "ours ended watches that were read");
    let ended = rounds.iter().filter_map(|round| round.go.map(|go| go.ended)).max().unwrap_or_default();
    let figures = |figure: fn(&Found) -> f64| super::rounds::figures(&rounds, figure);
    let besides = Row::of(
        "W8",
        format!("p99 of {HEALTHY} watchers, {STUCK} stuck beside"),
        Unit::Millis,
        &rounds.iter().map(beside_the_stuck).collect::<Vec<_>>(),
    );
    vec![
        Row::of(
            "W8",
            format!("RSS of a stuck watcher, {STUCK} of them"),
            Unit::Kibibytes,
            &figures(|f| f.held),
        )
        .at_most(80.0)
        .note(format!("they share a connection and never read; {BURST} events of 1.3 KB follow")),
        besides.within(1.1).note(format!(
            "the floor is ours without the stuck; Go ended up to {ended} of the {HEALTHY} that were read"
        )),
    ]
}

/// Ours and Go's with the stuck; ours without them as the floor.
fn beside_the_stuck(round: &Round<Found>) -> Round<f64> {
    let floor = Some(round.ours.p99[0]);
    Round { floor, ..round.map(|found| found.p99[1]) }
}

async fn found(peer: &mut Arc<Peer>, namespace: &str) -> Found {
    peer.server_mut().start_again().await;
    let crowd = Crowd::open(peer, namespace, HEALTHY, Connections::One).await;
    let process = peer.process();
    let mut writes = 0;
    // What is kept of the past is kept with stuck watchers and without: the first burst pays for it.
    burst(peer, namespace, &crowd, &mut writes).await;
    let (without, _) = burst(peer, namespace, &crowd, &mut writes).await;
    let before = process.at_rest(peer.name()).await;
    let stuck = stuck(peer, namespace).await;
    let (with, ended) = burst(peer, namespace, &crowd, &mut writes).await;
    let after = process.at_rest(peer.name()).await;
    drop(stuck);
    Found { held: after.saturating_sub(before) as f64 / 1024.0 / STUCK as f64, p99: [without, with], ended }
}

/// p99 of one burst, in milliseconds, and how many watches had ended behind it.
async fn burst(peer: &Peer, namespace: &str, crowd: &Crowd, writes: &mut u64) -> (f64, usize) {
    let mut connection = peer.connect().await;
    let end = *writes + BURST;
    while *writes < end {
        crowd.sending(*writes);
        let (status, _, body) = connection.whole(patch(peer, namespace, *writes)).await;
        assert_eq!(status, StatusCode::OK, "{}: {body:?}", peer.name());
        *writes += 1;
    }
    let ended = crowd.seen(*writes).await;
    (crowd.p99().as_secs_f64() * 1e3, ended)
}

/// Watches whose bodies are kept and never read.
async fn stuck(peer: &Peer, namespace: &str) -> (Connection, Vec<Incoming>) {
    let opened = Connection::open_with(peer.endpoint(), peer.identity(), WINDOW).await;
    let mut connection = opened.unwrap_or_else(|why| panic!("connecting to {}: {why}", peer.name()));
    let path = format!("{}?watch=1&resourceVersion={}", collection(namespace), now(peer, namespace).await);
    let mut bodies = Vec::new();
    for _ in 0..STUCK {
        bodies.push(watch(&mut connection, peer.get(&path)).await);
    }
    (connection, bodies)
}
