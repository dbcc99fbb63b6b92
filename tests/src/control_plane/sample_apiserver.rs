//! Go's sample-apiserver (the `wardle` API) behind a control plane: what a server of ours is
//! compared with.

use super::ControlPlane;
use super::binary;
use super::server::{Launch, Server};
use std::process::Command;

/// The group it serves.
pub const GROUP: &str = "wardle.example.com";
/// The version tests use.
pub const VERSION: &str = "v1alpha1";

/// Starts the one linked into the control plane's program.
pub async fn start(plane: &ControlPlane) -> Server {
    let found = tokio::task::spawn_blocking(|| binary::command("sample-apiserver")).await;
    let found = found.expect("finding a program does not panic");
    let command = found.unwrap_or_else(|why| panic!("no sample-apiserver: {why}"));
    start_program(plane, command).await
}

/// Starts another build of it, such as [`binary::STANDALONE_SAMPLE_APISERVER`].
pub async fn start_program(plane: &ControlPlane, mut command: Command) -> Server {
    command.arg(format!("--etcd-servers={}", plane.etcd_url()));
    command.arg(format!("--etcd-prefix=/wardle-{}", plane.next()));
    Server::start(plane, "sample-apiserver", Launch { command, group: GROUP, versions: &[VERSION] }).await
}
