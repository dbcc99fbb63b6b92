//! The kinds of Go's sample-apiserver, served by ours: what is compared with it, exchange by exchange.

use aggboot::Registration;
use aggboot::prelude::*;

/// A flunder, as `wardle.example.com/v1alpha1` has it.
#[derive(ApiResource, Debug)]
#[api(group = "wardle.example.com", version = "v1alpha1", generation = false)]
pub struct Flunder {
    /// Standard object metadata.
    pub metadata: ObjectMeta,
    /// What it refers to.
    #[api(default)]
    pub spec: FlunderSpec,
}

/// What a flunder refers to.
#[derive(ApiType, Debug)]
pub struct FlunderSpec {
    /// The name of a flunder or a fischer.
    pub reference: Option<String>,
    /// Which of the two.
    pub reference_type: Option<String>,
}

/// A fischer, of which there is one for the whole cluster.
#[derive(ApiResource, Debug)]
#[api(group = "wardle.example.com", version = "v1alpha1", scope = "Cluster", generation = false)]
pub struct Fischer {
    /// Standard object metadata.
    pub metadata: ObjectMeta,
    /// The flunders that it does not take.
    pub disallowed_flunders: Vec<String>,
}

impl SetDefaults for Flunder {
    fn set_defaults(&mut self) {
        if self.spec.reference.is_some() && self.spec.reference_type.is_none() {
            self.spec.reference_type = Some("Flunder".to_owned());
        }
    }
}

#[tokio::main]
async fn main() -> aggboot::Result<()> {
    let kinds: [Registration; 2] = [Flunder::stored().into(), Fischer::stored().into()];
    aggboot::Server::from_args().resources(kinds).run().await
}
