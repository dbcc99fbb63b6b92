//! get and list of a served kind.

use std::sync::Arc;

use http::StatusCode;

use super::{Source, of, unserved};
use crate::object::{Object, Tree};
use crate::request::Request;
use crate::request::continuation;
use crate::request::info::ResourceInfo;
use crate::request::options::ListOptions;
use crate::respond::list::ListMeta;
use crate::respond::{ApiResult, Response};
use crate::served::query::Paging;
use crate::served::{Context, Query};
use crate::storage::view::Slices;
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
    wanted.list(source.kind, &meta, objects)
}

/// The objects that are selected, in order, and what stands for the list.
pub(super) async fn page(
    source: Source<'_>,
    request: &Request,
    info: &ResourceInfo,
) -> ApiResult<(Slices, ListMeta)> {
    let verb = source.verbs.list.as_ref().ok_or_else(unserved)?;
    let name = Some(info.name.as_str()).filter(|name| !name.is_empty());
    let options = ListOptions::parse(&request.query, &selectable(source.kind), name)?;
    let found = verb.list(&Context::new(request, false), &Query::new(&options)).await?;
    let mut trees: Vec<_> = found.items.into_iter().map(|tree| (key(&tree), tree)).collect();
    if !info.namespace.is_empty() {
        trees.retain(|(_, tree)| of(tree, "namespace") == info.namespace);
    }
    trees.sort_by(|(one, _), (other, _)| one.cmp(other));
    let resource_version = found.resource_version.unwrap_or_else(now);
    let meta = ListMeta { resource_version, ..ListMeta::default() };
    match found.paging {
        Some(Paging { continue_token, remaining }) => {
            let (objects, _) = select(source, &trees, &options, 0)?;
            let continue_token = continue_token.unwrap_or_default();
            Ok((objects, ListMeta { continue_token, remaining, ..meta }))
        }
        None => cut(source, &trees, meta, &options),
    }
}

/// One page of what a source gave whole.
fn cut(
    source: Source<'_>,
    mut trees: &[(String, Tree)],
    mut meta: ListMeta,
    options: &ListOptions,
) -> ApiResult<(Slices, ListMeta)> {
    if !options.continue_token.is_empty() {
        let token = continuation::decode(&options.continue_token)?;
        trees = &trees[trees.partition_point(|(key, _)| *key < token.start)..];
        if let Some(revision) = token.revision {
            meta.resource_version = revision.to_string();
        }
    }
    let limit = usize::try_from(options.limit).unwrap_or(usize::MAX);
    let (objects, left) = select(source, trees, options, limit)?;
    if left > 0 {
        let last = &trees[trees.len() - left - 1].0;
        meta.continue_token = continuation::encode(last, meta.resource_version.parse().unwrap_or(1));
        let everything = Selection::new(source.kind, options).is_everything();
        meta.remaining = everything.then_some(left as u64);
    }
    Ok((objects, meta))
}

/// The first objects that are selected, and how many follow them; only those that are answered are encoded, and
/// those that a selector has to look at. A limit of 0 is none.
fn select(
    source: Source<'_>,
    trees: &[(String, Tree)],
    options: &ListOptions,
    limit: usize,
) -> ApiResult<(Slices, usize)> {
    let selection = Selection::new(source.kind, options);
    let mut selected: Vec<Arc<Object>> = Vec::new();
    for (place, (_, tree)) in trees.iter().enumerate() {
        let full = limit > 0 && selected.len() == limit;
        if full && selection.is_everything() {
            return Ok((selected.into_iter().collect(), trees.len() - place));
        }
        let object = source.object(tree)?;
        match selection.matches(&object) {
            true if full => return Ok((selected.into_iter().collect(), trees.len() - place)),
            true => selected.push(Arc::new(object)),
            false => {}
        }
    }
    Ok((selected.into_iter().collect(), 0))
}

/// `<ns>/<name>`: lists are in the byte order of this.
fn key(tree: &Tree) -> String {
    let (namespace, name) = (of(tree, "namespace"), of(tree, "name"));
    let slash = if namespace.is_empty() { "" } else { "/" };
    format!("{namespace}{slash}{name}")
}

/// The revision of a source that counts none: grows with the wall clock, never 0. In the unit of stored revisions, so
/// that a kind which was stored before does not go back.
fn now() -> String {
    jiff::Timestamp::now().as_microsecond().to_string()
}
