//! `aggboot db check`.

use super::{bars, count, done, objects, open, raise, refused, size};
use crate::args::{CheckArgs, Format};
use crate::failure::{Failure, Result};
use crate::progress::Progress;
use crate::{scaffold, show};
use aggboot::storage::Revision;
use aggboot::storage::embedded::upkeep::{self, Pages};
use aggboot::storage::survey::{Survey, survey};
use serde_json::json;
use std::io::{self, Write};
use std::path::Path;

pub(super) async fn check(args: &CheckArgs, format: Format, out: &mut dyn Write) -> Result<()> {
    let dir = &args.store.data_dir;
    // Opening compares the index with the log; this compares every page with its checksum.
    let (bars, progress) = bars();
    let examined = upkeep::examine(dir, &progress);
    done(&bars);
    let pages = examined.map_err(refused)?;
    let store = open(dir).await?;
    let found = {
        let mut progress = Progress::new("reading", count(&store).await.map_err(refused)?);
        survey(&store, &mut |done| progress.at(done)).await.map_err(refused)?
    };
    let file = upkeep::file(dir);
    sound(&file, &found)?;
    let raised = match args.raise_above {
        Some(above) => Some(raise(&store, above).await?),
        // By opening it.
        None => store.was_older().map(|_| found.revision),
    };
    scaffold::said(match format {
        Format::Json => show::json(out, &document(&file, pages, &found, raised)),
        Format::Text => sentences(out, &file, pages, &found, (store.was_older(), raised)),
    })
}

/// A store with records that no server could read is not sound.
fn sound(file: &Path, found: &Survey) -> Result<()> {
    let Some(first) = found.problems.first() else { return Ok(()) };
    let message = format!(
        "{}: {} of {} records cannot be read as objects, the first is {} at revision {}: {}; the file itself is sound, \
         so something else wrote them: import an export of before with --replace",
        file.display(),
        found.unreadable,
        found.count,
        first.key,
        first.revision,
        first.why
    );
    let problem = |problem: &aggboot::storage::survey::Problem| {
        format!("{} at revision {}: {}", problem.key, problem.revision, problem.why)
    };
    Err(Failure::Unreadable { message, problems: found.problems.iter().map(problem).collect() })
}

fn document(file: &Path, pages: Pages, found: &Survey, raised: Option<Revision>) -> serde_json::Value {
    json!({
        "command": "db check",
        "file": file.display().to_string(),
        "sound": true,
        "mended": pages == Pages::Mended,
        "revision": raised.unwrap_or(found.revision).get(),
        "raised": raised.is_some(),
        "objects": found.count,
        "bytes": found.bytes,
        "resources": found.resources,
    })
}

fn sentences(
    out: &mut dyn Write,
    file: &Path,
    pages: Pages,
    found: &Survey,
    (older, raised): (Option<&str>, Option<Revision>),
) -> io::Result<()> {
    if pages == Pages::Mended {
        writeln!(
            out,
            "The last commit was not whole, as after a crash: the one before it is in its place now."
        )?;
    }
    if let Some(why) = older {
        writeln!(out, "{}: {why}.", file.display())?;
    }
    let (count, bytes) = (objects(found.count), size(found.bytes));
    writeln!(out, "{} is sound: {count}, {bytes}, at revision {}.", file.display(), found.revision)?;
    for (resource, count) in &found.resources {
        writeln!(out, "  {count:>9}  {resource}")?;
    }
    match raised {
        Some(raised) => writeln!(out, "Raised to revision {raised}: clients will list again."),
        None => Ok(()),
    }
}
