//! When a quiet watch is told how far it is.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::jitter;

/// About how often.
const PAUSE: Duration = Duration::from_secs(60);
/// How long before the end for the last time.
const LAST: Duration = Duration::from_secs(2);

/// When bookmarks are due.
pub(super) struct Bookmarks {
    next: Instant,
    last: Option<Instant>,
}

impl Bookmarks {
    pub(super) fn new(now: Instant, deadline: Instant) -> Self {
        let last = deadline.checked_sub(LAST).filter(|last| *last > now);
        Bookmarks { next: now + whole(Bookmarks::pause()), last }
    }

    /// About a minute, give or take a quarter.
    fn pause() -> Duration {
        PAUSE * 3 / 4 + jitter(PAUSE / 2)
    }

    /// When the next one is due.
    pub(super) fn due(&self) -> Instant {
        self.last.map_or(self.next, |last| last.min(self.next))
    }

    /// One was sent.
    pub(super) fn told(&mut self, now: Instant) {
        self.last = self.last.filter(|last| *last > now);
        self.next = now + whole(Bookmarks::pause());
    }
}

/// A little longer, so that it ends at a whole second: watches are woken together, and not one by one.
fn whole(pause: Duration) -> Duration {
    let clock = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let beyond = Duration::from_nanos(u64::from((clock + pause).subsec_nanos()));
    pause + (Duration::from_secs(1) - beyond)
}
