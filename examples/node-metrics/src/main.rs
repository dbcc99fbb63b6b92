//! `metrics.k8s.io/v1beta1`, what `kubectl top` and the horizontal pod autoscaler read, computed.
//!
//! ```text
//! cargo run -p node-metrics -- --local --data-dir /tmp/node-metrics
//! export KUBECONFIG=/tmp/node-metrics/kubeconfig
//! kubectl get nodes.metrics.k8s.io
//! kubectl get --raw /apis/metrics.k8s.io/v1beta1/nodes
//! ```
//!
//! Behind a kube-apiserver, which knows the nodes and pods, `kubectl top nodes` and `kubectl top pods`
//! work. The numbers come from [`Samples`], a small source in memory: put yours in its place.

use std::sync::Arc;

use node_metrics::{Samples, metrics};

#[tokio::main]
async fn main() -> aggboot::Result<()> {
    let server = aggboot::Server::from_args();
    let samples = Arc::new(Samples::example());
    server.resources(metrics(&samples)).run().await
}
