//! Storing a new object.

use std::sync::Arc;

use http::StatusCode;

use super::prepare;
use crate::object::encode::{canonicalize, encode};
use crate::object::metadata::{self, system};
use crate::object::{Object, Tree};
use crate::request::Warnings;
use crate::respond::{ApiError, ApiResult};
use crate::storage::{At, Error, Expect, Key, Stored};
use crate::verbs::failure;
use crate::verbs::store::Store;

/// How often a generated name is tried.
const ATTEMPTS: usize = 8;

/// Stores a new object, or for a dry run does everything but that.
pub(crate) async fn create(
    store: &Store,
    namespace: &str,
    mut tree: Tree,
    dry_run: bool,
    warnings: &Warnings,
) -> ApiResult<Arc<Object>> {
    let sent_version =
        metadata::of(&tree).is_some_and(|sent| !metadata::text(sent, "resourceVersion").is_empty());
    let generated = metadata::name(&tree).is_empty();
    let mut attempt = 0;
    loop {
        attempt += 1;
        // Only a generated name is tried again.
        let mut tree = if generated { tree.clone() } else { std::mem::take(&mut tree) };
        system::fill(metadata::of_mut(&mut tree), jiff::Timestamp::now());
        prepare::for_create(&store.kind, &mut tree, warnings)?;
        if sent_version && !dry_run {
            let text = "resourceVersion should not be set on objects to be created";
            return Err(ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "", text));
        }
        let name = metadata::name(&tree).to_owned();
        match once(store, &store.key(namespace, &name), &mut tree, &name, dry_run).await? {
            Ok(object) => return Ok(object),
            Err(_) if generated && attempt < ATTEMPTS => {}
            Err(taken) => return Err(exists(store, taken.as_deref(), &name, generated)),
        }
    }
}

/// One attempt; the inner error is the object that has the name.
async fn once(
    store: &Store,
    key: &Key,
    tree: &mut Tree,
    name: &str,
    dry_run: bool,
) -> ApiResult<Result<Arc<Object>, Option<Arc<Object>>>> {
    canonicalize(tree);
    let bytes = encode(tree.as_map().ok_or_else(|| ApiError::internal("the object is no object"))?);
    if dry_run {
        if let Some(taken) = store.find(key, name, At::Latest).await? {
            return Ok(Err(Some(taken)));
        }
        let draft = Object::draft(key.clone(), bytes, &store.kind.selectable)?;
        return Ok(Ok(Arc::new(draft)));
    }
    match store.put(key, Expect::Absent, bytes).await {
        Ok(object) => Ok(Ok(object)),
        Err(Error::Conflict { current, .. }) => {
            Ok(Err(current.and_then(|current: Box<Stored>| store.record(&current).ok())))
        }
        Err(error) => Err(failure::answer(&error, store.resource(), name)),
    }
}

fn exists(store: &Store, taken: Option<&Object>, name: &str, generated: bool) -> ApiError {
    let resource = store.resource();
    let error = if generated {
        ApiError::generate_name_conflict(resource, name, 1)
    } else {
        ApiError::already_exists(resource, name)
    };
    match taken {
        Some(object) if object.deleted().is_some() => error.prefixed("object is being deleted: "),
        _ => error,
    }
}
