//! What the server says of itself: health, version, metrics, the list of its paths.

mod checks;
mod index;
mod metrics;
mod version;

pub(crate) use checks::{Check, Health};
pub(crate) use index::Index;
pub(crate) use metrics::{Measured, Metrics};
pub(crate) use version::version;

/// Paths that answer while the server starts and while it stops.
pub(crate) fn is_about_the_server(path: &str) -> bool {
    let path = path.trim_start_matches('/');
    let first = path.split('/').next().unwrap_or_default();
    matches!(first, "healthz" | "livez" | "readyz" | "metrics" | "version")
}
