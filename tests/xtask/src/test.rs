//! Every test of the repository, in the order in which a mistake is found soonest.

use crate::run::{Failure, cargo, checkout, step};

/// Runs them all.
pub(crate) fn run() -> Result<(), Failure> {
    let root = checkout();
    let here = |title: &str, arguments: &[&str]| step(title, cargo().args(arguments).current_dir(&root));
    println!("Everything, on a fresh machine of two cores: about half an hour, most of it compiling.");
    here("build all tests", &["test", "--workspace", "--all-features", "--no-run"])?;
    here(
        "build the control plane (etcd, kube-apiserver and friends; minutes once, then cached)",
        &["run", "--quiet", "--package", "aggboot-tests", "--bin", "control-plane"],
    )?;
    here("test the crates", &["test", "--workspace", "--all-features", "--exclude", "aggboot-tests"])?;
    here("test what crosses crates", &["test", "--package", "aggboot-tests"])
}
