//! When a watch asks etcd how far it is. Pure.

use std::time::Duration;

use tokio::time::Instant;

/// How soon etcd is asked again: it does not answer while a watch is behind.
const ASK: Duration = Duration::from_millis(10);
const LONGEST_ASK: Duration = Duration::from_millis(100);
/// An idle watch asks so often, so that it does not stay behind what others compact.
const IDLE: Duration = Duration::from_secs(30);

/// When to ask.
#[derive(Debug)]
pub(super) struct Asking {
    /// At the latest.
    pub(super) next: Instant,
    pause: Duration,
    /// How far the watch was when it asked for what it is behind.
    asked: Option<i64>,
}

impl Asking {
    pub(super) fn from(now: Instant) -> Self {
        Self { next: now + IDLE, pause: ASK, asked: None }
    }

    /// Whether to ask now, who is told of all up to `through`. One who is behind asks at once, and again with growing pauses.
    pub(super) fn now(&mut self, now: Instant, through: i64, wanted: i64) -> bool {
        let (behind, first) = (wanted > through, self.asked.is_none());
        let ask = (behind && first) || now >= self.next;
        if !behind {
            self.next = now + IDLE;
            self.asked = None;
        } else if ask {
            self.pause = if first { ASK } else { (self.pause * 2).min(LONGEST_ASK) };
            self.next = now + self.pause;
            self.asked.get_or_insert(through);
        }
        ask
    }

    /// etcd answered, and the watch is as far as `through`. If that is further, but more is wanted meanwhile, it is asked again
    /// at once; a member that is where it was is not.
    pub(super) fn answered(&mut self, through: i64) {
        self.asked = self.asked.filter(|asked| through <= *asked);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_behind_asks_at_once_and_then_less_often() {
        let begin = Instant::now();
        let mut asking = Asking::from(begin);
        assert!(!asking.now(begin, 5, 5));
        assert!(asking.now(begin, 5, 6));
        let mut at = begin;
        for pause in [10, 20, 40, 80, 100, 100] {
            assert!(!asking.now(at, 5, 7), "it has asked");
            assert_eq!(asking.next - at, Duration::from_millis(pause));
            at = asking.next;
            assert!(asking.now(at, 5, 7));
        }
        assert!(!asking.now(at, 7, 7));
        assert_eq!(asking.next - at, IDLE);
    }

    #[test]
    fn an_answer_that_is_not_enough_any_more_is_asked_for_again_at_once() {
        let now = Instant::now();
        let mut asking = Asking::from(now);
        for through in 5..20 {
            assert!(asking.now(now, through, through + 1), "{through}");
            assert!(!asking.now(now, through, through + 2), "{through}: it has asked");
            asking.answered(through + 1);
            assert_eq!(asking.next - now, ASK);
        }
    }

    #[test]
    fn an_answer_that_says_nothing_new_is_not() {
        let now = Instant::now();
        let mut asking = Asking::from(now);
        assert!(asking.now(now, 5, 9));
        asking.answered(5);
        assert!(!asking.now(now, 5, 9));
        // What it has got meanwhile by events counts too.
        asking.answered(7);
        assert!(asking.now(now, 7, 9));
    }

    #[test]
    fn an_idle_watch_asks_now_and_then() {
        let begin = Instant::now();
        let mut asking = Asking::from(begin);
        assert!(!asking.now(begin + IDLE / 2, 5, 0));
        assert!(asking.now(asking.next, 5, 0));
        assert!(!asking.now(begin + IDLE, 5, 0));
    }
}
