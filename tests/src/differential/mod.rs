//! The same requests to two servers, and what differs between the answers.
//!
//! A case is a small text file in `tests/differential/`: exchanges one below the other, played in
//! order in a namespace of its own, against Go's sample-apiserver and against ours.
//! `tests/differential/README.md` says how to write one.

mod case;
mod compare;
mod exchange;
mod mask;

pub use case::{Case, Exchange};
pub use exchange::Player;

use crate::http::Answer;

/// What came of one exchange.
#[derive(Debug)]
pub struct Outcome {
    /// `file: title`
    pub name: String,
    /// What differs without a reason, and reasons that have lost their difference.
    pub unexplained: Vec<String>,
    /// What differs, with the reason the file gives.
    pub explained: Vec<String>,
}

/// Plays a case against both and compares the answers one by one.
pub async fn play(case: &Case, theirs: &mut Player, ours: &mut Player) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for exchange in &case.exchanges {
        let their_answer = theirs.send(exchange).await;
        let our_answer = ours.send(exchange).await;
        outcomes.push(judge(case, exchange, &their_answer, &our_answer));
    }
    outcomes
}

fn judge(case: &Case, exchange: &Exchange, theirs: &Answer, ours: &Answer) -> Outcome {
    let found = compare::differences(&mask::answer(theirs), &mask::answer(ours));
    let mut outcome = Outcome {
        name: format!("{}: {}", case.name, exchange.title),
        unexplained: Vec::new(),
        explained: Vec::new(),
    };
    let mut used = vec![false; exchange.reasons.len()];
    for difference in found {
        let reason = exchange.reasons.iter().position(|(path, _)| difference.is_below(path));
        match reason {
            Some(at) => {
                used[at] = true;
                outcome.explained.push(format!("{difference} ({})", exchange.reasons[at].1));
            }
            None => outcome.unexplained.push(difference.to_string()),
        }
    }
    for ((path, reason), used) in exchange.reasons.iter().zip(used) {
        if !used {
            outcome.unexplained.push(format!("{path}: no longer differs; take out the reason {reason:?}"));
        }
    }
    outcome
}
