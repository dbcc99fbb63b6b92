//! Running other programs and saying so.

use std::fmt;
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

/// Why a task stopped. `main` prints `Debug`, so `Debug` is the sentence.
pub(crate) struct Failure(String);

impl Failure {
    pub(crate) fn new(sentence: impl Into<String>) -> Self {
        Failure(sentence.into())
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Failure(error.to_string())
    }
}

/// The checkout that this task belongs to.
pub(crate) fn checkout() -> PathBuf {
    let tests = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    tests.ancestors().nth(2).map(PathBuf::from).unwrap_or(tests)
}

/// The cargo that runs this task.
pub(crate) fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Runs a step and says how long it took; its output is shown as it comes.
pub(crate) fn step(title: &str, command: &mut Command) -> Result<(), Failure> {
    println!("\n==> {title}");
    let start = Instant::now();
    let status = command.status().map_err(|error| {
        Failure(format!("{title}: {} could not be started: {error}", command.get_program().display()))
    })?;
    if !status.success() {
        return Err(Failure(format!("{title}: failed ({status})")));
    }
    println!("    {title}: {:.0} s", start.elapsed().as_secs_f64());
    Ok(())
}
