//! What a command says: sentences and diffs for people, one JSON document for machines.

use crate::args::Format;
use crate::failure::{Code, Failure};
use crate::plan::{Change, Owner, Plan};
use anstyle::{AnsiColor, Style};
use serde::Serialize;
use similar::{ChangeTag, TextDiff};
use std::io::{self, Write};
use std::path::Path;

const ADDED: Style = AnsiColor::Green.on_default();
const REMOVED: Style = AnsiColor::Red.on_default();
const STRONG: Style = Style::new().bold();

/// What a scaffolding command did, or would do.
pub(crate) struct Outcome<'a> {
    pub(crate) command: &'static str,
    pub(crate) root: &'a Path,
    pub(crate) plan: &'a Plan,
    pub(crate) dry_run: bool,
    pub(crate) next: Vec<String>,
}

/// Says the outcome on `out`.
pub(crate) fn outcome(out: &mut dyn Write, outcome: &Outcome<'_>, format: Format) -> io::Result<()> {
    match format {
        Format::Json => json(out, &document(outcome)),
        Format::Text if outcome.dry_run => diffs(out, outcome),
        Format::Text => summary(out, outcome),
    }
}

/// Says why the command stopped: text goes to `err`, JSON to `out`.
pub(crate) fn failure(
    out: &mut dyn Write,
    err: &mut dyn Write,
    failure: &Failure,
    format: Format,
) -> io::Result<()> {
    match format {
        Format::Json => json(out, &serde_json::json!({ "error": failure.facts() })),
        Format::Text => writeln!(err, "{REMOVED}error:{REMOVED:#} {failure}"),
    }
}

/// The command line itself was not understood.
pub(crate) fn usage(out: &mut dyn Write, message: &str) -> io::Result<()> {
    let message = message.trim().trim_start_matches("error: ");
    json(
        out,
        &serde_json::json!({ "error": { "code": Code::Usage as u8, "class": Code::Usage.class(), "message": message } }),
    )
}

/// One JSON document.
pub(crate) fn json(out: &mut dyn Write, document: &impl Serialize) -> io::Result<()> {
    let text = serde_json::to_string_pretty(document).map_err(io::Error::other)?;
    writeln!(out, "{text}")
}

fn summary(out: &mut dyn Write, outcome: &Outcome<'_>) -> io::Result<()> {
    for change in &outcome.plan.changes {
        let owner = match change.owner {
            Owner::Yours => "",
            Owner::Aggboot => "  (aggboot's)",
        };
        let (style, action) = (ADDED, action(change));
        writeln!(out, "{style}{action}{style:#}  {}{owner}", change.path)?;
    }
    if outcome.plan.changes.is_empty() {
        writeln!(out, "Nothing to do: {} is as asked.", outcome.root.display())?;
    }
    notes(out, outcome)?;
    if !outcome.next.is_empty() {
        writeln!(out, "\nNext:")?;
    }
    outcome.next.iter().try_for_each(|line| writeln!(out, "  {line}"))
}

fn diffs(out: &mut dyn Write, outcome: &Outcome<'_>) -> io::Result<()> {
    for change in &outcome.plan.changes {
        writeln!(out, "{STRONG}{} {}{STRONG:#}", action(change), change.path)?;
        let before = change.before.as_deref().unwrap_or_default();
        let diff = TextDiff::from_lines(before, change.after.as_str());
        for hunk in diff.unified_diff().iter_hunks() {
            writeln!(out, "{}", hunk.header())?;
            for line in hunk.iter_changes() {
                let (style, text) = (style(line.tag()), line.to_string_lossy());
                writeln!(out, "{style}{}{}{style:#}", line.tag(), text.trim_end_matches('\n'))?;
            }
        }
    }
    let count = outcome.plan.changes.len();
    writeln!(
        out,
        "{count} {} would change in {}; nothing is written.",
        if count == 1 { "file" } else { "files" },
        outcome.root.display()
    )?;
    notes(out, outcome)
}

fn notes(out: &mut dyn Write, outcome: &Outcome<'_>) -> io::Result<()> {
    outcome.plan.notes.iter().try_for_each(|note| writeln!(out, "note: {note}"))
}

fn style(tag: ChangeTag) -> Style {
    match tag {
        ChangeTag::Insert => ADDED,
        ChangeTag::Delete => REMOVED,
        ChangeTag::Equal => Style::new(),
    }
}

fn action(change: &Change) -> &'static str {
    if change.before.is_some() { "update" } else { "create" }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    command: &'static str,
    project: String,
    dry_run: bool,
    changes: Vec<ChangeFacts<'a>>,
    notes: &'a [String],
    next: &'a [String],
}

#[derive(Serialize)]
struct ChangeFacts<'a> {
    path: &'a str,
    action: &'static str,
    owner: Owner,
    /// Only before it is done: afterwards the file says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    diff: Option<String>,
}

fn document<'a>(outcome: &'a Outcome<'a>) -> Document<'a> {
    let diff = |change: &Change| {
        let before = change.before.as_deref().unwrap_or_default();
        TextDiff::from_lines(before, change.after.as_str()).unified_diff().to_string()
    };
    let facts = |change: &'a Change| ChangeFacts {
        path: &change.path,
        action: action(change),
        owner: change.owner,
        diff: outcome.dry_run.then(|| diff(change)),
    };
    Document {
        command: outcome.command,
        project: outcome.root.display().to_string(),
        dry_run: outcome.dry_run,
        changes: outcome.plan.changes.iter().map(facts).collect(),
        notes: &outcome.plan.notes,
        next: &outcome.next,
    }
}

/// A size, as people read it.
pub(crate) fn size(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{:.1} KiB", bytes as f64 / 1024.0),
        1_048_576..1_073_741_824 => format!("{:.1} MiB", bytes as f64 / 1_048_576.0),
        _ => format!("{:.1} GiB", bytes as f64 / 1_073_741_824.0),
    }
}

/// So many objects, as people say it.
pub(crate) fn objects(count: u64) -> String {
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
