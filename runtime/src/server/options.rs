//! What a server can be told: flags, named as Go's aggregated servers name them, each also from the environment.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args, ValueEnum};

use crate::request::duration;
#[cfg(feature = "embedded")]
use crate::storage::embedded::Durability;

/// The options of a server; `clap::Args`, so that other command lines can flatten them.
#[derive(Clone, Debug, Args)]
#[non_exhaustive]
pub struct Options {
    /// Address to listen on; all of them unless in local mode, which is loopback only
    #[arg(long, env = "AGGBOOT_BIND_ADDRESS", value_name = "IP")]
    pub bind_address: Option<IpAddr>,
    /// Port for HTTPS: 443 by default, 6443 in local mode; 0 lets the system choose
    #[arg(long, env = "AGGBOOT_SECURE_PORT", value_name = "PORT")]
    pub secure_port: Option<u16>,
    /// File with the serving certificate and its intermediates; read again when it changes
    #[arg(long, env = "AGGBOOT_TLS_CERT_FILE", value_name = "FILE", requires = "tls_private_key_file")]
    pub tls_cert_file: Option<PathBuf>,
    /// File with the private key of --tls-cert-file
    #[arg(long, env = "AGGBOOT_TLS_PRIVATE_KEY_FILE", value_name = "FILE", requires = "tls_cert_file")]
    pub tls_private_key_file: Option<PathBuf>,
    /// Folder for a generated serving certificate, where --tls-cert-file is not given
    #[arg(long, env = "AGGBOOT_CERT_DIR", value_name = "DIR", default_value = CERT_DIR)]
    pub cert_dir: PathBuf,
    /// The most streams at a time on an HTTP/2 connection
    #[arg(long, env = "AGGBOOT_HTTP2_MAX_STREAMS_PER_CONNECTION", value_name = "N", default_value_t = STREAMS)]
    pub http2_max_streams_per_connection: u32,

    /// Authorities of client certificates; without it, those that the cluster publishes
    #[arg(long, env = "AGGBOOT_CLIENT_CA_FILE", value_name = "FILE")]
    pub client_ca_file: Option<PathBuf>,
    /// Authorities of front proxies; without it, those that the cluster publishes, with their headers and names
    #[arg(long, env = "AGGBOOT_REQUESTHEADER_CLIENT_CA_FILE", value_name = "FILE")]
    pub requestheader_client_ca_file: Option<PathBuf>,
    /// Common names that a front proxy may have; none means any
    #[arg(long, env = "AGGBOOT_REQUESTHEADER_ALLOWED_NAMES", value_name = "NAMES", value_delimiter = ',')]
    pub requestheader_allowed_names: Vec<String>,
    /// Headers with the user's name
    #[arg(
        long,
        env = "AGGBOOT_REQUESTHEADER_USERNAME_HEADERS",
        value_name = "HEADERS",
        value_delimiter = ',',
        default_value = "x-remote-user"
    )]
    pub requestheader_username_headers: Vec<String>,
    /// Headers with the user's uid
    #[arg(
        long,
        env = "AGGBOOT_REQUESTHEADER_UID_HEADERS",
        value_name = "HEADERS",
        value_delimiter = ',',
        default_value = "x-remote-uid"
    )]
    pub requestheader_uid_headers: Vec<String>,
    /// Headers with the user's groups
    #[arg(
        long,
        env = "AGGBOOT_REQUESTHEADER_GROUP_HEADERS",
        value_name = "HEADERS",
        value_delimiter = ',',
        default_value = "x-remote-group"
    )]
    pub requestheader_group_headers: Vec<String>,
    /// Beginnings of headers with more about the user
    #[arg(
        long,
        env = "AGGBOOT_REQUESTHEADER_EXTRA_HEADERS_PREFIX",
        value_name = "PREFIXES",
        value_delimiter = ',',
        default_value = "x-remote-extra-"
    )]
    pub requestheader_extra_headers_prefix: Vec<String>,

    /// kubeconfig of the cluster; without it, the one that pods have
    #[arg(long, env = "AGGBOOT_KUBECONFIG", value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// kubeconfig for TokenReview and the published authorities, in place of --kubeconfig
    #[arg(long, env = "AGGBOOT_AUTHENTICATION_KUBECONFIG", value_name = "FILE")]
    pub authentication_kubeconfig: Option<PathBuf>,
    /// kubeconfig for SubjectAccessReview, in place of --kubeconfig
    #[arg(long, env = "AGGBOOT_AUTHORIZATION_KUBECONFIG", value_name = "FILE")]
    pub authorization_kubeconfig: Option<PathBuf>,
    /// Do not look up what the cluster publishes about authentication
    #[arg(long, env = "AGGBOOT_AUTHENTICATION_SKIP_LOOKUP", action = ArgAction::Set, num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true")]
    pub authentication_skip_lookup: bool,
    /// Start although what the cluster publishes about authentication cannot be read: everybody may be anonymous then
    #[arg(long, env = "AGGBOOT_AUTHENTICATION_TOLERATE_LOOKUP_FAILURE", action = ArgAction::Set, num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true")]
    pub authentication_tolerate_lookup_failure: bool,
    /// How long the answer to a bearer token is kept
    #[arg(long, env = "AGGBOOT_AUTHENTICATION_TOKEN_WEBHOOK_CACHE_TTL", value_name = "DURATION", value_parser = duration, default_value = "10s")]
    pub authentication_token_webhook_cache_ttl: Duration,
    /// How long a yes of the cluster is kept
    #[arg(long, env = "AGGBOOT_AUTHORIZATION_WEBHOOK_CACHE_AUTHORIZED_TTL", value_name = "DURATION", value_parser = duration, default_value = "10s")]
    pub authorization_webhook_cache_authorized_ttl: Duration,
    /// How long a no of the cluster is kept
    #[arg(long, env = "AGGBOOT_AUTHORIZATION_WEBHOOK_CACHE_UNAUTHORIZED_TTL", value_name = "DURATION", value_parser = duration, default_value = "10s")]
    pub authorization_webhook_cache_unauthorized_ttl: Duration,
    /// Hold a Lease for every APIService that objects are kept for, so that no two servers with a storage of their own
    /// answer for one; not with etcd, which servers may share
    #[arg(long, env = "AGGBOOT_LEADER_ELECT", action = ArgAction::Set, num_args = 0..=1, require_equals = true, default_value = "true", default_missing_value = "true")]
    pub leader_elect: bool,
    /// Namespace of these Leases; without it, that of the pod or of the kubeconfig
    #[arg(long, env = "AGGBOOT_LEADER_ELECT_RESOURCE_NAMESPACE", value_name = "NAMESPACE")]
    pub leader_elect_resource_namespace: Option<String>,
    /// Paths that are open to everybody; one that ends in * opens everything behind it
    #[arg(
        long,
        env = "AGGBOOT_AUTHORIZATION_ALWAYS_ALLOW_PATHS",
        value_name = "PATHS",
        value_delimiter = ',',
        default_value = "/healthz,/readyz,/livez"
    )]
    pub authorization_always_allow_paths: Vec<String>,

    /// The most reads at a time; 0 means no limit
    #[arg(long, env = "AGGBOOT_MAX_REQUESTS_INFLIGHT", value_name = "N", default_value_t = READS)]
    pub max_requests_inflight: usize,
    /// The most writes at a time; 0 means no limit
    #[arg(long, env = "AGGBOOT_MAX_MUTATING_REQUESTS_INFLIGHT", value_name = "N", default_value_t = WRITES)]
    pub max_mutating_requests_inflight: usize,
    /// The longest that a request may take, unless it is a watch
    #[arg(long, env = "AGGBOOT_REQUEST_TIMEOUT", value_name = "DURATION", value_parser = duration, default_value = "1m")]
    pub request_timeout: Duration,
    /// How long to go on serving after the signal to stop, until no new requests are sent here
    #[arg(long, env = "AGGBOOT_SHUTDOWN_DELAY_DURATION", value_name = "DURATION", value_parser = duration, default_value = "0s")]
    pub shutdown_delay_duration: Duration,

    /// Where objects are kept: embedded in --data-dir, which is the default, in etcd, or in memory, which forgets
    #[arg(long, env = "AGGBOOT_STORAGE", value_enum)]
    pub storage: Option<StorageKind>,
    /// The etcd to keep them in; naming its servers is enough.
    #[cfg(feature = "etcd")]
    #[command(flatten)]
    pub etcd: super::EtcdOptions,
    /// When a write to the embedded storage is answered: group, when the disk has it; relaxed:INTERVAL, at once, and the
    /// disk has it within the interval
    #[cfg(feature = "embedded")]
    #[arg(long, env = "AGGBOOT_DURABILITY", value_name = "DURABILITY", value_parser = durability, default_value = "group")]
    pub durability: Durability,
    /// Keep stored objects in memory and answer reads and watches from there
    #[arg(long, env = "AGGBOOT_WATCH_CACHE", action = ArgAction::Set, num_args = 0..=1, require_equals = true, default_value = "true", default_missing_value = "true")]
    pub watch_cache: bool,
    /// Folder for the embedded storage and for what local mode generates
    #[arg(long, env = "AGGBOOT_DATA_DIR", value_name = "DIR", default_value = "data")]
    pub data_dir: PathBuf,
    /// Serve this machine only, with a generated authority and kubeconfig, and without a cluster
    #[arg(long, env = "AGGBOOT_LOCAL", action = ArgAction::Set, num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true")]
    pub local: bool,
    /// How much the log says, from 0 to 9
    #[arg(short = 'v', long = "v", env = "AGGBOOT_V", value_name = "LEVEL", default_value_t = 0)]
    pub verbosity: u8,
}

/// Where objects are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum StorageKind {
    /// In memory: gone with the process.
    #[cfg_attr(not(feature = "embedded"), default)]
    Memory,
    /// In a file in the data directory: durable.
    #[cfg(feature = "embedded")]
    #[default]
    Embedded,
    /// In etcd, for several servers.
    #[cfg(feature = "etcd")]
    Etcd,
}

const CERT_DIR: &str = "apiserver.local.config/certificates";
const STREAMS: u32 = 1000;
const READS: usize = 400;
const WRITES: usize = 200;

pub(super) fn duration(text: &str) -> Result<Duration, String> {
    duration::parse(text)
        .map_err(|error| format!("{error}; accepted are durations such as 500ms, 10s or 1m30s"))
}

#[cfg(feature = "embedded")]
fn durability(text: &str) -> Result<Durability, String> {
    let (shortest, longest) = (Duration::from_millis(1), Duration::from_secs(60));
    match text.split_once(':') {
        None if text == "group" => Ok(Durability::Group),
        Some(("relaxed", interval)) => match duration(interval)? {
            interval if (shortest..=longest).contains(&interval) => Ok(Durability::Relaxed(interval)),
            _ => Err(format!("accepted are intervals from 1ms to 1m, not {interval}")),
        },
        _ => Err("accepted are group and relaxed:INTERVAL, such as relaxed:100ms".into()),
    }
}

impl Default for Options {
    /// What no flags mean. The environment is not looked at.
    fn default() -> Self {
        let (none, one) = (Vec::new, |text: &str| vec![text.to_owned()]);
        let ten_seconds = Duration::from_secs(10);
        Options {
            bind_address: None,
            secure_port: None,
            tls_cert_file: None,
            tls_private_key_file: None,
            cert_dir: CERT_DIR.into(),
            http2_max_streams_per_connection: STREAMS,
            client_ca_file: None,
            requestheader_client_ca_file: None,
            requestheader_allowed_names: none(),
            requestheader_username_headers: one("x-remote-user"),
            requestheader_uid_headers: one("x-remote-uid"),
            requestheader_group_headers: one("x-remote-group"),
            requestheader_extra_headers_prefix: one("x-remote-extra-"),
            kubeconfig: None,
            authentication_kubeconfig: None,
            authorization_kubeconfig: None,
            authentication_skip_lookup: false,
            authentication_tolerate_lookup_failure: false,
            authentication_token_webhook_cache_ttl: ten_seconds,
            authorization_webhook_cache_authorized_ttl: ten_seconds,
            authorization_webhook_cache_unauthorized_ttl: ten_seconds,
            leader_elect: true,
            leader_elect_resource_namespace: None,
            authorization_always_allow_paths: ["/healthz", "/readyz", "/livez"].map(str::to_owned).to_vec(),
            max_requests_inflight: READS,
            max_mutating_requests_inflight: WRITES,
            request_timeout: Duration::from_secs(60),
            shutdown_delay_duration: Duration::ZERO,
            storage: None,
            #[cfg(feature = "etcd")]
            etcd: super::EtcdOptions::default(),
            #[cfg(feature = "embedded")]
            durability: Durability::default(),
            watch_cache: true,
            data_dir: "data".into(),
            local: false,
            verbosity: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, FromArgMatches};

    use super::*;
    use crate::server::CommandLine;

    fn parse(arguments: &[&str]) -> Result<Options, String> {
        let arguments = std::iter::once("server").chain(arguments.iter().copied());
        let matches = CommandLine::command().try_get_matches_from(arguments);
        let matches = matches.map_err(|error| error.to_string())?;
        Ok(CommandLine::from_arg_matches(&matches).map_err(|error| error.to_string())?.options)
    }

    #[test]
    fn no_flags_mean_the_default() {
        let parsed = parse(&[]).expect("no flags");
        assert_eq!(format!("{parsed:?}"), format!("{:?}", Options::default()));
    }

    #[test]
    fn switches_are_written_as_in_go() {
        for (arguments, expected) in
            [(&["--local"][..], true), (&["--local=true"], true), (&["--local=false"], false)]
        {
            assert_eq!(parse(arguments).expect("a switch").local, expected, "{arguments:?}");
        }
        assert_eq!(parse(&["-v", "4"]).expect("a level").verbosity, 4);
        assert_eq!(parse(&["--v=4"]).expect("a level").verbosity, 4);
    }

    #[test]
    fn a_bad_value_names_the_flag_the_value_and_what_is_accepted() {
        for (arguments, words) in [
            (&["--storage=disk"][..], &["--storage", "disk", "memory"][..]),
            (&["--secure-port=70000"], &["--secure-port", "70000", "65535"]),
            (&["--request-timeout=5"], &["--request-timeout", "\"5\"", "10s"]),
            (&["--bind-address=here"], &["--bind-address", "here", "IP"]),
            (&["--tls-cert-file=a"], &["--tls-private-key-file"]),
            (&["--durability=none"], &["--durability", "none", "relaxed:100ms"]),
            (&["--durability=relaxed:100"], &["--durability", "relaxed:100", "missing unit"]),
            (&["--durability=relaxed:0s"], &["--durability", "relaxed:0s", "from 1ms to 1m"]),
            (&["--durability=relaxed:2m"], &["--durability", "relaxed:2m", "from 1ms to 1m"]),
            #[cfg(feature = "etcd")]
            (&["--etcd-prefix=/a"], &["--etcd-servers"]),
            #[cfg(feature = "etcd")]
            (&["--storage-backend=etcd3"], &["--etcd-servers"]),
            #[cfg(feature = "etcd")]
            (&["--etcd-servers=https://a:1", "--etcd-keyfile=k"], &["--etcd-certfile"]),
        ] {
            let error = parse(arguments).expect_err("a bad value");
            assert!(words.iter().all(|word| error.contains(word)), "{error}");
        }
    }

    #[test]
    fn durability_is_in_groups_or_within_an_interval() {
        for (argument, expected) in [
            ("--durability=group", Durability::Group),
            ("--durability=relaxed:50ms", Durability::Relaxed(Duration::from_millis(50))),
        ] {
            assert_eq!(parse(&[argument]).expect("a durability").durability, expected);
        }
    }

    #[test]
    fn every_flag_also_comes_from_the_environment() {
        for argument in CommandLine::command().get_arguments() {
            let Some(long) = argument.get_long() else { continue };
            if matches!(long, "help" | "version") {
                continue;
            }
            let expected = format!("AGGBOOT_{}", long.replace('-', "_").to_ascii_uppercase());
            assert_eq!(argument.get_env().map(|name| name.to_string_lossy().into_owned()), Some(expected));
        }
    }
}
