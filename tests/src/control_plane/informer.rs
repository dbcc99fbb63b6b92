//! client-go's informers (unstructured and metadata-only) over one resource, as a child process
//! that reports what they see.

use super::binary;
use super::users::User;
use crate::wait::PATIENCE;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use tokio::sync::mpsc;

/// The names of the two informers.
pub const INFORMERS: [&str; 2] = ["dynamic", "metadata"];

/// What an informer holds: `namespace/name` and the resourceVersion.
pub type Held = BTreeMap<String, String>;

/// A running pair of informers.
pub struct Informer {
    names: &'static [&'static str],
    child: Child,
    commands: ChildStdin,
    lines: mpsc::UnboundedReceiver<Value>,
    /// Every event seen so far, in order.
    pub events: Vec<Value>,
}

impl Informer {
    /// Whether there is such a program. Where there is not, that is said loudly; with `CI=true` it is a panic.
    pub async fn available() -> bool {
        found().await.inspect_err(super::refuse).is_ok()
    }

    /// Starts both over `resource` (`group/version/plural`) as `user`, in one namespace or all.
    pub async fn start(user: &User, resource: &str, namespace: Option<&str>, watch_list: bool) -> Self {
        Self::spawn(command(user, resource, namespace, watch_list).await, &INFORMERS)
    }

    /// Starts the dynamic one, whose first list is a watch, with client-go's own detector: what that told is compared with
    /// a list of the same revision, and the program ends where they differ.
    ///
    /// Not the one of metadata: items of a list in JSON name their kind, those of a watch lose it in client-go, and that
    /// is a difference to the detector.
    pub async fn start_detecting(user: &User, resource: &str, namespace: Option<&str>) -> Self {
        let mut command = command(user, resource, namespace, true).await;
        command.arg("--metadata=false").env("KUBE_WATCHLIST_INCONSISTENCY_DETECTOR", "true");
        Self::spawn(command, &INFORMERS[..1])
    }

    fn spawn(mut command: Command, names: &'static [&'static str]) -> Self {
        let mut child = command.spawn().unwrap_or_else(|error| panic!("starting the informers: {error}"));
        let commands = child.stdin.take().expect("standard input is piped");
        let output = BufReader::new(child.stdout.take().expect("standard output is piped"));
        let (sender, lines) = mpsc::unbounded_channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                let parsed = serde_json::from_str(&line).unwrap_or_else(|_| Value::String(line.clone()));
                if sender.send(parsed).is_err() {
                    break;
                }
            }
        });
        Self { names, child, commands, lines, events: Vec::new() }
    }

    /// Waits until each holds its first list.
    pub async fn wait_synced(&mut self) {
        let mut waiting = self.names.to_vec();
        while !waiting.is_empty() {
            let line = self.next_line("the informers to sync").await;
            waiting.retain(|name| line["synced"] != **name);
            self.remember(line);
        }
    }

    /// Waits for the next event that `wanted` accepts.
    pub async fn wait_event(&mut self, description: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let line = self.next_line(description).await;
            self.remember(line.clone());
            if line.get("type").is_some() && wanted(&line) {
                return line;
            }
        }
    }

    /// What each informer holds now.
    pub async fn dump(&mut self) -> BTreeMap<String, Held> {
        writeln!(self.commands, "dump").expect("the informers run");
        loop {
            let line = self.next_line("the informers to say what they hold").await;
            if let Some(dump) = line.get("dump") {
                return serde_json::from_value(dump.clone()).expect("a dump");
            }
            self.remember(line);
        }
    }

    fn remember(&mut self, line: Value) {
        if line.get("type").is_some() {
            self.events.push(line);
        }
    }

    async fn next_line(&mut self, description: &str) -> Value {
        let line = tokio::time::timeout(PATIENCE, self.lines.recv()).await;
        let line = line
            .unwrap_or_else(|_| panic!("waited {PATIENCE:?} for {description}; seen: {:#?}", self.events));
        line.unwrap_or_else(|| panic!("the informers ended while waiting for {description}"))
    }
}

async fn found() -> Result<Command, binary::Unavailable> {
    let found = tokio::task::spawn_blocking(|| binary::command("informer")).await;
    found.expect("finding a program does not panic")
}

async fn command(user: &User, resource: &str, namespace: Option<&str>, watch_list: bool) -> Command {
    let mut command = found().await.unwrap_or_else(|why| panic!("no informer: {why}"));
    command
        .arg(format!("--kubeconfig={}", user.kubeconfig().display()))
        .arg(format!("--resource={resource}"))
        .arg(format!("--namespace={}", namespace.unwrap_or_default()))
        .arg(format!("--watch-list={watch_list}"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(complaints(user));
    command
}

/// client-go's own log, beside the user's kubeconfig.
fn complaints(user: &User) -> File {
    let path = user.home().join("informer.log");
    let log = File::options().create(true).append(true).open(&path);
    log.unwrap_or_else(|error| panic!("opening the log {}: {error}", path.display()))
}

impl Drop for Informer {
    fn drop(&mut self) {
        // Fails only where it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
