//! The demo as a user of kubectl sees it.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use super::{OBJECT, show, tell};
use crate::run::Failure;

/// Whether this machine has a kubectl.
pub(super) fn present() -> bool {
    let probe = Command::new("kubectl")
        .args(["version", "--client"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    probe.is_ok_and(|status| status.success())
}

/// Create, list, watch, explain, delete.
pub(super) fn play(kubeconfig: &Path, folder: &Path) -> Result<(), Failure> {
    let file = folder.join("snapshot.yaml");
    std::fs::write(&file, OBJECT)?;
    let kubectl = Kubectl { kubeconfig, folder };
    let object = file.display().to_string();
    tell("The server is an API like any other");
    kubectl.run(&["api-resources", "--api-group=metrics.example.com"])?;
    kubectl.run(&["explain", "metricsnapshot.spec"])?;
    tell("Create, and see the defaults");
    kubectl.run(&["create", "-f", &object])?;
    kubectl.run(&["get", "metricsnapshots"])?;
    kubectl.run(&["get", "metricsnapshot", "checkout", "-o", "yaml"])?;
    tell("What the schema refuses");
    kubectl.refused(&[
        "patch",
        "metricsnapshot",
        "checkout",
        "--type=merge",
        "-p",
        r#"{"spec":{"interval":"often"}}"#,
    ])?;
    tell("Watch a change arrive");
    kubectl.watch()?;
    tell("Delete");
    kubectl.run(&["delete", "metricsnapshot", "checkout"])?;
    kubectl.run(&["get", "metricsnapshots"])
}

struct Kubectl<'a> {
    kubeconfig: &'a Path,
    folder: &'a Path,
}

impl Kubectl<'_> {
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("kubectl");
        command.args(arguments).env("KUBECONFIG", self.kubeconfig).env("HOME", self.folder);
        command
    }

    fn run(&self, arguments: &[&str]) -> Result<(), Failure> {
        show("kubectl", arguments);
        let status = self.command(arguments).status()?;
        if status.success() {
            Ok(())
        } else {
            Err(Failure::new(format!("kubectl {} failed", arguments.join(" "))))
        }
    }

    fn refused(&self, arguments: &[&str]) -> Result<(), Failure> {
        show("kubectl", arguments);
        let status = self.command(arguments).status()?;
        if status.success() {
            Err(Failure::new("the server accepted what its schema forbids"))
        } else {
            Ok(())
        }
    }

    /// `get -w` in one hand, a change in the other: the second line of the stream is the change.
    fn watch(&self) -> Result<(), Failure> {
        let arguments = ["get", "metricsnapshots", "--watch"];
        show("kubectl", &arguments);
        let mut watcher = self.command(&arguments).stdout(Stdio::piped()).spawn()?;
        let mut lines =
            BufReader::new(watcher.stdout.take().ok_or_else(|| Failure::new("no output"))?).lines();
        for _ in 0..2 {
            println!("{}", lines.next().ok_or_else(|| Failure::new("the watch ended early"))??);
        }
        self.run(&[
            "patch",
            "metricsnapshot",
            "checkout",
            "--type=merge",
            "-p",
            r#"{"spec":{"interval":"30s"}}"#,
        ])?;
        println!("{}", lines.next().ok_or_else(|| Failure::new("the watch ended early"))??);
        watcher.kill()?;
        watcher.wait()?;
        Ok(())
    }
}
