//! `custom.example.com/v1`.

use aggboot::prelude::*;

/// A widget, and how many of it to run.
#[derive(ApiResource, Debug)]
#[api(group = "custom.example.com", version = "v1", short_name = "wd", category = "all")]
pub struct Widget {
    /// Standard object metadata.
    pub metadata: ObjectMeta,
    /// What is wanted.
    pub spec: WidgetSpec,
    /// What is seen.
    pub status: WidgetStatus,
}

/// What is wanted of a widget.
#[derive(ApiType, Debug)]
pub struct WidgetSpec {
    /// How many to run.
    #[api(default = 1, minimum = 0, maximum = 100, column, scale = "spec.replicas")]
    pub replicas: i32,
    /// The image to run.
    #[api(column)]
    pub image: String,
    /// The colour it shows.
    #[api(default = "blue", selectable, column)]
    pub color: String,
}

/// What is seen of a widget.
#[derive(ApiType, Debug)]
pub struct WidgetStatus {
    /// How many are up.
    #[api(scale = "status.replicas")]
    pub available_replicas: Option<i32>,
    /// Where it is in its life.
    #[api(column)]
    pub phase: Option<WidgetPhase>,
    /// Which pods count, as a label selector.
    #[api(scale = "status.selector")]
    pub selector: Option<String>,
    /// When this was seen.
    pub last_updated: Option<Time>,
}

/// Where a widget is in its life.
#[derive(ApiType, Debug, PartialEq)]
pub enum WidgetPhase {
    /// Not all are up.
    Pending,
    /// All are up.
    Running,
    /// They will not come up.
    Failed,
}

impl Validate for Widget {
    fn validate(&self, old: Option<&Self>, errors: &mut FieldErrors) {
        let image = &self.spec.image;
        if image.trim() != image || image.is_empty() {
            errors.invalid("spec.image", image, "must name an image, without spaces around it");
        }
        if let Some(old) = old
            && old.spec.replicas > 0
            && self.spec.replicas == 0
        {
            errors.warn("spec.replicas: scaled to zero, nothing will run");
        }
    }
}
