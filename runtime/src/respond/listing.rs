//! A list while it is sent: an envelope around slices of shared runs, 64 KiB at a time.
//!
//! Nothing is made of an object before it is sent, and a run is let go once its last object was. Where the client
//! takes gzip, runs that lists ask for again and again are compressed once and their blocks copied.

use std::collections::VecDeque;
use std::iter;
use std::sync::Arc;
use std::vec;

use bytes::Bytes;
use futures::stream;
use jiff::Timestamp;

use super::list::{Item, ListMeta};
use super::pieces::Json as _;
use super::squeeze::Squeeze;
use super::styled::Styled;
use super::table::{IncludeObject, Table};
use super::{Body, Chunks, Streamed, gzip, partial};
use crate::gzip::{Block, Pieces};
use crate::kind::Kind;
use crate::object::Object;
use crate::request::accept::{Form, MetaVersion};
use crate::storage::view::{Made, OnSecond, Slice, Slices};

/// A list that is being written.
#[derive(Debug)]
pub struct Listing {
    rows: Rows,
    /// How long it is at least.
    length: usize,
    slices: vec::IntoIter<Slice>,
    current: Option<(Slice, usize)>,
    any: bool,
    ended: bool,
    out: Chunks,
    squeeze: Option<Box<Squeeze>>,
    /// Where it is not compact JSON.
    styled: Option<Box<Styled>>,
}

/// What a list says of each object.
#[derive(Debug)]
pub(super) enum Rows {
    /// All.
    Objects,
    /// Its metadata.
    Metadata(MetaVersion),
    /// Its row of a table.
    Table { kind: Arc<Kind>, version: MetaVersion, include: IncludeObject, now: Timestamp },
}

/// A run that takes more is compressed anew each time: its block would be long in making.
const LARGEST: usize = 2 << 20;
/// From this size on an object is worth a look whether it must be copied.
const LARGE: usize = 16 * 1024;

impl Listing {
    pub(super) fn new(
        rows: Rows,
        (api_version, kind): (&str, &str),
        meta: &ListMeta,
        slices: Slices,
    ) -> Self {
        let mut out = Chunks::default();
        match rows.table() {
            Some(table) => table.begin(&mut out, meta, true),
            None => {
                out.text("{\"kind\":");
                out.quoted(kind);
                out.text(",\"apiVersion\":");
                out.quoted(api_version);
                out.text(",\"metadata\":");
                meta.write(&mut out);
                out.text(",\"items\":[");
            }
        }
        let length = if matches!(rows, Rows::Objects) { slices.bytes() } else { 0 };
        let slices = slices.into_slices();
        let (current, any, ended, squeeze, styled) = (None, false, false, None, None);
        Listing { rows, length, slices, current, any, ended, out, squeeze, styled }
    }

    /// The list in another form; to be called before anything is made of it.
    #[must_use]
    pub fn styled(mut self, form: Form) -> Self {
        let Some(mut styled) = Styled::of(form, self.rows.name()) else { return self };
        let begun = std::mem::take(&mut self.out).into_bytes();
        self.out.copy(styled.begin(&begun));
        self.length = styled.at_least(self.length);
        self.styled = Some(Box::new(styled));
        self
    }

    /// The list as a body, and whether it is compressed: when it is long, and `gzip` was asked for.
    #[must_use]
    pub fn into_body(mut self, gzip: bool) -> (Body, bool) {
        let ready_until = if gzip { gzip::THRESHOLD } else { super::chunks::PIECE };
        let (mut ready, mut length) = (VecDeque::new(), 0);
        if self.length <= ready_until {
            while length <= ready_until {
                match self.next() {
                    Some(piece) => {
                        length += piece.len();
                        ready.push_back(piece);
                    }
                    None if ready.len() == 1 => {
                        return (Body::Full(ready.remove(0).unwrap_or_default()), false);
                    }
                    None => return (Body::Chunks(ready), false),
                }
            }
        }
        if gzip {
            self.compress(&ready);
            ready.clear();
        }
        let pieces = ready.into_iter().chain(self);
        (Body::Stream(Streamed::document(stream::iter(pieces))), gzip)
    }

    /// The list in one piece.
    #[cfg(test)]
    fn into_bytes(self) -> Vec<u8> {
        self.fold(Vec::new(), |mut whole, piece| {
            whole.extend_from_slice(&piece);
            whole
        })
    }

    /// Begins to compress, with what is ready already.
    fn compress(&mut self, ready: &VecDeque<Bytes>) {
        let plain = std::mem::take(&mut self.out);
        let mut squeeze = Box::new(Squeeze::begin(&mut self.out));
        let mut input = squeeze.input(&mut self.out);
        ready.iter().for_each(|piece| input.copy(piece));
        input.copy(&plain.into_bytes());
        if self.ended {
            squeeze.end(&mut self.out);
        } else {
            self.squeeze = Some(squeeze);
        }
    }

    /// Writes an object, or a run at once, or the end; answers whether there was anything left to write.
    fn step(&mut self) -> bool {
        let (slice, place) = match self.current.take() {
            Some(current) => current,
            None => match self.slices.next() {
                Some(slice) if self.block(&slice) => return true,
                Some(slice) => {
                    self.rows.begin(&slice);
                    (slice, 0)
                }
                None => return self.end(),
            },
        };
        let comma = std::mem::replace(&mut self.any, true);
        match (&mut self.styled, &mut self.squeeze) {
            (Some(styled), squeeze) => {
                styled.json.clear();
                self.rows.write(&mut styled.json, &slice, place, false);
                send(styled.object(!comma), squeeze.as_deref_mut(), &mut self.out);
            }
            (None, Some(squeeze)) => {
                self.rows.write(&mut squeeze.input(&mut self.out), &slice, place, comma);
            }
            (None, None) => self.rows.write(&mut self.out, &slice, place, comma),
        }
        if place + 1 < slice.items().len() {
            self.current = Some((slice, place + 1));
        }
        true
    }

    /// Writes the block of a run, if it has one.
    fn block(&mut self, slice: &Slice) -> bool {
        let Some(squeeze) = &mut self.squeeze else { return false };
        let run = slice.run();
        if self.styled.is_some() || !slice.is_whole() || run.bytes() > LARGEST {
            return false;
        }
        let (made, rows) = (run.made(), &self.rows);
        let Some(slot) = rows.slot(made) else { return false };
        let make = || squeeze.make(|out| rows.write_all(out, slice));
        let Some(block) = slot.get(made, run.budget(), make, |block| block.bytes().len()) else {
            return false;
        };
        if std::mem::replace(&mut self.any, true) {
            squeeze.input(&mut self.out).text(",");
        }
        squeeze.block(block, &mut self.out);
        true
    }

    fn end(&mut self) -> bool {
        if std::mem::replace(&mut self.ended, true) {
            return false;
        }
        let end = match &mut self.styled {
            Some(styled) => styled.end(self.any),
            None => b"]}\n",
        };
        send(end, self.squeeze.as_deref_mut(), &mut self.out);
        if let Some(squeeze) = self.squeeze.take() {
            squeeze.end(&mut self.out);
        }
        true
    }
}

impl Iterator for Listing {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        iter::repeat_with(|| match self.out.take_full() {
            Some(piece) => Some(Some(piece)),
            None if self.step() => None,
            None => Some(self.out.take_rest()),
        })
        .find_map(|found| found)
        .flatten()
    }
}

impl Rows {
    /// A slice is about to be written: what is kept of its run is asked for.
    fn begin(&self, slice: &Slice) {
        if let Some(table) = self.table()
            && slice.is_whole()
        {
            table.keep(slice.run());
        }
    }

    fn write(&self, out: &mut impl Pieces, slice: &Slice, place: usize, comma: bool) {
        if comma {
            out.copy(b",");
        }
        let object = &slice.items()[place];
        match self {
            Rows::Objects => whole(out, object),
            Rows::Metadata(version) => partial::write(out, *version, object.served_metadata()),
            Rows::Table { .. } => {
                let Some(table) = self.table() else { return };
                let kept = slice.run().made().cells.made();
                match kept.and_then(|cells| cells.part(slice.start() + place)) {
                    Some(cells) => table.kept_row(out, cells, &Item::from(&**object)),
                    None => table.row(out, &Item::from(&**object)),
                }
            }
        }
    }

    fn write_all(&self, out: &mut impl Pieces, slice: &Slice) {
        (0..slice.items().len()).for_each(|place| self.write(out, slice, place, place > 0));
    }

    /// Where blocks of such rows are kept.
    fn slot<'m>(&self, made: &'m Made) -> Option<&'m OnSecond<Block>> {
        match self {
            Rows::Objects => Some(&made.objects),
            Rows::Metadata(MetaVersion::V1) => Some(&made.metadata),
            Rows::Metadata(MetaVersion::V1Beta1) | Rows::Table { .. } => None,
        }
    }

    /// What the list calls them.
    fn name(&self) -> &'static str {
        if matches!(self, Rows::Table { .. }) { "rows" } else { "items" }
    }

    fn table(&self) -> Option<Table<'_>> {
        match self {
            Rows::Table { kind, version, include, now } => {
                Some(Table { columns: &kind.columns, version: *version, include: *include, now: *now })
            }
            _ => None,
        }
    }
}

/// Writes a text, to be compressed where all is.
fn send(text: &[u8], squeeze: Option<&mut Squeeze>, out: &mut Chunks) {
    match squeeze {
        Some(squeeze) => squeeze.input(out).copy(text),
        None => out.copy(text),
    }
}

/// Writes an object; a large one need not be copied.
fn whole(out: &mut impl Pieces, object: &Object) {
    let served = object.served();
    if object.length() < LARGE {
        return out.served(served);
    }
    let [head, revision, _] = served.pieces();
    out.copy(head);
    out.copy(revision);
    out.share(&object.tail());
}

#[cfg(test)]
mod tests;
