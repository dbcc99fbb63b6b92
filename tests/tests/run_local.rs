//! `aggboot run local` steps aside: the terminal, the signals and the exit code are the server's own.
//! Here a script stands in for cargo and the server it builds.

use aggboot_tests::aggboot_cli::AggbootCli;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

struct Project {
    cli: AggbootCli,
    folder: TempDir,
    cargo: PathBuf,
}

/// A project, and a cargo that runs `script`.
fn project(script: &str) -> Project {
    let (cli, folder) = (AggbootCli::build(), tempfile::tempdir().unwrap());
    cli.succeed(folder.path(), "init repo --domain example.com --name fleet --dir fleet");
    let cargo = folder.path().join("cargo");
    fs::write(&cargo, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&cargo, fs::Permissions::from_mode(0o755)).unwrap();
    Project { cli, folder, cargo }
}

impl Project {
    fn run_local(&self, below: &str, arguments: &[&str]) -> Command {
        let mut command = self.cli.command();
        command.args(["run", "local"]).args(arguments).env("CARGO", &self.cargo);
        command.current_dir(self.folder.path().join("fleet").join(below));
        command
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("fleet").canonicalize().unwrap()
    }
}

#[test]
fn the_project_is_found_upward_and_the_flags_become_the_servers() {
    let project = project("pwd; printf '%s\\n' \"$@\"");
    let check = |below: &str, arguments: &[&str], expected: &[&str]| {
        let output = project.run_local(below, arguments).output().unwrap();
        let root = project.root();
        let lines = expected.iter().map(|line| line.replace("ROOT", root.to_str().unwrap()));
        let said = String::from_utf8(output.stdout).unwrap();
        assert_eq!(said.lines().map(str::to_owned).collect::<Vec<_>>(), lines.collect::<Vec<_>>());
    };
    check("", &[], &["ROOT", "run", "--", "--local", "--data-dir", "ROOT/data"]);
    check(
        "src/apis",
        &["--release", "--port", "9443", "--data-dir", "kept", "--", "-v", "4"],
        &[
            "ROOT",
            "run",
            "--release",
            "--",
            "--local",
            "--data-dir",
            "ROOT/src/apis/kept",
            "--secure-port",
            "9443",
            "-v",
            "4",
        ],
    );
}

#[test]
fn the_exit_code_is_the_servers() {
    let project = project("exit 7");
    assert_eq!(project.run_local("", &[]).status().unwrap().code(), Some(7));
}

#[test]
fn a_signal_reaches_the_server_and_nothing_is_left_behind() {
    for signal in ["INT", "TERM"] {
        let project = project("trap 'echo stopping; exit 42' INT TERM; echo ready; read line");
        let mut command = heeding_signals(&project.run_local("", &[]));
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert_eq!(lines.next().unwrap().unwrap(), "ready");
        send(signal, child.id());
        assert_eq!(lines.next().unwrap().unwrap(), "stopping");
        assert_eq!(child.wait().unwrap().code(), Some(42));
        assert!(lines.next().is_none(), "nobody holds the output any more");
    }
}

#[test]
fn a_machine_without_cargo_is_told_so() {
    let project = project("");
    let output = project.run_local("", &[]).env("CARGO", Path::new("/nowhere/cargo")).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.starts_with("error: failed to start /nowhere/cargo: "), "{said}");
}

/// Who started the tests may ignore the signals of a terminal, which no shell can undo: `&` in a script does that.
fn heeding_signals(command: &Command) -> Command {
    let mut heeding = Command::new("env");
    heeding.arg("--default-signal=INT,TERM").arg(command.get_program()).args(command.get_args());
    heeding.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    if let Some(folder) = command.get_current_dir() {
        heeding.current_dir(folder);
    }
    heeding
}

fn send(signal: &str, process: u32) {
    let status = Command::new("kill").args([format!("-{signal}"), process.to_string()]).status().unwrap();
    assert!(status.success());
}
