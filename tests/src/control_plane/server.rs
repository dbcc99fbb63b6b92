//! An aggregated server as a process behind a control plane: started with the flags every Go
//! apiserver has (ours too), registered, stopped and started again.

use super::ControlPlane;
use super::aggregation::{Registration, Serving};
use super::ports::free_address;
use super::process::Component;
use super::start;
use super::users::User;
use crate::http::Endpoint;
use std::path::PathBuf;
use std::process::Command;

/// What to run, and what it serves.
#[derive(Debug)]
pub struct Launch<'a> {
    /// The program with the flags that are its own; those of [`Server::start`] are added.
    pub command: Command,
    /// The API group.
    pub group: &'a str,
    /// The versions to register.
    pub versions: &'a [&'a str],
}

/// A running server, Available in every version.
#[derive(Debug)]
pub struct Server {
    component: Component,
    command: Command,
    directory: PathBuf,
    serving: Serving,
    endpoint: Endpoint,
    user: User,
    group: String,
    versions: Vec<String>,
}

impl Server {
    /// Starts it on a free port with a certificate of its own and the rights it needs, waits until
    /// it is ready, registers it and waits until it is Available. `name` begins its Service's
    /// name, and its log's.
    ///
    /// Flags: `--kubeconfig --authentication-kubeconfig --authorization-kubeconfig --bind-address
    /// --secure-port --tls-cert-file --tls-private-key-file`.
    pub async fn start(plane: &ControlPlane, name: &str, launch: Launch<'_>) -> Self {
        let name = format!("{name}-{}", plane.next());
        let user = plane.server_user(&name).await;
        let serving = plane.serving(&name);
        let (certificate, key) = start::files(&plane.directory, &name, &serving.identity);
        let address = free_address();
        let kubeconfig = user.kubeconfig().display();
        let mut command = launch.command;
        command.args([
            format!("--kubeconfig={kubeconfig}"),
            format!("--authentication-kubeconfig={kubeconfig}"),
            format!("--authorization-kubeconfig={kubeconfig}"),
            "--bind-address=127.0.0.1".to_owned(),
            format!("--secure-port={}", address.port()),
            format!("--tls-cert-file={certificate}"),
            format!("--tls-private-key-file={key}"),
        ]);
        let component = Component::spawn(&name, &command, plane.directory());
        let endpoint = Endpoint { address, name: serving.host.clone(), ca: serving.ca.clone() };
        let directory = plane.directory().to_owned();
        let group = launch.group.to_owned();
        let versions = launch.versions.iter().copied().map(String::from).collect();
        let mut server = Self { component, command, directory, serving, endpoint, user, group, versions };
        server.ready().await;
        server.register(plane).await;
        server
    }

    /// Where it listens, to dial it past kube-apiserver.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Who it is towards kube-apiserver.
    pub fn user(&self) -> &User {
        &self.user
    }

    /// The program and all its flags, to start it in another way.
    pub fn command(&self) -> &Command {
        &self.command
    }

    /// The id of its process.
    pub fn process_id(&self) -> u32 {
        self.component.id()
    }

    /// Its process.
    pub fn component(&mut self) -> &mut Component {
        &mut self.component
    }

    /// Ends it with SIGTERM and waits until it has.
    pub async fn stop(&mut self) {
        self.component.terminate().await;
    }

    /// Starts it again with the same flags, killing it first if it runs, and waits until it is
    /// ready. Its log goes on in the same file.
    pub async fn start_again(&mut self) {
        self.component.kill();
        self.component = Component::spawn(&self.serving.service, &self.command, &self.directory);
        self.ready().await;
    }

    /// Registers every version and waits until each is Available.
    pub async fn register(&self, plane: &ControlPlane) {
        let port = self.endpoint.address.port();
        for version in &self.versions {
            let registration = Registration { group: &self.group, version, port, serving: &self.serving };
            plane.register_api_service(&registration).await;
        }
        self.wait_available(plane).await;
        for version in &self.versions {
            plane.wait_published(&self.group, version).await;
        }
    }

    /// Waits until each version is Available.
    pub async fn wait_available(&self, plane: &ControlPlane) {
        for version in &self.versions {
            plane.wait_available(&self.group, version).await;
        }
    }

    /// Removes its APIServices and ends it: without its server a group that is still registered
    /// blocks the deletion of namespaces.
    pub async fn remove(self, plane: &ControlPlane) {
        for version in &self.versions {
            plane.unregister_api_service(&self.group, version).await;
        }
    }

    async fn ready(&mut self) {
        let name = &self.serving.service;
        start::ready(&mut self.component, &self.endpoint, self.user.identity(), name).await;
    }
}
