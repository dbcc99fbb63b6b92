//! A store whose keys or revisions look different from outside.

use std::sync::Arc;

use futures::StreamExt as _;

use super::super::super::{
    At, Batch, Error, Event, Events, Expect, Key, Page, Prefix, Query, Read, Result, Revision, Start,
    Storage as _, Stored, Write,
};
use super::machine::Handle;

/// What is outside `x` is inside `<under>x`; revisions above `boundary` are outside smaller by `shift`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lens {
    pub(super) under: &'static str,
    pub(super) boundary: Revision,
    pub(super) shift: u64,
}

impl Lens {
    fn key_in(&self, key: &Key) -> Key {
        Key::new(format!("{}{key}", self.under))
    }

    fn key_out(&self, key: &Key) -> Key {
        Key::new(&key.as_str()[self.under.len()..])
    }

    fn prefix_in(&self, prefix: &Prefix) -> Prefix {
        Prefix::new(format!("{}{prefix}", self.under))
    }

    fn out(&self, revision: Revision) -> Revision {
        if revision <= self.boundary {
            return revision;
        }
        Revision::new(revision.get() - self.shift).expect("a boundary leaves room")
    }

    fn inward(&self, revision: Revision) -> Revision {
        if revision.get() + self.shift <= self.boundary.get() {
            return revision;
        }
        Revision::new(revision.get() + self.shift).expect("not 0")
    }

    fn at_in(&self, at: At) -> At {
        match at {
            At::NotBefore(revision) => At::NotBefore(self.inward(revision)),
            At::Exactly(revision) => At::Exactly(self.inward(revision)),
            At::Latest | At::Any => at,
        }
    }

    fn stored(&self, stored: Stored) -> Stored {
        Stored { key: self.key_out(&stored.key), revision: self.out(stored.revision), ..stored }
    }

    fn event(&self, event: &Event) -> Arc<Event> {
        Arc::new(Event {
            key: self.key_out(&event.key),
            revision: self.out(event.revision),
            value: event.value.clone(),
            previous: event.previous.clone().map(|previous| self.stored(previous)),
        })
    }

    fn error(&self, why: Error) -> Error {
        match why {
            Error::Conflict { key, current } => Error::Conflict {
                key: self.key_out(&key),
                current: current.map(|current| Box::new(self.stored(*current))),
            },
            Error::Compacted { asked, oldest } => {
                Error::Compacted { asked: self.out(asked), oldest: self.out(oldest) }
            }
            Error::Future { asked, current } => {
                Error::Future { asked: self.out(asked), current: self.out(current) }
            }
            why => why,
        }
    }

    pub(super) async fn get(self, inner: &Handle, key: &Key, at: At) -> Result<Read<Option<Stored>>> {
        let read = inner.get(&self.key_in(key), self.at_in(at)).await.map_err(|why| self.error(why))?;
        Ok(Read { at: self.out(read.at), value: read.value.map(|stored| self.stored(stored)) })
    }

    pub(super) async fn list(self, inner: &Handle, query: Query) -> Result<Read<Page>> {
        let query = Query { prefix: self.prefix_in(&query.prefix), at: self.at_in(query.at), ..query };
        let read = inner.list(query).await.map_err(|why| self.error(why))?;
        let items = read.value.items.into_iter().map(|stored| self.stored(stored)).collect();
        Ok(Read { at: self.out(read.at), value: Page { items, ..read.value } })
    }

    pub(super) async fn write(self, inner: &Handle, writes: Vec<Write>) -> Vec<Result<Revision>> {
        let look = |write: Write| {
            let expect = match write.expect {
                Expect::Is(revision) => Expect::Is(self.inward(revision)),
                Expect::Absent => Expect::Absent,
            };
            Write { key: self.key_in(&write.key), expect, value: write.value }
        };
        let outcomes = inner.write(writes.into_iter().map(look).collect()).await;
        let look = |outcome: Result<Revision>| outcome.map(|at| self.out(at)).map_err(|why| self.error(why));
        outcomes.into_iter().map(look).collect()
    }

    pub(super) async fn watch(
        self,
        inner: &Handle,
        prefix: &Prefix,
        from: Start,
        previous: bool,
    ) -> Result<Events> {
        let from = match from {
            Start::After(revision) => Start::After(self.inward(revision)),
            Start::Now => Start::Now,
        };
        let events = inner.watch(&self.prefix_in(prefix), from, previous).await;
        let look = move |batch: Result<Batch>| match batch {
            Ok(batch) => Ok(Batch {
                events: batch.events.iter().map(|event| self.event(event)).collect(),
                through: self.out(batch.through),
            }),
            Err(why) => Err(self.error(why)),
        };
        Ok(Events::new(events.map_err(|why| self.error(why))?.map(look)))
    }

    pub(super) async fn barrier(self, inner: &Handle) -> Result<Revision> {
        inner.barrier().await.map(|at| self.out(at))
    }

    pub(super) async fn compact(self, inner: &Handle, through: Revision) -> Result<Revision> {
        inner.compact(self.inward(through)).await.map(|at| self.out(at))
    }
}
