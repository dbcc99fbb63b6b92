//! The kinds of both examples in one process: what the tests put behind a control plane.

use std::sync::Arc;

#[tokio::main]
async fn main() -> aggboot::Result<()> {
    let samples = Arc::new(node_metrics::Samples::example());
    let server = aggboot::Server::from_args().resources(widget::widgets());
    server.resources(node_metrics::metrics(&samples)).run().await
}
