//! What is checked before a store is used: that etcd is there and new enough, and that the data is ours to serve.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::core::Core;
use super::failure::Failure;
use super::proto::RangeRequest;
use super::version;
use crate::storage::foreign::foreign;
use crate::storage::{Error, Prefix, Result};

/// How long etcd may take to be there.
const PATIENCE: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(500);
/// More resources than anybody has.
const RESOURCES: usize = 10_000;

impl Core {
    /// Waits until etcd answers, and refuses what cannot be served.
    pub(super) async fn check(&self) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let why = match self.check_once().await {
                Ok(checked) => return checked,
                Err(failure) => failure.of_read(),
            };
            if Instant::now() >= deadline {
                return Err(why);
            }
            tracing::info!(%why, "waiting for etcd");
            sleep(PAUSE).await;
        }
    }

    /// The outer error is one that may pass.
    async fn check_once(&self) -> Result<Result<()>, Failure> {
        if let Err(why) = version::check(&self.client.status().await?.version, &self.client.names()) {
            return Ok(Err(Error::Incompatible(why)));
        }
        self.look(None).await?;
        self.check_data().await
    }

    /// Looks at one record of each resource.
    async fn check_data(&self) -> Result<Result<()>, Failure> {
        let (mut key, range_end) = self.layout.range(&Prefix::everything());
        for _ in 0..RESOURCES {
            let range =
                RangeRequest { key, range_end: range_end.clone(), limit: 1, ..RangeRequest::default() };
            let found = self.client.range(range).await?;
            let Some(kv) = found.kvs.first() else { break };
            let name = String::from_utf8_lossy(&kv.key).into_owned();
            if let Some(why) = foreign(&kv.value) {
                return Ok(Err(Error::Incompatible(format!("{name} in etcd cannot be served: {why}"))));
            }
            if self.layout.key(&kv.key).is_none() {
                return Ok(Err(Error::Incompatible(format!(
                    "{name} in etcd is no key of a Kubernetes server: use another --etcd-prefix than {}",
                    self.layout.root()
                ))));
            }
            key = self.layout.behind_resource(&kv.key);
        }
        Ok(Ok(()))
    }
}
