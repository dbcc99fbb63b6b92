//! Every test of the repository.
//!
//! One selection of packages and features for every step: another one would compile the dependencies anew.

use crate::run::{Failure, cargo, checkout, step};

/// Runs them all.
pub(crate) fn run() -> Result<(), Failure> {
    println!("Everything, on a fresh machine of two cores: about half an hour, most of it compiling.");
    prepare()?;
    // One run tells all that is broken.
    here("run the tests", &["test", "--workspace", "--all-features", "--no-fail-fast"])
}

/// Builds the tests, and what they need beside.
pub(crate) fn prepare() -> Result<(), Failure> {
    here(
        "build the tests (some ten minutes on two cores)",
        &["test", "--workspace", "--all-features", "--no-run", "--quiet"],
    )?;
    here(
        "build the control plane: etcd, kube-apiserver and friends (some ten minutes once, then cached)",
        &["run", "--quiet", "--all-features", "--bin", "control-plane"],
    )
}

fn here(title: &str, arguments: &[&str]) -> Result<(), Failure> {
    step(title, cargo().args(arguments).current_dir(checkout()))
}
