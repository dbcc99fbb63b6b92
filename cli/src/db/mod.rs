//! `aggboot db …`: opens the store of a data directory, does one thing, says what came of it.

mod check;
mod compact;
mod export;
mod import;

use crate::args::{Db, Format};
use crate::failure::{Failure, Result};
use crate::progress::Bars;
use crate::show::{objects, size};
use aggboot::storage::embedded::Embedded;
use aggboot::storage::embedded::upkeep::{self, Stage};
use aggboot::storage::migrate::unfinished;
use aggboot::storage::{self, Prefix, Query, Revision, Storage, dump};
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

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

/// Bars for what is done to the pages of a file, and whom that is told.
fn bars() -> (Arc<Mutex<Bars>>, upkeep::Progress) {
    let bars = Arc::new(Mutex::new(Bars::default()));
    let shown = Arc::clone(&bars);
    let progress = move |stage, done, of| {
        let doing = match stage {
            Stage::Checking => "checking pages",
            Stage::Opening => "opening",
            Stage::Forgetting => "forgetting history",
            Stage::Moving => "moving pages",
        };
        shown.lock().unwrap_or_else(PoisonError::into_inner).at(doing, done, of);
    };
    (bars, Arc::new(progress))
}

/// The line of the last bar goes.
fn done(bars: &Mutex<Bars>) {
    *bars.lock().unwrap_or_else(PoisonError::into_inner) = Bars::default();
}

/// How many objects there are.
async fn count(store: &Embedded) -> Result<u64, storage::Error> {
    let one = Query { limit: 1, count: true, ..Query::all(Prefix::everything()) };
    let first = store.list(one).await?.value;
    Ok(first.items.len() as u64 + first.remaining.unwrap_or_default())
}

/// The whole store that is in that directory; none is made.
async fn open(dir: &Path) -> Result<Embedded> {
    let file = upkeep::file(dir);
    if !file.is_file() {
        let advice = "--data-dir names the folder that the server was given";
        return Err(Failure::Data(format!("there is no store in {}; {advice}", dir.display())));
    }
    let (bars, progress) = bars();
    let opened = upkeep::open(dir, &progress);
    done(&bars);
    let store = opened.map_err(refused)?;
    match unfinished(&store).await.map_err(refused)? {
        None => Ok(store),
        Some(half) => Err(Failure::Data(format!(
            "the store in {} has only a part of what {} has: run that `aggboot migrate` again, it goes on where it was",
            dir.display(),
            half.source
        ))),
    }
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
