//! `APIGroupList`, `APIGroup` and `APIResourceList`: one document a level.

use base64::Engine;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::kind::Kind;
use crate::kind::registry::{Backend, Group, Resource, Version};

/// What `status` and `scale` answer.
pub(super) const SUBRESOURCE_VERBS: &[&str] = &["get", "patch", "update"];

/// `/apis`
pub(super) fn group_list(groups: &[Value], address: &str) -> Value {
    let addresses = json!([{"clientCIDR": "0.0.0.0/0", "serverAddress": address}]);
    let groups: Vec<Value> = groups
        .iter()
        .map(|group| {
            let mut group = group.clone();
            group["serverAddressByClientCIDRs"] = addresses.clone();
            group
        })
        .collect();
    json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
}

/// A group as it stands in the list.
pub(super) fn group(group: &Group) -> Value {
    let versions: Vec<Value> = group
        .versions
        .iter()
        .map(|version| json!({"groupVersion": format!("{}/{}", group.name, version.name), "version": version.name}))
        .collect();
    json!({"name": group.name, "versions": versions, "preferredVersion": versions.first()})
}

/// `/apis/G`
pub(super) fn group_document(group: &Group) -> Value {
    let mut document = self::group(group);
    document["kind"] = "APIGroup".into();
    document["apiVersion"] = "v1".into();
    document
}

/// `/apis/G/V`: what the aggregator probes, and where controllers learn the verbs.
pub(super) fn resources(group: &str, version: &Version) -> Value {
    let mut resources = Vec::new();
    for resource in &version.resources {
        resources.push(main_resource(resource));
        let mut below = subresources(resource);
        below.sort_by(|a, b| a["name"].as_str().cmp(&b["name"].as_str()));
        resources.extend(below);
    }
    json!({
        "kind": "APIResourceList", "apiVersion": "v1",
        "groupVersion": format!("{group}/{}", version.name), "resources": resources,
    })
}

fn main_resource(resource: &Resource) -> Value {
    let kind = &resource.kind;
    let mut entry = Map::new();
    entry.insert("name".into(), kind.plural.clone().into());
    entry.insert("singularName".into(), kind.singular.clone().into());
    entry.insert("namespaced".into(), kind.namespaced().into());
    entry.insert("kind".into(), kind.kind.clone().into());
    entry.insert("verbs".into(), resource.verbs().into());
    if !kind.short_names.is_empty() {
        entry.insert("shortNames".into(), kind.short_names.clone().into());
    }
    if !kind.categories.is_empty() {
        entry.insert("categories".into(), kind.categories.clone().into());
    }
    if matches!(resource.backend, Backend::Stored) {
        entry.insert("storageVersionHash".into(), storage_version_hash(kind).into());
    }
    entry.into()
}

fn subresources(resource: &Resource) -> Vec<Value> {
    let kind = &resource.kind;
    let mut entries = Vec::new();
    if resource.has_status() {
        entries.push(subresource(kind, "status", &kind.kind, SUBRESOURCE_VERBS));
    }
    if resource.has_scale() {
        let mut scale = subresource(kind, "scale", "Scale", SUBRESOURCE_VERBS);
        scale["group"] = "autoscaling".into();
        scale["version"] = "v1".into();
        entries.push(scale);
    }
    for (name, served) in &resource.subresources {
        let mut entry = subresource(kind, name, &served.kind.kind, &served.verbs());
        if (&served.kind.group, &served.kind.version) != (&kind.group, &kind.version) {
            entry["group"] = served.kind.group.clone().into();
            entry["version"] = served.kind.version.clone().into();
        }
        entries.push(entry);
    }
    entries
}

fn subresource(parent: &Kind, name: &str, kind: &str, verbs: &[&str]) -> Value {
    json!({
        "name": format!("{}/{name}", parent.plural), "singularName": "",
        "namespaced": parent.namespaced(), "kind": kind, "verbs": verbs,
    })
}

/// Standard base64 of the first 8 bytes of SHA-256 of `group/version/Kind`.
fn storage_version_hash(kind: &Kind) -> String {
    let digest = Sha256::digest(format!("{}/{}/{}", kind.group, kind.version, kind.kind));
    base64::engine::general_purpose::STANDARD.encode(&digest[..8])
}
