//! `aggboot migrate`: from one store into another.

use clap::Args;
use std::path::PathBuf;

/// What Go's servers and ours name so; here once for each side, for the two may be different clusters.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  aggboot migrate --from embedded:/var/lib/fleet \\
    --to etcd:https://etcd-0:2379,https://etcd-1:2379 --to-etcd-prefix /registry/fleet.example.com \\
    --to-etcd-cafile ca.crt --to-etcd-certfile client.crt --to-etcd-keyfile client.key
  aggboot migrate --from etcd:http://127.0.0.1:2379 --from-etcd-prefix /registry/fleet.example.com \\
    --to embedded:data --dry-run

Stores:
  embedded:DIR       the storage in a file; DIR is the server's --data-dir
  etcd:URL[,URL...]  etcd; the URLs are the server's --etcd-servers

Stop the servers of both sides first. A file that a server has open is refused; in etcd, a write to
the source is noticed before the migration is called done.

Both stores are read and compared before anything is written. Then the target is raised above every
revision that the source has served, and filled; in the end it is read again and compared with the
source. Clients list once more, and never see a revision go back.

The target must be empty. After a crash, a failure or Ctrl-C run the same command again: it goes on
where it was, and until it is done no server uses that target. The source is left as it is.")]
pub(crate) struct MigrateArgs {
    /// The store to read
    #[arg(long, value_name = "STORE", value_parser = place)]
    pub(crate) from: Place,
    /// The store to fill
    #[arg(long, value_name = "STORE", value_parser = place)]
    pub(crate) to: Place,
    /// Say what would be done, and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) from_etcd: FromEtcd,
    #[command(flatten)]
    pub(crate) to_etcd: ToEtcd,
}

/// Which store, without what etcd needs to be told besides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Embedded(PathBuf),
    Etcd(Vec<String>),
}

#[derive(Debug, Args)]
pub(crate) struct FromEtcd {
    /// What all keys of the source begin with: the server's --etcd-prefix. A server without that
    /// flag has /registry/ and the group of its kinds
    #[arg(long, value_name = "PREFIX", help_heading = "Source in etcd")]
    pub(crate) from_etcd_prefix: Option<String>,
    /// File with the authorities that signed the certificates of its servers
    #[arg(long, value_name = "FILE", help_heading = "Source in etcd")]
    pub(crate) from_etcd_cafile: Option<PathBuf>,
    /// File with the certificate to show to them
    #[arg(long, value_name = "FILE", help_heading = "Source in etcd", requires_all = ["from_etcd_cafile", "from_etcd_keyfile"])]
    pub(crate) from_etcd_certfile: Option<PathBuf>,
    /// File with the private key of that certificate
    #[arg(long, value_name = "FILE", help_heading = "Source in etcd", requires = "from_etcd_certfile")]
    pub(crate) from_etcd_keyfile: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ToEtcd {
    /// What all keys of the target begin with: the server's --etcd-prefix. A server without that
    /// flag has /registry/ and the group of its kinds
    #[arg(long, value_name = "PREFIX", help_heading = "Target in etcd")]
    pub(crate) to_etcd_prefix: Option<String>,
    /// File with the authorities that signed the certificates of its servers
    #[arg(long, value_name = "FILE", help_heading = "Target in etcd")]
    pub(crate) to_etcd_cafile: Option<PathBuf>,
    /// File with the certificate to show to them
    #[arg(long, value_name = "FILE", help_heading = "Target in etcd", requires_all = ["to_etcd_cafile", "to_etcd_keyfile"])]
    pub(crate) to_etcd_certfile: Option<PathBuf>,
    /// File with the private key of that certificate
    #[arg(long, value_name = "FILE", help_heading = "Target in etcd", requires = "to_etcd_certfile")]
    pub(crate) to_etcd_keyfile: Option<PathBuf>,
    /// What its servers take in one request: their --max-request-bytes
    #[arg(long, value_name = "BYTES", help_heading = "Target in etcd", default_value_t = aggboot::storage::etcd::MAX_REQUEST_BYTES)]
    pub(crate) to_etcd_max_request_bytes: usize,
}

fn place(text: &str) -> Result<Place, String> {
    match text.split_once(':') {
        Some(("embedded", dir)) if !dir.is_empty() => Ok(Place::Embedded(dir.into())),
        Some(("etcd", urls)) => etcd(urls),
        Some(("memory", _)) => {
            Err("what is in memory goes with its server: there is nothing to migrate".into())
        }
        _ => {
            Err("a store is embedded:DIR, or etcd:URL with the URLs of its servers separated by commas"
                .into())
        }
    }
}

fn etcd(urls: &str) -> Result<Place, String> {
    let urls: Vec<_> = urls.split(',').map(str::to_owned).collect();
    match urls.iter().find(|url| !url.starts_with("http://") && !url.starts_with("https://")) {
        Some(url) => Err(format!("{url:?} is no URL of an etcd server, such as https://etcd-0:2379")),
        None => Ok(Place::Etcd(urls)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_is_a_folder_or_urls() {
        assert_eq!(place("embedded:/var/lib/a:b"), Ok(Place::Embedded("/var/lib/a:b".into())));
        let urls = ["http://127.0.0.1:2379", "https://etcd-1:2379"].map(str::to_owned);
        assert_eq!(place("etcd:http://127.0.0.1:2379,https://etcd-1:2379"), Ok(Place::Etcd(urls.into())));
        for (wrong, why) in [
            ("embedded:", "embedded:DIR"),
            ("/var/lib/a", "embedded:DIR"),
            ("etcd:", "\"\" is no URL"),
            ("etcd:127.0.0.1:2379", "no URL of an etcd server"),
            ("etcd:http://a:1,", "no URL"),
            ("memory:", "goes with its server"),
        ] {
            assert!(place(wrong).is_err_and(|said| said.contains(why)), "{wrong}");
        }
    }
}
