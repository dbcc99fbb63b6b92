//! One task of a history: it knows what it was told, acts on that, and writes down what it is answered.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use tokio::sync::mpsc::UnboundedSender;

use super::super::super::{
    At, Error, Events, Expect, Key, Prefix, Query, Read, Result, Revision, Start, Stored, Write,
};
use super::super::steps::{Store, behind};
use super::play::{Scene, gone};
use super::record::{Call, What};
use super::script::{KEYS, PREFIXES, Step, When};

/// A watch that somebody else reads from now on.
pub(super) type Opened = (Prefix, Revision, Events);

pub(super) struct Actor {
    scene: Arc<Scene>,
    store: Store,
    task: usize,
    opened: UnboundedSender<Opened>,
    calls: Vec<Call>,
    /// The live keys, as far as it was told.
    known: BTreeMap<Key, Revision>,
    /// Revisions that it was told.
    seen: Vec<Revision>,
    written: usize,
    /// Whether the store is gone.
    over: bool,
}

impl Actor {
    pub(super) fn new(scene: Arc<Scene>, store: Store, task: usize, opened: UnboundedSender<Opened>) -> Self {
        let (calls, known, seen) = (Vec::new(), BTreeMap::new(), Vec::new());
        Self { scene, store, task, opened, calls, known, seen, written: 0, over: false }
    }

    pub(super) async fn play(mut self, steps: Vec<Step>) -> Result<Vec<Call>, String> {
        for step in steps {
            self.step(step).await?;
            if self.over {
                break;
            }
            // A store that is always ready would run one task after the other.
            tokio::task::yield_now().await;
        }
        Ok(self.calls)
    }

    async fn step(&mut self, step: Step) -> Result<(), String> {
        match step {
            Step::Put(place) => {
                let write = self.put(self.key(place));
                self.write(vec![write]).await?;
            }
            Step::Batch(place, count) => {
                let writes = (place..place + count).map(|place| self.key(place % KEYS.len()));
                let writes = writes.collect::<Vec<_>>().into_iter().map(|key| self.put(key)).collect();
                self.write(writes).await?;
            }
            Step::Drop(place) => self.drop_a_write(place).await,
            Step::Delete(place) => {
                let key = self.key(place);
                match self.known.get(&key) {
                    Some(revision) => self.write(vec![Write::delete(key, *revision)]).await?,
                    None => self.get(key, At::Latest).await,
                }
            }
            Step::Get(place, when) => self.get(self.key(place), self.at(when)).await,
            Step::List(place, when) => drop(self.list(self.prefix(place), self.at(when), 0).await),
            Step::Pages(limit, when) => drop(self.list(self.prefix(0), self.at(when), limit).await),
            Step::Barrier => {
                let began = self.scene.clock.tick();
                let answer = self.store.barrier().await;
                self.note(began, What::Barrier(answer));
            }
            Step::Watch(place) => self.watch(self.prefix(place)).await,
            Step::Compact => {
                let Some(through) = self.seen.get(self.seen.len() / 2).copied() else { return Ok(()) };
                let began = self.scene.clock.tick();
                let answer = self.store.compact(through).await;
                self.note(began, What::Compact(through, answer));
            }
        }
        Ok(())
    }

    fn key(&self, place: usize) -> Key {
        Key::new(format!("{}{}", self.scene.under, KEYS[place]))
    }

    fn prefix(&self, place: usize) -> Prefix {
        Prefix::new(format!("{}{}", self.scene.under, PREFIXES[place]))
    }

    fn at(&self, when: When) -> At {
        let seen = || self.seen.last().copied();
        // One that it was told some time ago.
        let past = || self.seen.get(self.seen.len() / 2).copied();
        match when {
            When::Latest => At::Latest,
            When::Any => At::Any,
            When::NotBefore => seen().map_or(At::Latest, At::NotBefore),
            When::Exactly => past().map_or(At::Latest, At::Exactly),
        }
    }

    /// A value that nobody else writes, where it believes the key to be.
    fn put(&mut self, key: Key) -> Write {
        self.written += 1;
        let expect = self.known.get(&key).map_or(Expect::Absent, |revision| Expect::Is(*revision));
        Write { key, expect, value: Some(format!("{}.{}", self.task, self.written).into()) }
    }

    async fn write(&mut self, writes: Vec<Write>) -> Result<(), String> {
        let began = self.scene.clock.tick();
        let outcomes = self.store.write(writes.clone()).await;
        if outcomes.len() != writes.len() {
            return Err(format!("{} outcomes of {} writes", outcomes.len(), writes.len()));
        }
        let ended = self.scene.clock.tick();
        for (write, outcome) in writes.into_iter().zip(outcomes) {
            self.learn_outcome(&write, &outcome);
            let what = What::Write(write, outcome);
            self.calls.push(Call { task: self.task, began, ended, what });
        }
        Ok(())
    }

    fn learn_outcome(&mut self, write: &Write, outcome: &Result<Revision>) {
        let now = match outcome {
            Ok(revision) => {
                self.seen.push(*revision);
                write.value.as_ref().map(|_| *revision)
            }
            Err(Error::Conflict { current, .. }) => current.as_ref().map(|stored| stored.revision),
            Err(why) => {
                self.over |= gone(why);
                return;
            }
        };
        self.learn(&write.key, now);
    }

    fn learn(&mut self, key: &Key, now: Option<Revision>) {
        match now {
            Some(revision) => drop(self.known.insert(key.clone(), revision)),
            None => drop(self.known.remove(key)),
        }
    }

    async fn drop_a_write(&mut self, place: usize) {
        let write = self.put(self.key(place));
        let began = self.scene.clock.tick();
        let mut future = self.store.write(vec![write.clone()]);
        let polled = poll_fn(|context| Poll::Ready(future.as_mut().poll(context))).await;
        drop(future);
        let outcome = match polled {
            Poll::Ready(mut outcomes) => outcomes.remove(0),
            Poll::Pending => Err(Error::Unknown { why: "it was dropped".into() }),
        };
        if polled_to_the_end(&outcome) {
            self.learn_outcome(&write, &outcome);
        }
        let ended = self.scene.clock.tick();
        self.calls.push(Call { task: self.task, began, ended, what: What::Write(write, outcome) });
    }

    async fn get(&mut self, key: Key, at: At) {
        let began = self.scene.clock.tick();
        let read = self.store.get(&key, at).await;
        if let Ok(read) = &read {
            self.seen.push(read.at);
            self.learn(&key, read.value.as_ref().map(|stored| stored.revision));
        }
        self.note(began, What::Get(key, at, read));
    }

    /// All pages of a list, as one read of the first one's state.
    async fn list(&mut self, prefix: Prefix, at: At, limit: usize) -> Option<Revision> {
        let began = self.scene.clock.tick();
        let mut query = Query { limit, at, ..Query::all(prefix.clone()) };
        let mut whole: Option<Read<Vec<Stored>>> = None;
        loop {
            let page = match self.store.list(query.clone()).await {
                Ok(page) => page,
                Err(why) => {
                    self.note(began, What::List(prefix, query.at, Err(why)));
                    return None;
                }
            };
            let next = page.value.more.then(|| behind(&query, &page));
            let read = whole.get_or_insert_with(|| Read { at: page.at, value: Vec::new() });
            read.value.extend(page.value.items);
            match next {
                Some(next) => query = next,
                None => break,
            }
        }
        let read = whole?;
        let revision = read.at;
        self.seen.push(revision);
        for stored in &read.value {
            self.known.insert(stored.key.clone(), stored.revision);
        }
        self.note(began, What::List(prefix, at, Ok(read)));
        Some(revision)
    }

    /// From a list of now to the end.
    async fn watch(&mut self, prefix: Prefix) {
        let Some(from) = self.list(prefix.clone(), At::Latest, 0).await else { return };
        // Compacted in between by another task: then there is no watch.
        if let Ok(events) = self.store.watch(&prefix, Start::After(from), true).await {
            let _ = self.opened.send((prefix, from, events));
        }
    }

    fn note(&mut self, began: u64, what: What) {
        let failed = match &what {
            What::Write(_, outcome) | What::Barrier(outcome) | What::Compact(_, outcome) => {
                outcome.as_ref().err()
            }
            What::Get(_, _, read) => read.as_ref().err(),
            What::List(_, _, read) => read.as_ref().err(),
        };
        self.over |= failed.is_some_and(gone);
        let ended = self.scene.clock.tick();
        self.calls.push(Call { task: self.task, began, ended, what });
    }
}

/// Whether an outcome is an answer, not the lack of one.
fn polled_to_the_end(outcome: &Result<Revision>) -> bool {
    !matches!(outcome, Err(Error::Unknown { .. }))
}
