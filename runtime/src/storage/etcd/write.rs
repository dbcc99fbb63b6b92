//! Writes: one transaction each, which also reads what is there when its precondition does not hold.

use std::collections::HashMap;
use std::sync::Arc;

use futures::{StreamExt as _, stream};

use super::core::{Core, only, range_of};
use super::failure::{self, Failure, unavailable};
use super::proto::{Compare, DeleteRangeRequest, PutRequest, Request, TxnRequest, TxnResponse};
use crate::storage::{Error, Expect, Key, Result, Revision, Write};

/// How many writes of one call are under way at a time. etcd refuses writes when 5000 wait.
const UNDER_WAY: usize = 256;
/// How often a write follows a base that is raised under it.
const RAISES: usize = 5;

impl Core {
    /// Writes all, those to one key one after the other.
    pub(super) async fn write_all(self: Arc<Self>, mut writes: Vec<Write>) -> Vec<Result<Revision>> {
        // As verbs write.
        let single = if writes.len() == 1 { writes.pop() } else { None };
        match single {
            Some(write) => vec![self.write_one(write).await],
            None => self.side_by_side(writes).await,
        }
    }

    async fn side_by_side(&self, writes: Vec<Write>) -> Vec<Result<Revision>> {
        let mut outcomes: Vec<_> = writes.iter().map(|_| Err(unavailable("not tried"))).collect();
        let mut keys: HashMap<Key, Vec<(usize, Write)>> = HashMap::with_capacity(writes.len());
        let mut order = Vec::with_capacity(writes.len());
        for (place, write) in writes.into_iter().enumerate() {
            let of_key = keys.entry(write.key.clone()).or_insert_with_key(|key| {
                order.push(key.clone());
                Vec::with_capacity(1)
            });
            of_key.push((place, write));
        }
        let chains =
            order.into_iter().filter_map(|key| keys.remove(&key)).map(|chain| self.one_by_one(chain));
        let mut done = stream::iter(chains).buffer_unordered(UNDER_WAY);
        while let Some(chain) = done.next().await {
            for (place, outcome) in chain {
                outcomes[place] = outcome;
            }
        }
        outcomes
    }

    async fn one_by_one(&self, chain: Vec<(usize, Write)>) -> Vec<(usize, Result<Revision>)> {
        let mut outcomes = Vec::with_capacity(chain.len());
        for (place, write) in chain {
            outcomes.push((place, self.write_one(write).await));
        }
        outcomes
    }

    async fn write_one(&self, write: Write) -> Result<Revision> {
        let size = write.value.as_ref().map_or(0, bytes::Bytes::len);
        if size > self.max_value {
            return Err(Error::TooLarge { size, limit: self.max_value });
        }
        for _ in 0..RAISES {
            if let Some(outcome) = self.try_write(&write, size).await {
                return outcome;
            }
        }
        Err(unavailable("its revisions are raised again and again"))
    }

    /// `None` when another server raised the base meanwhile, so that nothing was written.
    async fn try_write(&self, write: &Write, size: usize) -> Option<Result<Revision>> {
        let base = self.base();
        let expected = match (write.expect, &write.value) {
            (Expect::Absent, None) => return Some(self.nothing_to_delete(write).await),
            (Expect::Absent, Some(_)) => 0,
            (Expect::Is(revision), _) => base.record(revision),
        };
        let before = match self.trust.seen() {
            Ok(before) => before,
            Err(failure) => return Some(Err(failure.before_write())),
        };
        let answer = match self.client.write(self.transaction(write, expected, base.at)).await {
            Ok(answer) => answer,
            Err(failure) => {
                self.doubt(&failure);
                return Some(Err(match failure {
                    Failure::Full(why) => self.without_space(write, expected, before, why).await,
                    failure => failure.of_write(size, self.max_value),
                }));
            }
        };
        let revision = match self.trust.take(before, answer.header.as_ref()) {
            Ok(revision) => revision,
            Err(failure) => return Some(Err(self.distrusted(&failure))),
        };
        if answer.succeeded {
            return Some(Ok(base.serve(revision)));
        }
        self.lost(write, expected, answer).transpose()
    }

    /// The write, if the record and the base are as they should be; else both are read.
    fn transaction(&self, write: &Write, expected: i64, base: i64) -> TxnRequest {
        let key = self.layout.etcd_key(&write.key);
        let change = match &write.value {
            Some(value) => Request::Put(PutRequest { key: key.clone(), value: value.clone() }),
            None => Request::DeleteRange(DeleteRangeRequest { key: key.clone() }),
        };
        let compare = vec![
            Compare::mod_revision(key.clone(), expected),
            Compare::mod_revision(self.layout.base(), base),
        ];
        let failure = vec![Request::Range(only(key)).into(), Request::Range(self.base_range()).into()];
        TxnRequest { compare, success: vec![change.into()], failure }
    }

    /// The conflict that a transaction ended in; `None` when only the base is another one.
    fn lost(&self, write: &Write, expected: i64, answer: TxnResponse) -> Result<Option<Revision>> {
        let mut ranges = answer.responses.into_iter().map(range_of);
        let (record, base) = (ranges.next().unwrap_or_default(), ranges.next().unwrap_or_default());
        let base = self.learn(base.kvs.first()).map_err(Failure::before_write)?;
        let current = record.kvs.first();
        let matches_now = match write.expect {
            Expect::Absent => current.is_none(),
            Expect::Is(revision) => current.is_some_and(|kv| kv.mod_revision == base.record(revision)),
        };
        if matches_now || current.is_some_and(|kv| kv.mod_revision == expected) {
            return Ok(None);
        }
        let current = current.map(|kv| self.stored(&base, kv, &write.key)).transpose()?;
        Err(Error::Conflict { key: write.key.clone(), current: current.map(Box::new) })
    }

    /// What became of a write into an etcd that is not the one that was served from.
    pub(super) fn distrusted(&self, failure: &Failure) -> Error {
        self.doubt(failure);
        Error::Unknown { why: failure.clone().before_write().to_string() }
    }

    /// What became of a write that there was no space for: the answer came after etcd was done with it, so the record tells.
    /// `before` is a revision from before the write.
    async fn without_space(&self, write: &Write, expected: i64, before: i64, why: String) -> Error {
        let unknown = Error::Unknown { why: format!("etcd: {why}") };
        let Ok(looked) = self.look(Some(only(self.layout.etcd_key(&write.key)))).await else {
            return unknown;
        };
        match looked.range.kvs.first() {
            current if current.map_or(0, |kv| kv.mod_revision) == expected => {
                Error::ReadOnly { why: failure::full(&why) }
            }
            // It was there when the write was sent, and did not let it pass.
            Some(kv) if kv.mod_revision <= before => match self.stored(&looked.base, kv, &write.key) {
                Ok(current) => Error::Conflict { key: write.key.clone(), current: Some(Box::new(current)) },
                Err(error) => error,
            },
            _ => unknown,
        }
    }

    async fn nothing_to_delete(&self, write: &Write) -> Result<Revision> {
        let looked =
            self.look(Some(only(self.layout.etcd_key(&write.key)))).await.map_err(Failure::before_write)?;
        let current =
            looked.range.kvs.first().map(|kv| self.stored(&looked.base, kv, &write.key)).transpose()?;
        Err(Error::Conflict { key: write.key.clone(), current: current.map(Box::new) })
    }
}
