//! Deleting a namespace deletes the objects of the kind in it, and completes.

use super::Subject;
use crate::wait::wait_for;
use k8s_openapi::api::core::v1::Namespace;
use kube::Api;
use kube::api::ListParams;

/// Two objects in a namespace, and one in another that must stay.
pub async fn check(subject: &Subject<'_>) {
    let plane = subject.plane;
    plane.controller_manager().await;
    let (doomed, kept) = (plane.namespace("doomed").await, plane.namespace("kept").await);
    for name in ["one", "two"] {
        subject.create(&doomed, name).await;
    }
    subject.create(&kept, "one").await;
    plane.admin().kubectl(&["delete", "namespace", &doomed, "--wait=false"]).await.assert_ok();
    let namespaces = Api::<Namespace>::all(plane.client());
    wait_for(&format!("namespace {doomed} to be gone"), async || match namespaces.get_opt(&doomed).await {
        Ok(None) => Ok(()),
        // Its conditions say what is left, and of which group.
        Ok(Some(namespace)) => Err(format!("{:?}", namespace.status)),
        Err(error) => Err(error.to_string()),
    })
    .await;
    assert_eq!(count(subject, &doomed).await, 0, "objects outlived their namespace");
    assert_eq!(count(subject, &kept).await, 1, "objects of another namespace went too");
}

async fn count(subject: &Subject<'_>, namespace: &str) -> usize {
    let listed = subject.api(namespace).list(&ListParams::default()).await;
    listed
        .unwrap_or_else(|error| panic!("listing {} in {namespace}: {error}", subject.resource()))
        .items
        .len()
}
