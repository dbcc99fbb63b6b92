//! Child processes that never outlive the test: killed when dropped, and, should the test process
//! itself be killed, when the pipe to it breaks.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

/// Waits in the background for the end of standard input, then kills the program it becomes.
/// The program keeps the process id, so signals reach it and not a shell.
const TIE: &str = r#"exec 3<&0; (cat <&3 >/dev/null; kill -9 $$ 2>/dev/null) & exec "$@" 3<&- </dev/null"#;

/// A running program and its log.
#[derive(Debug)]
pub struct Component {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Component {
    /// Starts `command`; what it prints goes to `<directory>/<name>.log`.
    pub fn spawn(name: &str, command: &Command, directory: &Path) -> Self {
        let log = directory.join(format!("{name}.log"));
        let output = File::options().create(true).append(true).open(&log);
        let output = output.unwrap_or_else(|error| panic!("opening the log {}: {error}", log.display()));
        let errors = output.try_clone().expect("a second handle of a log");
        let child = tied(command)
            .stdin(Stdio::piped())
            .stdout(output)
            .stderr(errors)
            .spawn()
            .unwrap_or_else(|error| panic!("starting {name} ({command:?}): {error}"));
        Self { name: name.to_owned(), child, log }
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Where its output goes.
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// All it has printed.
    pub fn output(&self) -> String {
        fs::read(&self.log).map(|log| String::from_utf8_lossy(&log).into_owned()).unwrap_or_default()
    }

    /// The lines klog marks as errors that name `text`, an API group for instance.
    pub fn errors_naming(&self, text: &str) -> Vec<String> {
        let output = self.output();
        let is_error = |line: &&str| line.starts_with('E') && line.contains(text);
        output.lines().filter(is_error).map(String::from).collect()
    }

    /// Its last lines, for messages.
    pub fn last_lines(&self, count: usize) -> String {
        let output = self.output();
        let lines = output.lines().collect::<Vec<_>>();
        lines[lines.len().saturating_sub(count)..].join("\n")
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Panics with its last lines if it has ended.
    pub fn assert_running(&mut self) {
        if let Some(status) = self.ended() {
            panic!("{} ended ({status}); its last lines:\n{}", self.name, self.last_lines(15));
        }
    }

    /// Asks it to end (SIGTERM) and waits until it has.
    pub async fn terminate(&mut self) -> ExitStatus {
        self.end_by("TERM").await
    }

    /// Does what Ctrl-C does (SIGINT) and waits until it has ended.
    pub async fn interrupt(&mut self) -> ExitStatus {
        self.end_by("INT").await
    }

    /// Sends it a signal: STOP, CONT and the like.
    pub fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        let asked = Command::new("kill").args([format!("-{signal}"), id.clone()]).status();
        assert!(asked.is_ok_and(|status| status.success()), "kill -{signal} {id} ({})", self.name);
    }

    async fn end_by(&mut self, signal: &str) -> ExitStatus {
        self.signal(signal);
        let what = format!("{} to end after SIG{signal}", self.name);
        crate::wait::wait_for(&what, async || self.ended().ok_or("it runs")).await
    }

    /// Ends it as a crash does (SIGKILL).
    pub fn kill(&mut self) {
        // Both fail only where it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Component {
    fn drop(&mut self) {
        self.kill();
    }
}

fn tied(command: &Command) -> Command {
    let mut tied = Command::new("sh");
    tied.args(["-c", TIE, "sh"]).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => tied.env(name, value),
            None => tied.env_remove(name),
        };
    }
    if let Some(directory) = command.get_current_dir() {
        tied.current_dir(directory);
    }
    tied
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wait::wait_for;

    fn sleeper(directory: &Path) -> Component {
        let mut command = Command::new("sleep");
        command.arg("600");
        Component::spawn("sleep", &command, directory)
    }

    #[tokio::test]
    async fn a_program_ends_when_the_pipe_to_it_breaks() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let mut component = sleeper(directory.path());
        assert!(component.ended().is_none());
        drop(component.child.stdin.take());
        wait_for("the program to end", async || component.ended().ok_or("it runs")).await;
    }

    #[tokio::test]
    async fn a_program_gets_the_signal_and_not_a_shell() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let mut command = Command::new("sh");
        command.args(["-c", "trap 'echo asked; exit 7' TERM; echo up; while :; do sleep 0.01; done"]);
        let mut component = Component::spawn("trap", &command, directory.path());
        wait_for("the trap to be set", async || {
            component.output().contains("up").then_some(()).ok_or("not up")
        })
        .await;
        assert_eq!(component.terminate().await.code(), Some(7));
        assert_eq!(component.output(), "up\nasked\n");
    }
}
