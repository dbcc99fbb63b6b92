//! The two kinds of `metrics.k8s.io/v1beta1` and the source that answers for them.

mod kinds;
mod samples;

use std::sync::Arc;

use aggboot::Registration;
use aggboot::prelude::*;

pub use kinds::{ContainerMetrics, NodeMetrics, PodMetrics};
pub use samples::Samples;

/// Both kinds, served by one source. No verb but get and list: nobody stores or watches a measurement.
#[must_use]
pub fn metrics(samples: &Arc<Samples>) -> Vec<Registration> {
    vec![
        NodeMetrics::served_by(Arc::clone(samples)).get().list().into(),
        PodMetrics::served_by(Arc::clone(samples)).get().list().into(),
    ]
}
