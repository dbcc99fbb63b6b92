//! `aggboot db import`.

use super::{objects, refused, unmoved};
use crate::args::{Format, ImportArgs};
use crate::failure::{Failure, Result};
use crate::progress::Progress;
use crate::{scaffold, show};
use aggboot::storage::dump::{self, Dump, Moved};
use aggboot::storage::embedded::upkeep::Staged;
use aggboot::storage::{Prefix, Query, Revision, Storage as _};
use serde_json::json;
use std::fs::File;
use std::io::{BufReader, Seek as _, Write};
use std::path::Path;

pub(super) async fn import(args: &ImportArgs, format: Format, out: &mut dyn Write) -> Result<()> {
    let (file, dir) = (&args.file, &args.store.data_dir);
    let input = verified(file)?;
    let staged = Staged::beside(dir).map_err(refused)?;
    let one = Query { limit: 1, count: true, ..Query::all(Prefix::everything()) };
    let present = staged.present().list(one).await.map_err(refused)?;
    let held = present.value.items.len() as u64 + present.value.remaining.unwrap_or_default();
    if held > 0 && !args.replace {
        return Err(Failure::Refused {
            argument: "--data-dir".into(),
            value: dir.display().to_string(),
            rule: format!("the store in it holds {}", objects(held)),
            advice: "try --replace to put the export in their place, or another --data-dir".into(),
        });
    }
    let floor = args.raise_above.and_then(Revision::new).unwrap_or(Revision::FIRST).max(present.at);
    let moved = fill(&staged, file, input, floor).await?;
    staged.take_place().map_err(refused)?;
    say(out, dir, moved, held, format)
}

/// The file, read to its end once and found whole.
fn verified(file: &Path) -> Result<File> {
    let mut input = File::open(file).map_err(Failure::io("open", file))?;
    let dump = Dump::open(BufReader::with_capacity(1 << 20, &input)).map_err(|why| unmoved(file, why))?;
    let mut progress = Progress::new("verifying", dump.header().count);
    dump.verify(&mut |done| progress.at(done)).map_err(|why| unmoved(file, why))?;
    input.rewind().map_err(Failure::io("read twice", file))?;
    Ok(input)
}

async fn fill(staged: &Staged, file: &Path, input: File, floor: Revision) -> Result<Moved> {
    let next = staged.next().ok_or_else(|| Failure::Storage("the new store is closed".into()))?;
    let dump = Dump::open(BufReader::with_capacity(1 << 20, input)).map_err(|why| unmoved(file, why))?;
    let mut progress = Progress::new("importing", dump.header().count);
    let moved = dump::import(dump, next, Some(floor), &mut |done| progress.at(done)).await;
    moved.map_err(|why| unmoved(file, why))
}

fn say(out: &mut dyn Write, dir: &Path, moved: Moved, replaced: u64, format: Format) -> Result<()> {
    let (dir, revision) = (dir.display().to_string(), moved.revision);
    scaffold::said(match format {
        Format::Json => show::json(
            out,
            &json!({
                "command": "db import",
                "dataDir": dir,
                "objects": moved.count,
                "replaced": replaced,
                "revision": revision.get(),
            }),
        ),
        Format::Text => {
            let instead =
                if replaced > 0 { format!(" in place of {}", objects(replaced)) } else { String::new() };
            writeln!(
                out,
                "Imported {} into {dir}{instead}; they begin at new revisions, up to {revision}.",
                objects(moved.count)
            )
        }
    })
}
