//! kubectl as a user runs it: own home, own cache, the user's kubeconfig.

use super::binary;
use super::users::User;
use std::process::{Output, Stdio};
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;

/// A kubectl that takes longer than this hangs.
const LIMIT: Duration = Duration::from_secs(120);

/// What kubectl said.
#[derive(Clone, Debug)]
pub struct Ran {
    /// What was run.
    pub command: String,
    /// The exit code; -1 if a signal ended it.
    pub code: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Ran {
    /// Panics with everything it said unless it exited 0.
    pub fn assert_ok(self) -> Self {
        assert_eq!(self.code, 0, "{self:#?}");
        self
    }

    /// Panics with everything it said unless it exited non-zero.
    pub fn assert_failed(self) -> Self {
        assert_ne!(self.code, 0, "{self:#?}");
        self
    }

    /// Panics with everything it said unless standard output contains `text`.
    pub fn assert_says(self, text: &str) -> Self {
        assert!(self.stdout.contains(text), "no {text:?} in {self:#?}");
        self
    }

    /// The first line of standard error that is no warning.
    pub fn error(&self) -> &str {
        let mut lines = self.stderr.lines();
        lines.find(|line| !line.starts_with("Warning: ")).unwrap_or_default()
    }

    /// Standard output as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("not JSON ({error}): {self:#?}"))
    }
}

impl User {
    /// Runs kubectl with these arguments.
    pub async fn kubectl(&self, arguments: &[&str]) -> Ran {
        self.kubectl_with_input(arguments, "").await
    }

    /// Runs kubectl with these arguments and this on its standard input (`-f -`).
    pub async fn kubectl_with_input(&self, arguments: &[&str], input: &str) -> Ran {
        let description = format!("kubectl {} (as {})", arguments.join(" "), self.name());
        let found = tokio::task::spawn_blocking(|| binary::command("kubectl")).await;
        let found = found.expect("finding a program does not panic");
        let mut command = found.unwrap_or_else(|why| panic!("no kubectl: {why}"));
        command
            .args(arguments)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.home())
            .env("KUBECONFIG", self.kubeconfig())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let running = async {
            let mut child = tokio::process::Command::from(command).kill_on_drop(true).spawn()?;
            let mut stdin = child.stdin.take().expect("standard input is piped");
            // kubectl may end without reading it.
            let _ = stdin.write_all(input.as_bytes()).await;
            drop(stdin);
            child.wait_with_output().await
        };
        let output = tokio::time::timeout(LIMIT, running).await;
        let output = output.unwrap_or_else(|_| panic!("{description}: still running after {LIMIT:?}"));
        ran(description.clone(), &output.unwrap_or_else(|error| panic!("{description}: {error}")))
    }
}

fn ran(command: String, output: &Output) -> Ran {
    Ran {
        command,
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
