//! When a quiet watch is told how far it is.

use std::time::Duration;

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
        Bookmarks { next: now + Bookmarks::pause(), last }
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
        self.next = now + Bookmarks::pause();
    }
}
