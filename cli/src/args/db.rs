//! `aggboot db …`: the file of the embedded storage.

use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum Db {
    /// Verify the whole store: pages, index, and that every value is an object
    Check(CheckArgs),
    /// Forget the history and give its space back to the file system
    Compact(CompactArgs),
    /// Write every object as a line of JSON
    Export(ExportArgs),
    /// Fill a store from an export, all or nothing
    Import(ImportArgs),
}

/// Which store.
#[derive(Debug, Args)]
pub(crate) struct DataDir {
    /// The folder of the store, as the server has it. No server may be running on it
    #[arg(long, env = "AGGBOOT_DATA_DIR", value_name = "DIR", default_value = "data")]
    pub(crate) data_dir: PathBuf,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  aggboot db check
  aggboot db check --data-dir /var/lib/fleet -o json
  aggboot db check --data-dir /var/lib/fleet --raise-above now

After an old copy was put in place:
  Clients remember the last revision that they saw. A store from a copy goes on from a lower one:
  watches of those clients hear nothing, and a revision comes to stand for two things. A copy of the
  file alone is noticed by storage.witness beside it, and one that a server in a cluster opens by its
  Lease: the store is lifted above every revision that it served before, and clients list again.
  A copy of the whole folder looks like the original: there `--raise-above now` does the same. Do it
  before the server is started.")]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    pub(crate) store: DataDir,
    /// Once it is found sound, make every revision from now on higher than this one, and older ones
    /// expired. `now` is the time in microseconds: where new stores begin, and so above what any of
    /// them has served
    #[arg(long, value_name = "REVISION|now", value_parser = floor)]
    pub(crate) raise_above: Option<u64>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  aggboot db compact
  aggboot db compact --data-dir /var/lib/fleet

Watches that come back afterwards are told to list again.")]
pub(crate) struct CompactArgs {
    #[command(flatten)]
    pub(crate) store: DataDir,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  aggboot db export --file backup.jsonl
  aggboot db export --data-dir /var/lib/fleet | gzip > backup.jsonl.gz
  aggboot db export | jq -r .key

The first line says what follows; then a line for each object, with its key, its revision and the
stored bytes; the last line has the count and a checksum, so that a file that was cut or changed is
refused by `aggboot db import`.")]
pub(crate) struct ExportArgs {
    #[command(flatten)]
    pub(crate) store: DataDir,
    /// Where to write, whole or not at all [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  aggboot db import --file backup.jsonl
  aggboot db import --file backup.jsonl --data-dir /var/lib/fleet --replace
  aggboot db import --file backup.jsonl --raise-above now

The export is verified first. The new store is made beside the old one and takes its place when it is
whole: after a failure, or a kill, the old one is there as it was.

Objects get new revisions, above every one that the source, and the store that is replaced, have
served: clients list again and miss nothing. Where the source went on after the export, say so with
`--raise-above now`, or with the highest revision that clients may have seen.")]
pub(crate) struct ImportArgs {
    #[command(flatten)]
    pub(crate) store: DataDir,
    /// What `aggboot db export` wrote, not compressed
    #[arg(long, value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Take the place of a store that holds objects: they are gone then
    #[arg(long)]
    pub(crate) replace: bool,
    /// Make every revision higher than this one too; `now` is the time in microseconds
    #[arg(long, value_name = "REVISION|now", value_parser = floor)]
    pub(crate) raise_above: Option<u64>,
}

/// A revision, or the one that a new store would begin at.
fn floor(text: &str) -> Result<u64, String> {
    if text == "now" {
        return Ok(aggboot::storage::Revision::wall_clock().get());
    }
    // The highest of all would leave none to be above it.
    let number = text.parse().ok().filter(|number| (1..=u64::MAX / 2).contains(number));
    number.ok_or_else(|| "a revision is a number from 1, as in an object's resourceVersion, or `now`".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_floor_is_a_revision_or_now() {
        assert_eq!(floor("7"), Ok(7));
        assert!(floor("now").is_ok_and(|now| now > 1_700_000_000_000_000));
        for wrong in ["0", "-1", "1.5", "", "later", "18446744073709551615"] {
            assert!(floor(wrong).is_err(), "{wrong:?}");
        }
    }
}
