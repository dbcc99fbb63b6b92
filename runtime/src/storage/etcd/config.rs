//! What the store must be told of etcd.

use std::path::PathBuf;
use std::time::Duration;

use super::client::Tls;
use crate::storage::{Error, Result};

/// Where etcd is, and what to use of it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// URLs of the servers: `https://host:port`, or `http://` without TLS.
    pub servers: Vec<String>,
    /// What all keys begin with.
    pub prefix: String,
    /// The file with the authorities that signed the certificates of the servers; needed for `https://`.
    pub ca_file: Option<PathBuf>,
    /// The file with the certificate that the servers ask for.
    pub cert_file: Option<PathBuf>,
    /// The file with the key of that certificate.
    pub key_file: Option<PathBuf>,
    /// How old history gets before it is compacted; zero leaves that to others.
    pub compaction_interval: Duration,
    /// What the servers take in one request, in bytes: their `--max-request-bytes`.
    pub max_request_bytes: usize,
    /// How long a call goes from server to server for one that takes it, as while a leader is elected.
    pub patience: Duration,
    /// How long etcd may take to answer before it counts as down.
    pub health_patience: Duration,
}

/// What etcd takes in one request by default.
pub const MAX_REQUEST_BYTES: usize = 3 << 19;
/// How old history gets by default, as in Go.
pub const COMPACTION_INTERVAL: Duration = Duration::from_secs(300);
/// How long etcd may take by default before it counts as down, as in Go.
pub const HEALTH_PATIENCE: Duration = Duration::from_secs(2);
/// Longer than an election.
const PATIENCE: Duration = Duration::from_secs(5);
/// What a transaction takes besides the value: keys, twice and more.
const ROOM: usize = 16 << 10;

impl Config {
    /// Those servers and that prefix, and otherwise what Go's servers do.
    #[must_use]
    pub fn new(servers: Vec<String>, prefix: impl Into<String>) -> Self {
        Self {
            servers,
            prefix: prefix.into(),
            ca_file: None,
            cert_file: None,
            key_file: None,
            compaction_interval: COMPACTION_INTERVAL,
            max_request_bytes: MAX_REQUEST_BYTES,
            patience: PATIENCE,
            health_patience: HEALTH_PATIENCE,
        }
    }

    pub(super) fn max_value(&self) -> usize {
        self.max_request_bytes.saturating_sub(ROOM)
    }

    /// The files of TLS, read once to see that they can be.
    pub(super) fn tls(&self) -> Result<Option<Tls>> {
        let identity = self.cert_file.clone().zip(self.key_file.clone());
        let Some(authorities) = self.ca_file.clone() else {
            return match identity {
                Some(_) => {
                    Err(Error::Incompatible("--etcd-certfile has no use without --etcd-cafile".into()))
                }
                None => Ok(None),
            };
        };
        let tls = Tls { authorities, identity };
        tls.config().map_err(Error::Incompatible)?;
        Ok(Some(tls))
    }
}
