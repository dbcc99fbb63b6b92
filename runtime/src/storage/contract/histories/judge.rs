//! Whether a history keeps the contract, judged by its revisions alone.
//!
//! The log of events is the order in which things happened. Everything else has to agree with it: each acknowledged
//! write is in it, at its revision; each event was asked for; whatever began after something was shown is above it;
//! and each read is the state of the log at the revision that it names.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use bytes::Bytes;

use super::super::super::{
    At, Error, Event, Expect, Key, Prefix, Read, Result as Answer, Revision, Stored, Write,
};
use super::play::gone;
use super::record::{Call, History, Watched, What};
use super::timeline::Timeline;

#[cfg(test)]
mod tests;

type Verdict = Result<(), String>;

/// A write that somebody asked for.
type Asked<'a> = (&'a Call, &'a Write, &'a Answer<Revision>);

/// Says what is wrong, if anything is.
pub(super) fn judge(history: &History) -> Verdict {
    let judge = Judge::new(history);
    judge.the_log_is_in_order()?;
    judge.each_event_was_asked_for()?;
    history.calls.iter().try_for_each(|call| judge.call(call))?;
    judge.nothing_goes_back()?;
    history.watches.iter().chain([&history.log]).try_for_each(|watched| judge.watch(watched))
}

struct Judge<'a> {
    history: &'a History,
    log: &'a [Arc<Event>],
    timeline: Timeline<'a>,
    /// When a revision was shown to anybody, with the highest that was shown until then.
    shown: Vec<(u64, Revision)>,
}

macro_rules! must {
    ($holds:expr, $($why:tt)*) => {
        if !$holds {
            return Err(format!($($why)*));
        }
    };
}

impl<'a> Judge<'a> {
    fn new(history: &'a History) -> Self {
        let log = &history.log.events;
        let calls = history.calls.iter().filter_map(|call| Some((call.ended, call.shows()?)));
        let watches = history.watches.iter().chain([&history.log]);
        let progress = watches.flat_map(|watched| watched.progress.iter().copied());
        let mut shown: Vec<_> = calls.chain(progress).collect();
        shown.sort_unstable();
        let mut highest = history.start;
        for (_, revision) in &mut shown {
            highest = highest.max(*revision);
            *revision = highest;
        }
        Self { history, log, timeline: Timeline::new(log), shown }
    }

    /// What was shown before a moment: whatever begins then is not below it.
    fn floor(&self, began: u64) -> Revision {
        let before = self.shown.partition_point(|(ended, _)| *ended < began);
        before.checked_sub(1).map_or(self.history.start, |last| self.shown[last].1)
    }

    fn the_log_is_in_order(&self) -> Verdict {
        let mut last = self.history.start;
        for event in self.log {
            must!(last < event.revision, "the log has {} after {last}", event.revision);
            last = event.revision;
            let before = self.timeline.before(&event.key, event.revision);
            must!(event.previous.as_ref() == before, "{event:?} replaced {before:?}");
        }
        Ok(())
    }

    /// Each event is of one write that may have done it, with its precondition, and of no other.
    fn each_event_was_asked_for(&self) -> Verdict {
        let mut values: HashMap<&Bytes, Asked<'_>> = HashMap::new();
        let mut deletions: BTreeMap<(&Key, Revision), Vec<Asked<'_>>> = BTreeMap::new();
        for call in &self.history.calls {
            let What::Write(write, outcome) = &call.what else { continue };
            match (&write.value, write.expect) {
                (Some(value), _) => drop(values.insert(value, (call, write, outcome))),
                (None, Expect::Is(revision)) => {
                    deletions.entry((&write.key, revision)).or_default().push((call, write, outcome));
                }
                (None, Expect::Absent) => {}
            }
        }
        for event in self.log {
            let of_value = event.value.as_ref().and_then(|value| values.remove(value));
            let replaced = event.previous.as_ref().map(|previous| (&event.key, previous.revision));
            let mut deleting =
                || replaced.and_then(|replaced| deletions.remove(&replaced)).unwrap_or_default();
            let asked = if event.value.is_some() { Vec::from_iter(of_value) } else { deleting() };
            self.one_did_it(event, &asked)?;
        }
        Ok(())
    }

    fn one_did_it(&self, event: &Event, asked: &[Asked<'_>]) -> Verdict {
        let did = |outcome: &Answer<Revision>| match outcome {
            Ok(revision) => *revision == event.revision,
            Err(why) => matches!(why, Error::Unknown { .. }),
        };
        // A deletion may be asked for by many. Who was told that it was theirs did it, else the first may have.
        let asked_first = |(call, _, outcome): &&Asked<'_>| (outcome.is_err(), call.began);
        let doer = asked.iter().filter(|(_, _, outcome)| did(outcome)).min_by_key(asked_first);
        let Some((call, write, _)) = doer else {
            return Err(format!("nobody did {event:?}, but this was asked: {asked:?}"));
        };
        let before = self.timeline.before(&event.key, event.revision);
        let held = match write.expect {
            Expect::Absent => before.is_none(),
            Expect::Is(revision) => before.is_some_and(|before| before.revision == revision),
        };
        must!(write.key == event.key && held, "{write:?} was done at {} over {before:?}", event.revision);
        let floor = self.floor(call.began);
        must!(event.revision > floor, "{write:?} is at {}, but began after {floor}", event.revision);
        Ok(())
    }

    fn call(&self, call: &Call) -> Verdict {
        let floor = self.floor(call.began);
        let judged = match &call.what {
            What::Write(write, Ok(revision)) => self.acknowledged(write, *revision),
            What::Write(write, Err(Error::Conflict { key, current })) => {
                self.conflict(write, key, current.as_deref(), floor)
            }
            What::Get(key, at, Ok(read)) => self.read(*at, read.at, floor).and_then(|()| {
                let expected = self.timeline.at(key, read.at);
                must!(read.value.as_ref() == expected, "{key} was {expected:?} at {}", read.at);
                Ok(())
            }),
            What::List(prefix, at, Ok(read)) => {
                self.read(*at, read.at, floor).and_then(|()| self.listed(prefix, read))
            }
            What::Barrier(Ok(revision)) => below(floor, *revision),
            What::Write(_, Err(Error::Unknown { .. })) | What::Compact(..) => Ok(()),
            What::Get(_, at, Err(why)) | What::List(_, at, Err(why)) => self.refused(*at, why, call.ended),
            What::Write(_, Err(why)) | What::Barrier(Err(why)) => self.refused(At::Latest, why, call.ended),
        };
        judged.map_err(|why| format!("{why}: {call:?}"))
    }

    fn acknowledged(&self, write: &Write, revision: Revision) -> Verdict {
        let found = self.log.binary_search_by_key(&revision, |event| event.revision);
        let event = found.ok().map(|place| &self.log[place]);
        let is_there = event.is_some_and(|event| event.key == write.key && event.value == write.value);
        must!(is_there, "acknowledged, and the log has {event:?}");
        Ok(())
    }

    /// What a lost compare found was there while it was compared.
    fn conflict(&self, write: &Write, key: &Key, current: Option<&Stored>, floor: Revision) -> Verdict {
        must!(*key == write.key, "a conflict of another key");
        let held = match write.expect {
            Expect::Absent => current.is_none() && write.value.is_some(),
            Expect::Is(revision) => current.is_some_and(|current| current.revision == revision),
        };
        must!(!held, "a conflict with what was expected");
        must!(
            self.timeline.was(key, current, floor),
            "a conflict with what was not there any more at {floor}"
        );
        Ok(())
    }

    /// That a read is of a state that it may see.
    fn read(&self, asked: At, at: Revision, floor: Revision) -> Verdict {
        match asked {
            At::Latest => below(floor, at),
            At::NotBefore(revision) => below(revision, at),
            At::Exactly(revision) => {
                must!(revision == at, "asked for {revision}");
                Ok(())
            }
            At::Any => Ok(()),
        }
    }

    fn listed(&self, prefix: &Prefix, read: &Read<Vec<Stored>>) -> Verdict {
        let expected = self.timeline.under(prefix, read.at);
        must!(read.value.iter().eq(expected.iter().copied()), "there was {expected:?} at {}", read.at);
        Ok(())
    }

    fn refused(&self, at: At, why: &Error, ended: u64) -> Verdict {
        let compacted = |asked: Revision| {
            let by_us = |call: &Call| matches!(call.what, What::Compact(through, _) if through > asked && call.began < ended);
            self.history.shared || self.history.calls.iter().any(by_us)
        };
        match (at, why) {
            (At::Exactly(revision), Error::Compacted { asked, oldest }) => {
                must!(*asked == revision && oldest > asked, "asked for {revision}");
                must!(compacted(revision), "nobody compacted it");
                Ok(())
            }
            _ if self.history.crashed && gone(why) => Ok(()),
            _ => Err("refused without a reason".into()),
        }
    }

    /// Reads of anything are never older for one caller than what it was answered before.
    fn nothing_goes_back(&self) -> Verdict {
        let mut last: HashMap<usize, Revision> = HashMap::new();
        for call in &self.history.calls {
            let (At::Any, Some(at)) = (call.at(), call.shows()) else { continue };
            let before = last.insert(call.task, at);
            must!(before <= Some(at), "{at} after {before:?}: {call:?}");
        }
        Ok(())
    }

    /// A watch tells what the log says of its prefix, all of it, once.
    fn watch(&self, watched: &Watched) -> Verdict {
        let Watched { prefix, from, events, failed, .. } = watched;
        // A write that nobody waited for may come when the log is closed.
        let through = watched.through().min(self.history.log.through());
        let mut told = events.iter().filter(|event| event.revision <= through);
        let mut expected = self.log.iter().filter(|event| {
            event.key.under(prefix).is_some() && event.revision > *from && event.revision <= through
        });
        loop {
            match (told.next(), expected.next()) {
                (None, None) => break,
                (told, expected) => {
                    let whose = format!("a watch of {prefix} from {from} through {through}");
                    must!(told == expected, "{whose} told {told:?} and not {expected:?}");
                }
            }
        }
        match failed {
            None | Some(Error::Compacted { .. }) => Ok(()),
            Some(why) if self.history.crashed && gone(why) => Ok(()),
            Some(why) => Err(format!("a watch of {prefix} from {from} ended: {why}")),
        }
    }
}

fn below(floor: Revision, at: Revision) -> Verdict {
    must!(floor <= at, "{at} is below {floor}, which was shown before");
    Ok(())
}

impl Call {
    fn at(&self) -> At {
        match &self.what {
            What::Get(_, at, _) | What::List(_, at, _) => *at,
            _ => At::Latest,
        }
    }
}
