//! Samples, interleaved: every round asks each side once, and each round begins with another.

use super::Plan;
use super::peers::Peer;
use std::sync::Arc;

/// What one round found of each side.
#[derive(Clone, Copy, Debug)]
pub(super) struct Round<T> {
    pub(super) ours: T,
    pub(super) go: Option<T>,
    pub(super) floor: Option<T>,
}

impl<T> Round<T> {
    /// Without a floor.
    pub(super) fn pair(ours: T, go: T) -> Self {
        Self { ours, go: Some(go), floor: None }
    }

    /// The same figure of each side.
    pub(super) fn map<U>(&self, figure: impl Fn(&T) -> U) -> Round<U> {
        Round {
            ours: figure(&self.ours),
            go: self.go.as_ref().map(&figure),
            floor: self.floor.as_ref().map(figure),
        }
    }
}

/// The same figure of every round.
pub(super) fn figures<T>(rounds: &[Round<T>], figure: impl Fn(&T) -> f64) -> Vec<Round<f64>> {
    rounds.iter().map(|round| round.map(&figure)).collect()
}

/// Who is compared.
#[derive(Clone, Copy)]
pub(super) struct Contest<'a> {
    pub(super) ours: &'a Arc<Peer>,
    pub(super) go: Option<&'a Arc<Peer>>,
    pub(super) floor: Option<&'a Arc<Peer>>,
}

/// Takes one round to warm all of them up, then as many as planned.
pub(super) async fn rounds<T>(
    contest: Contest<'_>,
    plan: Plan,
    sample: impl AsyncFnMut(&Arc<Peer>) -> T,
) -> Vec<Round<T>> {
    let rounds = rounds_beside(contest, plan, sample, async || ()).await;
    rounds.into_iter().map(|(round, ())| round).collect()
}

/// The same with something else in each round, at the end of it.
pub(super) async fn rounds_beside<T, U>(
    contest: Contest<'_>,
    plan: Plan,
    mut sample: impl AsyncFnMut(&Arc<Peer>) -> T,
    mut beside: impl AsyncFnMut() -> U,
) -> Vec<(Round<T>, U)> {
    let sides = [Some(contest.ours), contest.go, contest.floor];
    let mut taken = Vec::new();
    for round in 0..=plan.rounds {
        let mut found = [None, None, None];
        for turn in 0..sides.len() {
            let side = (turn + round) % sides.len();
            if let Some(peer) = sides[side] {
                found[side] = Some(sample(peer).await);
            }
        }
        let [Some(ours), go, floor] = found else { unreachable!("ours is part of every contest") };
        let beside = beside().await;
        if round > 0 {
            taken.push((Round { ours, go, floor }, beside));
        }
    }
    taken
}
