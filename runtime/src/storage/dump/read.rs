//! Reading a dump: record by record, and nothing of it is trusted before its last line.

use std::io::{BufRead, Read as _};

use bytes::Bytes;
use sha2::{Digest as _, Sha256};

use super::super::{Key, Revision};
use super::lines::{self, FORMAT, Header, LAST};
use super::{Error, Result};

/// Longer lines are of something else: several times the largest value that a store takes.
const LONGEST: u64 = 64 << 20;

/// A dump that is being read.
#[derive(Debug)]
pub struct Dump<R> {
    input: R,
    header: Header,
    revision: Revision,
    digest: Sha256,
    line: Vec<u8>,
    number: u64,
    count: u64,
    last: Option<Key>,
}

/// A record of a dump.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Where it was.
    pub key: Key,
    /// The revision that it had in the source.
    pub revision: Revision,
    /// What was stored.
    pub value: Bytes,
}

/// Above a higher one there would soon be no revisions left.
const HIGHEST: u64 = u64::MAX / 2;

impl<R: BufRead> Dump<R> {
    /// Reads the first line.
    ///
    /// # Errors
    /// When it is not the first line of a dump of [`FORMAT`].
    pub fn open(input: R) -> Result<Self> {
        let nothing = Header { format: String::new(), source: String::new(), revision: 0, count: 0 };
        let (line, digest) = (Vec::new(), Sha256::new());
        let revision = Revision::FIRST;
        let mut dump =
            Self { input, header: nothing, revision, digest, line, number: 0, count: 0, last: None };
        dump.next_line()?;
        let header: Header = serde_json::from_slice(&dump.line)
            .map_err(|why| dump.broken(&format!("this is not the first line of a dump: {why}")))?;
        if header.format != FORMAT {
            let found = &header.format;
            return Err(dump.broken(&format!("the format is {found:?} and this version reads {FORMAT:?}")));
        }
        dump.revision = Revision::new(header.revision)
            .filter(|revision| revision.get() <= HIGHEST)
            .ok_or_else(|| dump.broken(&format!("{} is no revision that a store had", header.revision)))?;
        dump.header = header;
        dump.trust_line();
        Ok(dump)
    }

    /// What the first line says.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The highest revision that the source ever served.
    pub fn revision(&self) -> Revision {
        self.revision
    }

    /// The next record; `None` once the last line was read and vouched for all before it.
    ///
    /// # Errors
    /// When the dump was cut or changed.
    pub fn next_record(&mut self) -> Result<Option<Record>> {
        self.next_line()?;
        if self.line.starts_with(LAST) {
            return self.end().map(|()| None);
        }
        let record = self.said().map_err(|why| self.broken(&why))?;
        self.trust_line();
        self.count += 1;
        self.last = Some(record.key.clone());
        Ok(Some(record))
    }

    /// Reads what is left, and answers how many records there were.
    ///
    /// # Errors
    /// When the dump was cut or changed.
    pub fn verify(mut self, progress: super::Progress<'_>) -> Result<u64> {
        while self.next_record()?.is_some() {
            progress(self.count);
        }
        Ok(self.count)
    }

    fn said(&self) -> Result<Record, String> {
        let said = lines::decode(&self.line)?;
        let revision = Revision::new(said.revision).filter(|revision| *revision <= self.revision);
        let Some(revision) = revision else {
            return Err(format!("revision {} is none that the source served", said.revision));
        };
        if said.key.is_empty() || said.key.ends_with('/') {
            return Err(format!("{:?} is no key", said.key));
        }
        if self.last.as_ref().is_some_and(|last| last.as_str() >= said.key.as_str()) {
            return Err(format!("{:?} is out of order", said.key));
        }
        Ok(Record { key: Key::new(said.key), revision, value: said.value })
    }

    /// The last line must be exactly what the lines before it make it, and the end of the file.
    fn end(&mut self) -> Result<()> {
        let expected = lines::last(self.count, &self.digest.clone().finalize());
        if self.line != expected.as_bytes() {
            return Err(self
                .broken("the checksum or the count is not that of the lines before: the file was changed"));
        }
        if self.count != self.header.count {
            let announced = self.header.count;
            return Err(self.broken(&format!("{} records came and {announced} were announced", self.count)));
        }
        if self.input.fill_buf()?.is_empty() {
            Ok(())
        } else {
            Err(self.broken("more follows the last line"))
        }
    }

    /// Reads a line, without its end.
    fn next_line(&mut self) -> Result<()> {
        self.line.clear();
        self.number += 1;
        self.input.by_ref().take(LONGEST).read_until(b'\n', &mut self.line)?;
        if self.line.pop_if(|byte| *byte == b'\n').is_some() {
            return Ok(());
        }
        Err(self.broken(match self.line.len() as u64 {
            LONGEST => "the line does not end: this is not a dump",
            0 => "the last line is missing: the file was cut",
            _ => "the file ends within a line: it was cut",
        }))
    }

    fn trust_line(&mut self) {
        self.digest.update(&self.line);
        self.digest.update(b"\n");
    }

    fn broken(&self, why: &str) -> Error {
        Error::Broken { line: self.number, why: why.to_owned() }
    }
}
