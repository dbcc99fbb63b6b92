//! The main API as this server sees it: capabilities that are present, or absent by configuration.

pub mod namespaces;
