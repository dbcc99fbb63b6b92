//! Pairs of samples, interleaved.

use super::Plan;
use super::load::{Load, Sample, sample};
use super::peers::Peers;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// One round: ours and Go's, one after the other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair<T> {
    pub(super) ours: T,
    pub(super) go: T,
}

/// Takes one pair to warm both up, then a pair for each round, the one first that was second before.
pub(super) async fn rounds(peers: &Peers, load: &Load, plan: Plan) -> Vec<Pair<Sample>> {
    let (ours, go) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let mut pairs = Vec::new();
    for round in 0..=plan.rounds {
        let pair = if round % 2 == 0 {
            let ours = sample(&peers.ours, load, &ours).await;
            Pair { ours, go: sample(&peers.go, load, &go).await }
        } else {
            let go = sample(&peers.go, load, &go).await;
            Pair { ours: sample(&peers.ours, load, &ours).await, go }
        };
        if round > 0 {
            pairs.push(pair);
        }
    }
    pairs
}
