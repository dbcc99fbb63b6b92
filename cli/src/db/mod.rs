//! `aggboot db …`: opens the store of a data directory, does one thing, says what came of it.

mod check;
mod compact;
mod export;
mod import;

use crate::args::{Db, Format};
use crate::failure::{Failure, Result};
use aggboot::storage::embedded::Embedded;
use aggboot::storage::embedded::upkeep;
use aggboot::storage::{self, Revision, Storage, dump};
use std::io::Write;
use std::path::Path;

/// Does what is asked. What a store answers it answers at once: one thread is enough.
pub(crate) fn run(asked: &Db, format: Format, out: &mut dyn Write) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(Failure::io("start the runtime in", Path::new(".")))?;
    runtime.block_on(async {
        match asked {
            Db::Check(args) => check::check(args, format, out).await,
            Db::Compact(args) => compact::compact(args, format, out).await,
            Db::Export(args) => export::export(args, format, out).await,
            Db::Import(args) => import::import(args, format, out).await,
        }
    })
}

/// The store that is in that directory; none is made.
fn open(dir: &Path) -> Result<Embedded> {
    let file = upkeep::file(dir);
    if !file.is_file() {
        let advice = "--data-dir names the folder that the server was given";
        return Err(Failure::Data(format!("there is no store in {}; {advice}", dir.display())));
    }
    Embedded::open(dir).map_err(refused)
}

/// Lifts a store; answers the revision that it has then.
async fn raise(store: &Embedded, above: u64) -> Result<Revision> {
    let floor = Revision::new(above).unwrap_or(Revision::FIRST);
    store.raise(floor).await.map_err(refused)?;
    store.barrier().await.map_err(refused)
}

/// What a store could not do.
fn refused(why: storage::Error) -> Failure {
    match why {
        storage::Error::Incompatible(why) => Failure::Data(why),
        storage::Error::Unavailable { why, .. } => Failure::Storage(why),
        why => Failure::Storage(why.to_string()),
    }
}

/// What was wrong with a dump, or with what was to be done with it.
fn unmoved(file: &Path, why: dump::Error) -> Failure {
    match why {
        dump::Error::Storage(why) => refused(why),
        dump::Error::Io(why) => Failure::Storage(format!("{}: {why}", file.display())),
        why @ dump::Error::Broken { .. } => {
            Failure::Data(format!("{}: {why}; take another export", file.display()))
        }
        why => Failure::Storage(why.to_string()),
    }
}

/// A size, as people read it.
fn size(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{:.1} KiB", bytes as f64 / 1024.0),
        1_048_576..1_073_741_824 => format!("{:.1} MiB", bytes as f64 / 1_048_576.0),
        _ => format!("{:.1} GiB", bytes as f64 / 1_073_741_824.0),
    }
}

/// So many objects, as people say it.
fn objects(count: u64) -> String {
    format!("{count} {}", if count == 1 { "object" } else { "objects" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_short() {
        let sizes = [0, 1023, 1024, 1536, 5 << 20, 3 << 30].map(size);
        assert_eq!(sizes, ["0 B", "1023 B", "1.0 KiB", "1.5 KiB", "5.0 MiB", "3.0 GiB"]);
    }
}
