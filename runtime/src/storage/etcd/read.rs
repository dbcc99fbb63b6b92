//! Reads: one record, and pages of one revision.

use bytes::Bytes;

use super::core::{Core, only, record};
use super::failure::{Failure, unavailable};
use super::page::Paging;
use super::proto::{RangeRequest, RangeResponse};
use crate::storage::etcd::base::Base;
use crate::storage::{At, Error, Key, Page, Query, Read, Result, Revision, Stored};

/// How often a list begins anew because its history was compacted under it.
const RESTARTS: usize = 3;

impl Core {
    pub(super) async fn get(&self, key: &Key, at: At) -> Result<Read<Option<Stored>>> {
        let range = only(self.layout.etcd_key(key));
        let (at, looked) = match at {
            At::Exactly(asked) => (asked, self.past(asked, &range).await?.1),
            _ => {
                let looked = self.look(Some(range)).await.map_err(Failure::of_read)?;
                (reached(at, looked.at())?, looked)
            }
        };
        let value = looked.range.kvs.first().map(|kv| self.stored(&looked.base, kv, key)).transpose()?;
        Ok(Read { at, value })
    }

    pub(super) async fn list(&self, query: Query) -> Result<Read<Page>> {
        for _ in 0..RESTARTS {
            match self.list_once(&query).await {
                Err(Error::Compacted { .. }) if !matches!(query.at, At::Exactly(_)) => {}
                list => return list,
            }
        }
        Err(unavailable("the history was compacted again and again while a list was read"))
    }

    async fn list_once(&self, query: &Query) -> Result<Read<Page>> {
        let (start, end) = self.layout.range(&query.prefix);
        let key = match &query.from {
            Some(from) => [&start[..], from.as_bytes()].concat().into(),
            None => start,
        };
        let mut paging = Paging::new(query.limit, query.max_bytes, &self.sizes);
        let range = RangeRequest { key, range_end: end, limit: paging.ask(), ..RangeRequest::default() };
        let (at, revision, looked) = match query.at {
            At::Exactly(asked) => {
                let (revision, looked) = self.past(asked, &range).await?;
                (asked, revision, looked)
            }
            at => {
                let looked = self.look_at(range.clone()).await.map_err(Failure::of_read)?;
                (reached(at, looked.at())?, looked.revision, looked)
            }
        };
        let count = looked.range.count;
        let mut next = self.take(&mut paging, &looked.base, &looked.range);
        while let Some(key) = next {
            let range = RangeRequest { key, revision, limit: paging.ask(), ..range.clone() };
            let part = match self.range(range).await {
                Ok(part) => part,
                Err(Failure::Compacted) => return Err(self.compacted(at, revision).await),
                Err(failure) => return Err(failure.of_read()),
            };
            next = self.take(&mut paging, &looked.base, &part);
        }
        let (items, more) = paging.end();
        let behind = u64::try_from(count).unwrap_or_default().saturating_sub(items.len() as u64);
        // What is passed over was counted too.
        let remaining = query.count.then_some(if more { behind } else { 0 });
        Ok(Read { at, value: Page { items, more, remaining } })
    }

    /// Takes what the page has room for; answers where to go on.
    fn take(&self, paging: &mut Paging<'_>, base: &Base, part: &RangeResponse) -> Option<Bytes> {
        paging.answered(part.kvs.len(), part.kvs.iter().map(|kv| kv.value.len()).sum());
        let mut last = None;
        for kv in &part.kvs {
            if self.key(&kv.key).is_some_and(|key| !paging.take(record(base, kv, key))) {
                return None;
            }
            last = Some(&kv.key);
        }
        let last = last.filter(|_| paging.goes_on(part.more));
        last.map(|last| [&last[..], b"\0"].concat().into())
    }
}

/// The revision that was read at, where it is late enough.
fn reached(at: At, current: Revision) -> Result<Revision> {
    match at {
        At::NotBefore(asked) if asked > current => Err(Error::Future { asked, current }),
        _ => Ok(current),
    }
}
