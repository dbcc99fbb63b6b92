//! What clients of a store know, and whether the store agrees.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;

use super::super::super::{
    At, Error, Event, Expect, Key, Page, Prefix, Query, Read, Revision, Start, Storage, Stored, Write,
};
use super::disk::Random;

const PREFIX: &str = "g/r/";

/// What was found to be wrong.
pub(super) type Check<T = ()> = Result<T, String>;

macro_rules! ensure {
    ($holds:expr, $($text:tt)*) => {
        if !$holds {
            return Err(format!($($text)*));
        }
    };
}
pub(super) use ensure;

/// Everything that was acknowledged, and what may be there beside it.
#[derive(Clone, Debug, Default)]
pub(super) struct Model {
    /// Each durable event. None is a deletion.
    events: BTreeMap<Revision, (Key, Option<Bytes>)>,
    /// Writes whose outcome is unknown: the last of a key.
    unknown: BTreeMap<Key, Option<Bytes>>,
    /// The highest revision that anybody saw.
    highest: Option<Revision>,
}

/// What one client wrote: the outcome of each write of a call.
type Outcomes = Vec<(Key, Option<Bytes>, Result<Revision, Error>)>;

impl Model {
    /// What a list says.
    pub(super) fn of(list: Read<Page>) -> Self {
        let events = list.value.items.into_iter().map(|item| (item.revision, (item.key, Some(item.value))));
        Self { events: events.collect(), highest: Some(list.at), ..Self::default() }
    }

    pub(super) fn saw(&mut self, revision: Revision) {
        self.highest = self.highest.max(Some(revision));
    }

    pub(super) fn highest(&self) -> Option<Revision> {
        self.highest
    }

    fn take(&mut self, outcomes: Outcomes) -> Check {
        for (key, value, outcome) in outcomes {
            match outcome {
                Ok(revision) => {
                    let reused = self.events.insert(revision, (key.clone(), value));
                    ensure!(reused.is_none(), "revision {revision} of {key} was given to {reused:?}");
                    self.saw(revision);
                }
                Err(Error::Unknown { .. }) => drop(self.unknown.insert(key, value)),
                Err(Error::Unavailable { .. }) => {}
                Err(other) => return Err(format!("writing {key}: {other}")),
            }
        }
        Ok(())
    }

    /// Whether a list is what the events up to its revision lead to.
    pub(super) fn is(&self, list: &Read<Page>) -> Check {
        compare(&self.state(list.at), &list.value.items, list.at)
    }

    /// How many writes are known to be durable.
    pub(super) fn count(&self) -> usize {
        self.events.len()
    }

    /// What was unknown and did not show is not there.
    pub(super) fn settle(&mut self) {
        self.unknown.clear();
    }

    /// The state that the events up to a revision lead to.
    fn state(&self, at: Revision) -> BTreeMap<Key, (Revision, Bytes)> {
        let mut state = BTreeMap::new();
        for (revision, (key, value)) in self.events.range(..=at) {
            match value {
                Some(value) => drop(state.insert(key.clone(), (*revision, value.clone()))),
                None => drop(state.remove(key)),
            }
        }
        state
    }

    /// Compares a store that was opened with what is known. Afterwards nothing is unknown.
    pub(super) async fn agree(&mut self, store: &dyn Storage, random: &mut Random) -> Check {
        let list = store.list(Query::all(Prefix::new(PREFIX))).await.map_err(|why| why.to_string())?;
        ensure!(self.highest <= Some(list.at), "the store is at {} and {:?} was seen", list.at, self.highest);
        self.saw(list.at);
        if let Some(first) = self.events.keys().next().copied() {
            let (after, events) = history(store, first).await?;
            self.follow(after, &events)?;
        }
        self.adopt(&list.value.items)?;
        compare(&self.state(list.at), &list.value.items, list.at)?;
        self.unknown.clear();
        for _ in 0..3 {
            let known = self.events.len();
            let Some(at) = (known > 0).then(|| random.index(known)).and_then(|at| self.events.keys().nth(at))
            else {
                break;
            };
            match store.list(Query { at: At::Exactly(*at), ..Query::all(Prefix::new(PREFIX)) }).await {
                Ok(past) => compare(&self.state(*at), &past.value.items, *at)?,
                Err(Error::Compacted { .. }) => {}
                Err(why) => return Err(format!("reading the state at {at}: {why}")),
            }
        }
        Ok(())
    }

    /// The history has each known event, and no other but unknown ones.
    fn follow(&mut self, after: Revision, events: &[Arc<Event>]) -> Check {
        let mut last = after;
        for event in events {
            ensure!(last < event.revision, "{} comes after {last}", event.revision);
            last = event.revision;
            self.durable(event)?;
        }
        let known = self.events.range(after.next()..).map(|(revision, _)| *revision);
        let told = events.iter().map(|event| event.revision);
        ensure!(known.eq(told), "some events after {after} that were acknowledged are gone");
        Ok(())
    }

    /// An event that somebody was told of.
    pub(super) fn durable(&mut self, event: &Event) -> Check {
        self.saw(event.revision);
        let found = (event.key.clone(), event.value.clone());
        match self.events.get(&event.revision) {
            Some(known) => ensure!(*known == found, "at {} is {found:?}, not {known:?}", event.revision),
            None => {
                let expected = self.unknown.remove(&event.key);
                ensure!(
                    expected.as_ref() == Some(&event.value),
                    "nobody wrote {found:?} at {}",
                    event.revision
                );
                self.events.insert(event.revision, found);
            }
        }
        Ok(())
    }

    /// What is known only from a list, when history is compacted.
    fn adopt(&mut self, items: &[Stored]) -> Check {
        for item in items {
            if !self.events.contains_key(&item.revision) {
                let expected = self.unknown.remove(&item.key);
                ensure!(
                    expected.as_ref().is_some_and(|value| value.as_ref() == Some(&item.value)),
                    "nobody wrote {item:?}"
                );
                self.events.insert(item.revision, (item.key.clone(), Some(item.value.clone())));
            }
        }
        // Deletions leave nothing to see: their place is behind what they deleted.
        let there: Vec<_> = items.iter().map(|item| &item.key).collect();
        let gone = self.unknown.iter().filter(|(key, value)| value.is_none() && !there.contains(key));
        for (key, _) in gone {
            let last =
                self.events.iter().rfind(|(_, (other, _))| other == key).map(|(revision, _)| *revision);
            if let Some(last) = last {
                self.events.retain(|_, (other, _)| other != key);
                self.events.insert(last, (key.clone(), None));
            }
        }
        Ok(())
    }
}

fn compare(expected: &BTreeMap<Key, (Revision, Bytes)>, found: &[Stored], at: Revision) -> Check {
    let found: BTreeMap<_, _> =
        found.iter().map(|item| (item.key.clone(), (item.revision, item.value.clone()))).collect();
    for (key, expected) in expected {
        let found = found.get(key);
        ensure!(found == Some(expected), "at {at}: {key} is {found:?}, not {expected:?}");
    }
    let more = found.keys().find(|key| !expected.contains_key(*key));
    ensure!(more.is_none(), "at {at}: there is {more:?}, which was deleted or never written");
    Ok(())
}

/// The events from a revision on, or after the oldest that is left.
async fn history(store: &dyn Storage, first: Revision) -> Check<(Revision, Vec<Arc<Event>>)> {
    let prefix = Prefix::new(PREFIX);
    let mut after = Revision::new(first.get() - 1).ok_or("a store does not begin at 0")?;
    let mut watch = store.watch(&prefix, Start::After(after), true).await;
    if let Err(Error::Compacted { oldest, .. }) = watch {
        after = oldest;
        watch = store.watch(&prefix, Start::After(after), true).await;
    }
    match watch.map_err(|why| format!("a watch after {after}: {why}"))?.next().await {
        Some(Ok(batch)) => Ok((after, batch.events)),
        other => Err(format!("a watch after {after} begins with {other:?}")),
    }
}

/// One client, with keys of its own.
pub(super) struct Client {
    number: u64,
    random: Random,
    written: u64,
    current: BTreeMap<Key, Revision>,
}

impl Client {
    /// Knows what the model knows.
    pub(super) fn new(number: u64, seed: u64, model: &Model) -> Self {
        let current = model.highest.map(|at| model.state(at)).unwrap_or_default();
        let mine = format!("{PREFIX}{number}/");
        let current = current.into_iter().filter(|(key, _)| key.as_str().starts_with(&mine));
        let current = current.map(|(key, (revision, _))| (key, revision)).collect();
        Self { number, random: Random::new(seed ^ number << 32), written: 0, current }
    }

    /// Writes once: a few keys in one call.
    pub(super) async fn write(&mut self, store: &dyn Storage) -> Outcomes {
        let count = 1 + self.random.below(3);
        let first = self.random.below(6);
        let writes: Vec<_> = (0..count).map(|offset| self.craft((first + offset) % 6)).collect();
        let outcomes = store.write(writes.clone()).await;
        let outcomes: Outcomes = writes
            .into_iter()
            .zip(outcomes)
            .map(|(write, outcome)| (write.key, write.value, outcome))
            .collect();
        for (key, value, outcome) in &outcomes {
            match (value, outcome) {
                (Some(_), Ok(revision)) => drop(self.current.insert(key.clone(), *revision)),
                (None, Ok(_)) => drop(self.current.remove(key)),
                (_, Err(_)) => {}
            }
        }
        outcomes
    }

    fn craft(&mut self, number: u64) -> Write {
        self.written += 1;
        let key = Key::new(format!("{PREFIX}{}/{number}", self.number));
        let expect = self.current.get(&key).map_or(Expect::Absent, |revision| Expect::Is(*revision));
        let delete = matches!(expect, Expect::Is(_)) && self.random.below(4) == 0;
        let padding = "x".repeat(self.random.index(1500));
        let value = format!("{}:{}:{padding}", self.random.next(), self.written);
        Write { key, expect, value: (!delete).then(|| value.into()) }
    }
}

/// Several clients write at the same time, until each has written so often or a write fails.
pub(super) async fn write_all(
    store: &Arc<dyn Storage>,
    model: &mut Model,
    seed: u64,
    clients: u64,
    calls: u64,
) -> Check {
    let mut tasks = Vec::new();
    for number in 0..clients {
        let (store, mut client) = (Arc::clone(store), Client::new(number, seed, model));
        tasks.push(tokio::spawn(async move {
            let mut all = Outcomes::new();
            for _ in 0..calls {
                let outcomes = client.write(&*store).await;
                let failed = outcomes.iter().any(|(_, _, outcome)| outcome.is_err());
                all.extend(outcomes);
                if failed {
                    break;
                }
            }
            all
        }));
    }
    for task in tasks {
        model.take(task.await.map_err(|why| why.to_string())?)?;
    }
    Ok(())
}
