//! `Rack` of `inventory.example.com/v1`. This file is yours: aggboot wrote it once and leaves it alone.

use crate::App;
use aggboot::prelude::*;

/// What a Rack is, in a sentence: `kubectl explain` shows it.
#[derive(ApiResource, Debug)]
#[api(group = "inventory.example.com", version = "v1", scope = "Cluster")]
pub struct Rack {
    pub metadata: ObjectMeta,
    pub spec: RackSpec,
}

/// What is wanted.
#[derive(ApiType, Debug)]
pub struct RackSpec {
    /// What it is for.
    pub description: Option<String>,
}

/// Stored by the server, with every verb.
pub fn register(_app: &App) -> Registration {
    Rack::stored().into()
}
