//! `aggboot db compact`.

use super::{bars, done, refused, size};
use crate::args::{CompactArgs, Format};
use crate::failure::Result;
use crate::{scaffold, show};
use aggboot::storage::embedded::upkeep;
use serde_json::json;
use std::io::Write;

pub(super) async fn compact(args: &CompactArgs, format: Format, out: &mut dyn Write) -> Result<()> {
    let dir = &args.store.data_dir;
    let (bars, progress) = bars();
    let shrunk = upkeep::shrink(dir, &progress);
    done(&bars);
    let shrunk = shrunk.map_err(refused)?;
    let file = upkeep::file(dir).display().to_string();
    let (before, after, forgotten) = (shrunk.before, shrunk.after, shrunk.forgotten);
    scaffold::said(match format {
        Format::Json => show::json(
            out,
            &json!({
                "command": "db compact",
                "file": file,
                "bytesBefore": before,
                "bytesAfter": after,
                "forgotten": forgotten,
            }),
        ),
        Format::Text => writeln!(
            out,
            "{file}: {} before, {} now; {forgotten} records of history are forgotten.",
            size(before),
            size(after)
        ),
    })
}
