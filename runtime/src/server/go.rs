//! Flags of the etcd options of Go's servers that mean less here: taken, so that the arguments of a Deployment stay as they
//! are, where that changes nothing that anybody relies on, and refused with what to do instead where it would.

use std::time::Duration;

use clap::{ArgAction, Args};

use super::options::duration;

/// What is stored, and what Go's servers store by default.
const JSON: &str = "application/json";

/// Flags that are there for the arguments of a Go server.
#[derive(Clone, Debug, Args)]
#[non_exhaustive]
pub struct GoOptions {
    /// etcd3 is what Go's servers name etcd
    #[arg(long, env = "AGGBOOT_STORAGE_BACKEND", value_name = "NAME", value_parser = backend, requires = "etcd_servers", hide_short_help = true)]
    pub storage_backend: Option<String>,
    /// As what objects are stored: always application/json
    #[arg(long, env = "AGGBOOT_STORAGE_MEDIA_TYPE", value_name = "TYPE", value_parser = media_type, hide_short_help = true)]
    pub storage_media_type: Option<String>,
    /// Refused: all objects of a server are in one etcd
    #[arg(long, env = "AGGBOOT_ETCD_SERVERS_OVERRIDES", value_name = "OVERRIDES", value_parser = overrides, hide_short_help = true)]
    pub etcd_servers_overrides: Option<String>,
    /// Refused: objects are stored as they are
    #[arg(long, env = "AGGBOOT_ENCRYPTION_PROVIDER_CONFIG", value_name = "FILE", value_parser = encryption, hide_short_help = true)]
    pub encryption_provider_config: Option<String>,
    /// Refused unless false: objects are stored as they are
    #[arg(long, env = "AGGBOOT_ENCRYPTION_PROVIDER_CONFIG_AUTOMATIC_RELOAD", value_parser = reload, action = ArgAction::Set, num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true", hide_short_help = true)]
    pub encryption_provider_config_automatic_reload: bool,
    /// Refused unless true: what a deletion does with dependents is always left to the cluster's garbage collector
    #[arg(long, env = "AGGBOOT_ENABLE_GARBAGE_COLLECTOR", value_parser = garbage_collector, action = ArgAction::Set, num_args = 0..=1, require_equals = true, default_value = "true", default_missing_value = "true", hide_short_help = true)]
    pub enable_garbage_collector: bool,
    /// Without effect: see --watch-cache
    #[arg(
        long,
        env = "AGGBOOT_WATCH_CACHE_SIZES",
        value_name = "SIZES",
        value_delimiter = ',',
        hide_short_help = true
    )]
    pub watch_cache_sizes: Vec<String>,
    /// Without effect: see --watch-cache
    #[arg(long, env = "AGGBOOT_DEFAULT_WATCH_CACHE_SIZE", value_name = "N", hide_short_help = true)]
    pub default_watch_cache_size: Option<u64>,
    /// Without effect: how many objects are deleted at a time is fixed
    #[arg(long, env = "AGGBOOT_DELETE_COLLECTION_WORKERS", value_name = "N", hide_short_help = true)]
    pub delete_collection_workers: Option<u64>,
    /// Without effect: no metric polls etcd
    #[arg(long, env = "AGGBOOT_ETCD_COUNT_METRIC_POLL_PERIOD", value_name = "DURATION", value_parser = duration, hide_short_help = true)]
    pub etcd_count_metric_poll_period: Option<Duration>,
    /// Without effect: no metric polls etcd
    #[arg(long, env = "AGGBOOT_ETCD_DB_METRIC_POLL_INTERVAL", value_name = "DURATION", value_parser = duration, hide_short_help = true)]
    pub etcd_db_metric_poll_interval: Option<Duration>,
    /// Without effect: objects are stored without leases
    #[arg(long, env = "AGGBOOT_LEASE_REUSE_DURATION_SECONDS", value_name = "N", hide_short_help = true)]
    pub lease_reuse_duration_seconds: Option<u64>,
}

impl Default for GoOptions {
    fn default() -> Self {
        Self {
            storage_backend: None,
            storage_media_type: None,
            etcd_servers_overrides: None,
            encryption_provider_config: None,
            encryption_provider_config_automatic_reload: false,
            enable_garbage_collector: true,
            watch_cache_sizes: Vec::new(),
            default_watch_cache_size: None,
            delete_collection_workers: None,
            etcd_count_metric_poll_period: None,
            etcd_db_metric_poll_interval: None,
            lease_reuse_duration_seconds: None,
        }
    }
}

impl GoOptions {
    /// Says in the log what was given in vain.
    pub(super) fn warn(&self) {
        for (flag, why) in self.without_effect() {
            tracing::warn!("{flag} has no effect: {why}");
        }
    }

    /// The flags that were given in vain, and why they do nothing.
    fn without_effect(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let sizes = "a watch cache is as large as it has to be, and --watch-cache=false goes without";
        let polls = "no metric polls etcd";
        let flags = [
            ("--watch-cache-sizes", sizes, !self.watch_cache_sizes.is_empty()),
            ("--default-watch-cache-size", sizes, self.default_watch_cache_size.is_some()),
            (
                "--delete-collection-workers",
                "how many objects of a collection are deleted at a time is fixed",
                self.delete_collection_workers.is_some(),
            ),
            ("--etcd-count-metric-poll-period", polls, self.etcd_count_metric_poll_period.is_some()),
            ("--etcd-db-metric-poll-interval", polls, self.etcd_db_metric_poll_interval.is_some()),
            (
                "--lease-reuse-duration-seconds",
                "objects are stored without leases",
                self.lease_reuse_duration_seconds.is_some(),
            ),
        ];
        flags.into_iter().filter(|(_, _, given)| *given).map(|(flag, why, _)| (flag, why))
    }
}

fn backend(text: &str) -> Result<String, String> {
    match text {
        "" | "etcd3" => Ok(text.to_owned()),
        _ => Err("etcd3 is accepted; --storage says where objects are kept".into()),
    }
}

fn media_type(text: &str) -> Result<String, String> {
    match text {
        "" | JSON => Ok(text.to_owned()),
        _ => Err(format!(
            "JSON is what is stored: say {JSON}, and let the Go server write objects anew as JSON that it stored otherwise"
        )),
    }
}

fn overrides(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Ok(String::new());
    }
    Err("all objects of a server are in one etcd: serve the kinds that are in another one by a server of their own".into())
}

const UNENCRYPTED: &str = "objects are stored as they are: leave it out and encrypt the disks of etcd, and let the Go server \
                           write objects anew with the provider identity that it stored encrypted";

fn encryption(text: &str) -> Result<String, String> {
    if text.is_empty() { Ok(String::new()) } else { Err(UNENCRYPTED.into()) }
}

fn reload(text: &str) -> Result<bool, String> {
    match switch(text)? {
        true => Err(UNENCRYPTED.into()),
        false => Ok(false),
    }
}

fn garbage_collector(text: &str) -> Result<bool, String> {
    match switch(text)? {
        true => Ok(true),
        false => Err("a deletion always leaves dependents to the garbage collector of the cluster, as its propagation policy \
                      says: leave it out, and delete with propagationPolicy Background where none runs"
            .into()),
    }
}

fn switch(text: &str) -> Result<bool, String> {
    // As Go reads it.
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err("accepted are true and false".into()),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::server::EtcdOptions;

    #[derive(Debug, Parser)]
    struct CommandLine {
        #[command(flatten)]
        etcd: EtcdOptions,
    }

    fn parse(flags: &[&str]) -> Result<GoOptions, String> {
        let line = [&["server", "--etcd-servers=http://etcd:2379"], flags].concat();
        CommandLine::try_parse_from(line).map(|line| line.etcd.go).map_err(|error| error.to_string())
    }

    #[test]
    fn what_go_servers_do_by_default_is_taken() {
        let given = [
            "--storage-backend=etcd3",
            "--storage-media-type=application/json",
            "--etcd-servers-overrides=",
            "--encryption-provider-config=",
            "--encryption-provider-config-automatic-reload=false",
            "--enable-garbage-collector",
            "--enable-garbage-collector=true",
            "--enable-garbage-collector=1",
            "--encryption-provider-config-automatic-reload=False",
        ];
        for flag in given {
            let options = parse(&[flag]).expect(flag);
            assert!(options.enable_garbage_collector);
            assert_eq!(options.without_effect().count(), 0, "{flag}");
        }
        let none = parse(&[]).expect("no flags");
        assert_eq!(format!("{none:?}"), format!("{:?}", GoOptions::default()));
    }

    #[test]
    fn what_has_no_effect_is_told_by_name() {
        for flag in [
            "--watch-cache-sizes=fleets.fleet.example.com#1000,others#0",
            "--default-watch-cache-size=100",
            "--delete-collection-workers=4",
            "--etcd-count-metric-poll-period=1m",
            "--etcd-db-metric-poll-interval=30s",
            "--lease-reuse-duration-seconds=60",
        ] {
            let options = parse(&[flag]).expect(flag);
            let told: Vec<_> = options.without_effect().map(|(flag, _)| flag).collect();
            assert_eq!(told, [flag.split('=').next().expect("a name")]);
        }
        let twice = parse(&["--watch-cache-sizes=a#1,b#2", "--watch-cache-sizes=c#3"]).expect("as in Go");
        assert_eq!(twice.watch_cache_sizes, ["a#1", "b#2", "c#3"]);
    }

    #[test]
    fn what_would_be_ignored_is_refused_with_what_to_do() {
        for (flag, word) in [
            ("--storage-backend=etcd2", "--storage"),
            ("--storage-media-type=application/vnd.kubernetes.protobuf", "JSON is what is stored"),
            ("--storage-media-type=application/yaml", "JSON is what is stored"),
            ("--etcd-servers-overrides=/events#http://etcd4:2379", "a server of their own"),
            ("--encryption-provider-config=/etc/encryption.yaml", "encrypt the disks"),
            ("--encryption-provider-config-automatic-reload", "encrypt the disks"),
            ("--enable-garbage-collector=false", "propagationPolicy"),
            ("--enable-garbage-collector=no", "true and false"),
        ] {
            let refused = parse(&[flag]).expect_err(flag);
            let name = flag.split('=').next().expect("a name");
            assert!(refused.contains(name) && refused.contains(word), "{refused}");
        }
    }
}
