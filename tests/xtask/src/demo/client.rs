//! The demo without kubectl: the same exchanges through kube-rs, told line by line.

use std::path::Path;

use futures::TryStreamExt;
use kube::api::{
    Api, ApiResource, DeleteParams, DynamicObject, ListParams, Patch, PatchParams, PostParams, WatchEvent,
    WatchParams,
};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::core::GroupVersionKind;
use kube::{Client, Config};
use serde_json::{Value, json};

use super::tell;
use crate::run::Failure;

/// Whether the server behind a kubeconfig says that it is ready.
pub(super) async fn ready(kubeconfig: &Path) -> bool {
    let Ok(client) = connect(kubeconfig).await else { return false };
    text(&client, "/readyz").await.is_ok_and(|answer| answer == "ok")
}

/// Create, list, watch, explain, delete.
pub(super) async fn play(kubeconfig: &Path) -> Result<(), Failure> {
    let client = connect(kubeconfig).await?;
    let kind = GroupVersionKind::gvk("metrics.example.com", "v1", "MetricSnapshot");
    let snapshots: Api<DynamicObject> =
        Api::namespaced_with(client.clone(), "default", &ApiResource::from_gvk(&kind));
    tell("The server is an API like any other: GET /apis/metrics.example.com/v1");
    println!("{}", text(&client, "/apis/metrics.example.com/v1").await?);
    explain(&client).await?;

    tell("Create, and see the defaults");
    let object = json!({
        "apiVersion": "metrics.example.com/v1", "kind": "MetricSnapshot", "metadata": {"name": "checkout"},
        "spec": {"source": "prometheus", "metrics": ["requests", "latency"]},
    });
    let created = snapshots.create(&PostParams::default(), &serde_json::from_value(object)?).await?;
    println!("{}", serde_json::to_string_pretty(&created)?);
    list(&snapshots).await?;

    tell("What the schema refuses");
    let patch = Patch::Merge(json!({"spec": {"interval": "often"}}));
    match snapshots.patch("checkout", &PatchParams::default(), &patch).await {
        Err(kube::Error::Api(status)) => println!("{}: {}", status.reason, status.message),
        Err(other) => return Err(other.into()),
        Ok(_) => return Err(Failure::new("the server accepted what its schema forbids")),
    }

    watch(&snapshots, created.metadata.resource_version.as_deref().unwrap_or("0")).await?;

    tell("Delete");
    snapshots.delete("checkout", &DeleteParams::default()).await?;
    list(&snapshots).await
}

async fn connect(kubeconfig: &Path) -> Result<Client, Failure> {
    let config = Kubeconfig::read_from(kubeconfig)?;
    Ok(Client::try_from(Config::from_custom_kubeconfig(config, &KubeConfigOptions::default()).await?)?)
}

async fn text(client: &Client, path: &str) -> Result<String, Failure> {
    let request = kube_request(path)?;
    Ok(client.request_text(request).await?)
}

fn kube_request(path: &str) -> Result<http::Request<Vec<u8>>, Failure> {
    Ok(http::Request::get(path).body(Vec::new())?)
}

async fn list(snapshots: &Api<DynamicObject>) -> Result<(), Failure> {
    let found = snapshots.list(&ListParams::default()).await?;
    println!(
        "{} snapshot(s) at resourceVersion {}",
        found.items.len(),
        found.metadata.resource_version.unwrap_or_default()
    );
    for snapshot in found.items {
        println!("  {}  {}", snapshot.metadata.name.unwrap_or_default(), snapshot.data["spec"]);
    }
    Ok(())
}

/// The published description of the spec's fields, as `kubectl explain` shows it.
async fn explain(client: &Client) -> Result<(), Failure> {
    tell("Explain: what the schema says of the spec");
    let document: Value =
        serde_json::from_str(&text(client, "/openapi/v3/apis/metrics.example.com/v1").await?)?;
    let schemas = document["components"]["schemas"].as_object().ok_or_else(|| Failure::new("no schemas"))?;
    let spec = schemas.iter().find(|(name, _)| name.ends_with(".MetricSnapshotSpec"));
    let (_, spec) = spec.ok_or_else(|| Failure::new("the spec is not published"))?;
    for (name, field) in spec["properties"].as_object().into_iter().flatten() {
        println!(
            "  {name} <{}>  {}",
            field["type"].as_str().unwrap_or("object"),
            field["description"].as_str().unwrap_or_default()
        );
    }
    Ok(())
}

async fn watch(snapshots: &Api<DynamicObject>, from: &str) -> Result<(), Failure> {
    tell("Watch a change arrive");
    let events = snapshots.watch(&WatchParams::default(), from).await?;
    let mut events = std::pin::pin!(events);
    let patch = Patch::Merge(json!({"spec": {"interval": "30s"}}));
    snapshots.patch("checkout", &PatchParams::default(), &patch).await?;
    match events.try_next().await? {
        Some(WatchEvent::Modified(object)) => {
            println!("MODIFIED {}  {}", object.metadata.name.unwrap_or_default(), object.data["spec"]);
            Ok(())
        }
        other => Err(Failure::new(format!("expected the change, the watch said {other:?}"))),
    }
}
