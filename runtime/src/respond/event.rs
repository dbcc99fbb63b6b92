//! The events of a watch: one JSON document a line, in the shape that was asked for.

use bytes::Bytes;
use jiff::Timestamp;

use super::list::{Item, ListMeta};
use super::pieces::Json as _;
use super::status::Status;
use super::table::{IncludeObject, Table};
use super::{Chunks, partial};
use crate::kind::{Column, Kind};
use crate::request::accept::{MetaVersion, Shape};

/// What happened to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is there, or matches, now.
    Added,
    /// It is different.
    Modified,
    /// It is gone, or matches no longer.
    Deleted,
}

/// Writes the events of one watch.
#[derive(Debug)]
pub struct Events {
    api_version: String,
    kind: String,
    shape: EventShape,
}

/// What stands in an event.
#[derive(Debug)]
enum EventShape {
    Object,
    Partial(MetaVersion),
    Table { columns: Box<[Column]>, version: MetaVersion, include: IncludeObject, headers: bool },
}

impl Events {
    /// Events of objects of a kind; `include` counts for tables only.
    #[must_use]
    pub fn new(kind: &Kind, shape: Shape, include: IncludeObject) -> Self {
        let shape = match shape {
            // An object is no list: as in Go, what cannot be made of it leaves it whole.
            Shape::Object | Shape::PartialList(_) => EventShape::Object,
            Shape::Partial(version) => EventShape::Partial(version),
            Shape::Table(version) => {
                EventShape::Table { columns: kind.columns.as_slice().into(), version, include, headers: true }
            }
        };
        Self { api_version: kind.api_version(), kind: kind.kind.clone(), shape }
    }

    /// Whether lines have objects as they are: the same lines for all who watch.
    #[must_use]
    pub fn are_whole(&self) -> bool {
        matches!(self.shape, EventShape::Object)
    }

    /// Writes a change of an object; ages in tables are seen from `now`.
    pub fn change(
        &mut self,
        out: &mut Chunks,
        change: Change,
        resource_version: &str,
        item: Item<'_>,
        now: Timestamp,
    ) {
        out.text(match change {
            Change::Added => "{\"type\":\"ADDED\",\"object\":",
            Change::Modified => "{\"type\":\"MODIFIED\",\"object\":",
            Change::Deleted => "{\"type\":\"DELETED\",\"object\":",
        });
        self.shape.write(out, resource_version, item, now);
        out.text("}\n");
    }

    /// Writes a bookmark: everything up to this revision was sent.
    pub fn bookmark(&mut self, out: &mut Chunks, resource_version: &str, now: Timestamp) {
        self.mark(out, resource_version, "", now);
    }

    /// Writes the bookmark behind what was there when the watch began.
    pub fn end_of_initial_events(&mut self, out: &mut Chunks, resource_version: &str, now: Timestamp) {
        let annotations = ",\"annotations\":{\"k8s.io/initial-events-end\":\"true\"}";
        self.mark(out, resource_version, annotations, now);
    }

    fn mark(&mut self, out: &mut Chunks, resource_version: &str, annotations: &str, now: Timestamp) {
        let metadata = format!("{{\"resourceVersion\":\"{resource_version}\"{annotations}}}");
        let (kind, api_version) = (&self.kind, &self.api_version);
        let object =
            format!("{{\"kind\":\"{kind}\",\"apiVersion\":\"{api_version}\",\"metadata\":{metadata}}}");
        let (bytes, metadata) = (object.as_bytes().into(), metadata.as_bytes().into());
        let item = Item { bytes, metadata, name: "", created: "" };
        out.text("{\"type\":\"BOOKMARK\",\"object\":");
        self.shape.write(out, resource_version, item, now);
        out.text("}\n");
    }
}

impl EventShape {
    fn write(&mut self, out: &mut Chunks, resource_version: &str, item: Item<'_>, now: Timestamp) {
        match self {
            EventShape::Object => out.served(item.bytes),
            EventShape::Partial(version) => partial::write(out, *version, item.metadata),
            EventShape::Table { columns, version, include, headers } => {
                let table = Table { columns, version: *version, include: *include, now };
                // Columns are told once, in the first event.
                table.write(out, &ListMeta::at(resource_version), std::mem::take(headers), &item);
            }
        }
    }
}

/// The event that ends a watch with a failure; always a plain `Status`.
#[must_use]
pub fn error(status: &Status) -> Bytes {
    let mut line = b"{\"type\":\"ERROR\",\"object\":".to_vec();
    line.extend(serde_json::to_vec(status).unwrap_or_default());
    line.extend_from_slice(b"}\n");
    line.into()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::{Change, Chunks, EventShape, Events, IncludeObject, Item, MetaVersion, error};
    use crate::respond::ApiError;

    const OBJECT: &[u8] = br#"{"metadata":{"name":"a"},"spec":{}}"#;

    fn events(shape: EventShape) -> Events {
        Events { api_version: "g.example.com/v1".to_owned(), kind: "Foo".to_owned(), shape }
    }

    fn lines(shape: EventShape) -> Vec<String> {
        let mut events = events(shape);
        let mut out = Chunks::default();
        let item =
            Item { bytes: OBJECT.into(), metadata: br#"{"name":"a"}"#[..].into(), name: "a", created: "" };
        for change in [Change::Added, Change::Modified, Change::Deleted] {
            events.change(&mut out, change, "5", item, Timestamp::UNIX_EPOCH);
        }
        events.bookmark(&mut out, "6", Timestamp::UNIX_EPOCH);
        let text = String::from_utf8(out.into_bytes().to_vec()).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn objects_are_one_line_each() {
        assert_eq!(
            lines(EventShape::Object),
            [
                r#"{"type":"ADDED","object":{"metadata":{"name":"a"},"spec":{}}}"#,
                r#"{"type":"MODIFIED","object":{"metadata":{"name":"a"},"spec":{}}}"#,
                r#"{"type":"DELETED","object":{"metadata":{"name":"a"},"spec":{}}}"#,
                r#"{"type":"BOOKMARK","object":{"kind":"Foo","apiVersion":"g.example.com/v1","metadata":{"resourceVersion":"6"}}}"#,
            ]
        );
    }

    #[test]
    fn metadata_events_have_partial_objects_and_bookmarks() {
        let lines = lines(EventShape::Partial(MetaVersion::V1));
        let partial = r#"{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":"#;
        assert_eq!(lines[0], format!(r#"{{"type":"ADDED","object":{partial}{{"name":"a"}}}}}}"#));
        assert_eq!(
            lines[3],
            format!(r#"{{"type":"BOOKMARK","object":{partial}{{"resourceVersion":"6"}}}}}}"#)
        );
    }

    #[test]
    fn the_first_table_alone_has_columns() {
        let lines = lines(EventShape::Table {
            columns: Box::default(),
            version: MetaVersion::V1,
            include: IncludeObject::Metadata,
            headers: true,
        });
        let values: Vec<serde_json::Value> =
            lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
        let headed: Vec<_> =
            values.iter().map(|event| event["object"]["columnDefinitions"].is_array()).collect();
        assert_eq!(headed, [true, false, false, false]);
        assert_eq!(values[3]["object"]["kind"], "Table");
        assert_eq!(values[3]["object"]["metadata"]["resourceVersion"], "6");
        assert_eq!(values[3]["object"]["rows"][0]["object"]["metadata"]["resourceVersion"], "6");
    }

    #[test]
    fn a_failure_ends_the_stream_as_a_status() {
        let line = error(ApiError::expired("too old resource version: 1 (5)").status());
        assert_eq!(
            line,
            "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":\
             \"Failure\",\"message\":\"too old resource version: 1 (5)\",\"reason\":\"Expired\",\"code\":410}}\n"
        );
    }
}
