//! Random calls of several tasks at once, judged by their revisions. The script is random and repeatable, what the
//! threads make of it is not: a seed that failed is played again and again.

mod actor;
mod judge;
mod play;
mod record;
mod script;
mod timeline;

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hasher as _};
use std::time::{Duration, Instant};

use proptest::strategy::{Strategy as _, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use tokio::time::timeout;

use self::play::Place;
use self::script::Script;
use super::super::Prefix;
use super::Subject;

/// How many histories are part of a run of the suite.
const FEW: usize = 12;
/// How often a seed that is asked for is played.
const REPEATS: usize = 50;
/// After this a history counts as hanging.
const HANGS: Duration = Duration::from_secs(60);
/// How long to look for a smaller script that fails too.
const SHRINKING: Duration = Duration::from_secs(20);
/// How often a smaller script is played before it counts as harmless.
const ATTEMPTS: usize = 3;

pub(super) async fn random_calls_keep_their_order(subject: Subject) {
    many(&subject, FEW).await;
}

pub(super) async fn random_calls_keep_their_order_over_crashes(subject: Subject) {
    if subject.crashes() && subject.open().await.facts().durable {
        Histories { subject: &subject, crashing: true, played: 0 }.play(FEW).await;
    }
}

/// Plays so many histories, and as many more over crashes as a tenth of them where the subject crashes.
pub(super) async fn many(subject: &Subject, count: usize) {
    Histories { subject, crashing: false, played: 0 }.play(count).await;
    if count > FEW && subject.crashes() && subject.open().await.facts().durable {
        Histories { subject, crashing: true, played: count }.play(count / 10).await;
    }
}

struct Histories<'a> {
    subject: &'a Subject,
    crashing: bool,
    /// Each history has a prefix of its own in the same store.
    played: usize,
}

enum Failed {
    Judged(String),
    Hung,
}

impl Histories<'_> {
    async fn play(&mut self, count: usize) {
        let wanted = std::env::var("AGGBOOT_SEED").ok().and_then(|seed| seed.parse::<u64>().ok());
        let first = wanted.unwrap_or_else(|| RandomState::new().build_hasher().finish());
        for number in 0..if wanted.is_some() { REPEATS } else { count } {
            let seed = if wanted.is_some() { first } else { first.wrapping_add(number as u64) };
            let mut tree = tree(seed);
            if let Err(failed) = self.once(&tree.current()).await {
                let (script, why) = self.smallest(&mut tree, failed).await;
                panic!("{why}\n(AGGBOOT_SEED={seed} plays it again) {script:?}");
            }
        }
    }

    async fn once(&mut self, script: &Script) -> Result<(), Failed> {
        self.played += 1;
        let under = Prefix::new(format!("g/history-{}/", self.played));
        let playing = async {
            let place = Place::open(self.subject, under).await;
            if self.crashing { place.play_over_a_crash(script).await } else { place.play(script).await }
        };
        let history = timeout(HANGS, playing).await.map_err(|_| Failed::Hung)?;
        history.and_then(|history| judge::judge(&history)).map_err(Failed::Judged)
    }

    /// The smallest script that was found to fail, and how.
    async fn smallest(
        &mut self,
        tree: &mut (impl ValueTree<Value = Script> + Send),
        failed: Failed,
    ) -> (Script, String) {
        let mut why = match failed {
            Failed::Judged(why) => why,
            Failed::Hung => return (tree.current(), format!("nothing after {} s", HANGS.as_secs())),
        };
        let (began, mut script) = (Instant::now(), tree.current());
        while began.elapsed() < SHRINKING && tree.simplify() {
            let smaller = tree.current();
            let mut attempts = 0..ATTEMPTS;
            let failed = loop {
                match attempts.next() {
                    None => break None,
                    Some(_) => match self.once(&smaller).await {
                        Err(Failed::Judged(why)) => break Some(why),
                        Err(Failed::Hung) | Ok(()) => {}
                    },
                }
            };
            match failed {
                Some(shorter) => (script, why) = (smaller, shorter),
                None if tree.complicate() => {}
                None => break,
            }
        }
        (script, why)
    }
}

/// The script of a seed, with ways to make it smaller.
fn tree(seed: u64) -> impl ValueTree<Value = Script> + Send {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let random = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config::default(), random);
    script::scripts().new_tree(&mut runner).expect("nothing is filtered out")
}
