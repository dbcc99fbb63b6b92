//! `aggboot db export`.

use super::{count, objects, open, unmoved};
use crate::args::{ExportArgs, Format};
use crate::failure::{Failure, Result};
use crate::progress::Progress;
use crate::{scaffold, show};
use aggboot::storage::dump::{self, Moved};
use aggboot::storage::embedded::Embedded;
use serde_json::json;
use std::fs::File;
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::Path;
use tempfile::NamedTempFile;

/// What the first line calls the source.
const SOURCE: &str = "embedded";

pub(super) async fn export(args: &ExportArgs, format: Format, out: &mut dyn Write) -> Result<()> {
    if let Some(file) = args.file.as_deref().filter(|file| is_of_the_store(file, &args.store.data_dir)) {
        let file = file.display();
        return Err(Failure::Data(format!("{file} belongs to the store itself: name another --file")));
    }
    let store = open(&args.store.data_dir).await?;
    let Some(file) = &args.file else {
        // Bytes, so past what knows of colours; what is said goes to the other output.
        let mut out = BufWriter::with_capacity(1 << 20, io::stdout());
        return match write(&store, &mut out).await {
            Ok(moved) => say(&mut anstream::stderr(), None, moved, format),
            // Whoever reads has seen enough.
            Err(dump::Error::Io(why)) if why.kind() == ErrorKind::BrokenPipe => Ok(()),
            Err(why) => Err(unmoved(Path::new("standard output"), why)),
        };
    };
    let moved = to_file(&store, file).await?;
    say(out, Some(file), moved, format)
}

/// Whether that is one of the files which a server keeps in its data directory.
fn is_of_the_store(file: &Path, data_dir: &Path) -> bool {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let same =
        matches!((folder.canonicalize(), data_dir.canonicalize()), (Ok(one), Ok(other)) if one == other);
    same && file.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"storage."))
}

/// Written beside and renamed: there is never half a file.
async fn to_file(store: &Embedded, file: &Path) -> Result<Moved> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let beside = NamedTempFile::new_in(folder).map_err(Failure::io("write in", folder))?;
    let mut buffered = BufWriter::with_capacity(1 << 20, beside);
    let moved = write(store, &mut buffered).await.map_err(|why| unmoved(file, why))?;
    let beside = buffered.into_inner().map_err(|why| Failure::io("write", file)(why.into_error()))?;
    beside.as_file().sync_all().map_err(Failure::io("write", file))?;
    beside.persist(file).map_err(|why| Failure::io("write", file)(why.error))?;
    let named = File::open(folder).and_then(|folder| folder.sync_all());
    named.map_err(Failure::io("write in", folder))?;
    Ok(moved)
}

async fn write(store: &Embedded, out: &mut (dyn Write + Send)) -> Result<Moved, dump::Error> {
    let mut progress = Progress::new("exporting", count(store).await?);
    dump::export(store, SOURCE, out, &mut |done| progress.at(done)).await
}

fn say(out: &mut dyn Write, file: Option<&Path>, moved: Moved, format: Format) -> Result<()> {
    let file = file.map(|file| file.display().to_string());
    let revision = moved.revision;
    scaffold::said(match format {
        Format::Json => show::json(
            out,
            &json!({
                "command": "db export",
                "file": file,
                "objects": moved.count,
                "revision": revision.get(),
            }),
        ),
        Format::Text => {
            let into = file.map(|file| format!(" to {file}")).unwrap_or_default();
            writeln!(out, "Exported {} at revision {revision}{into}.", objects(moved.count))
        }
    })
}
