//! `Server` of `inventory.example.com/v1`. This file is yours: aggboot wrote it once and leaves it alone.

use crate::App;
use aggboot::prelude::*;

/// What a Server is, in a sentence: `kubectl explain` shows it.
#[derive(ApiResource, Debug)]
#[api(group = "inventory.example.com", version = "v1")]
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
}

/// What is there.
#[derive(ApiType, Debug)]
pub struct ServerStatus {
    /// How far it has come, in a word.
    #[api(column)]
    pub phase: Option<String>,
}

/// Stored by the server, with every verb.
pub fn register(_app: &App) -> Registration {
    Server::stored().into()
}
