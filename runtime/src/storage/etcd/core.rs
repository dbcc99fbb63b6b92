//! What every part of the store shares: the client, the layout, and how etcd's revisions are served just now.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use bytes::Bytes;
use tokio::sync::{Notify, watch};

use super::barrier::Barrier;
use super::base::Base;
use super::client::Client;
use super::failure::Failure;
use super::layout::{self, Layout};
use super::page::Sizes;
use super::proto::{KeyValue, RangeRequest, RangeResponse, Request, Response, ResponseOp, TxnRequest};
use super::trust::Trust;
use crate::storage::foreign::foreign;
use crate::storage::{Error, Health, Key, Result, Revision, Stored};

/// The shared parts. Tasks of the store hold it, so it outlives the store until they have ended.
pub(super) struct Core {
    pub(super) client: Client,
    pub(super) layout: Layout,
    pub(super) max_value: usize,
    pub(super) barrier: Barrier,
    /// The revision of etcd that open watches are to pass.
    pub(super) wanted: watch::Sender<i64>,
    pub(super) health: watch::Sender<Health>,
    /// That something failed, so that the health is looked at.
    pub(super) doubt: Notify,
    pub(super) trust: Trust,
    /// How large records are.
    pub(super) sizes: Sizes,
    /// What was told of already.
    strange: Mutex<HashSet<Bytes>>,
    base: ArcSwap<Base>,
}

/// Of how many keys that are none of ours is told.
const STRANGE: usize = 100;

/// A linearizable look at etcd.
pub(super) struct Looked {
    /// etcd's revision then.
    pub(super) revision: i64,
    pub(super) base: Arc<Base>,
    pub(super) range: RangeResponse,
}

impl Looked {
    /// The revision as it is served.
    pub(super) fn at(&self) -> Revision {
        self.base.serve(self.revision)
    }
}

impl Core {
    pub(super) fn new(client: Client, layout: Layout, max_value: usize) -> Self {
        Self {
            client,
            layout,
            max_value,
            barrier: Barrier::default(),
            wanted: watch::Sender::new(0),
            health: watch::Sender::new(Health::Ready),
            doubt: Notify::new(),
            trust: Trust::default(),
            sizes: Sizes::default(),
            strange: Mutex::default(),
            base: ArcSwap::default(),
        }
    }

    pub(super) fn base(&self) -> Arc<Base> {
        self.base.load_full()
    }

    /// Reads a range at a quorum, together with the base, so that another server's raise is never overlooked.
    pub(super) async fn look(&self, range: Option<RangeRequest>) -> Result<Looked, Failure> {
        let before = self.trust.seen()?;
        let large = range.as_ref().is_some_and(|range| !range.range_end.is_empty());
        let ranges = range.into_iter().chain([self.base_range()]);
        let success = ranges.map(|range| Request::Range(range).into()).collect();
        let answer = self.client.read(TxnRequest { success, ..TxnRequest::default() }, large).await;
        let answer = answer.inspect_err(|failure| self.doubt(failure))?;
        let revision = self.trust.take(before, answer.header.as_ref())?;
        let mut ranges = answer.responses.into_iter().map(range_of);
        let base = ranges.next_back().unwrap_or_default();
        let base = self.learn(base.kvs.first())?;
        Ok(Looked { revision, base, range: ranges.next().unwrap_or_default() })
    }

    /// The same with as much of a range as one answer holds.
    pub(super) async fn look_at(&self, mut range: RangeRequest) -> Result<Looked, Failure> {
        loop {
            match self.look(Some(range.clone())).await {
                Err(Failure::TooMuch) if range.limit > 1 => range.limit /= 2,
                looked => return looked,
            }
        }
    }

    /// As much of a range as one answer holds.
    pub(super) async fn range(&self, mut range: RangeRequest) -> Result<RangeResponse, Failure> {
        loop {
            match self.client.range(range.clone()).await {
                Err(Failure::TooMuch) if range.limit > 1 => range.limit /= 2,
                answer => return answer,
            }
        }
    }

    pub(super) fn doubt(&self, failure: &Failure) {
        if matches!(
            failure,
            Failure::Elsewhere(_) | Failure::Refused(_) | Failure::Full(_) | Failure::Lost(_)
        ) {
            self.doubt.notify_one();
        }
    }

    pub(super) fn base_range(&self) -> RangeRequest {
        RangeRequest { key: self.layout.base(), ..RangeRequest::default() }
    }

    /// Takes up what the base's key says now, unless something newer is known; answers what is known then.
    pub(super) fn learn(&self, kv: Option<&KeyValue>) -> Result<Arc<Base>, Failure> {
        let at = kv.map_or(0, |kv| kv.mod_revision);
        if at > self.base.load().at {
            let read = Base::read(kv).map_err(|error| Failure::Refused(error.to_string()))?;
            let read = Arc::new(read);
            self.base.rcu(|known| Arc::clone(if known.at < read.at { &read } else { known }));
        }
        Ok(self.base())
    }

    /// A range of the state at a revision that is served.
    pub(super) async fn past(&self, asked: Revision, range: &RangeRequest) -> Result<(i64, Looked)> {
        loop {
            let base = self.base();
            let revision = base.state(asked)?;
            match self.look_at(RangeRequest { revision, ..range.clone() }).await {
                Ok(looked) if looked.base.at == base.at => return Ok((revision, looked)),
                // Another server raised the base: the question means another state now.
                Ok(_) => {}
                Err(Failure::Compacted) => return Err(self.compacted(asked, revision).await),
                Err(Failure::Future) => self.future(asked, &base, revision).await?,
                Err(failure) => return Err(failure.of_read()),
            }
        }
    }

    /// `Ok` when a revision that etcd says is of the future is not any more, or means another.
    async fn future(&self, asked: Revision, base: &Base, revision: i64) -> Result<()> {
        let now = self.look(None).await.map_err(Failure::of_read)?;
        if now.base.at != base.at || now.revision >= revision {
            return Ok(());
        }
        Err(Error::Future { asked, current: now.at() })
    }

    /// The key that etcd knows by this name. One that no Kubernetes server writes is told of once and passed over: it can
    /// come at any time, and must make no others unreadable.
    pub(super) fn key(&self, etcd: &Bytes) -> Option<Key> {
        let key = self.layout.key(etcd);
        if key.is_none() && self.is_new(etcd) {
            let (key, root) = (String::from_utf8_lossy(etcd), self.layout.root());
            tracing::warn!(
                ?key,
                "an etcd key that no Kubernetes server writes below {root} is passed over: delete it, or use another --etcd-prefix"
            );
        }
        key
    }

    /// Whether it was not told of, and is to be.
    fn is_new(&self, etcd: &Bytes) -> bool {
        let mut told = self.strange.lock().unwrap_or_else(PoisonError::into_inner);
        // Not a slice of the whole answer of etcd.
        told.len() < STRANGE && !told.contains(etcd) && told.insert(Bytes::copy_from_slice(etcd))
    }

    /// A record that can be read.
    pub(super) fn stored(&self, base: &Base, kv: &KeyValue, key: &Key) -> Result<Stored> {
        let stored = record(base, kv, key.clone());
        match foreign(&kv.value) {
            Some(why) => Err(Error::corrupt(&stored, &why)),
            None => Ok(stored),
        }
    }

    /// Where etcd is.
    pub(super) async fn now(&self) -> Result<Looked> {
        self.look(None).await.map_err(Failure::of_read)
    }
}

impl std::fmt::Debug for Core {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Etcd")
            .field("servers", &self.client.names())
            .field("prefix", &self.layout.root())
            .finish()
    }
}

/// A record as it is served, whether it can be read or not.
pub(super) fn record(base: &Base, kv: &KeyValue, key: Key) -> Stored {
    let (value, stale) = layout::value(kv);
    Stored { key, revision: base.serve(kv.mod_revision), value, stale }
}

/// The range that one operation of a transaction answered.
pub(super) fn range_of(response: ResponseOp) -> RangeResponse {
    match response.response {
        Some(Response::Range(range)) => range,
        None => RangeResponse::default(),
    }
}

/// The key only, of one record.
pub(super) fn only(key: Bytes) -> RangeRequest {
    RangeRequest { key, ..RangeRequest::default() }
}
