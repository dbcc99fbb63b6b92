//! Tasks of this repository. `cargo xtask --help` lists them.
#![allow(clippy::print_stdout, reason = "a task tells what it does")]

mod bench;
mod demo;
mod run;
mod soak;
mod test;

use clap::{Parser, Subcommand};

/// Tasks of this repository.
#[derive(Parser)]
#[command(name = "xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Scaffold a project, build it, run it and use it, telling each step.
    Demo(demo::Arguments),
    /// Measure our server beside Go's: CPU of requests, start, memory, size, builds.
    Bench(bench::Arguments),
    /// Run every test; builds the control plane on the first run.
    Test,
    /// Run at full length what every test run does a tenth of: power cuts, faults, kills, random histories.
    Soak(soak::Arguments),
}

#[tokio::main]
async fn main() -> Result<(), run::Failure> {
    match Arguments::parse().task {
        Task::Demo(arguments) => demo::run(&arguments).await,
        Task::Bench(arguments) => bench::run(&arguments),
        Task::Test => test::run(),
        Task::Soak(arguments) => soak::run(&arguments),
    }
}
