//! Forgetting: compaction when asked, compaction as Go's servers do it, and raising the base.

use std::time::Duration;

use bytes::Bytes;
use tokio::time::{sleep, timeout};

use super::core::Core;
use super::failure::{self, Failure, unavailable};
use super::proto::{self, Compare, PutRequest, Request, TxnRequest, WatchCreateRequest};
use crate::storage::{Error, Result, Revision};

/// The key by which all servers on one etcd agree who compacts; Go's servers use it too.
const COMPACT_REV_KEY: &str = "compact_rev_key";
/// How long etcd may take to say what it has compacted.
const PATIENCE: Duration = Duration::from_secs(3);

impl Core {
    pub(super) async fn compact(&self, through: Revision) -> Result<Revision> {
        let now = self.now().await?;
        let base = now.base;
        let Ok(asked) = base.state(through) else { return Ok(base.oldest(0)) };
        let revision = asked.min(now.revision);
        match self.client.compact(revision).await {
            Ok(_) => Ok(base.serve(revision)),
            // At it or further.
            Err(Failure::Compacted) => {
                let range = proto::RangeRequest { revision, ..self.base_range() };
                match self.look(Some(range)).await {
                    Ok(_) => Ok(base.serve(revision)),
                    Err(Failure::Compacted) => {
                        let compacted = self.compacted_revision(revision).await;
                        compacted
                            .map(|compacted| base.oldest(compacted))
                            .ok_or_else(|| unavailable("it does not say what it has compacted"))
                    }
                    Err(failure) => Err(failure.of_read()),
                }
            }
            Err(failure) => Err(failure.of_read()),
        }
    }

    /// The error for a state that is forgotten, `revision` as etcd counts.
    pub(super) async fn compacted(&self, asked: Revision, revision: i64) -> Error {
        let compacted = self.compacted_revision(revision).await;
        let oldest = compacted.map_or(asked.next(), |compacted| self.base().oldest(compacted));
        Error::Compacted { asked, oldest: oldest.max(asked.next()) }
    }

    /// What etcd has compacted, which it says only to a watch that begins below.
    async fn compacted_revision(&self, below: i64) -> Option<i64> {
        let told = async {
            let start_revision = below.max(1);
            let watch = WatchCreateRequest {
                key: self.layout.base(),
                start_revision,
                ..WatchCreateRequest::default()
            };
            let mut stream = self.client.watch([watch]).await.ok()?;
            loop {
                let response = stream.next().await.ok()?;
                if response.compact_revision > 0 {
                    return Some(response.compact_revision);
                }
            }
        };
        timeout(PATIENCE, told).await.ok().flatten()
    }

    pub(super) async fn raise(&self, floor: Revision) -> Result<()> {
        loop {
            let now = self.now().await?;
            if floor < now.at() {
                // Where a life has begun above it, what was before is refused already: others who share etcd keep theirs.
                return match now.base.state(floor) {
                    Err(_) => Ok(()),
                    Ok(_) => self.compact(floor.next()).await.map(drop),
                };
            }
            let value: Bytes = now.base.raised(floor, now.revision).into();
            let key = self.layout.base();
            let put = TxnRequest {
                compare: vec![Compare::mod_revision(key.clone(), now.base.at)],
                success: vec![Request::Put(PutRequest { key: key.clone(), value }).into()],
                failure: Vec::new(),
            };
            let full = match self.client.write(put).await {
                Ok(answer) => {
                    let taken = self.trust.take(now.revision, answer.header.as_ref());
                    taken.map_err(|failure| self.distrusted(&failure))?;
                    None
                }
                Err(Failure::Full(why)) => Some(why),
                Err(failure) => return Err(failure.of_write(0, 0)),
            };
            // Ours, or that of another server which was quicker.
            let raised = self.now().await.map_err(|error| Error::Unknown { why: error.to_string() })?;
            if let Some(why) = full.filter(|_| raised.base.at == now.base.at) {
                return Err(Error::ReadOnly { why: failure::full(&why) });
            }
        }
    }

    /// Compacts in the background what is older than an interval, together with all others who do: whoever sets the key first
    /// compacts, up to where he saw etcd an interval ago, and the others wait for their next turn.
    pub(super) async fn compact_regularly(&self, interval: Duration) {
        let mut turn = Turn::default();
        loop {
            sleep(interval).await;
            match self.take_turn(&turn).await {
                Ok(next) => turn = next,
                Err(failure) => {
                    let error = failure.of_read();
                    tracing::warn!(%error, servers = self.client.names(), "compacting etcd failed; it is tried again");
                }
            }
        }
    }

    async fn take_turn(&self, turn: &Turn) -> Result<Turn, Failure> {
        self.trust.kept()?;
        let key = Bytes::from_static(COMPACT_REV_KEY.as_bytes());
        let value = turn.revision.to_string().into();
        let answer = self.client.write(TxnRequest {
            compare: vec![Compare::version(key.clone(), turn.version)],
            success: vec![Request::Put(PutRequest { key: key.clone(), value }).into()],
            failure: vec![Request::Range(super::core::only(key)).into()],
        });
        let answer = answer.await?;
        let revision = proto::revision(answer.header.as_ref());
        if !answer.succeeded {
            let range = answer.responses.into_iter().map(super::core::range_of).next().unwrap_or_default();
            return Ok(Turn { version: range.kvs.first().map_or(0, |kv| kv.version), revision });
        }
        if turn.revision > 0 {
            match self.client.compact(turn.revision).await {
                Ok(_) | Err(Failure::Compacted) => {
                    tracing::debug!(revision = turn.revision, "compacted etcd");
                }
                Err(failure) => {
                    tracing::warn!(?failure, "compacting etcd failed; it is done at the next turn");
                }
            }
        }
        Ok(Turn { version: turn.version + 1, revision })
    }
}

/// What a server knew when it last looked at the key.
#[derive(Default)]
struct Turn {
    /// The key's version: how often anybody compacted.
    version: i64,
    /// Where etcd was.
    revision: i64,
}
