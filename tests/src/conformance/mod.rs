//! Promises that hold for any aggregated server: each is a function over the kind under test, so
//! that Go's sample-apiserver and our own servers are held to the very same.

pub mod garbage_collection;
pub mod identity;
pub mod informers;
pub mod kubectl;
pub mod namespace_deletion;

use crate::control_plane::ControlPlane;
use kube::api::{ApiResource, DynamicObject, GroupVersionKind, ObjectMeta, PostParams};
use kube::{Api, ResourceExt as _};
use serde_json::{Value, json};

/// A namespaced kind served behind a control plane, and what the promises need to know of it.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// The control plane it is registered with.
    pub plane: &'a ControlPlane,
    /// The API group.
    pub group: &'a str,
    /// The version.
    pub version: &'a str,
    /// The plural, as in paths.
    pub plural: &'a str,
    /// The kind.
    pub kind: &'a str,
    /// The `spec` of an object that is valid.
    pub spec: fn() -> Value,
    /// A field of the spec holding text, and another valid value for it.
    pub change: (&'a str, &'a str),
}

impl Subject<'_> {
    /// `<plural>.<group>`, as kubectl and RBAC messages name it.
    pub fn resource(&self) -> String {
        format!("{}.{}", self.plural, self.group)
    }

    /// `<kind in lower case>.<group>/<name>`, as kubectl names an object.
    pub fn reference(&self, name: &str) -> String {
        format!("{}.{}/{name}", self.kind.to_lowercase(), self.group)
    }

    /// The path of the collection in one namespace.
    pub fn path(&self, namespace: &str) -> String {
        format!("/apis/{}/{}/namespaces/{namespace}/{}", self.group, self.version, self.plural)
    }

    /// An object to be sent.
    pub fn object(&self, name: &str) -> Value {
        json!({
            "apiVersion": format!("{}/{}", self.group, self.version),
            "kind": self.kind,
            "metadata": {"name": name},
            "spec": (self.spec)(),
        })
    }

    /// The administrator's typed-by-nothing client, through kube-apiserver.
    pub fn api(&self, namespace: &str) -> Api<DynamicObject> {
        Api::namespaced_with(self.plane.client(), namespace, &self.api_resource())
    }

    fn api_resource(&self) -> ApiResource {
        let kind = GroupVersionKind::gvk(self.group, self.version, self.kind);
        ApiResource::from_gvk_with_plural(&kind, self.plural)
    }

    /// Creates an object as the administrator.
    pub async fn create(&self, namespace: &str, name: &str) -> DynamicObject {
        self.create_with(namespace, ObjectMeta { name: Some(name.into()), ..ObjectMeta::default() }).await
    }

    /// Creates an object with this metadata as the administrator.
    pub async fn create_with(&self, namespace: &str, metadata: ObjectMeta) -> DynamicObject {
        let mut object = DynamicObject::new("", &self.api_resource());
        object.metadata = metadata;
        object.data = json!({"spec": (self.spec)()});
        let name = object.name_any();
        let created = self.api(namespace).create(&PostParams::default(), &object).await;
        created.unwrap_or_else(|error| panic!("creating {} {namespace}/{name}: {error}", self.resource()))
    }
}
