//! What a migration says in the end.

use super::side::Side;
use crate::args::Format;
use crate::show::{self, objects, size};
use aggboot::storage::migrate::{Found, Migrated, Plan, Tally};
use serde_json::{Value, json};
use std::io::{self, Write};

/// What would be done; or that there is nothing to do.
pub(super) fn plan(
    out: &mut dyn Write,
    from: &Side,
    to: &Side,
    plan: &Plan,
    dry_run: bool,
    format: Format,
) -> io::Result<()> {
    let (tally, above, nothing) = (&plan.tally, plan.above, plan.found == Found::Everything);
    if format == Format::Json {
        let mut document = document(from, to, tally, above.get());
        document["dryRun"] = json!(dry_run);
        document["resumed"] = json!(plan.found == Found::Part);
        return show::json(out, &document);
    }
    let (from, to, whole) = (from.name(), to.name(), whole(tally));
    if nothing {
        return writeln!(out, "Nothing to do: {to} holds the {whole} of {from} already.");
    }
    writeln!(out, "Would migrate {whole}, from {from} to {to}: {}.", fates(tally))?;
    writeln!(out, "The target would be raised above revision {above}. Nothing was changed.")
}

pub(super) fn migrated(
    out: &mut dyn Write,
    from: &Side,
    to: &Side,
    migrated: &Migrated,
    resumed: bool,
    format: Format,
) -> io::Result<()> {
    let Migrated { tally, above, revision, sha256 } = migrated;
    if format == Format::Json {
        let mut document = document(from, to, tally, above.get());
        document["dryRun"] = json!(false);
        document["resumed"] = json!(resumed);
        document["revision"] = json!(revision.get());
        document["sha256"] = json!(sha256);
        return show::json(out, &document);
    }
    let (from, to, whole) = (from.name(), to.name(), whole(tally));
    writeln!(out, "Migrated {whole}, from {from} to {to}: {}.", fates(tally))?;
    writeln!(out, "Read again and found the same, sha256 {sha256}.")?;
    writeln!(
        out,
        "The source served revisions up to {above}; the target is at {revision}, and clients list again."
    )
}

fn document(from: &Side, to: &Side, tally: &Tally, above: u64) -> Value {
    json!({
        "command": "migrate",
        "from": from.name(),
        "to": to.name(),
        "objects": tally.objects,
        "bytes": tally.bytes,
        "created": tally.created,
        "replaced": tally.replaced,
        "kept": tally.kept,
        "deleted": tally.deleted,
        "sourceRevision": above,
    })
}

fn whole(tally: &Tally) -> String {
    format!("{} ({})", objects(tally.objects), size(tally.bytes))
}

fn fates(tally: &Tally) -> String {
    let Tally { created, replaced, kept, deleted, .. } = tally;
    format!("{created} new, {replaced} written again, {kept} there already, {deleted} deleted")
}
