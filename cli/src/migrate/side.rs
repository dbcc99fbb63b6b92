//! One of the two stores: what the command line says of it, what it is called, and how it is opened.

use crate::args::{MigrateArgs, Place};
use crate::failure::{Failure, Result};
use aggboot::storage::Storage;
use aggboot::storage::embedded::{Embedded, upkeep};
use aggboot::storage::etcd::{Config, Etcd};
use aggboot::storage::memory::Memory;
use aggboot::storage::{self};
use std::path::{Path, PathBuf};
use std::time::Duration;

#[derive(Debug)]
pub(super) enum Side {
    Embedded { argument: &'static str, dir: PathBuf },
    Etcd { argument: &'static str, config: Config },
}

impl Side {
    pub(super) fn source(args: &MigrateArgs) -> Result<Self> {
        let etcd = &args.from_etcd;
        let files = [&etcd.from_etcd_cafile, &etcd.from_etcd_certfile, &etcd.from_etcd_keyfile];
        Self::new("--from", &args.from, etcd.from_etcd_prefix.as_ref(), files)
    }

    pub(super) fn target(args: &MigrateArgs) -> Result<Self> {
        let etcd = &args.to_etcd;
        let files = [&etcd.to_etcd_cafile, &etcd.to_etcd_certfile, &etcd.to_etcd_keyfile];
        let mut side = Self::new("--to", &args.to, etcd.to_etcd_prefix.as_ref(), files)?;
        if let Self::Etcd { config, .. } = &mut side {
            config.max_request_bytes = etcd.to_etcd_max_request_bytes;
        }
        Ok(side)
    }

    fn new(
        argument: &'static str,
        place: &Place,
        prefix: Option<&String>,
        files: [&Option<PathBuf>; 3],
    ) -> Result<Self> {
        let servers = match place {
            Place::Etcd(servers) => servers.clone(),
            Place::Embedded(dir) if prefix.is_none() && files.iter().all(|file| file.is_none()) => {
                return Ok(Self::Embedded { argument, dir: dir.clone() });
            }
            Place::Embedded(dir) => {
                let rule = format!("{argument}-etcd-… is said of a store that is not in etcd");
                let advice = format!("leave it out, or say {argument} etcd:URL");
                return Err(against(argument, format!("embedded:{}", dir.display()), rule, advice));
            }
        };
        let Some(prefix) = prefix else {
            let advice = format!(
                "say {argument}-etcd-prefix, what the server has as --etcd-prefix; one without that flag has /registry/<group>"
            );
            let rule = "several servers may keep their objects in one etcd".into();
            return Err(against(argument, format!("etcd:{}", servers.join(",")), rule, advice));
        };
        let mut config = Config::new(servers, clean(prefix));
        [config.ca_file, config.cert_file, config.key_file] = files.map(Clone::clone);
        // Servers do that, and go by their own interval.
        config.compaction_interval = Duration::ZERO;
        Ok(Self::Etcd { argument, config })
    }

    /// The flag that names it.
    pub(super) fn argument(&self) -> &'static str {
        match self {
            Self::Embedded { argument, .. } | Self::Etcd { argument, .. } => argument,
        }
    }

    /// The same, however it was typed.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Embedded { dir, .. } => {
                let whole = dir.canonicalize().or_else(|_| std::path::absolute(dir));
                format!("embedded:{}", whole.as_deref().unwrap_or(dir).display())
            }
            Self::Etcd { config, .. } => {
                let mut servers: Vec<_> =
                    config.servers.iter().map(|url| url.trim_end_matches('/')).collect();
                servers.sort_unstable();
                format!("etcd:{} below {}", servers.join(","), config.prefix)
            }
        }
    }

    /// The store that is there; none is made.
    pub(super) async fn existing(&self) -> Result<Box<dyn Storage>> {
        match self {
            Self::Embedded { argument, dir } if !upkeep::file(dir).is_file() => Err(Failure::Data(format!(
                "there is no store in {}; {argument} names the folder that the server was given as --data-dir",
                dir.display()
            ))),
            _ => self.open().await,
        }
    }

    /// The store, made where it is missing.
    pub(super) async fn open(&self) -> Result<Box<dyn Storage>> {
        match self {
            Self::Embedded { dir, .. } => {
                Ok(Box::new(Embedded::open(dir).map_err(|why| self.unopened(why))?))
            }
            Self::Etcd { config, .. } => {
                Ok(Box::new(Etcd::open(config).await.map_err(|why| self.unopened(why))?))
            }
        }
    }

    /// The store, or something as empty where it is missing.
    pub(super) async fn as_it_is(&self) -> Result<Box<dyn Storage>> {
        match self {
            Self::Embedded { dir, .. } if !upkeep::file(dir).is_file() => Ok(Box::new(Memory::new())),
            _ => self.open().await,
        }
    }

    fn unopened(&self, why: storage::Error) -> Failure {
        let opening = format!("opening {} {}", self.argument(), self.name());
        match why {
            storage::Error::Incompatible(why) => Failure::Data(format!("{opening}: {why}")),
            storage::Error::Unavailable { why, .. } => Failure::Storage(format!("{opening}: {why}")),
            why => Failure::Storage(format!("{opening}: {why}")),
        }
    }
}

/// Neither may hold the other.
pub(super) fn apart(from: &Side, to: &Side) -> Result<()> {
    let same = match (from, to) {
        (Side::Etcd { config: from, .. }, Side::Etcd { config: to, .. }) => {
            let (one, other) = (Path::new(&from.prefix), Path::new(&to.prefix));
            from.servers.iter().any(|server| to.servers.contains(server))
                && (one.starts_with(other) || other.starts_with(one))
        }
        _ => from.name() == to.name(),
    };
    if !same {
        return Ok(());
    }
    let rule = format!("it is in the same place as {}", from.name());
    Err(against(to.argument(), to.name(), rule, "name a store beside it".into()))
}

fn against(argument: &str, value: String, rule: String, advice: String) -> Failure {
    Failure::Refused { argument: argument.to_owned(), value, rule, advice }
}

/// A prefix as etcd's keys have it: with a leading slash, without empty parts.
fn clean(prefix: &str) -> String {
    let parts: Vec<_> = prefix.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    format!("/{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn etcd(servers: &[&str], prefix: &str) -> Side {
        let servers = servers.iter().map(ToString::to_string).collect();
        Side::Etcd { argument: "--to", config: Config::new(servers, clean(prefix)) }
    }

    #[test]
    fn a_store_has_one_name() {
        let names = [
            etcd(&["https://b:1", "https://a:1/"], "registry//g/"),
            etcd(&["https://a:1", "https://b:1"], "/registry/./g"),
        ];
        assert_eq!(names.map(|side| side.name()), ["etcd:https://a:1,https://b:1 below /registry/g"; 2]);
    }

    #[test]
    fn stores_within_each_other_are_refused() {
        let here = &["https://a:1", "https://b:1"][..];
        for (one, other, fine) in [
            (etcd(here, "/registry/g"), etcd(here, "/registry/h"), true),
            (etcd(here, "/registry/g"), etcd(here, "/registry/gg"), true),
            (etcd(here, "/registry/g"), etcd(&["https://c:1"], "/registry/g"), true),
            (etcd(here, "/registry/g"), etcd(&["https://b:1"], "registry/g/"), false),
            (etcd(here, "/registry"), etcd(here, "/registry/g"), false),
            (etcd(here, "/registry/g"), etcd(here, "/"), false),
        ] {
            assert_eq!(apart(&one, &other).is_ok(), fine, "{} and {}", one.name(), other.name());
        }
    }
}
