//! The first ten minutes of a user, told step by step: scaffold, build, run, use.

mod client;
mod kubectl;

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::run::{Failure, cargo, checkout, step};

/// What can be asked of the demo.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Do not use kubectl, even where there is one.
    #[arg(long)]
    without_kubectl: bool,
    /// Keep the project that was scaffolded.
    #[arg(long)]
    keep: bool,
}

/// The kind of the demo: what users would write into the scaffolded file.
const KIND: &str = include_str!("metric_snapshot.rs.txt");
pub(super) const OBJECT: &str = include_str!("snapshot.yaml");

/// Plays the demo.
pub(crate) async fn run(arguments: &Arguments) -> Result<(), Failure> {
    let folder = tempfile::Builder::new().prefix("aggboot-demo-").tempdir()?;
    let project = folder.path().join("custom-api-server");
    let data = folder.path().join("data");
    let aggboot = build_cli()?;
    scaffold(&aggboot, &project)?;
    step("build the project", cargo().arg("build").current_dir(&project).env("CARGO_TARGET_DIR", target()))?;
    let server = Server::start(&aggboot, &project, &data).await?;
    if arguments.without_kubectl || !kubectl::present() {
        tell("No kubectl here: the same through a small client of our own.");
        client::play(&server.kubeconfig).await?;
    } else {
        kubectl::play(&server.kubeconfig, folder.path())?;
    }
    server.stop()?;
    if arguments.keep {
        println!("\nThe project is kept in {}.", folder.keep().join("custom-api-server").display());
    }
    tell("Done. Your own project begins with `aggboot init repo --domain example.com`.");
    Ok(())
}

/// Says what happens next.
pub(super) fn tell(sentence: &str) {
    println!("\n==> {sentence}");
}

/// Shows a command as a user would type it.
pub(super) fn show(program: &str, arguments: &[&str]) {
    let words: Vec<String> = arguments
        .iter()
        .map(|word| if word.contains([' ', '{', '"']) { format!("'{word}'") } else { (*word).to_owned() })
        .collect();
    println!("\n$ {program} {}", words.join(" "));
}

fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| checkout().join("target"), PathBuf::from)
}

fn build_cli() -> Result<PathBuf, Failure> {
    let build = ["build", "--package", "aggboot-cli"];
    step("build the aggboot command", cargo().args(build).current_dir(checkout()))?;
    Ok(target().join("debug").join(format!("aggboot{}", std::env::consts::EXE_SUFFIX)))
}

fn scaffold(aggboot: &Path, project: &Path) -> Result<(), Failure> {
    tell("A project and a kind");
    std::fs::create_dir(project)?;
    let run = |arguments: &[&str]| -> Result<(), Failure> {
        show("aggboot", arguments);
        let status = Command::new(aggboot).args(arguments).current_dir(project).status()?;
        if status.success() {
            Ok(())
        } else {
            Err(Failure::new(format!("aggboot {} failed", arguments.join(" "))))
        }
    };
    run(&["init", "repo", "--domain", "example.com"])?;
    run(&[
        "create",
        "group",
        "version",
        "resource",
        "--group",
        "metrics",
        "--version",
        "v1",
        "--kind",
        "MetricSnapshot",
    ])?;
    let file = project.join("src/apis/metrics/v1/metric_snapshot.rs");
    tell("The kind's fields go into src/apis/metrics/v1/metric_snapshot.rs, which is yours");
    if !file.is_file() {
        return Err(Failure::new("the scaffold wrote no src/apis/metrics/v1/metric_snapshot.rs"));
    }
    std::fs::write(&file, KIND)?;
    print!("{KIND}");
    Ok(())
}

/// `aggboot run local`, until it is stopped.
struct Server {
    process: Child,
    kubeconfig: PathBuf,
}

impl Server {
    async fn start(aggboot: &Path, project: &Path, data: &Path) -> Result<Self, Failure> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port().to_string();
        let arguments = ["run", "local", "--port", &port, "--data-dir", &data.display().to_string()];
        show("aggboot", &arguments);
        let process = Command::new(aggboot)
            .args(arguments)
            .current_dir(project)
            .env("CARGO_TARGET_DIR", target())
            .stdin(Stdio::null())
            .spawn()?;
        let mut server = Server { process, kubeconfig: data.join("kubeconfig") };
        server.ready().await?;
        Ok(server)
    }

    async fn ready(&mut self) -> Result<(), Failure> {
        let deadline = Instant::now() + Duration::from_secs(120);
        while Instant::now() < deadline {
            if let Some(status) = self.process.try_wait()? {
                return Err(Failure::new(format!("the server ended before it was ready: {status}")));
            }
            if self.kubeconfig.is_file() && client::ready(&self.kubeconfig).await {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Err(Failure::new("the server was not ready within two minutes"))
    }

    /// Ctrl-C, as a user would.
    fn stop(mut self) -> Result<(), Failure> {
        tell("Ctrl-C stops the server; its data is there on the next start");
        let interrupted = Command::new("kill").args(["-INT", &self.process.id().to_string()]).status()?;
        if !interrupted.success() {
            return Err(Failure::new("the server could not be interrupted"));
        }
        let status = self.process.wait()?;
        if status.success() { Ok(()) } else { Err(Failure::new(format!("the server ended with {status}"))) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if matches!(self.process.try_wait(), Ok(None)) {
            // Something failed already: the server must not outlive the demo, gracefully or not.
            drop(self.process.kill());
            drop(self.process.wait());
        }
    }
}
