//! What a row says of an object. Ages depend on the time of the request; everything else can be kept.

use std::borrow::Cow;

use jiff::Timestamp;

use super::Table;
use crate::gzip::Pieces;
use crate::kind::Column;
use crate::respond::list::Item;
use crate::respond::pieces::Json as _;
use crate::respond::{age, scan};
use crate::storage::view::{Filling, Holed, Run};

/// Where the cells of a row are written.
trait Cells: Pieces {
    /// The age of a time, which is given in milliseconds.
    fn age(&mut self, time: i64);
}

/// Cells that are sent.
struct Sent<'a, P> {
    out: &'a mut P,
    now: Timestamp,
}

impl<P: Pieces> Pieces for Sent<'_, P> {
    fn copy(&mut self, bytes: &[u8]) {
        self.out.copy(bytes);
    }
}

impl<P: Pieces> Cells for Sent<'_, P> {
    fn age(&mut self, time: i64) {
        age::write(self.out, self.now, time);
    }
}

impl Pieces for Holed {
    fn copy(&mut self, bytes: &[u8]) {
        self.text(bytes);
    }
}

impl Cells for Holed {
    fn age(&mut self, time: i64) {
        self.hole(time);
    }
}

impl Table<'_> {
    /// Asks for the cells of a run to be kept, which they are on their second use.
    pub(in crate::respond) fn keep(&self, run: &Run) {
        let make = || {
            let mut kept = Holed::default();
            for object in run.items() {
                self.cells(&mut kept, &Item::from(&**object));
                kept.end();
            }
            kept.fitted()
        };
        let made = run.made();
        let _ = made.cells.get(made, run.budget(), make, Holed::size);
    }

    /// Writes the cells of an object.
    pub(super) fn write_cells(&self, out: &mut impl Pieces, item: &Item<'_>) {
        self.cells(&mut Sent { out, now: self.now }, item);
    }

    /// Writes the cells of an object from those that are kept.
    pub(super) fn write_kept<'k>(&self, out: &mut impl Pieces, cells: impl Iterator<Item = Filling<'k>>) {
        for filling in cells {
            match filling {
                Filling::Text(text) => out.copy(text),
                Filling::Hole(time) => age::write(out, self.now, time),
            }
        }
    }

    fn cells(&self, out: &mut impl Cells, item: &Item<'_>) {
        out.quoted(item.name);
        let object = if self.columns.is_empty() { Cow::Borrowed(&[][..]) } else { item.bytes.whole() };
        for column in self.columns {
            out.text(",");
            cell(out, column, &object);
        }
        out.text(",");
        if !self.columns.is_empty() {
            aged(out, item.created);
        } else if item.created.is_empty() {
            // Go's zero time.
            out.text("\"0001-01-01T00:00:00Z\"");
        } else {
            out.quoted(item.created);
        }
    }
}

fn cell(out: &mut impl Cells, column: &Column, object: &[u8]) {
    let value = scan::at(object, &column.path.0).and_then(|value| std::str::from_utf8(value).ok());
    let Some(value) = value.filter(|value| *value != "null") else { return out.text("null") };
    let string = value.starts_with('"');
    match column.kind {
        "string" if string => out.text(value),
        "string" => out.quoted(value),
        "integer" => number(out, value, f64::trunc),
        "number" => number(out, value, |number| number),
        "boolean" if matches!(value, "true" | "false") => out.text(value),
        "date" if string => {
            let written: String = serde_json::from_str(value).unwrap_or_default();
            aged(out, &written);
        }
        _ => out.text("null"),
    }
}

/// Writes the age of a time written as RFC 3339.
fn aged(out: &mut impl Cells, written: &str) {
    out.text("\"");
    match age::time(written) {
        Ok(time) => out.age(time),
        Err(unknown) => out.text(unknown),
    }
    out.text("\"");
}

/// A number as it is written, but for fractions where integers are wanted.
fn number(out: &mut impl Cells, value: &str, round: fn(f64) -> f64) {
    if value.parse::<i64>().is_ok() {
        return out.text(value);
    }
    match value.parse::<f64>() {
        Ok(number) => out.formatted(format_args!("{}", round(number))),
        Err(_) => out.text("null"),
    }
}
