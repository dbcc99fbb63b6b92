//! Aggregated Kubernetes API servers in Rust.
