//! Whether the source is still: nobody wrote to it since a migration began. Writes of others to the same etcd, under
//! other prefixes, move its revision and are none of ours.

use std::time::Duration;

use tokio::time::timeout;

use super::super::{Error as StorageError, Events, Prefix, Revision, Start, Storage};
use super::{Error, Result};

/// How long a watch may take to reach a revision that the store has reached.
const PATIENCE: Duration = Duration::from_secs(60);

/// A watch of everything in the source.
#[derive(Debug)]
pub(super) struct Still {
    events: Events,
    /// Nothing happened up to here.
    pub(super) through: Revision,
}

impl Still {
    /// From now on.
    pub(super) async fn begin(source: &dyn Storage) -> Result<Self> {
        let through = source.barrier().await.map_err(Error::Source)?;
        let events = source.watch(&Prefix::everything(), Start::After(through), false).await;
        Ok(Self { events: events.map_err(Error::Source)?, through })
    }

    /// The highest revision that the source has served, when nobody wrote up to there.
    pub(super) async fn until_now(&mut self, source: &dyn Storage) -> Result<Revision> {
        let now = source.barrier().await.map_err(Error::Source)?;
        loop {
            // What came already is looked at, even where the revision was reached before.
            let patience = if self.through < now { PATIENCE } else { Duration::ZERO };
            let batch = match timeout(patience, self.events.next()).await {
                Ok(Some(batch)) => batch.map_err(Error::Source)?,
                Err(_) if self.through >= now => return Ok(now),
                Ok(None) => return Err(Error::Source(StorageError::closed())),
                Err(_) => return Err(silent()),
            };
            if let Some(event) = batch.events.first() {
                return Err(Error::Moved { key: event.key.clone(), revision: event.revision });
            }
            self.through = self.through.max(batch.through);
        }
    }
}

fn silent() -> Error {
    Error::Source(StorageError::Unavailable {
        why: format!("its watch has not moved for {} seconds", PATIENCE.as_secs()),
        retry_after: PATIENCE,
    })
}
