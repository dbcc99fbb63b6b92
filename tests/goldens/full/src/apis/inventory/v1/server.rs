//! `Server` of `inventory.example.com/v1`. This file is yours: aggboot wrote it once and leaves it alone.

use crate::App;
use aggboot::prelude::*;

/// What a Server is, in a sentence: `kubectl explain` shows it.
#[derive(ApiResource, Debug)]
#[api(
    group = "inventory.example.com",
    version = "v1",
    short_name = "srv",
    category = "all"
)]
pub struct Server {
    pub metadata: ObjectMeta,
    pub spec: ServerSpec,
    pub status: ServerStatus,
}

/// What is wanted.
#[derive(ApiType, Debug)]
pub struct ServerSpec {
    /// What it is for.
    pub description: Option<String>,
    /// How many are wanted.
    #[api(default = 1, minimum = 0, scale = "spec.replicas")]
    pub replicas: i32,
}

/// What is there.
#[derive(ApiType, Debug)]
pub struct ServerStatus {
    /// How far it has come, in a word.
    #[api(column)]
    pub phase: Option<String>,
    /// How many there are.
    #[api(default = 0, scale = "status.replicas")]
    pub replicas: i32,
    /// Which objects are counted, as a label selector.
    #[api(scale = "status.selector")]
    pub selector: Option<String>,
}

/// Stored by the server, with every verb.
pub fn register(_app: &App) -> Registration {
    Server::stored().into()
}
