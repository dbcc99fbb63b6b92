//! patch: what the body says is to be different.
//!
//! A patch is applied to the live object as the client sees it, and applied again when somebody was
//! quicker. What comes out is decoded like any body.

mod json;
mod merge;

use http::StatusCode;

use super::present::Wanted;
use super::store::Store;
use super::{scale, write};
use crate::kind::Kind;
use crate::object::{Tree, metadata};
use crate::request::options::{PatchOptions, WriteOptions};
use crate::request::{Request, Warnings, body};
use crate::respond::status::GroupResource;
use crate::respond::{ApiError, ApiResult, Response};
use crate::schema::FieldErrors;
use write::{Part, Replacement};

/// What is accepted, in Go's order.
const ACCEPTED: [&str; 2] = ["application/json-patch+json", "application/merge-patch+json"];

/// What a body asks to change.
#[derive(Debug)]
enum Patch {
    Json(Vec<json::Operation>),
    Merge(Tree),
}

/// A patch and what was odd about its document.
pub(crate) struct Read {
    patch: Patch,
    duplicates: Vec<String>,
}

/// Changes the object of that name, or a part of it.
pub(super) async fn patch(
    store: &Store,
    request: Request,
    namespace: &str,
    name: &str,
    part: Part,
) -> ApiResult<Response> {
    let accepted = accepted(&request)?;
    let wanted = Wanted::by_write(&request)?;
    let bytes = body::read(request.body, body::LIMIT, request.deadline).await?;
    let options = PatchOptions::parse(&request.query, false)?.write;
    let read = read(accepted, &bytes)?;
    let write = Replacement {
        store,
        namespace,
        name,
        part,
        uid: None,
        unconditional: store.kind.strategy.unconditional_update,
        dry_run: options.dry_run,
        warnings: &request.warnings,
        aside: &request.aside,
    };
    if part == Part::Scale {
        let object = scale::replace(&write, |old| read.patch.apply(old)).await?;
        return Ok(wanted.document(scale::document(&store.kind, &object)?, StatusCode::OK));
    }
    let change = |old: &Tree| read.change(&store.kind, (namespace, name), &options, &request.warnings, old);
    let object = write::replace(&write, change).await?;
    wanted.object(&store.kind, &object, StatusCode::OK)
}

/// Which kind of patch the body is; a kind that is not served is a 415 before the body is read.
pub(crate) fn accepted(request: &Request) -> ApiResult<&'static str> {
    let named = request.header(http::header::CONTENT_TYPE).unwrap_or_default();
    let media = named.split(';').next().unwrap_or_default();
    ACCEPTED.into_iter().find(|known| *known == media).ok_or_else(|| body::unsupported(&ACCEPTED))
}

/// Reads a patch of that kind.
pub(crate) fn read(accepted: &str, bytes: &[u8]) -> ApiResult<Read> {
    let (tree, duplicates) =
        Tree::parse_json(bytes).map_err(|_| ApiError::bad_request("invalid JSON patch"))?;
    let is_json_patch = accepted == ACCEPTED[0];
    let duplicates = duplicates.iter();
    if is_json_patch {
        let duplicates = duplicates.map(|duplicate| format!("json patch {duplicate}")).collect();
        return Ok(Read { patch: Patch::Json(json::read(tree)?), duplicates });
    }
    if tree.as_map().is_none() {
        let text =
            "error decoding patch: json: cannot unmarshal into Go value of type map[string]interface {}";
        return Err(ApiError::bad_request(text));
    }
    Ok(Read { patch: Patch::Merge(tree), duplicates: duplicates.map(ToString::to_string).collect() })
}

impl Patch {
    /// The document with the change.
    fn apply(&self, old: &Tree) -> ApiResult<Tree> {
        match self {
            Patch::Json(operations) => json::apply(operations, old.clone()),
            Patch::Merge(patch) => {
                let mut new = old.clone();
                merge::apply(&mut new, patch);
                Ok(new)
            }
        }
    }
}

impl Read {
    /// The new object that the patch makes of the old one.
    pub(crate) fn change(
        &self,
        kind: &Kind,
        (namespace, name): (&str, &str),
        options: &WriteOptions,
        warnings: &Warnings,
        old: &Tree,
    ) -> ApiResult<Tree> {
        let mut new = self.patch.apply(old)?;
        if let Err(why) = settle(kind, &mut new, self.duplicates.clone(), options, warnings) {
            let patched = self.patch.apply(old)?.to_json();
            return Err(unfit(&String::from_utf8_lossy(&patched), &why));
        }
        write::ensure_namespace(metadata::of_mut(&mut new), namespace)?;
        write::check_name(&new, name)?;
        write::drop_duplicate_owners(metadata::of_mut(&mut new), warnings);
        Ok(new)
    }
}

fn settle(
    kind: &Kind,
    new: &mut Tree,
    duplicates: Vec<String>,
    options: &WriteOptions,
    warnings: &Warnings,
) -> Result<(), String> {
    for (key, expected) in [("apiVersion", kind.api_version()), ("kind", kind.kind.clone())] {
        match new.get(key).and_then(Tree::as_str) {
            Some(said) if said == expected => {}
            Some(said) => return Err(format!("{key} {said:?} cannot be had here: it must be {expected:?}")),
            None => return Err(format!("Object '{key}' is missing")),
        }
    }
    let unknown = write::settle(kind, new)?;
    write::strict(duplicates, &unknown, options.field_validation, |text| warnings.add(text))
}

/// 422: what the patch made of the object cannot be read as one.
fn unfit(patched: &str, why: &str) -> ApiError {
    let mut errors = FieldErrors::new();
    errors.invalid("patch", patched, why);
    ApiError::invalid(GroupResource { group: "", resource: "" }, "", &errors)
}
