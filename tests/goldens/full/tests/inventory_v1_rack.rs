//! Every verb of `Rack`, against a real server in this process. Yours to change.

use aggboot::kube::{self, Resource, ResourceExt, api};
use futures::TryStreamExt;
use serde_json::json;

use full::apis::inventory::v1::rack::Rack;
use full::{App, apis};

#[tokio::test]
async fn every_verb() -> aggboot::Result<()> {
    let app = App::new().await?;
    let server = aggboot::testing::serve(apis::all(&app)).await;
    let client = server.client();
    let objects = kube::Api::all(client.clone());

    // Discovery names the kind.
    let version = Rack::api_version(&());
    let plural = Rack::plural(&());
    let served = client.list_api_group_resources(&version).await?;
    let mut names = served.resources.iter().map(|resource| &resource.name);
    assert!(names.any(|name| *name == plural));

    // Create, get, and list by label.
    let one = objects.create(&Default::default(), &example("one")).await?;
    objects.create(&Default::default(), &example("two")).await?;
    assert_eq!(objects.get("one").await?.metadata.uid, one.metadata.uid);
    let labelled = api::ListParams::default().labels("example=one");
    assert_eq!(objects.list(&labelled).await?.items.len(), 1);

    // A merge patch changes what it names; replace takes the whole object.
    let patch = api::Patch::Merge(json!({ "metadata": { "labels": { "tier": "gold" } } }));
    let mut two = objects.patch("two", &Default::default(), &patch).await?;
    assert_eq!(two.labels()["tier"], "gold");
    two.labels_mut().remove("tier");
    let two = objects.replace("two", &Default::default(), &two).await?;
    assert!(!two.labels().contains_key("tier"));

    // A watch from here sees what happens next.
    let list = objects.list(&Default::default()).await?;
    let from = list.metadata.resource_version.unwrap_or_default();
    let limited = api::WatchParams::default().timeout(30);
    let mut events = std::pin::pin!(objects.watch(&limited, &from).await?);
    objects.delete("two", &Default::default()).await?;
    match events.try_next().await? {
        Some(api::WatchEvent::Deleted(gone)) => assert_eq!(gone.uid(), two.uid()),
        other => panic!("expected the deletion of two, saw {other:?}"),
    }

    // Delete the rest.
    let all = api::ListParams::default();
    objects.delete_collection(&Default::default(), &all).await?;
    assert!(objects.list(&all).await?.items.is_empty());
    Ok(())
}

/// An object that is accepted: when a field becomes required, add it here.
fn example(name: &str) -> Rack {
    serde_json::from_value(json!({
        "apiVersion": "inventory.example.com/v1",
        "kind": "Rack",
        "metadata": { "name": name, "labels": { "example": name } },
        "spec": { "description": "An example" },
    }))
    .expect("an example that fits the type")
}
