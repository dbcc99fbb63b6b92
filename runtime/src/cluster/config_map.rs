//! `kube-system/extension-apiserver-authentication`: whom the cluster tells its servers to believe.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::ConfigMap;
use kube::{Api, Client};

use super::follow::{Change, follow};
use crate::{Error, Result};

const NAMESPACE: &str = "kube-system";
const NAME: &str = "extension-apiserver-authentication";

/// Reads it once, so that a server without the permission says so when it starts.
pub(crate) async fn read(client: Client) -> Result<BTreeMap<String, String>> {
    let found = Api::<ConfigMap>::namespaced(client, NAMESPACE).get(NAME).await;
    found.map(|found| found.data.unwrap_or_default()).map_err(|error| {
        Error::new(format!(
            "reading the ConfigMap {NAMESPACE}/{NAME}: {error}; the Role extension-apiserver-authentication-reader of \
             {NAMESPACE} allows it, --authentication-skip-lookup does without, and \
             --authentication-tolerate-lookup-failure waits for it"
        ))
    })
}

/// Follows it for ever. Its deletion changes nothing: the last authorities stay.
pub(crate) async fn watch(client: Client, mut on: impl FnMut(BTreeMap<String, String>)) {
    let api = Api::<ConfigMap>::namespaced(client, NAMESPACE);
    let fields = format!("metadata.name={NAME}");
    let what = format!("the ConfigMap {NAMESPACE}/{NAME}");
    follow(api, &what, Some(&fields), |change| match change {
        Change::All(found) => found.into_iter().filter_map(|found| found.data).for_each(&mut on),
        Change::Applied(found) => found.data.into_iter().for_each(&mut on),
        Change::Deleted(_) => tracing::warn!("{NAMESPACE}/{NAME} is gone; the last authorities stay"),
    })
    .await;
}
