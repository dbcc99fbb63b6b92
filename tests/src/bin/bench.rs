//! What our server costs beside Go's sample-apiserver; `cargo xtask bench` builds and runs it.
#![allow(clippy::print_stdout, reason = "a task tells what it does")]

use aggboot_tests::bench::{Plan, run, table, write_docs};
use std::path::Path;
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    let tell = |what: &str| println!("{what}");
    let (mut quick, mut only, mut docs) = (false, Vec::new(), None);
    for argument in std::env::args().skip(1) {
        match argument.split_once('=') {
            None if argument == "--quick" => quick = true,
            Some(("--only", ids)) => only.extend(ids.split(',').map(str::to_owned)),
            Some(("--write-docs", folder)) => docs = Some(folder.to_owned()),
            _ => panic!("{argument:?} is no argument of this program: `cargo xtask bench --help` has them"),
        }
    }
    let plan = if quick { Plan::quick(tell) } else { Plan::full(tell) };
    let plan = plan.only(only);
    let Some(found) = run(plan).await else { return ExitCode::SUCCESS };
    println!("\n{}", table(&found.rows));
    if let Some(folder) = docs {
        write_docs(Path::new(&folder), plan, &found);
        println!("written to {folder}");
    }
    if found.broken.is_empty() {
        return ExitCode::SUCCESS;
    }
    println!("broke off: {}", found.broken.join(", "));
    ExitCode::FAILURE
}
