//! The long runs: what every test run does a tenth of, whole.

use clap::Args;

use crate::run::{Failure, cargo, checkout, step};
use crate::test;

/// What is run for long.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// Only tests with this in their name
    #[arg(long, value_name = "NAME", default_value = "soak")]
    only: String,
    /// Repeat the run that printed this seed
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
}

const EXAMPLES: &str = "\
Examples:
  cargo xtask soak
  cargo xtask soak --only soak_etcd
  cargo xtask soak --only soak_nothing_acknowledged --seed 42";

/// Runs them.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    println!("Power cuts, faults, kills and random histories at full length: an hour or more.");
    test::prepare()?;
    let mut long = cargo();
    long.args(["test", "--workspace", "--all-features", "--no-fail-fast", "--", "--nocapture"]);
    long.arg(&arguments.only).current_dir(checkout()).env("AGGBOOT_SOAK", "full");
    // Where parts are missing that tests need, they fail instead of being skipped.
    long.env("CI", "true");
    if let Some(seed) = arguments.seed {
        long.env("AGGBOOT_SEED", seed.to_string());
    }
    step("the long runs", &mut long)
}
