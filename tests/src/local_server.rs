//! A server of ours in local mode as a process: started on a data directory, killed or asked to end, started again.

use crate::control_plane::certificates::Identity;
use crate::control_plane::ports::free_address;
use crate::control_plane::process::Component;
use crate::http::{Call, Endpoint};
use crate::wait::wait_for;
use http::Method;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A program that serves this machine, and where.
#[derive(Debug)]
pub struct LocalServer {
    /// Its process.
    pub component: Component,
    command: Command,
    address: SocketAddr,
    data: PathBuf,
    logs: PathBuf,
}

impl LocalServer {
    /// Starts `program` on a free port, its data and its log below `directory`, and waits until it says how to use it.
    pub async fn start(program: &str, directory: &Path) -> Self {
        Self::start_with(program, directory, &[]).await
    }

    /// The same with more flags.
    pub async fn start_with(program: &str, directory: &Path, flags: &[&str]) -> Self {
        let (address, data) = (free_address(), directory.join("data"));
        let mut command = Command::new(program);
        command.args(["--local", &format!("--secure-port={}", address.port())]);
        command.arg(format!("--data-dir={}", data.display()));
        command.args(flags);
        let component = Component::spawn("local", &command, directory);
        let mut server = Self { component, command, address, data, logs: directory.to_owned() };
        server.said_to_be_ready(1).await;
        server
    }

    /// Starts it again once it has ended.
    pub async fn start_again(&mut self) {
        let before = self.readies();
        self.component = Component::spawn("local", &self.command, &self.logs);
        self.said_to_be_ready(before + 1).await;
    }

    /// Where it keeps everything.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// The kubeconfig that it wrote.
    pub fn kubeconfig(&self) -> PathBuf {
        self.data.join("kubeconfig")
    }

    /// Where it listens, known by the authority that it made.
    pub fn endpoint(&self) -> Endpoint {
        Endpoint { address: self.address, name: "localhost".into(), ca: self.read("ca.crt") }
    }

    /// The administrator that it made.
    pub fn admin(&self) -> Identity {
        Identity { certificate: self.read("admin.crt"), key: self.read("admin.key") }
    }

    /// A request as the administrator.
    pub fn call(&self, method: Method, path: &str) -> Call {
        self.endpoint().call(method, path).identity(&self.admin())
    }

    fn read(&self, name: &str) -> String {
        let path = self.data.join("pki").join(name);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("reading {}: {error}", path.display()))
    }

    fn readies(&self) -> usize {
        self.component.output().matches("Ctrl-C stops it.").count()
    }

    async fn said_to_be_ready(&mut self, times: usize) {
        wait_for("the server to say how to use it", async || {
            self.component.assert_running();
            if self.readies() >= times { Ok(()) } else { Err(self.component.last_lines(3)) }
        })
        .await;
    }
}
