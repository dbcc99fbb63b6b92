//! What a server of ours costs beside Go's sample-apiserver.

use crate::run::{Failure, cargo, checkout, step};

/// What can be asked of the measurements.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Fewer rounds, and no build from nothing.
    #[arg(long)]
    quick: bool,
}

/// Builds what is measured as users release it, then measures.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let root = checkout();
    let tests = ["--release", "--package", "aggboot-tests"];
    let programs = ["--bin", "wardle", "--bin", "bench"];
    step(
        "build the server and the measurements, optimized",
        cargo().arg("build").args(tests).args(programs).current_dir(&root),
    )?;
    println!("Nothing else should run meanwhile: the machine's cores are part of what is measured.");
    let mut bench = cargo();
    bench.args(["run", "--quiet"]).args(tests).args(["--bin", "bench"]).current_dir(&root);
    if arguments.quick {
        bench.args(["--", "--quick"]);
    }
    step("measure", &mut bench)
}
