//! `NodeMetrics` and `PodMetrics`, as `kubectl top` knows them.

use aggboot::prelude::*;

/// What a node uses.
#[derive(ApiResource, Debug)]
#[api(group = "metrics.k8s.io", version = "v1beta1", plural = "nodes", singular = "", scope = "Cluster")]
pub struct NodeMetrics {
    /// The node's name and labels.
    pub metadata: ObjectMeta,
    /// The end of the interval that was measured.
    pub timestamp: Time,
    /// The length of that interval, as `10s`.
    #[api(column)]
    pub window: String,
    /// `cpu` and `memory`.
    pub usage: BTreeMap<String, Quantity>,
}

/// What the containers of a pod use.
#[derive(ApiResource, Debug)]
#[api(group = "metrics.k8s.io", version = "v1beta1", plural = "pods", singular = "")]
pub struct PodMetrics {
    /// The pod's name, namespace and labels.
    pub metadata: ObjectMeta,
    /// The end of the interval that was measured.
    pub timestamp: Time,
    /// The length of that interval, as `10s`.
    #[api(column)]
    pub window: String,
    /// The containers, one by one.
    #[api(list_map(key = "name"))]
    pub containers: Vec<ContainerMetrics>,
}

/// What a container uses.
#[derive(ApiType, Debug)]
pub struct ContainerMetrics {
    /// The container's name.
    pub name: String,
    /// `cpu` and `memory`.
    pub usage: BTreeMap<String, Quantity>,
}
