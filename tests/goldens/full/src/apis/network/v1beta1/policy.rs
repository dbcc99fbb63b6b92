//! `Policy` of `network.example.com/v1beta1`. This file is yours: aggboot wrote it once and leaves it alone.

use crate::App;
use aggboot::prelude::*;

/// What a Policy is, in a sentence: `kubectl explain` shows it.
#[derive(ApiResource, Debug)]
#[api(
    group = "network.example.com",
    version = "v1beta1",
    short_name = "np",
    short_name = "netpol",
    category = "all",
    category = "network"
)]
pub struct Policy {
    pub metadata: ObjectMeta,
    pub spec: PolicySpec,
    pub status: PolicyStatus,
}

/// What is wanted.
#[derive(ApiType, Debug)]
pub struct PolicySpec {
    /// What it is for.
    pub description: Option<String>,
}

/// What is there.
#[derive(ApiType, Debug)]
pub struct PolicyStatus {
    /// How far it has come, in a word.
    #[api(column)]
    pub phase: Option<String>,
}

/// Stored by the server, with every verb.
pub fn register(_app: &App) -> Registration {
    Policy::stored().into()
}
