//! Who watches what: each event goes to the watches of the prefixes of its key, and to nobody else.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use futures::Stream;

use super::super::{Batch, Error, Event, Events, Prefix, Result, Revision};
use super::lock;
use super::watcher::{Lag, Watcher};

pub(super) struct Watchers {
    registry: Mutex<Registry>,
    lag: Lag,
}

struct Registry {
    by_prefix: HashMap<Prefix, Vec<Arc<Watcher>>>,
    /// Events up to it are with the watchers.
    published: Revision,
    /// What all watches shall reach as soon as it is published.
    wanted: Option<Revision>,
    /// What all watches have reached.
    reached: Revision,
    closed: Option<Error>,
}

impl Watchers {
    pub(super) fn new(published: Revision) -> Self {
        Self::with_lag(published, Lag::default())
    }

    fn with_lag(published: Revision, lag: Lag) -> Self {
        let registry = Registry {
            by_prefix: HashMap::new(),
            published,
            wanted: None,
            reached: Revision::FIRST,
            closed: None,
        };
        Self { registry: Mutex::new(registry), lag }
    }

    /// A watch that begins with a replay. Nothing is published between the replay and the first event after it.
    pub(super) fn add(
        self: &Arc<Self>,
        prefix: &Prefix,
        replay: impl FnOnce() -> Result<(Vec<Arc<Event>>, Revision)>,
    ) -> Result<Events> {
        let mut registry = lock(&self.registry);
        if let Some(why) = &registry.closed {
            return Err(why.clone());
        }
        let (events, through) = replay()?;
        let watcher = Arc::new(Watcher::new(events, through, self.lag));
        registry.by_prefix.entry(prefix.clone()).or_default().push(Arc::clone(&watcher));
        Ok(Events::new(Subscription { watchers: Arc::clone(self), prefix: prefix.clone(), watcher }))
    }

    /// Hands applied events over. To be called in the order of revisions.
    pub(super) fn publish(&self, events: &[Arc<Event>], through: Revision) {
        let mut registry = lock(&self.registry);
        registry.published = through;
        let mut wakers = Vec::new();
        if !registry.by_prefix.is_empty() {
            for event in events {
                wakers.extend(registry.of_key(event.key.as_str()).filter_map(|watcher| watcher.push(event)));
            }
        }
        if registry.wanted.take_if(|wanted| *wanted <= through).is_some() {
            registry.reached = through;
            wakers.extend(registry.all().filter_map(|watcher| watcher.reach(through)));
        }
        drop(registry);
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Lets every open watch pass a revision, once the events up to it are published.
    pub(super) fn reach(&self, revision: Revision) {
        let mut registry = lock(&self.registry);
        // Every consistent read of any kind asks for it. A watch begins at or behind what is published.
        if revision <= registry.reached {
            return;
        }
        if registry.published < revision {
            registry.wanted = registry.wanted.max(Some(revision));
            return;
        }
        registry.reached = revision;
        let wakers: Vec<_> = registry.all().filter_map(|watcher| watcher.reach(revision)).collect();
        drop(registry);
        wakers.into_iter().for_each(Waker::wake);
    }

    pub(super) fn close(&self, why: Error) {
        let mut registry = lock(&self.registry);
        let wakers: Vec<_> = registry.all().filter_map(|watcher| watcher.fail(why.clone())).collect();
        registry.closed = Some(why);
        drop(registry);
        wakers.into_iter().for_each(Waker::wake);
    }

    fn remove(&self, prefix: &Prefix, watcher: &Arc<Watcher>) {
        let mut registry = lock(&self.registry);
        let Some(watchers) = registry.by_prefix.get_mut(prefix) else { return };
        watchers.retain(|other| !Arc::ptr_eq(other, watcher));
        if watchers.is_empty() {
            registry.by_prefix.remove(prefix);
        }
    }
}

impl Registry {
    fn all(&self) -> impl Iterator<Item = &Arc<Watcher>> {
        self.by_prefix.values().flatten()
    }

    fn of_key<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a Arc<Watcher>> {
        let slashes = key.match_indices('/').map(|(slash, _)| &key[..=slash]);
        std::iter::once("").chain(slashes).filter_map(|prefix| self.by_prefix.get(prefix)).flatten()
    }
}

struct Subscription {
    watchers: Arc<Watchers>,
    prefix: Prefix,
    watcher: Arc<Watcher>,
}

impl Stream for Subscription {
    type Item = Result<Batch>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.watcher.poll(context)
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.watchers.remove(&self.prefix, &self.watcher);
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::Key;
    use super::*;

    fn revision(number: u64) -> Revision {
        Revision::new(number).expect("not 0")
    }

    fn event(key: &str, number: u64) -> Arc<Event> {
        Arc::new(Event {
            key: Key::new(key),
            revision: revision(number),
            value: Some("value".into()),
            previous: None,
        })
    }

    fn watch(watchers: &Arc<Watchers>, prefix: &str) -> Events {
        watchers.add(&Prefix::new(prefix), || Ok((Vec::new(), revision(1)))).expect("open")
    }

    #[tokio::test]
    async fn a_reader_too_far_behind_ends_and_the_others_do_not() {
        let watchers = Arc::new(Watchers::with_lag(revision(1), Lag { events: 2, bytes: usize::MAX }));
        let (mut slow, mut quiet) = (watch(&watchers, "g/busy/"), watch(&watchers, "g/quiet/"));
        assert_eq!(slow.next().await, Some(Ok(Batch { events: vec![], through: revision(1) })));
        assert_eq!(quiet.next().await, Some(Ok(Batch { events: vec![], through: revision(1) })));
        for number in 2..=4 {
            watchers.publish(&[event("g/busy/a", number)], revision(number));
        }
        watchers.publish(&[event("g/quiet/a", 5)], revision(5));
        let compacted = Error::Compacted { asked: revision(1), oldest: revision(4) };
        assert_eq!(slow.next().await, Some(Err(compacted)));
        assert_eq!(slow.next().await, None);
        let batch = quiet.next().await.expect("open").expect("a batch");
        assert_eq!(batch, Batch { events: vec![event("g/quiet/a", 5)], through: revision(5) });
    }

    #[tokio::test]
    async fn what_is_applied_but_not_published_is_not_passed_early() {
        let watchers = Arc::new(Watchers::new(revision(1)));
        let mut events = watch(&watchers, "g/");
        assert_eq!(events.next().await.expect("open").expect("a batch").through, revision(1));
        watchers.reach(revision(2));
        watchers.publish(&[event("g/a", 2)], revision(2));
        let batch = events.next().await.expect("open").expect("a batch");
        assert_eq!(batch, Batch { events: vec![event("g/a", 2)], through: revision(2) });
    }

    #[test]
    fn a_dropped_watch_leaves_nothing_behind() {
        let watchers = Arc::new(Watchers::new(revision(1)));
        let (one, two) = (watch(&watchers, "g/"), watch(&watchers, "g/"));
        drop(one);
        assert_eq!(lock(&watchers.registry).all().count(), 1);
        drop(two);
        assert!(lock(&watchers.registry).by_prefix.is_empty());
    }
}
