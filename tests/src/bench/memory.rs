//! W10: what a server holds for each object and for each watcher.

use super::Plan;
use super::crowd::{Connections, Crowd};
use super::peers::{Peer, Peers};
use super::rounds::Round;
use super::row::{Row, Unit};
use std::sync::Arc;

/// Watchers that share a connection, and watchers with one each.
const SHARING: usize = 1000;
const APART: usize = 500;
/// Each round starts both servers anew: a heap that has grown shows nothing of what comes next.
const ROUNDS: usize = 3;

/// For each watcher.
pub(super) async fn watchers(peers: &mut Peers, plan: Plan) -> Vec<Row> {
    let (mut sharing, mut apart) = (Vec::new(), Vec::new());
    for round in 1..=ROUNDS {
        (plan.tell)(&format!("memory of watchers, {round} of {ROUNDS}"));
        for (count, connections, rounds) in
            [(SHARING, Connections::One, &mut sharing), (APART, Connections::Each, &mut apart)]
        {
            let ours = grown(&mut peers.ours, &peers.watched, count, connections).await;
            let go = grown(&mut peers.go, &peers.watched, count, connections).await;
            rounds.push(Round::pair(ours, go));
        }
    }
    vec![
        Row::of("W10", format!("RSS of a watcher, {SHARING} on one connection"), Unit::Kibibytes, &sharing)
            .aiming_at(15.0)
            .at_most(8.0),
        Row::of("W10", format!("RSS of a watcher, {APART} with a connection each"), Unit::Kibibytes, &apart)
            .aiming_at(2.0)
            .at_most(80.0),
    ]
}

/// For each object: `empty` is what both hold without any, `full` what both hold with `count`, in
/// bytes, each after a start.
pub(super) fn objects(count: u64, encoded: u64, empty: &[Round<f64>], full: &[Round<f64>]) -> Row {
    let each = |empty: f64, full: f64| (full - empty) / count as f64;
    let pairs = empty.iter().zip(full).map(|(empty, full)| Round {
        ours: each(empty.ours, full.ours),
        go: empty.go.zip(full.go).map(|(empty, full)| each(empty, full)),
        floor: Some(encoded as f64),
    });
    let pairs = pairs.collect::<Vec<_>>();
    Row::of("W10", format!("RSS of an object, {count} stored"), Unit::Bytes, &pairs)
        .aiming_at(8.0)
        .within(1.4)
        .note("both at rest after a start; the floor is its JSON as served by ours")
}

/// KiB that each of so many quiet watchers adds to a server that has just started.
async fn grown(peer: &mut Arc<Peer>, namespace: &str, count: usize, connections: Connections) -> f64 {
    peer.server_mut().start_again().await;
    // The first watch brings what all of them share.
    drop(Crowd::open(peer, namespace, 1, connections).await);
    let process = peer.process();
    let before = process.at_rest(peer.name()).await;
    let _crowd = Crowd::open(peer, namespace, count, connections).await;
    let after = process.at_rest(peer.name()).await;
    after.saturating_sub(before) as f64 / 1024.0 / count as f64
}
