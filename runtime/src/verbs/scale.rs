//! scale: the replicas of an object, as `autoscaling/v1` has them.
//!
//! A scale has no identity of its own: name, uid and resourceVersion are the object's.

use std::sync::Arc;

use http::StatusCode;

use super::get;
use super::present::Wanted;
use super::store::Store;
use super::write::{self, Replacement};
use crate::kind::{FieldPath, Kind, ScalePaths};
use crate::object::{Map, Object, Tree, metadata};
use crate::request::Request;
use crate::request::body::BodyMedia;
use crate::respond::{ApiError, ApiResult, Response};
use crate::schema::FieldErrors;

const API_VERSION: &str = "autoscaling/v1";

/// Answers the scale of the object of that name.
pub(super) async fn get(
    store: &Store,
    request: &Request,
    namespace: &str,
    name: &str,
) -> ApiResult<Response> {
    let wanted = Wanted::by(request)?;
    let object = get::read(store, request, namespace, name).await?;
    request.aside.step_with(object.length()).await;
    Ok(wanted.document(document(&store.kind, &object)?, StatusCode::OK))
}

/// The scale of an object, as compact JSON.
pub(super) fn document(kind: &Kind, object: &Object) -> ApiResult<Vec<u8>> {
    let tree = object.tree()?;
    let paths = paths(kind)?;
    if tree.at(&paths.spec.0).is_none() {
        return Err(ApiError::internal(format!(
            "the spec replicas field \".{}\" does not exist",
            paths.spec
        )));
    }
    let mut json = Vec::new();
    of(paths, &tree).write_json(&mut json);
    Ok(json)
}

/// Reads the body of an update.
pub(super) fn decode(body: &[u8], media: BodyMedia) -> ApiResult<Tree> {
    let read = match media {
        BodyMedia::Json => Tree::parse_json(body),
        BodyMedia::Yaml => Tree::parse_yaml(body),
    };
    let (tree, _) =
        read.map_err(|error| unfit(&format!("couldn't get version/kind; json parse error: {error}")))?;
    for (key, expected) in [("apiVersion", API_VERSION), ("kind", "Scale")] {
        match tree.get(key).and_then(Tree::as_str).unwrap_or_default() {
            "" => {}
            said if said == expected => {}
            said => return Err(unfit(&format!("{key} {said:?} is not {expected:?}"))),
        }
    }
    if !matches!(tree.at(&["spec", "replicas"]), None | Some(Tree::Null | Tree::Int(_))) {
        return Err(unfit(
            "json: cannot unmarshal into Go struct field ScaleSpec.spec.replicas of type int32",
        ));
    }
    Ok(tree)
}

/// Replaces the replicas of the object by what `change` makes of its scale.
pub(super) async fn replace(
    write: &Replacement<'_>,
    mut change: impl FnMut(&Tree) -> ApiResult<Tree>,
) -> ApiResult<Arc<Object>> {
    let paths = paths(&write.store.kind)?;
    let adjusted = |old: &Tree| {
        let mut scale = change(&of(paths, old))?;
        let envelope = metadata::of_mut(&mut scale);
        write::ensure_namespace(envelope, write.namespace)?;
        let (uid, version) = (
            metadata::text(envelope, "uid").to_owned(),
            metadata::text(envelope, "resourceVersion").to_owned(),
        );
        write::check_name(&scale, write.name)?;
        let mut new = old.clone();
        let envelope = metadata::of_mut(&mut new);
        if !uid.is_empty() {
            metadata::set_text(envelope, "uid", &uid);
        }
        if !version.is_empty() {
            metadata::set_text(envelope, "resourceVersion", &version);
        }
        let replicas = scale.at(&["spec", "replicas"]).cloned().unwrap_or(Tree::Int(0));
        if !matches!(replicas, Tree::Int(_)) {
            return Err(unfit("spec.replicas must be an integer"));
        }
        set(&mut new, paths, replicas);
        Ok(new)
    };
    write::replace(write, adjusted).await
}

/// Judges the numbers of a kind that can be scaled.
pub(super) fn judge(kind: &Kind, tree: &Tree, errors: &mut FieldErrors) {
    let Some(paths) = &kind.scale else { return };
    for path in std::iter::once(&paths.spec).chain(&paths.status) {
        let field = format!(".{path}");
        match tree.at(&path.0).and_then(Tree::as_i64) {
            Some(number) if number < 0 => {
                errors.invalid(field, number, "should be a non-negative integer");
            }
            Some(number) if number > i64::from(i32::MAX) => {
                errors.invalid(field, number, "should be less than or equal to 2147483647");
            }
            _ => {}
        }
    }
}

fn paths(kind: &Kind) -> ApiResult<&ScalePaths> {
    kind.scale.as_ref().ok_or_else(ApiError::no_such_resource)
}

fn of(paths: &ScalePaths, object: &Tree) -> Tree {
    let none = Map::new();
    let envelope = metadata::of(object).unwrap_or(&none);
    let kept = ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"];
    let known = kept.iter().filter_map(|key| Some(((*key).to_owned(), envelope.get(*key)?.clone())));
    let number = |path: &FieldPath| object.at(&path.0).and_then(Tree::as_i64).unwrap_or_default();
    let mut status = Map::new();
    status.insert("replicas".to_owned(), paths.status.as_ref().map_or(0, number).into());
    let selector = paths.selector.as_ref().and_then(|path| object.at(&path.0)?.as_str());
    if let Some(selector) = selector.filter(|selector| !selector.is_empty()) {
        status.insert("selector".to_owned(), selector.into());
    }
    let mut spec = Map::new();
    let replicas = number(&paths.spec);
    if replicas != 0 {
        spec.insert("replicas".to_owned(), replicas.into());
    }
    let members = [
        ("kind", Tree::from("Scale")),
        ("apiVersion", API_VERSION.into()),
        ("metadata", Tree::Map(known.collect())),
        ("spec", Tree::Map(spec)),
        ("status", Tree::Map(status)),
    ];
    Tree::Map(members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

fn set(object: &mut Tree, paths: &ScalePaths, replicas: Tree) {
    let mut place = object;
    for key in &paths.spec.0 {
        if !matches!(place, Tree::Map(_)) {
            *place = Tree::Map(Map::new());
        }
        let Tree::Map(members) = place else { return };
        place = members.entry(key.clone()).or_default();
    }
    *place = replicas;
}

fn unfit(why: &str) -> ApiError {
    ApiError::bad_request(format!("Scale in version \"v1\" cannot be handled as a Scale: {why}"))
}
