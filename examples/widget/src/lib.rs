//! The kind, apart from the process, so that tests can serve it too.

mod v1;

use aggboot::Registration;
use aggboot::prelude::*;

pub use v1::{Widget, WidgetPhase, WidgetSpec, WidgetStatus};

/// Everything that this server serves.
#[must_use]
pub fn widgets() -> Vec<Registration> {
    vec![Widget::stored().into()]
}
