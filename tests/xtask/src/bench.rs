//! What a server of ours costs beside Go's sample-apiserver.

use crate::run::{Failure, cargo, checkout, step};

/// What can be asked of the measurements.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// Three rounds of GET, LIST, CREATE at 16 writers and a watch by 100: under three minutes once built
    #[arg(long)]
    quick: bool,
    /// Only these workloads
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    only: Vec<String>,
    /// Write the table and the chart into docs/
    #[arg(long)]
    write_docs: bool,
}

const EXAMPLES: &str = "\
Examples:
  cargo xtask bench                         everything, as published (an hour)
  cargo xtask bench --quick                 what to look at while working
  cargo xtask bench --only W7               one workload, seven rounds
  cargo xtask bench --quick --only W1,W2    two of them, three rounds
  cargo xtask bench --write-docs            and docs/benchmarks.md with its chart

Workloads:
  W1 GET            W2 LIST                W3 pages       W4 Table
  W6 CREATE         W7 watch               W8 stuck       W9 WatchList
  W10 memory        W11 start, size        W16 growth     W17 builds";

/// Builds what is measured as users release it, then measures.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let root = checkout();
    // The profile that generated projects have for a release.
    let tests = ["--profile", "dist", "--package", "aggboot-tests"];
    let programs = ["--bin", "wardle", "--bin", "bare", "--bin", "bench"];
    step(
        "build the servers and the measurements, optimized",
        cargo().arg("build").args(tests).args(programs).current_dir(&root),
    )?;
    println!("Nothing else should run meanwhile: the machine's cores are part of what is measured.");
    let mut bench = cargo();
    bench.args(["run", "--quiet"]).args(tests).args(["--bin", "bench", "--"]).current_dir(&root);
    if arguments.quick {
        bench.arg("--quick");
    }
    if !arguments.only.is_empty() {
        bench.arg(format!("--only={}", arguments.only.join(",")));
    }
    if arguments.write_docs {
        bench.arg(format!("--write-docs={}", root.join("docs").display()));
    }
    step("measure", &mut bench)
}
