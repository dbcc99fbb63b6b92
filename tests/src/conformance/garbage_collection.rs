//! The real garbage collector follows owner references to and from the kind.

use super::Subject;
use crate::wait::wait_for;
use k8s_openapi::api::core::v1::ConfigMap;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kube::api::{DeleteParams, ObjectMeta, PostParams};
use kube::{Api, ResourceExt as _};
use std::fmt::Debug;

/// An owner of the core API and one of the kind, each with a dependent of the other.
pub async fn check(subject: &Subject<'_>) {
    subject.plane.controller_manager().await;
    let namespace = subject.plane.namespace("collected").await;
    a_dependent_of_the_kind_goes_with_its_owner(subject, &namespace).await;
    a_dependent_goes_with_its_owner_of_the_kind(subject, &namespace).await;
}

async fn a_dependent_of_the_kind_goes_with_its_owner(subject: &Subject<'_>, namespace: &str) {
    let config_maps = Api::<ConfigMap>::namespaced(subject.plane.client(), namespace);
    let owner = create_config_map(&config_maps, "owner", None).await;
    let owner = owner_reference("v1", "ConfigMap", "owner", owner.uid());
    subject.create_with(namespace, owned("dependent", &owner)).await;
    let deleted = config_maps.delete("owner", &DeleteParams::background()).await;
    deleted.expect("deleting the ConfigMap that owns");
    wait_gone(&subject.api(namespace), "dependent").await;
}

async fn a_dependent_goes_with_its_owner_of_the_kind(subject: &Subject<'_>, namespace: &str) {
    let config_maps = Api::<ConfigMap>::namespaced(subject.plane.client(), namespace);
    let owner = subject.create(namespace, "owner").await;
    let api_version = format!("{}/{}", subject.group, subject.version);
    let owner = owner_reference(&api_version, subject.kind, "owner", owner.uid());
    create_config_map(&config_maps, "dependent", Some(&owner)).await;
    let deleted = subject.api(namespace).delete("owner", &DeleteParams::background()).await;
    deleted.expect("deleting the object that owns");
    wait_gone(&config_maps, "dependent").await;
}

async fn create_config_map(api: &Api<ConfigMap>, name: &str, owner: Option<&OwnerReference>) -> ConfigMap {
    let metadata = match owner {
        Some(owner) => owned(name, owner),
        None => ObjectMeta { name: Some(name.into()), ..ObjectMeta::default() },
    };
    let config_map = ConfigMap { metadata, ..ConfigMap::default() };
    api.create(&PostParams::default(), &config_map).await.expect("creating a ConfigMap")
}

async fn wait_gone<K>(api: &Api<K>, name: &str)
where
    K: Clone + Debug + serde::de::DeserializeOwned,
{
    wait_for(&format!("{name} to be collected"), async || match api.get_opt(name).await {
        Ok(None) => Ok(()),
        Ok(Some(object)) => Err(format!("{object:?}")),
        Err(error) => Err(error.to_string()),
    })
    .await;
}

fn owner_reference(api_version: &str, kind: &str, name: &str, uid: Option<String>) -> OwnerReference {
    OwnerReference {
        api_version: api_version.into(),
        kind: kind.into(),
        name: name.into(),
        uid: uid.expect("a created object has a uid"),
        ..OwnerReference::default()
    }
}

fn owned(name: &str, owner: &OwnerReference) -> ObjectMeta {
    ObjectMeta {
        name: Some(name.into()),
        owner_references: Some(vec![owner.clone()]),
        ..ObjectMeta::default()
    }
}
