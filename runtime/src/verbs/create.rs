//! create: a new object.

use http::StatusCode;

use super::present::Wanted;
use super::store::Store;
use super::write;
use crate::admission::namespace_lifecycle;
use crate::object::metadata::{self, system};
use crate::request::options::WriteOptions;
use crate::request::{Request, body};
use crate::respond::{ApiResult, Response};

/// Stores the object in the body and answers it: 201.
pub(super) async fn create(store: &Store, request: Request, namespace: &str) -> ApiResult<Response> {
    let wanted = Wanted::by_write(&request)?;
    let media = body::media(request.header(http::header::CONTENT_TYPE))?;
    let bytes = body::read(request.body, body::LIMIT, request.deadline).await?;
    let options = WriteOptions::for_create(&request.query)?;
    let warnings = &request.warnings;
    let warn = |text| warnings.add(text);
    let mut tree = write::decode(&store.kind, &bytes, media, options.field_validation, warn)?;
    let envelope = metadata::of_mut(&mut tree);
    system::wipe(envelope);
    write::ensure_namespace(envelope, namespace)?;
    write::drop_duplicate_owners(envelope, warnings);
    let name = metadata::text(envelope, "name").to_owned();
    namespace_lifecycle::admit_create(&*store.namespaces, store.resource(), namespace, &name).await?;
    let object = write::create(store, namespace, tree, options.dry_run, warnings).await?;
    wanted.object(&store.kind, &object, StatusCode::CREATED)
}
