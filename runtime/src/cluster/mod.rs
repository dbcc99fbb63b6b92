//! The main API as this server sees it: capabilities that are present, or absent by configuration.
//!
//! One that is present and cannot be reached fails closed; what that means is for its user to say.

pub(crate) mod answers;
pub(crate) mod client;
pub(crate) mod config_map;
mod follow;
pub(crate) mod lease;
#[cfg(test)]
pub(crate) mod main_api;
pub mod namespaces;
mod watched;

pub(crate) use answers::Answers;
pub(crate) use client::Clients;
pub(crate) use watched::Watched;
