//! The Widget API: `widgets.custom.example.com`, stored, with status and scale.
//!
//! ```text
//! cargo run -p widget -- --local --data-dir /tmp/widgets
//! export KUBECONFIG=/tmp/widgets/kubeconfig
//! kubectl apply -f examples/widget/widget.yaml
//! kubectl get widgets
//! kubectl scale widget my-widget --replicas=5
//! kubectl explain widget.spec
//! ```

use widget::widgets;

#[tokio::main]
async fn main() -> aggboot::Result<()> {
    aggboot::Server::from_args().resources(widgets()).run().await
}
