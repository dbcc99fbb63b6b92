//! get and list of a served kind.

use http::StatusCode;

use super::{Source, unserved};
use crate::object::Object;
use crate::request::Request;
use crate::request::continuation;
use crate::request::info::ResourceInfo;
use crate::request::options::ListOptions;
use crate::respond::list::{Item, ListMeta};
use crate::respond::{ApiResult, Response};
use crate::served::query::Paging;
use crate::served::{Context, Query};
use crate::verbs::present::Wanted;
use crate::verbs::selection::{Selection, selectable};

pub(super) async fn get(source: Source<'_>, request: &Request, name: &str) -> ApiResult<Response> {
    let verb = source.verbs.get.as_ref().ok_or_else(unserved)?;
    let wanted = Wanted::by(request)?;
    let found = verb.get(&Context::new(request, false), name).await?;
    let object = source.object(&found.ok_or_else(|| source.not_found(name))?)?;
    wanted.object(source.kind, &object, StatusCode::OK)
}

pub(super) async fn list(source: Source<'_>, request: &Request, info: &ResourceInfo) -> ApiResult<Response> {
    let wanted = Wanted::by(request)?;
    let (objects, meta) = page(source, request, info).await?;
    wanted.list(source.kind, &meta, objects.iter().map(Item::from))
}

/// The objects that are selected, in order, and what stands for the list.
pub(super) async fn page(
    source: Source<'_>,
    request: &Request,
    info: &ResourceInfo,
) -> ApiResult<(Vec<Object>, ListMeta)> {
    let verb = source.verbs.list.as_ref().ok_or_else(unserved)?;
    let name = Some(info.name.as_str()).filter(|name| !name.is_empty());
    let options = ListOptions::parse(&request.query, &selectable(source.kind), name)?;
    let found = verb.list(&Context::new(request, false), &Query::new(&options)).await?;
    let selection = Selection::new(source.kind, &options);
    let mut objects = found.items.iter().map(|tree| source.object(tree)).collect::<ApiResult<Vec<_>>>()?;
    objects.retain(|object| {
        let here = info.namespace.is_empty() || object.namespace() == info.namespace;
        here && selection.matches(object)
    });
    objects.sort_by_cached_key(key);
    let resource_version = found.resource_version.unwrap_or_else(now);
    let meta = ListMeta { resource_version, ..ListMeta::default() };
    match found.paging {
        Some(Paging { continue_token, remaining }) => {
            let continue_token = continue_token.unwrap_or_default();
            Ok((objects, ListMeta { continue_token, remaining, ..meta }))
        }
        None => cut(objects, meta, &options, selection.is_everything()),
    }
}

/// One page of what a source gave whole.
fn cut(
    mut objects: Vec<Object>,
    mut meta: ListMeta,
    options: &ListOptions,
    everything: bool,
) -> ApiResult<(Vec<Object>, ListMeta)> {
    if !options.continue_token.is_empty() {
        let token = continuation::decode(&options.continue_token)?;
        objects.retain(|object| key(object) >= token.start);
        if let Some(revision) = token.revision {
            meta.resource_version = revision.to_string();
        }
    }
    let limit = usize::try_from(options.limit).unwrap_or(usize::MAX);
    if limit > 0 && objects.len() > limit {
        let remaining = objects.len() - limit;
        objects.truncate(limit);
        let last = objects.last().map(key).unwrap_or_default();
        meta.continue_token = continuation::encode(&last, meta.resource_version.parse().unwrap_or(1));
        meta.remaining = everything.then_some(remaining as u64);
    }
    Ok((objects, meta))
}

/// `<ns>/<name>`: lists are in the byte order of this.
fn key(object: &Object) -> String {
    let namespace = object.namespace();
    let slash = if namespace.is_empty() { "" } else { "/" };
    format!("{namespace}{slash}{}", object.name())
}

/// The revision of a source that counts none: grows with the wall clock, never 0.
fn now() -> String {
    jiff::Timestamp::now().as_millisecond().to_string()
}
