//! What definitions are called.

use crate::kind::Kind;

pub(super) const STATUS: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.Status";
pub(super) const DELETE_OPTIONS: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions";
pub(super) const PATCH: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.Patch";
pub(super) const SCALE: &str = "io.k8s.api.autoscaling.v1.Scale";
pub(super) const LIST_META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta";
pub(super) const RESOURCE_LIST: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.APIResourceList";
pub(super) const WATCH_EVENT: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.WatchEvent";

/// `com.example.v1.Widget` → `com.example.v1.WidgetList`.
pub(super) fn list_name(kind: &Kind) -> String {
    let definition = kind.schema.root_definition();
    let (prefix, _) = definition.rsplit_once('.').unwrap_or((definition, ""));
    format!("{prefix}.{}", kind.list_kind)
}
