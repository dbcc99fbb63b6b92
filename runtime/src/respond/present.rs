//! Objects and lists in the shape that was asked for: as they are, as a table, as metadata.

use std::sync::Arc;

use http::StatusCode;
use jiff::Timestamp;

use super::list::ListMeta;
use super::listing::{Listing, Rows};
use super::pieces::Json as _;
use super::table::{IncludeObject, Table};
use super::{ApiError, ApiResult, Body, Chunks, partial};
use crate::kind::Kind;
use crate::object::Object;
use crate::request::accept::{MetaVersion, Shape};
use crate::storage::view::Slices;

/// How objects of a kind are shown to one client.
#[derive(Clone, Copy, Debug)]
pub struct Presentation<'a> {
    /// The kind.
    pub kind: &'a Arc<Kind>,
    /// The shape.
    pub shape: Shape,
    /// What stands in the rows of a table.
    pub include: IncludeObject,
    /// What ages in tables are seen from.
    pub now: Timestamp,
}

impl Presentation<'_> {
    /// One object at a revision.
    pub fn object(&self, object: &Object) -> ApiResult<Body> {
        let mut out = Chunks::default();
        match self.shape {
            Shape::Object => return Ok(Body::Full(object.line())),
            Shape::Table(version) => {
                let meta = ListMeta::at(object.resource_version());
                self.table(version).write(&mut out, &meta, true, &object.into());
            }
            Shape::Partial(version) => partial::write(&mut out, version, object.served_metadata()),
            Shape::PartialList(_) => {
                return Err(wrong_shape("PartialObjectMetadataList", "not a list", &self.kind.kind));
            }
        }
        out.text("\n");
        Ok(out.into_body())
    }

    /// A list of objects.
    pub fn list(&self, meta: &ListMeta, objects: Slices) -> ApiResult<Listing> {
        let (api_version, kind) = (self.kind.api_version(), &*self.kind.list_kind);
        let (rows, name) = match self.shape {
            Shape::Object => (Rows::Objects, (&*api_version, kind)),
            Shape::PartialList(version) => {
                (Rows::Metadata(version), (version.api_version(), "PartialObjectMetadataList"))
            }
            Shape::Table(version) => {
                let kind = Arc::clone(self.kind);
                let rows = Rows::Table { kind, version, include: self.include, now: self.now };
                (rows, (version.api_version(), "Table"))
            }
            Shape::Partial(_) => return Err(wrong_shape("PartialObjectMetadata", "a list", kind)),
        };
        Ok(Listing::new(rows, name, meta, objects))
    }

    fn table(&self, version: MetaVersion) -> Table<'_> {
        Table { columns: &self.kind.columns, version, include: self.include, now: self.now }
    }
}

fn wrong_shape(wanted: &str, found: &str, kind: &str) -> ApiError {
    let message = format!("you requested {wanted}, but the requested object is {found} ({kind})");
    ApiError::new(StatusCode::NOT_ACCEPTABLE, "NotAcceptable", message)
}
