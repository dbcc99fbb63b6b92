//! What our server costs beside Go's sample-apiserver; `cargo xtask bench` builds and runs it.
#![allow(clippy::print_stdout, reason = "a task tells what it does")]

use aggboot_tests::bench::{Plan, run, table};

#[tokio::main]
async fn main() {
    let tell = |what: &str| println!("{what}");
    let quick = match std::env::args().nth(1).as_deref() {
        None => false,
        Some("--quick") => true,
        Some(other) => panic!("{other:?} is no argument of this program: there is only --quick"),
    };
    let plan = if quick { Plan::quick(tell) } else { Plan::full(tell) };
    if let Some(rows) = run(plan).await {
        println!("\n{}", table(&rows));
    }
}
