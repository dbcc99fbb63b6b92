//! What a Lease means and what to do about it, as client-go's leader election decides; no clock, no network.

use std::time::{Duration, Instant};

use k8s_openapi::api::coordination::v1::LeaseSpec;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use k8s_openapi::jiff::Timestamp;

/// How long others wait for a holder that is not heard of.
pub(super) const DURATION: Duration = Duration::from_secs(15);
/// How long a holder goes on without a renewal: shorter, so that nobody else has begun when it stops.
pub(super) const RENEW_DEADLINE: Duration = Duration::from_secs(10);
/// How often a holder renews, and whoever waits looks.
pub(super) const RETRY: Duration = Duration::from_secs(2);

/// The course of one Lease, as one server sees it.
#[derive(Debug)]
pub(super) struct Election {
    me: String,
    seen: Option<(LeaseSpec, Instant)>,
    was_mine: bool,
}

/// What to do next.
#[derive(Debug, PartialEq)]
pub(super) enum Step {
    /// Write this: it is free, or mine already.
    Write(LeaseSpec),
    /// Somebody else holds it.
    Wait(String),
    /// It was mine, and somebody else has had it since.
    Gone(String),
}

impl Election {
    pub(super) fn new(me: String) -> Self {
        Self { me, seen: None, was_mine: false }
    }

    /// What the Lease says now, if there is one. Its time runs from when it was seen to change: clocks of other
    /// machines are not believed.
    pub(super) fn see(&mut self, found: Option<&LeaseSpec>, now: Instant) {
        if self.seen.as_ref().map(|(spec, _)| spec) != found {
            self.seen = found.map(|spec| (spec.clone(), now));
        }
    }

    /// What was written is there.
    pub(super) fn wrote(&mut self, spec: LeaseSpec, now: Instant) {
        self.seen = Some((spec, now));
        self.was_mine = true;
    }

    pub(super) fn step(&self, now: Instant, wall: Timestamp) -> Step {
        let Some((spec, since)) = &self.seen else {
            return if self.was_mine {
                Step::Gone("nobody".into())
            } else {
                Step::Write(self.taken(None, wall))
            };
        };
        let holder = spec.holder_identity.as_deref().unwrap_or_default();
        if holder == self.me {
            return Step::Write(LeaseSpec { renew_time: Some(MicroTime(wall)), ..spec.clone() });
        }
        let seconds = u64::try_from(spec.lease_duration_seconds.unwrap_or_default()).unwrap_or_default();
        let valid = !holder.is_empty() && *since + Duration::from_secs(seconds) > now;
        match (self.was_mine, valid) {
            (true, _) => Step::Gone(if holder.is_empty() { "nobody" } else { holder }.to_owned()),
            (false, true) => Step::Wait(holder.to_owned()),
            (false, false) => Step::Write(self.taken(Some(spec), wall)),
        }
    }

    /// What leaves the Lease to the next one at once; nothing when it is not mine.
    pub(super) fn released(&self, wall: Timestamp) -> Option<LeaseSpec> {
        let (spec, _) = self.seen.as_ref()?;
        (spec.holder_identity.as_ref() == Some(&self.me)).then(|| LeaseSpec {
            holder_identity: None,
            lease_duration_seconds: Some(1),
            renew_time: Some(MicroTime(wall)),
            acquire_time: Some(MicroTime(wall)),
            ..spec.clone()
        })
    }

    fn taken(&self, before: Option<&LeaseSpec>, wall: Timestamp) -> LeaseSpec {
        let transitions = before.map(|before| before.lease_transitions.unwrap_or_default().saturating_add(1));
        LeaseSpec {
            holder_identity: Some(self.me.clone()),
            lease_duration_seconds: Some(DURATION.as_secs() as i32),
            acquire_time: Some(MicroTime(wall)),
            renew_time: Some(MicroTime(wall)),
            lease_transitions: Some(transitions.unwrap_or_default()),
            ..LeaseSpec::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wall(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    fn held_by(holder: &str) -> LeaseSpec {
        let mut election = Election::new(holder.to_owned());
        election.see(None, Instant::now());
        match election.step(Instant::now(), wall(1)) {
            Step::Write(spec) => spec,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_free_lease_is_taken_and_renewed() {
        let now = Instant::now();
        let mut election = Election::new("me".into());
        let Step::Write(first) = election.step(now, wall(1)) else { panic!("not free") };
        assert_eq!((first.holder_identity.as_deref(), first.lease_transitions), (Some("me"), Some(0)));
        assert_eq!(first.lease_duration_seconds, Some(15));
        election.wrote(first.clone(), now);
        let Step::Write(second) = election.step(now + RETRY, wall(3)) else { panic!("not mine") };
        assert_eq!(second, LeaseSpec { renew_time: Some(MicroTime(wall(3))), ..first });
    }

    #[test]
    fn a_holder_is_waited_for_until_it_was_silent_for_its_duration() {
        let (now, second) = (Instant::now(), Duration::from_secs(1));
        let mut election = Election::new("me".into());
        let mut other = held_by("other");
        election.see(Some(&other), now);
        assert_eq!(election.step(now + 14 * second, wall(1)), Step::Wait("other".into()));
        // The same again is no sign of life; a renewal is.
        election.see(Some(&other), now + 14 * second);
        assert!(matches!(election.step(now + 15 * second, wall(1)), Step::Write(_)));
        other.renew_time = Some(MicroTime(wall(2)));
        election.see(Some(&other), now + 14 * second);
        assert_eq!(election.step(now + 28 * second, wall(1)), Step::Wait("other".into()));
        let Step::Write(taken) = election.step(now + 29 * second, wall(1)) else { panic!("not free") };
        assert_eq!((taken.holder_identity.as_deref(), taken.lease_transitions), (Some("me"), Some(1)));
    }

    #[test]
    fn a_released_lease_is_free_at_once_and_only_mine_is_released() {
        let now = Instant::now();
        let mut holder = Election::new("holder".into());
        assert_eq!(holder.released(wall(1)), None);
        holder.see(Some(&held_by("somebody")), now);
        assert_eq!(holder.released(wall(1)), None);
        holder.wrote(held_by("holder"), now);
        let released = holder.released(wall(1)).expect("mine");
        assert_eq!((&released.holder_identity, released.lease_duration_seconds), (&None, Some(1)));
        let mut next = Election::new("next".into());
        next.see(Some(&released), now);
        assert!(matches!(next.step(now, wall(2)), Step::Write(_)));
    }

    #[test]
    fn what_somebody_else_had_is_not_taken_back() {
        let now = Instant::now();
        let mut election = Election::new("me".into());
        election.wrote(held_by("me"), now);
        let other = held_by("other");
        election.see(Some(&other), now);
        assert_eq!(election.step(now, wall(1)), Step::Gone("other".into()));
        assert_eq!(election.step(now + 20 * DURATION, wall(1)), Step::Gone("other".into()));
        election.see(None, now);
        assert_eq!(election.step(now, wall(1)), Step::Gone("nobody".into()));
        // One that is found in my name is mine: I was here before, on the same store.
        election.see(Some(&held_by("me")), now);
        assert!(matches!(election.step(now, wall(1)), Step::Write(_)));
    }
}
