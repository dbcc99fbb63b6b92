//! update: an object as it is to be, or its status, or its scale.

use http::StatusCode;

use super::present::Wanted;
use super::scale;
use super::store::Store;
use super::write::{self, Part, Replacement};
use crate::object::metadata;
use crate::request::options::WriteOptions;
use crate::request::{Request, body};
use crate::respond::{ApiResult, Response};

/// Replaces the object of that name, or a part of it, by what the body says.
pub(super) async fn update(
    store: &Store,
    request: Request,
    namespace: &str,
    name: &str,
    part: Part,
) -> ApiResult<Response> {
    let wanted = Wanted::by_write(&request)?;
    let media = body::media(request.header(http::header::CONTENT_TYPE));
    let bytes = body::read(request.body, body::LIMIT, request.deadline).await?;
    let options = WriteOptions::for_update(&request.query)?;
    let (media, warnings) = (media?, &request.warnings);
    let mut write = Replacement {
        store,
        namespace,
        name,
        part,
        uid: None,
        unconditional: store.kind.strategy.unconditional_update,
        dry_run: options.dry_run,
        warnings,
        aside: &request.aside,
    };
    if part == Part::Scale {
        let new = scale::decode(&bytes, media)?;
        let object = scale::replace(&write, |_| Ok(new.clone())).await?;
        return Ok(wanted.document(scale::document(&store.kind, &object)?, StatusCode::OK));
    }
    let warn = |text| warnings.add(text);
    let mut new = write::decode(&store.kind, &bytes, media, options.field_validation, warn)?;
    let envelope = metadata::of_mut(&mut new);
    write::ensure_namespace(envelope, namespace)?;
    write::drop_duplicate_owners(envelope, warnings);
    let uid = metadata::text(envelope, "uid").to_owned();
    write::check_name(&new, name)?;
    write.uid = Some(uid.as_str()).filter(|uid| !uid.is_empty());
    let object = write::replace(&write, |_| Ok(new.clone())).await?;
    wanted.object(&store.kind, &object, StatusCode::OK)
}
