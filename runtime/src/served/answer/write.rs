//! create, update, patch, delete and deletecollection of a served kind: the same path as a stored
//! object's, up to the point where the source keeps it.

use std::sync::Arc;

use http::StatusCode;

use super::{Source, read, unserved};
use crate::admission::namespace_lifecycle;
use crate::object::metadata::{self, system};
use crate::object::{Object, Tree};
use crate::request::info::ResourceInfo;
use crate::request::options::{DeleteOptions, PatchOptions, WriteOptions};
use crate::request::{Request, body};
use crate::respond::status::Status;
use crate::respond::{ApiError, ApiResult, Response};
use crate::served::Context;
use crate::served::erase::DynUpdate;
use crate::verbs::patch as patches;
use crate::verbs::present::Wanted;
use crate::verbs::write::{self, Part};
use crate::verbs::{MODIFIED, delete as deletion};

/// How often a patch is applied again when the object changed under it.
const ATTEMPTS: usize = 5;

pub(super) async fn create(source: Source<'_>, request: Request, info: &ResourceInfo) -> ApiResult<Response> {
    let verb = source.verbs.create.as_ref().ok_or_else(unserved)?;
    let wanted = Wanted::by_write(&request)?;
    let options = WriteOptions::for_create(&request.query)?;
    let cx = Context::new(&request, options.dry_run);
    let warnings = request.warnings.clone();
    let mut tree = decode(source, request, &options).await?;
    let envelope = metadata::of_mut(&mut tree);
    system::wipe(envelope);
    write::ensure_namespace(envelope, &info.namespace)?;
    write::drop_duplicate_owners(envelope, &warnings);
    let name = metadata::text(envelope, "name").to_owned();
    namespace_lifecycle::admit_create(source.namespaces, source.resource(), &info.namespace, &name).await?;
    system::fill(metadata::of_mut(&mut tree), jiff::Timestamp::now());
    write::for_create(source.kind, &mut tree, &warnings)?;
    let created = verb.create(&cx, &tree).await?;
    wanted.object(source.kind, &source.object(&created)?, StatusCode::CREATED)
}

pub(super) async fn update(source: Source<'_>, request: Request, info: &ResourceInfo) -> ApiResult<Response> {
    let verb = Arc::clone(source.verbs.update.as_ref().ok_or_else(unserved)?);
    let wanted = Wanted::by_write(&request)?;
    let options = WriteOptions::for_update(&request.query)?;
    let cx = Context::new(&request, options.dry_run);
    let warnings = request.warnings.clone();
    let mut new = decode(source, request, &options).await?;
    let envelope = metadata::of_mut(&mut new);
    write::ensure_namespace(envelope, &info.namespace)?;
    write::drop_duplicate_owners(envelope, &warnings);
    write::check_name(&new, &info.name)?;
    let replacing = Replacing { source, verb: &*verb, cx: &cx, name: &info.name };
    let old = replacing.old().await?;
    let updated = replacing.replace(&old, new).await?;
    wanted.object(source.kind, &source.object(&updated)?, StatusCode::OK)
}

pub(super) async fn patch(source: Source<'_>, request: Request, info: &ResourceInfo) -> ApiResult<Response> {
    let verb = Arc::clone(source.verbs.update.as_ref().ok_or_else(unserved)?);
    let wanted = Wanted::by_write(&request)?;
    let options = PatchOptions::parse(&request.query, false)?.write;
    let cx = Context::new(&request, options.dry_run);
    let warnings = request.warnings.clone();
    let accepted = patches::accepted(&request)?;
    let bytes = body::read(request.body, body::LIMIT, request.deadline).await?;
    let patch = patches::read(accepted, &bytes)?;
    let replacing = Replacing { source, verb: &*verb, cx: &cx, name: &info.name };
    let mut attempt = 1;
    loop {
        let old = replacing.old().await?;
        let new = patch.change(source.kind, (&info.namespace, &info.name), &options, &warnings, &old)?;
        // A patch that names a revision wants that one and no other.
        let unconditional = revision(&new) == revision(&old);
        match replacing.replace(&old, new).await {
            Err(lost) if unconditional && lost.reason() == "Conflict" && attempt < ATTEMPTS => attempt += 1,
            done => return wanted.object(source.kind, &source.object(&done?)?, StatusCode::OK),
        }
    }
}

pub(super) async fn delete(source: Source<'_>, request: Request, info: &ResourceInfo) -> ApiResult<Response> {
    let wanted = Wanted::by_write(&request)?;
    let cx = Context::new(&request, false);
    let options = deletion::options(request).await?;
    let uid = delete_one(source, &cx, &info.name, &options).await?;
    let status = Status::deleted(source.resource(), &info.name, &uid);
    Ok(wanted.document(serde_json::to_vec(&status)?, StatusCode::OK))
}

pub(super) async fn delete_collection(
    source: Source<'_>,
    request: Request,
    info: &ResourceInfo,
) -> ApiResult<Response> {
    let wanted = Wanted::by(&request)?;
    let cx = Context::new(&request, false);
    let (objects, meta) = read::page(source, &request, info).await?;
    let options = deletion::options(request).await?;
    for object in objects.iter() {
        match delete_one(source, &cx.within(object.namespace()), object.name(), &options).await {
            // Gone meanwhile is as good.
            Err(gone) if gone.code() == StatusCode::NOT_FOUND => {}
            done => drop(done?),
        }
    }
    wanted.list(source.kind, &meta, objects)
}

/// Deletes one object and answers its uid.
async fn delete_one(
    source: Source<'_>,
    cx: &Context,
    name: &str,
    options: &DeleteOptions,
) -> ApiResult<String> {
    let verb = source.verbs.delete.as_ref().ok_or_else(unserved)?;
    let old = verb.get(cx, name).await?.ok_or_else(|| source.not_found(name))?;
    let object: Object = source.object(&old)?;
    deletion::check(source.kind_name(), (name, object.uid(), revision(&old)), options)?;
    if !options.dry_run {
        verb.delete(cx, &old).await?;
    }
    Ok(object.uid().to_owned())
}

async fn decode(source: Source<'_>, request: Request, options: &WriteOptions) -> ApiResult<Tree> {
    let media = body::media(request.header(http::header::CONTENT_TYPE));
    let bytes = body::read(request.body, body::LIMIT, request.deadline).await?;
    let warnings = &request.warnings;
    write::decode(source.kind, &bytes, media?, options.field_validation, |text| warnings.add(text))
}

/// An object that is to take another's place.
struct Replacing<'a> {
    source: Source<'a>,
    verb: &'a dyn DynUpdate,
    cx: &'a Context,
    name: &'a str,
}

impl Replacing<'_> {
    async fn old(&self) -> ApiResult<Tree> {
        self.verb.get(self.cx, self.name).await?.ok_or_else(|| self.source.not_found(self.name))
    }

    async fn replace(&self, old: &Tree, mut new: Tree) -> ApiResult<Tree> {
        let wanted = revision(&new);
        if !wanted.is_empty() && !revision(old).is_empty() && wanted != revision(old) {
            return Err(ApiError::conflict_on(self.source.resource(), self.name, MODIFIED));
        }
        write::for_update(self.source.kind, &mut new, old, Part::Main, self.cx.warnings())?;
        if self.cx.dry_run() || new == *old {
            return Ok(new);
        }
        self.verb.update(self.cx, old, &new).await
    }
}

fn revision(tree: &Tree) -> &str {
    tree.at(&["metadata", "resourceVersion"]).and_then(Tree::as_str).unwrap_or_default()
}
