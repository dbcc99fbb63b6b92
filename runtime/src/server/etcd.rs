//! What a server can be told of etcd: flags, named and meant as those of Go's servers.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::go::GoOptions;
use super::options::duration;
use crate::kind::registry::{Backend, Registry};
use crate::storage::etcd::{COMPACTION_INTERVAL, Config, HEALTH_PATIENCE, MAX_REQUEST_BYTES};
use crate::{Error, Result};

/// Where etcd is, and what to use of it.
#[derive(Clone, Debug, Args)]
#[non_exhaustive]
pub struct EtcdOptions {
    /// URLs of the etcd servers to keep objects in, such as https://etcd-0:2379, separated by commas
    #[arg(long, env = "AGGBOOT_ETCD_SERVERS", value_name = "URLS", value_delimiter = ',')]
    pub etcd_servers: Vec<String>,
    /// What all keys in etcd begin with; without it, /registry/ and the group of the stored kinds
    #[arg(long, env = "AGGBOOT_ETCD_PREFIX", value_name = "PREFIX", requires = "etcd_servers")]
    pub etcd_prefix: Option<String>,
    /// File with the authorities that signed the certificates of the etcd servers
    #[arg(long, env = "AGGBOOT_ETCD_CAFILE", value_name = "FILE", requires = "etcd_servers")]
    pub etcd_cafile: Option<PathBuf>,
    /// File with the certificate to show to etcd; read again for each connection
    #[arg(
        long,
        env = "AGGBOOT_ETCD_CERTFILE",
        value_name = "FILE",
        requires_all = ["etcd_servers", "etcd_cafile", "etcd_keyfile"]
    )]
    pub etcd_certfile: Option<PathBuf>,
    /// File with the private key of --etcd-certfile
    #[arg(long, env = "AGGBOOT_ETCD_KEYFILE", value_name = "FILE", requires_all = ["etcd_servers", "etcd_certfile"])]
    pub etcd_keyfile: Option<PathBuf>,
    /// How old the history in etcd gets before it is compacted; 0 leaves that to others
    #[arg(long, env = "AGGBOOT_ETCD_COMPACTION_INTERVAL", value_name = "DURATION", value_parser = duration, default_value = "5m")]
    pub etcd_compaction_interval: Duration,
    /// What the etcd servers take in one request: their --max-request-bytes
    #[arg(long, env = "AGGBOOT_ETCD_MAX_REQUEST_BYTES", value_name = "BYTES", default_value_t = MAX_REQUEST_BYTES)]
    pub etcd_max_request_bytes: usize,
    /// How long etcd may take before the server is not healthy; the longer one of this and --etcd-readycheck-timeout counts
    #[arg(long, env = "AGGBOOT_ETCD_HEALTHCHECK_TIMEOUT", value_name = "DURATION", value_parser = patience, default_value = "2s")]
    pub etcd_healthcheck_timeout: Duration,
    /// How long etcd may take before the server is not ready; the longer one of this and --etcd-healthcheck-timeout counts
    #[arg(long, env = "AGGBOOT_ETCD_READYCHECK_TIMEOUT", value_name = "DURATION", value_parser = patience, default_value = "2s")]
    pub etcd_readycheck_timeout: Duration,
    /// Flags of Go's servers that have another meaning here, or none.
    #[command(flatten)]
    pub go: GoOptions,
}

impl Default for EtcdOptions {
    fn default() -> Self {
        Self {
            etcd_servers: Vec::new(),
            etcd_prefix: None,
            etcd_cafile: None,
            etcd_certfile: None,
            etcd_keyfile: None,
            etcd_compaction_interval: COMPACTION_INTERVAL,
            etcd_max_request_bytes: MAX_REQUEST_BYTES,
            etcd_healthcheck_timeout: HEALTH_PATIENCE,
            etcd_readycheck_timeout: HEALTH_PATIENCE,
            go: GoOptions::default(),
        }
    }
}

impl EtcdOptions {
    /// What the store is told.
    pub(super) fn config(&self, registry: &Registry) -> Result<Config> {
        let prefix = match &self.etcd_prefix {
            Some(prefix) => prefix.clone(),
            None => default_prefix(&stored_groups(registry))?,
        };
        let mut config = Config::new(self.etcd_servers.clone(), prefix);
        config.ca_file.clone_from(&self.etcd_cafile);
        config.cert_file.clone_from(&self.etcd_certfile);
        config.key_file.clone_from(&self.etcd_keyfile);
        config.compaction_interval = self.etcd_compaction_interval;
        config.max_request_bytes = self.etcd_max_request_bytes;
        // One look at etcd is behind both checks.
        config.health_patience = self.etcd_healthcheck_timeout.max(self.etcd_readycheck_timeout);
        Ok(config)
    }
}

fn patience(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        Duration::ZERO => Err("it must be longer than 0s: nobody answers in no time".into()),
        patience => Ok(patience),
    }
}

fn stored_groups(registry: &Registry) -> Vec<&str> {
    let stored = |group: &&crate::kind::registry::Group| {
        let resources = group.versions.iter().flat_map(|version| &version.resources);
        resources.into_iter().any(|resource| matches!(resource.backend, Backend::Stored))
    };
    registry.groups().iter().filter(stored).map(|group| group.name.as_str()).collect()
}

/// That of Go's sample-apiserver. With several groups there is none that would still be the same with one more.
fn default_prefix(groups: &[&str]) -> Result<String> {
    match groups {
        [] => Ok("/registry".to_owned()),
        [group] => Ok(format!("/registry/{group}")),
        several => Err(Error::new(format!(
            "--etcd-prefix must be given, since kinds of several groups are stored ({}); a server that stored one of them \
             without that flag has its data below /registry/<group>",
            several.join(", ")
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longer_patience_counts() {
        let registry = Registry::default();
        assert_eq!(
            EtcdOptions::default().config(&registry).expect("a config").health_patience,
            HEALTH_PATIENCE
        );
        let ten = Duration::from_secs(10);
        let slow = [
            EtcdOptions { etcd_healthcheck_timeout: ten, ..EtcdOptions::default() },
            EtcdOptions { etcd_readycheck_timeout: ten, ..EtcdOptions::default() },
        ];
        for options in slow {
            assert_eq!(options.config(&registry).expect("a config").health_patience, ten);
        }
        assert_eq!(patience("500ms"), Ok(Duration::from_millis(500)));
        assert!(patience("0s").is_err_and(|why| why.contains("longer than 0s")));
    }

    #[test]
    fn the_prefix_is_that_of_sample_apiserver_where_there_is_one_group() {
        assert_eq!(default_prefix(&["wardle.example.com"]).expect("one"), "/registry/wardle.example.com");
        let error = default_prefix(&["a.example.com", "b.example.com"]).expect_err("two").to_string();
        for word in ["--etcd-prefix", "a.example.com", "b.example.com", "/registry/<group>"] {
            assert!(error.contains(word), "{error}");
        }
    }
}
