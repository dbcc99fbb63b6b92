//! Tables: what kubectl prints. Columns come from the kind, cells from the encoded objects.

mod cells;

use jiff::Timestamp;

use super::list::{Item, ListMeta};
use super::partial;
use super::pieces::Json as _;
use crate::gzip::Pieces;
use crate::kind::Column;
use crate::request::QueryPairs;
use crate::request::accept::MetaVersion;
use crate::respond::{ApiError, ApiResult};
use crate::storage::view::Filling;

/// What stands in a row beside its cells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IncludeObject {
    /// Nothing.
    None,
    /// The object's metadata.
    #[default]
    Metadata,
    /// The whole object.
    Object,
}

/// How tables of one kind are written for one request.
#[derive(Clone, Copy, Debug)]
pub struct Table<'a> {
    /// The kind's columns.
    pub columns: &'a [Column],
    /// The version of the table.
    pub version: MetaVersion,
    /// What stands in a row beside its cells.
    pub include: IncludeObject,
    /// What ages are seen from.
    pub now: Timestamp,
}

const NAME: &str = "Name must be unique within a namespace. Is required when creating resources, although some \
                    resources may allow a client to request the generation of an appropriate name automatically. \
                    Name is primarily intended for creation idempotence and configuration definition. Cannot be \
                    updated. More info: \
                    https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names";
const CREATED: &str = "CreationTimestamp is a timestamp representing the server time when this object was created. \
                       It is not guaranteed to be set in happens-before order across separate operations. Clients \
                       may not set this value. It is represented in RFC3339 form and is in UTC.\n\nPopulated by \
                       the system. Read-only. Null for lists. More info: \
                       https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata";

impl IncludeObject {
    /// Reads `includeObject`.
    pub fn parse(query: &QueryPairs) -> ApiResult<Self> {
        match query.get("includeObject").unwrap_or_default() {
            "" | "Metadata" => Ok(Self::Metadata),
            "None" => Ok(Self::None),
            "Object" => Ok(Self::Object),
            other => Err(ApiError::bad_request(format!(
                "Unable to convert to Table as requested: includeObject: Invalid value: {other:?}: must be \
                 'Metadata', 'Object', 'None', or empty"
            ))),
        }
    }
}

impl Table<'_> {
    /// Writes a table of one object. Later tables of a watch have no `headers`.
    pub fn write(&self, out: &mut impl Pieces, meta: &ListMeta, headers: bool, item: &Item<'_>) {
        self.begin(out, meta, headers);
        self.row(out, item);
        out.text("]}");
    }

    /// Writes what stands before the rows.
    pub(super) fn begin(&self, out: &mut impl Pieces, meta: &ListMeta, headers: bool) {
        out.text("{\"kind\":\"Table\",\"apiVersion\":\"");
        out.text(self.version.api_version());
        out.text("\",\"metadata\":");
        meta.write(out);
        out.text(",\"columnDefinitions\":");
        if headers {
            self.definitions(out);
        } else {
            out.text("null");
        }
        out.text(",\"rows\":[");
    }

    fn definitions(&self, out: &mut impl Pieces) {
        out.text("[");
        column(out, ["Name", "string", "name", NAME], 0);
        for declared in self.columns {
            out.text(",");
            let texts = [&*declared.name, declared.kind, &declared.format, &declared.description];
            column(out, texts, declared.priority);
        }
        let created = if self.columns.is_empty() { "Created At" } else { "Age" };
        out.text(",");
        column(out, [created, "date", "", CREATED], 0);
        out.text("]");
    }

    /// Writes the row of an object.
    pub(super) fn row(&self, out: &mut impl Pieces, item: &Item<'_>) {
        out.text("{\"cells\":[");
        self.write_cells(out, item);
        self.object(out, item);
    }

    /// The same, of cells that are kept.
    pub(super) fn kept_row<'k>(
        &self,
        out: &mut impl Pieces,
        cells: impl Iterator<Item = Filling<'k>>,
        item: &Item<'_>,
    ) {
        out.text("{\"cells\":[");
        self.write_kept(out, cells);
        self.object(out, item);
    }

    fn object(&self, out: &mut impl Pieces, item: &Item<'_>) {
        out.text("],\"object\":");
        match self.include {
            IncludeObject::None => out.text("null"),
            IncludeObject::Metadata => partial::write(out, self.version, item.metadata),
            IncludeObject::Object => out.served(item.bytes),
        }
        out.text("}");
    }
}

fn column(out: &mut impl Pieces, [name, kind, format, description]: [&str; 4], priority: i32) {
    for (key, text) in [
        ("{\"name\":", name),
        (",\"type\":", kind),
        (",\"format\":", format),
        (",\"description\":", description),
    ] {
        out.text(key);
        out.quoted(text);
    }
    out.formatted(format_args!(",\"priority\":{priority}}}"));
}

#[cfg(test)]
mod tests {
    use super::{IncludeObject, Item, ListMeta, MetaVersion, QueryPairs, Table};
    use crate::kind::{Column, FieldPath};
    use crate::respond::Chunks;

    const OBJECT: &[u8] =
        br#"{"metadata":{"name":"a"},"spec":{"s":"x\"y","i":3,"f":2.5,"b":true,"n":null,"l":["p"],"t":"2026-01-01T00:00:00Z"}}"#;

    fn column(kind: &'static str, path: &str) -> Column {
        Column {
            name: path.to_owned(),
            kind,
            format: String::new(),
            description: "d".to_owned(),
            priority: 1,
            path: FieldPath(path.split('.').map(str::to_owned).collect()),
        }
    }

    fn table(columns: &[Column], include: IncludeObject, headers: bool, created: &str) -> serde_json::Value {
        let now = "2026-01-01T00:05:00Z".parse().unwrap();
        let table = Table { columns, version: MetaVersion::V1, include, now };
        let item = Item { bytes: OBJECT.into(), metadata: br#"{"name":"a"}"#[..].into(), name: "a", created };
        let mut out = Chunks::default();
        table.write(&mut out, &ListMeta::at("7"), headers, &item);
        serde_json::from_slice(&out.into_bytes()).expect("a table is JSON")
    }

    #[test]
    fn without_columns_there_are_name_and_creation() {
        let table = table(&[], IncludeObject::None, true, "2026-01-01T00:00:00Z");
        let names: Vec<_> =
            table["columnDefinitions"].as_array().unwrap().iter().map(|c| &c["name"]).collect();
        assert_eq!(names, ["Name", "Created At"]);
        assert_eq!(table["metadata"], serde_json::json!({ "resourceVersion": "7" }));
        assert_eq!(
            table["rows"],
            serde_json::json!([{ "cells": ["a", "2026-01-01T00:00:00Z"], "object": null }])
        );
    }

    #[test]
    fn cells_follow_their_columns_types() {
        for (kind, path, expected) in [
            ("string", "spec.s", serde_json::json!("x\"y")),
            ("string", "spec.i", serde_json::json!("3")),
            ("string", "spec.l", serde_json::json!("[\"p\"]")),
            ("string", "spec.none", serde_json::Value::Null),
            ("string", "spec.n", serde_json::Value::Null),
            ("integer", "spec.i", serde_json::json!(3)),
            ("integer", "spec.f", serde_json::json!(2)),
            ("integer", "spec.s", serde_json::Value::Null),
            ("number", "spec.f", serde_json::json!(2.5)),
            ("boolean", "spec.b", serde_json::json!(true)),
            ("boolean", "spec.s", serde_json::Value::Null),
            ("date", "spec.t", serde_json::json!("5m")),
            ("date", "spec.s", serde_json::json!("<invalid>")),
            ("date", "spec.i", serde_json::Value::Null),
        ] {
            let table = table(&[column(kind, path)], IncludeObject::None, true, "");
            assert_eq!(table["rows"][0]["cells"][1], expected, "{kind} {path}");
            assert_eq!(table["rows"][0]["cells"][2], "<unknown>");
            let definition = &table["columnDefinitions"][1];
            assert_eq!(
                definition,
                &serde_json::json!({ "name": path, "type": kind, "format": "", "description": "d", "priority": 1 })
            );
            assert_eq!(table["columnDefinitions"][2]["name"], "Age");
        }
    }

    #[test]
    fn rows_carry_what_was_asked_for() {
        let object = |include| table(&[], include, false, "")["rows"][0]["object"].clone();
        assert_eq!(object(IncludeObject::Object)["spec"]["i"], 3);
        assert_eq!(
            object(IncludeObject::Metadata),
            serde_json::json!({
                "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": { "name": "a" },
            })
        );
        assert!(table(&[], IncludeObject::None, false, "")["columnDefinitions"].is_null());
        let parse = |text| IncludeObject::parse(&QueryPairs::parse(Some(text)));
        assert_eq!(parse("includeObject=None").unwrap(), IncludeObject::None);
        assert_eq!(parse("").unwrap(), IncludeObject::Metadata);
        let error = parse("includeObject=x").unwrap_err();
        assert_eq!(
            error.message(),
            "Unable to convert to Table as requested: includeObject: Invalid value: \"x\": must be 'Metadata', \
             'Object', 'None', or empty"
        );
    }
}
