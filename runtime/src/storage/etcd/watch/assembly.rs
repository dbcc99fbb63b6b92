//! From the responses of a watch stream to whole revisions, in order and once. Pure.
//!
//! A stream carries two watches: that of the data, and that of the base, so that a raise is seen in its place among the events.

use crate::storage::etcd::proto::{self, Event, KeyValue, WatchResponse};

/// The id of the watch of the data.
pub(super) const DATA: i64 = 1;
/// The id of the watch of the base.
pub(super) const BASE: i64 = 2;
/// etcd's id where it speaks of all watches of a stream.
const ALL: i64 = -1;

/// How far a watch is.
#[derive(Debug)]
pub(super) struct Assembly {
    through: i64,
    /// The beginning of a response that is sent in fragments.
    partial: Vec<Event>,
    settled: bool,
}

/// What a response means.
#[derive(Debug, PartialEq)]
pub(super) enum Told {
    /// Not whole yet, or known already.
    Nothing,
    /// The watch of the data is there.
    Created,
    /// Events of whole revisions, none of which is at or below what was told before.
    Events(Vec<Event>),
    /// There is nothing more up to here.
    Progress,
    /// The base as it is written now.
    Base(KeyValue),
    /// What is asked for is forgotten up to this revision.
    Compacted(i64),
    /// The watch ended.
    Ended(String),
}

impl Assembly {
    /// A watch of what is behind a revision.
    pub(super) fn behind(through: i64) -> Self {
        Self { through, partial: Vec::new(), settled: false }
    }

    /// All up to here was told.
    pub(super) fn through(&self) -> i64 {
        self.through
    }

    /// Whether etcd has said of all watches together how far they are: from there on their events come in one order. Before,
    /// each catches up by itself, so that a raise may come behind the events that it goes before.
    pub(super) fn settled(&self) -> bool {
        self.settled
    }

    pub(super) fn take(&mut self, response: WatchResponse) -> Told {
        if response.compact_revision > 0 {
            return Told::Compacted(response.compact_revision);
        }
        if response.canceled {
            return Told::Ended(response.cancel_reason);
        }
        self.settled |= is_answer(&response);
        match response.watch_id {
            DATA if response.created => Told::Created,
            DATA if response.fragment || !response.events.is_empty() => self.events(response),
            DATA | ALL if !response.created => self.progress(proto::revision(response.header.as_ref())),
            BASE => match response.events.into_iter().next_back().and_then(|event| event.kv) {
                Some(kv) if !kv.value.is_empty() => Told::Base(kv),
                _ => Told::Nothing,
            },
            _ => Told::Nothing,
        }
    }

    fn events(&mut self, response: WatchResponse) -> Told {
        self.partial.extend(response.events);
        if response.fragment {
            return Told::Nothing;
        }
        let mut events = std::mem::take(&mut self.partial);
        events.retain(|event| at(event) > self.through);
        match events.last() {
            Some(last) => {
                self.through = at(last);
                Told::Events(events)
            }
            None => Told::Nothing,
        }
    }

    fn progress(&mut self, revision: i64) -> Told {
        // In the middle of fragments it would be too early.
        if revision <= self.through || !self.partial.is_empty() {
            return Told::Nothing;
        }
        self.through = revision;
        Told::Progress
    }
}

/// Whether it says how far all watches of a stream are, as one asks.
pub(super) fn is_answer(response: &WatchResponse) -> bool {
    response.watch_id == ALL && !response.created && !response.canceled
}

/// The revision of an event.
pub(super) fn at(event: &Event) -> i64 {
    event.kv.as_ref().map_or(0, |kv| kv.mod_revision)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::etcd::proto::ResponseHeader;

    fn event(mod_revision: i64, name: &'static str) -> Event {
        let kv = KeyValue { key: name.into(), mod_revision, value: "{}".into(), ..KeyValue::default() };
        Event { kv: Some(kv), ..Event::default() }
    }

    fn response(watch_id: i64, revision: i64, events: Vec<Event>) -> WatchResponse {
        let header = Some(ResponseHeader { revision, ..ResponseHeader::default() });
        WatchResponse { header, watch_id, events, ..WatchResponse::default() }
    }

    #[test]
    fn events_come_once_however_often_they_are_sent() {
        let mut assembly = Assembly::behind(5);
        let (old, new, newer) = (event(5, "a"), event(6, "b"), event(9, "a"));
        assert_eq!(
            assembly.take(response(DATA, 9, vec![old.clone(), new.clone()])),
            Told::Events(vec![new.clone()])
        );
        assert_eq!(assembly.through(), 6, "the header may be ahead of the events");
        assert_eq!(assembly.take(response(DATA, 9, vec![old, new])), Told::Nothing);
        assert_eq!(assembly.take(response(DATA, 9, vec![newer.clone()])), Told::Events(vec![newer]));
        assert_eq!(assembly.through(), 9);
    }

    #[test]
    fn fragments_are_one_response() {
        let mut assembly = Assembly::behind(5);
        let fragment =
            WatchResponse { fragment: true, ..response(DATA, 7, vec![event(7, "a"), event(7, "b")]) };
        assert_eq!(assembly.take(fragment), Told::Nothing);
        assert_eq!(assembly.take(response(ALL, 7, vec![])), Told::Nothing, "half of revision 7 is missing");
        assert_eq!(assembly.through(), 5);
        let all = vec![event(7, "a"), event(7, "b"), event(7, "c")];
        assert_eq!(assembly.take(response(DATA, 7, vec![event(7, "c")])), Told::Events(all));
        assert_eq!(assembly.through(), 7);
    }

    #[test]
    fn progress_goes_forward_only() {
        let mut assembly = Assembly::behind(5);
        assert_eq!((assembly.take(response(ALL, 8, vec![])), assembly.through()), (Told::Progress, 8));
        assert_eq!((assembly.take(response(ALL, 7, vec![])), assembly.through()), (Told::Nothing, 8));
        assert_eq!((assembly.take(response(DATA, 9, vec![])), assembly.through()), (Told::Progress, 9));
        // That of the base says nothing of the data.
        assert_eq!((assembly.take(response(BASE, 10, vec![])), assembly.through()), (Told::Nothing, 9));
    }

    #[test]
    fn ends_and_beginnings_are_told_apart() {
        let mut assembly = Assembly::behind(5);
        let created = |id| WatchResponse { created: true, ..response(id, 9, vec![]) };
        assert_eq!(assembly.take(created(BASE)), Told::Nothing);
        assert_eq!(assembly.take(created(DATA)), Told::Created);
        assert_eq!(assembly.through(), 5);
        let compacted = WatchResponse { canceled: true, compact_revision: 8, ..response(DATA, 9, vec![]) };
        assert_eq!(assembly.take(compacted), Told::Compacted(8));
        let refused = WatchResponse {
            canceled: true,
            created: true,
            cancel_reason: "no".into(),
            ..response(-1, 9, vec![])
        };
        assert_eq!(assembly.take(refused), Told::Ended("no".into()));
    }

    #[test]
    fn watches_are_settled_once_etcd_speaks_of_all_of_them() {
        let mut assembly = Assembly::behind(5);
        for one in [response(DATA, 6, vec![event(6, "a")]), response(BASE, 7, vec![event(7, "base")])] {
            assembly.take(one);
            assert!(!assembly.settled());
        }
        assert_eq!((assembly.take(response(ALL, 6, vec![])), assembly.settled()), (Told::Nothing, true));
    }

    #[test]
    fn a_raise_is_told() {
        let mut assembly = Assembly::behind(5);
        let told = assembly.take(response(BASE, 6, vec![event(6, "base")]));
        assert!(matches!(told, Told::Base(kv) if kv.mod_revision == 6));
        assert_eq!(assembly.through(), 5);
    }
}
