//! The query and path parameters of operations.

use serde_json::{Value, json};

/// A parameter: name, type, description.
pub(super) struct Parameter {
    pub(super) name: &'static str,
    pub(super) kind: &'static str,
    pub(super) description: &'static str,
}

impl Parameter {
    /// As OpenAPI v3 writes a query parameter.
    pub(super) fn v3(&self) -> Value {
        json!({
            "name": self.name, "in": "query", "description": self.description,
            "schema": {"type": self.kind, "uniqueItems": true},
        })
    }

    /// As Swagger 2.0 writes a query parameter.
    pub(super) fn v2(&self) -> Value {
        json!({
            "name": self.name, "in": "query", "description": self.description,
            "type": self.kind, "uniqueItems": true,
        })
    }
}

const fn text(name: &'static str, description: &'static str) -> Parameter {
    Parameter { name, kind: "string", description }
}

const fn integer(name: &'static str, description: &'static str) -> Parameter {
    Parameter { name, kind: "integer", description }
}

const fn boolean(name: &'static str, description: &'static str) -> Parameter {
    Parameter { name, kind: "boolean", description }
}

/// Stands on every path.
pub(super) const PRETTY: Parameter = text("pretty", "If 'true', the answer is indented.");

const DRY_RUN: Parameter =
    text("dryRun", "'All' does everything but persist the change. Other values are refused.");
const FIELD_MANAGER: Parameter =
    text("fieldManager", "The name of who makes the change: at most 128 printable characters.");
const FIELD_VALIDATION: Parameter = text(
    "fieldValidation",
    "What becomes of unknown and duplicate fields: 'Ignore' drops them, 'Warn' (the default) drops them with a warning each, 'Strict' refuses the request.",
);
const FORCE: Parameter = boolean("force", "Only for apply patches: take over fields that others own.");
const LABEL_SELECTOR: Parameter = text("labelSelector", "Only objects with matching labels. Default: all.");
const FIELD_SELECTOR: Parameter = text("fieldSelector", "Only objects with matching fields. Default: all.");
const LIMIT: Parameter = integer("limit", "At most that many objects; the answer says how to get the rest.");
const CONTINUE: Parameter = text("continue", "The token of the previous page, to get the next one.");
const RESOURCE_VERSION: Parameter =
    text("resourceVersion", "How fresh the answer must be, or where a watch starts.");
const RESOURCE_VERSION_MATCH: Parameter =
    text("resourceVersionMatch", "How resourceVersion is meant: 'Exact' or 'NotOlderThan'.");
const SEND_INITIAL_EVENTS: Parameter =
    boolean("sendInitialEvents", "Begin a watch with what exists, and a bookmark behind it.");
const TIMEOUT_SECONDS: Parameter = integer("timeoutSeconds", "How long a list or watch may take.");
const WATCH: Parameter = boolean("watch", "Answer with a stream of changes instead of a list.");
const ALLOW_WATCH_BOOKMARKS: Parameter =
    boolean("allowWatchBookmarks", "The client understands events of type BOOKMARK.");
const GRACE_PERIOD: Parameter =
    integer("gracePeriodSeconds", "Seconds before the object is deleted. 0: at once.");
const ORPHAN_DEPENDENTS: Parameter =
    boolean("orphanDependents", "Superseded by propagationPolicy: whether dependents lose their owner.");
const PROPAGATION_POLICY: Parameter =
    text("propagationPolicy", "What becomes of dependents: 'Orphan', 'Background' or 'Foreground'.");

/// The query parameters of an action, by Kubernetes' name of the action.
pub(super) fn of(action: &str) -> &'static [Parameter] {
    match action {
        "list" | "watch" => &[
            ALLOW_WATCH_BOOKMARKS,
            CONTINUE,
            FIELD_SELECTOR,
            LABEL_SELECTOR,
            LIMIT,
            RESOURCE_VERSION,
            RESOURCE_VERSION_MATCH,
            SEND_INITIAL_EVENTS,
            TIMEOUT_SECONDS,
            WATCH,
        ],
        "post" | "put" => &[DRY_RUN, FIELD_MANAGER, FIELD_VALIDATION],
        "patch" => &[DRY_RUN, FIELD_MANAGER, FIELD_VALIDATION, FORCE],
        "delete" => &[DRY_RUN, GRACE_PERIOD, ORPHAN_DEPENDENTS, PROPAGATION_POLICY],
        "deletecollection" => &[
            CONTINUE,
            DRY_RUN,
            FIELD_SELECTOR,
            GRACE_PERIOD,
            LABEL_SELECTOR,
            LIMIT,
            ORPHAN_DEPENDENTS,
            PROPAGATION_POLICY,
            RESOURCE_VERSION,
            RESOURCE_VERSION_MATCH,
            SEND_INITIAL_EVENTS,
            TIMEOUT_SECONDS,
        ],
        _ => &[],
    }
}
