//! Go's sample-apiserver (the `wardle` API) behind a control plane: what a server of ours is
//! compared with.

use super::ControlPlane;
use super::aggregation::{Registration, Serving};
use super::binary;
use super::ports::free_address;
use super::process::Component;
use super::start;
use super::users::User;
use crate::http::Endpoint;
use std::process::Command;

/// The group it serves.
pub const GROUP: &str = "wardle.example.com";
/// The version tests use.
pub const VERSION: &str = "v1alpha1";

/// A running sample-apiserver, Available as `v1alpha1.wardle.example.com`.
pub struct SampleApiserver {
    component: Component,
    command: Command,
    directory: std::path::PathBuf,
    serving: Serving,
    endpoint: Endpoint,
    user: User,
}

impl SampleApiserver {
    /// Starts and registers it, and waits until it is Available.
    pub async fn start(plane: &ControlPlane) -> Self {
        let found = tokio::task::spawn_blocking(|| binary::command("sample-apiserver")).await;
        let found = found.expect("finding a program does not panic");
        let command = found.unwrap_or_else(|why| panic!("no sample-apiserver: {why}"));
        Self::start_program(plane, command).await
    }

    /// The same with another program, such as [`binary::STANDALONE_SAMPLE_APISERVER`].
    pub async fn start_program(plane: &ControlPlane, mut command: Command) -> Self {
        let name = format!("sample-apiserver-{}", plane.next());
        let user = plane.server_user(&name).await;
        let serving = plane.serving(&name);
        let (certificate, key) = start::files(&plane.directory, &name, &serving.identity);
        let address = free_address();
        let kubeconfig = user.kubeconfig().display();
        command.args([
            format!("--etcd-servers={}", plane.etcd_url()),
            format!("--etcd-prefix=/{name}"),
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
        let mut server = Self { component, command, directory, serving, endpoint, user };
        server.ready().await;
        plane.register_api_service(&server.registration()).await;
        plane.wait_available(GROUP, VERSION).await;
        server
    }

    /// Where it listens, to dial it past kube-apiserver.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Its process.
    pub fn component(&mut self) -> &mut Component {
        &mut self.component
    }

    /// Ends it with SIGTERM and waits until it has.
    pub async fn stop(&mut self) {
        self.component.terminate().await;
    }

    /// Starts it again on the same port with the same data, and waits until it is ready.
    pub async fn start_again(&mut self) {
        self.component.kill();
        self.component = Component::spawn(&self.serving.service, &self.command, &self.directory);
        self.ready().await;
    }

    fn registration(&self) -> Registration<'_> {
        Registration {
            group: GROUP,
            version: VERSION,
            port: self.endpoint.address.port(),
            serving: &self.serving,
        }
    }

    async fn ready(&mut self) {
        let name = &self.serving.service;
        start::ready(&mut self.component, &self.endpoint, self.user.identity(), name).await;
    }
}
