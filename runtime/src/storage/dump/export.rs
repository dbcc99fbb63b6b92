//! A store to lines, at one revision and in memory for one page.

use std::io::Write;

use sha2::{Digest as _, Sha256};

use super::super::{At, Prefix, Query, Read, Storage};
use super::lines::{self, FORMAT, Header};
use super::{Moved, Progress, Result, behind};

/// How many records, and bytes of values, are in memory.
const PAGE: usize = 1000;
const PAGE_BYTES: usize = 4 << 20;

/// Writes everything that the store holds, as it is now. `source` says what kind of store it is, for people.
///
/// What writes go on meanwhile are not in it. A store that forgets the revision before all of it is read ends the
/// export with [`super::super::Error::Compacted`].
///
/// # Errors
/// When the store or the output fails. What was written by then is no whole dump, and refused by an import.
pub async fn export(
    storage: &dyn Storage,
    source: &str,
    out: &mut (dyn Write + Send),
    progress: Progress<'_>,
) -> Result<Moved> {
    let mut out = Digested { out, digest: Sha256::new(), line: Vec::new() };
    let Read { at, value: mut page } = storage.list(query(None, At::Latest)).await?;
    let count = page.items.len() as u64 + page.remaining.unwrap_or_default();
    let (format, source) = (FORMAT.to_owned(), source.to_owned());
    out.line(&serde_json::to_vec(&Header { format, source, revision: at.get(), count }).map_err(json)?)?;
    let mut written = 0;
    loop {
        for stored in &page.items {
            out.record(stored)?;
        }
        written += page.items.len() as u64;
        progress(written);
        let last = page.items.last().filter(|_| page.more);
        let Some(last) = last else { break };
        page = storage.list(query(Some(behind(&last.key)), At::Exactly(at))).await?.value;
    }
    out.end(written)?;
    Ok(Moved { count: written, revision: at })
}

pub(super) fn query(from: Option<Box<str>>, at: At) -> Query {
    let count = from.is_none();
    Query { from, limit: PAGE, max_bytes: PAGE_BYTES, at, count, ..Query::all(Prefix::everything()) }
}

/// Lines, and the digest of all of them.
struct Digested<'a> {
    out: &'a mut (dyn Write + Send),
    digest: Sha256,
    line: Vec<u8>,
}

impl Digested<'_> {
    fn record(&mut self, stored: &super::super::Stored) -> Result<()> {
        let mut line = std::mem::take(&mut self.line);
        line.clear();
        lines::encode(stored, &mut line).map_err(json)?;
        self.line(&line)?;
        self.line = line;
        Ok(())
    }

    fn line(&mut self, line: &[u8]) -> Result<()> {
        for part in [line, b"\n"] {
            self.digest.update(part);
            self.out.write_all(part)?;
        }
        Ok(())
    }

    fn end(&mut self, count: u64) -> Result<()> {
        let last = lines::last(count, &std::mem::take(&mut self.digest).finalize());
        self.line(last.as_bytes())?;
        Ok(self.out.flush()?)
    }
}

fn json(error: serde_json::Error) -> super::Error {
    super::Error::Io(error.into())
}
