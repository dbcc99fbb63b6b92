//! What "works" looks like, on Go's sample-apiserver behind a real control plane: the same
//! promises are asked of our own servers elsewhere.

use aggboot_tests::conformance::informers::End;
use aggboot_tests::conformance::{
    Subject, garbage_collection, identity, informers, kubectl, namespace_deletion,
};
use aggboot_tests::control_plane::sample_apiserver::{self, GROUP, VERSION};
use aggboot_tests::control_plane::server::Server;
use aggboot_tests::control_plane::{ControlPlane, Lease, Shared};
use serde_json::json;

/// One control plane with one sample-apiserver, for all tests of this file.
struct Reference {
    plane: ControlPlane,
    server: Server,
}

impl AsRef<ControlPlane> for Reference {
    fn as_ref(&self) -> &ControlPlane {
        &self.plane
    }
}

static REFERENCE: Shared<Reference> = Shared::new();

async fn reference() -> Option<Lease<'static, Reference>> {
    REFERENCE
        .get(async || {
            let plane = ControlPlane::start().await?;
            let server = sample_apiserver::start(&plane).await;
            Some(Reference { plane, server })
        })
        .await
}

fn flunders(plane: &ControlPlane) -> Subject<'_> {
    Subject {
        plane,
        group: GROUP,
        version: VERSION,
        plural: "flunders",
        kind: "Flunder",
        spec: || json!({"reference": "something", "referenceType": "Flunder"}),
        change: ("reference", "something-else"),
    }
}

#[tokio::test]
async fn it_is_available_with_a_verified_ca_bundle() {
    let Some(reference) = reference().await else {
        return;
    };
    let (status, why) = reference.plane.availability(GROUP, VERSION).await;
    assert_eq!(status, "True", "{why}");
    let name = format!("{VERSION}.{GROUP}");
    let shown = reference.plane.admin().kubectl(&["get", "apiservice", &name, "-o", "json"]).await;
    let spec = shown.assert_ok().json()["spec"].clone();
    assert!(spec["caBundle"].is_string() && spec.get("insecureSkipTLSVerify").is_none(), "{spec:#}");
}

#[tokio::test]
async fn kubectl_does_a_day_of_work() {
    let Some(reference) = reference().await else {
        return;
    };
    kubectl::check(&flunders(&reference.plane)).await;
}

#[tokio::test]
async fn callers_are_who_their_certificates_say() {
    let Some(reference) = reference().await else {
        return;
    };
    identity::check(&flunders(&reference.plane), reference.server.endpoint()).await;
}

#[tokio::test]
async fn owner_references_are_followed_both_ways() {
    let Some(reference) = reference().await else {
        return;
    };
    garbage_collection::check(&flunders(&reference.plane)).await;
}

#[tokio::test]
async fn a_deleted_namespace_takes_its_objects_along() {
    let Some(reference) = reference().await else {
        return;
    };
    namespace_deletion::check(&flunders(&reference.plane)).await;
}

#[tokio::test]
async fn informers_hold_what_the_server_holds() {
    let Some(reference) = reference().await else { return };
    informers::check(&flunders(&reference.plane)).await;
}

/// On a control plane of its own: nobody else may need the server while it is away.
#[tokio::test]
async fn informers_stay_in_step_through_a_restart() {
    let Some(plane) = ControlPlane::start().await else { return };
    let mut server = sample_apiserver::start(&plane).await;
    informers::check_through_a_restart(&flunders(&plane), &mut server, End::Killed).await;
}
