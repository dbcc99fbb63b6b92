//! The kinds of the examples, served by a program of ours behind a control plane (or by itself, in local mode).

use crate::conformance::Subject;
use crate::control_plane::ControlPlane;
use crate::control_plane::server::{Launch, Server};
use serde_json::{Value, json};
use std::process::Command;

/// The group of the widgets.
pub const GROUP: &str = "custom.example.com";
/// Their version.
pub const VERSION: &str = "v1";
/// The group of the computed kinds.
pub const METRICS_GROUP: &str = "metrics.k8s.io";
/// Their version.
pub const METRICS_VERSION: &str = "v1beta1";

/// Starts `program`, which serves widgets, on an embedded store of its own.
pub async fn start(plane: &ControlPlane, program: &str) -> Server {
    serve(plane, on_own_store(plane, program)).await
}

/// The same, and every answer is the storage's.
pub async fn start_uncached(plane: &ControlPlane, program: &str) -> Server {
    let mut command = on_own_store(plane, program);
    command.arg("--watch-cache=false");
    serve(plane, command).await
}

async fn serve(plane: &ControlPlane, command: Command) -> Server {
    Server::start(plane, "widgets", Launch { command, group: GROUP, versions: &[VERSION] }).await
}

/// Starts `program` for its computed kinds. It has stored kinds too, whose Leases another server of the plane may
/// hold: nobody asks this one for them.
pub async fn start_metrics(plane: &ControlPlane, program: &str) -> Server {
    let mut command = on_own_store(plane, program);
    command.arg("--leader-elect=false");
    let launch = Launch { command, group: METRICS_GROUP, versions: &[METRICS_VERSION] };
    Server::start(plane, "metrics", launch).await
}

/// `program` on an embedded store that nobody else uses.
pub fn on_own_store(plane: &ControlPlane, program: &str) -> Command {
    let data = plane.directory().join(format!("data-{}", plane.next()));
    let mut command = Command::new(program);
    command.arg("--storage=embedded").arg(format!("--data-dir={}", data.display()));
    command
}

/// The widgets, for the promises that hold for any server.
pub fn widgets(plane: &ControlPlane) -> Subject<'_> {
    Subject {
        plane,
        group: GROUP,
        version: VERSION,
        plural: "widgets",
        kind: "Widget",
        spec: || json!({"replicas": 2, "image": "example:1", "color": "red"}),
        change: ("color", "green"),
    }
}

/// A widget to be sent.
pub fn widget(name: &str, spec: &Value) -> Value {
    json!({
        "apiVersion": format!("{GROUP}/{VERSION}"),
        "kind": "Widget",
        "metadata": {"name": name},
        "spec": spec,
    })
}
