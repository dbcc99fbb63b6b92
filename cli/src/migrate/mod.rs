//! `aggboot migrate`: opens two stores, moves everything from one into the other, says what came of it.

mod refusal;
mod said;
mod side;

use crate::args::{Format, MigrateArgs};
use crate::failure::{Failure, Result};
use crate::progress::Bars;
use crate::scaffold;
use aggboot::storage::migrate::{Found, Migration, Stage};
use refusal::refused;
use side::Side;
use std::io::Write;
use std::path::Path;

/// Does what is asked. There is one thing to wait for at a time: one thread is enough.
pub(crate) fn run(args: &MigrateArgs, format: Format, out: &mut dyn Write) -> Result<()> {
    let (from, to) = (Side::source(args)?, Side::target(args)?);
    side::apart(&from, &to)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(Failure::io("start the runtime in", Path::new(".")))?;
    runtime.block_on(migrate(&from, &to, args.dry_run, format, out))
}

async fn migrate(from: &Side, to: &Side, dry_run: bool, format: Format, out: &mut dyn Write) -> Result<()> {
    let source = from.existing().await?;
    let target = if dry_run { to.as_it_is().await? } else { to.open().await? };
    let migration = Migration { source: &*source, name: &from.name(), target: &*target };
    let plan = {
        let mut bar = Bars::default();
        let planned = migration.plan(&mut |stage, done, total| bar.at(doing(stage), done, total)).await;
        planned.map_err(|why| refused(why, to))?
    };
    if dry_run || plan.found == Found::Everything {
        return scaffold::said(said::plan(out, from, to, &plan, dry_run, format));
    }
    let resumed = plan.found == Found::Part;
    let migrated = {
        let mut bar = Bars::default();
        let migrated = migration.run(plan, &mut |stage, done, total| bar.at(doing(stage), done, total)).await;
        migrated.map_err(|why| refusal::broken_off(why, to))?
    };
    scaffold::said(said::migrated(out, from, to, &migrated, resumed, format))
}

fn doing(stage: Stage) -> &'static str {
    match stage {
        Stage::Comparing => "comparing",
        Stage::Copying => "copying",
        Stage::Verifying => "verifying",
    }
}
