//! Kubeconfigs, written as JSON (which is YAML).

use super::certificates::Identity;
use serde_json::json;

/// A kubeconfig for the server at `url`, signed by `ca`, as `identity` or as nobody.
pub fn kubeconfig(url: &str, ca: &str, identity: Option<&Identity>) -> String {
    let user = match identity {
        Some(identity) => json!({
            "client-certificate-data": encode(&identity.certificate),
            "client-key-data": encode(&identity.key),
        }),
        None => json!({}),
    };
    let config = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "test", "cluster": {"server": url, "certificate-authority-data": encode(ca)}}],
        "users": [{"name": "test", "user": user}],
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
        "current-context": "test",
    });
    format!("{config:#}\n")
}

fn encode(pem: &str) -> String {
    serde_json::to_value(k8s_openapi::ByteString(pem.as_bytes().to_vec()))
        .ok()
        .and_then(|value| value.as_str().map(String::from))
        .expect("bytes encode as base64 text")
}
