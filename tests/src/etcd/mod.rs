//! etcd for tests: one member, or three whose traffic with each other can be cut, on free loopback ports.

mod cluster;
mod member;
mod relay;

pub use cluster::Cluster;
pub use member::{Member, Status};
pub use relay::{Line, Relay};

use crate::control_plane::binary;
use crate::control_plane::directory::RunDirectory;
use crate::control_plane::ports::free_address;
use crate::control_plane::refuse;
use std::path::Path;

/// One member, which is its own cluster.
#[derive(Debug)]
pub struct Etcd {
    /// The member.
    pub member: Member,
    /// Last, so that nobody writes into it any more when it goes.
    directory: RunDirectory,
}

impl Etcd {
    /// Starts one with these flags besides those that every member gets. `None` where there is no etcd, said loudly; with
    /// `CI=true` that is a panic.
    pub async fn start(flags: &[&str]) -> Option<Self> {
        let mut etcd = Self::spawn("http", flags).await?;
        etcd.member.wait_until_served().await;
        Some(etcd)
    }

    /// The same for flags of TLS: its clients say `https://`, and find out themselves when it is there.
    pub async fn start_secure(flags: &[&str]) -> Option<Self> {
        Self::spawn("https", flags).await
    }

    async fn spawn(scheme: &str, flags: &[&str]) -> Option<Self> {
        let command = command().await?;
        let directory = RunDirectory::new("aggboot-etcd-");
        let peer = free_address();
        let flags = flags.iter().map(ToString::to_string).chain([
            format!("--listen-peer-urls=http://{peer}"),
            format!("--initial-advertise-peer-urls=http://{peer}"),
            format!("--initial-cluster=etcd=http://{peer}"),
        ]);
        let member = Member::spawn("etcd", &command, scheme, flags, directory.path());
        Some(Self { member, directory })
    }

    /// The directory of this run; its logs are kept if a test fails.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }
}

async fn command() -> Option<std::process::Command> {
    let found = tokio::task::spawn_blocking(|| binary::command("etcd")).await;
    found.expect("finding a program does not panic").inspect_err(refuse).ok()
}
