//! delete: one object, at once or when its finalizers are done.

use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;

use super::failure;
use super::present::Wanted;
use super::store::{Basis, Store};
use crate::object::encode::{canonicalize, encode};
use crate::object::metadata::{self, system};
use crate::object::{Object, Tree};
use crate::request::options::{DeleteOptions, Propagation};
use crate::request::{Aside, Request, body};
use crate::respond::status::{GroupResource, Status};
use crate::respond::{ApiError, ApiResult, Response};
use crate::storage::{Error, Expect};

const ORPHAN: &str = "orphan";
const FOREGROUND: &str = "foregroundDeletion";

/// What became of the object.
pub(super) enum Deleted {
    /// It is gone; this is its uid.
    Gone(String),
    /// It waits for its finalizers.
    Marked(Arc<Object>),
}

/// Deletes the object of that name.
pub(super) async fn delete(
    store: &Store,
    request: Request,
    namespace: &str,
    name: &str,
) -> ApiResult<Response> {
    let wanted = Wanted::by_write(&request)?;
    let aside = request.aside.another();
    let options = options(request).await?;
    match one(store, &aside, namespace, name, &options).await? {
        Deleted::Gone(uid) => {
            let status = Status::deleted(store.resource(), name, &uid);
            Ok(wanted.document(serde_json::to_vec(&status)?, StatusCode::OK))
        }
        Deleted::Marked(object) => {
            let waits = options.orphan_dependents == Some(false);
            let code = if waits { StatusCode::ACCEPTED } else { StatusCode::OK };
            wanted.object(&store.kind, &object, code)
        }
    }
}

/// The options: the body's, or without a body the query's.
pub(crate) async fn options(request: Request) -> ApiResult<DeleteOptions> {
    let media = body::media(request.header(http::header::CONTENT_TYPE));
    let bytes = body::read(request.body, body::LIMIT, request.deadline).await?;
    let media = if bytes.is_empty() { body::BodyMedia::Json } else { media? };
    DeleteOptions::parse(&request.query, &bytes, media)
}

/// Deletes one object, tried again from the live object for as long as others are quicker.
pub(super) async fn one(
    store: &Store,
    aside: &Aside,
    namespace: &str,
    name: &str,
    options: &DeleteOptions,
) -> ApiResult<Deleted> {
    let key = store.key(namespace, name);
    // A dry run is refused by nobody if what it begins with is old.
    let mut basis = store.basis(&key, name, options.dry_run).await?;
    aside.step_with(basis.object.length()).await;
    loop {
        let current = &basis.object;
        let record = (current.name(), current.uid(), &*current.resource_version());
        if let Err(refused) = check(store.kind_name(), record, options) {
            if store.renew(&mut basis, name).await? {
                continue;
            }
            return Err(refused);
        }
        let finalizers = finalizers(current, options);
        let attempt = if finalizers.is_empty() {
            remove(store, current, options).await
        } else if let Some(marked) = marked(current, finalizers)? {
            mark(store, current, marked, options).await?
        } else if store.renew(&mut basis, name).await? {
            continue;
        } else {
            return Ok(Deleted::Marked(basis.object));
        };
        basis = match attempt {
            Ok(deleted) => return Ok(deleted),
            Err(Error::Conflict { current: Some(live), .. }) => Basis::latest(store.record(&live)?),
            Err(Error::Conflict { current: None, .. }) => {
                return Err(ApiError::not_found(store.resource(), name));
            }
            Err(error) => return Err(failure::answer(&error, store.resource(), name)),
        };
    }
}

async fn remove(store: &Store, current: &Object, options: &DeleteOptions) -> Result<Deleted, Error> {
    if !options.dry_run {
        store.remove(current.key(), current.revision()).await?;
    }
    Ok(Deleted::Gone(current.uid().to_owned()))
}

/// The object with the time of its deletion and the finalizers; nothing where a second deletion changes nothing.
fn marked(current: &Object, finalizers: Vec<String>) -> ApiResult<Option<Bytes>> {
    let mut tree: Tree = current.tree()?;
    metadata::set_finalizers(metadata::of_mut(&mut tree), finalizers);
    system::mark_deleted(&mut tree, jiff::Timestamp::now());
    canonicalize(&mut tree);
    let bytes = encode(tree.as_map().ok_or_else(|| ApiError::internal("the object is no object"))?);
    Ok(Some(bytes).filter(|bytes| !current.is_stored_as(bytes)))
}

async fn mark(
    store: &Store,
    current: &Object,
    marked: Bytes,
    options: &DeleteOptions,
) -> ApiResult<Result<Deleted, Error>> {
    let key = current.key();
    if options.dry_run {
        let marked = store.as_if(key, current.revision(), marked)?;
        return Ok(Ok(Deleted::Marked(marked)));
    }
    Ok(store.put(key, Expect::Is(current.revision()), marked).await.map(Deleted::Marked))
}

/// 409 where the object is not what the options expect.
pub(crate) fn check(
    kind: GroupResource<'_>,
    (name, uid, revision): (&str, &str, &str),
    options: &DeleteOptions,
) -> ApiResult<()> {
    let conflict = |why: String| Err(ApiError::conflict_on(kind, name, &why));
    let wanted = &options.preconditions;
    if let Some(expected) = &wanted.uid
        && expected != uid
    {
        return conflict(format!(
            "the UID in the precondition ({expected}) does not match the UID in record ({uid}). The object might have been deleted and then recreated"
        ));
    }
    if let Some(version) = &wanted.resource_version
        && version != revision
    {
        return conflict(format!(
            "the ResourceVersion in the precondition ({version}) does not match the ResourceVersion in record ({revision}). The object might have been modified"
        ));
    }
    Ok(())
}

/// The finalizers that the object has to wait for: its own, and the garbage collector's as the options
/// (or, without a word from them, the object) ask for it.
fn finalizers(current: &Object, options: &DeleteOptions) -> Vec<String> {
    let has = |wanted: &str| current.finalizers().iter().find(|name| ***name == *wanted).is_some();
    let (orphan, foreground) = match (options.orphan_dependents, options.propagation) {
        (Some(orphan), _) => (orphan, false),
        (None, Some(policy)) => (policy == Propagation::Orphan, policy == Propagation::Foreground),
        (None, None) => (has(ORPHAN), has(FOREGROUND) && !has(ORPHAN)),
    };
    let own = current.finalizers().iter().map(|name| &**name);
    let asked = [(orphan, ORPHAN), (foreground, FOREGROUND)];
    let asked_names: Vec<_> = asked.iter().filter(|(asked, _)| *asked).map(|(_, name)| *name).collect();
    let same = asked.iter().all(|(asked, name)| *asked == has(name));
    if same {
        return own.map(str::to_owned).collect();
    }
    own.filter(|name| ![ORPHAN, FOREGROUND].contains(name)).chain(asked_names).map(str::to_owned).collect()
}
