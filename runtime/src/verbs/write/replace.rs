//! Storing a changed object: one function, run again from the live object when somebody was quicker.

use std::sync::Arc;

use http::StatusCode;

use super::prepare;
use crate::object::encode::{canonicalize, encode};
use crate::object::metadata;
use crate::object::{Object, Tree};
use crate::request::{Aside, Warnings};
use crate::respond::status::GroupResource;
use crate::respond::{ApiError, ApiResult};
use crate::schema::FieldErrors;
use crate::storage::{Error, Expect, Key, Revision};
use crate::verbs::failure;
use crate::verbs::store::{Basis, Store};

/// Which part of an object a write may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Everything but the status, where that has an endpoint of its own.
    Main,
    /// The status alone.
    Status,
    /// The replicas: a change of the main part that comes through another endpoint.
    Scale,
}

/// A write over an object.
#[derive(Debug)]
pub(crate) struct Replacement<'a> {
    /// The resource.
    pub(crate) store: &'a Store,
    /// The namespace of the request, empty for objects of the cluster.
    pub(crate) namespace: &'a str,
    /// The name of the request.
    pub(crate) name: &'a str,
    /// What may change.
    pub(crate) part: Part,
    /// The uid that the object must have.
    pub(crate) uid: Option<&'a str>,
    /// Whether an object that names no revision overwrites: kinds may allow it, patches always do.
    pub(crate) unconditional: bool,
    /// Everything but the storing.
    pub(crate) dry_run: bool,
    /// Where warnings go.
    pub(crate) warnings: &'a Warnings,
    /// For a large object.
    pub(crate) aside: &'a Aside,
}

/// What became of one attempt.
enum Attempt {
    Done(Arc<Object>),
    /// It is as it should be already.
    Same,
    /// Somebody was quicker: this is what is there now.
    Lost(Option<Arc<Object>>),
}

/// Replaces the object by what `change` makes of it. `change` is called with the object at hand, and again with the live
/// one where it refuses that, and for as long as others are quicker; it refuses where a retry is not wanted.
pub(crate) async fn replace(
    write: &Replacement<'_>,
    mut change: impl FnMut(&Tree) -> ApiResult<Tree>,
) -> ApiResult<Arc<Object>> {
    let store = write.store;
    let key = store.key(write.namespace, write.name);
    // A dry run is refused by nobody if what it begins with is old.
    let mut basis = store.basis(&key, write.name, write.dry_run).await?;
    write.aside.step_with(basis.object.length()).await;
    loop {
        let attempt = match write.changed(&basis.object, &mut change) {
            Ok(new) => write.commit(&key, &basis.object, new).await?,
            Err(_) if store.renew(&mut basis, write.name).await? => continue,
            Err(refused) => return Err(refused),
        };
        match attempt {
            Attempt::Done(object) => return Ok(object),
            Attempt::Same if store.renew(&mut basis, write.name).await? => {}
            Attempt::Same => return Ok(basis.object),
            Attempt::Lost(Some(live)) => basis = Basis::latest(live),
            Attempt::Lost(None) => return Err(ApiError::not_found(store.resource(), write.name)),
        }
    }
}

impl Replacement<'_> {
    /// The object as it is to be stored over the current one.
    fn changed(
        &self,
        current: &Object,
        change: &mut impl FnMut(&Tree) -> ApiResult<Tree>,
    ) -> ApiResult<Tree> {
        self.check_uid(current)?;
        let old = current.tree()?;
        let mut new = change(&old)?;
        self.check_revision(&new, current)?;
        prepare::ensure_namespace(metadata::of_mut(&mut new), self.namespace)?;
        prepare::for_update(&self.store.kind, &mut new, &old, self.part, self.warnings)?;
        Ok(new)
    }

    fn check_uid(&self, current: &Object) -> ApiResult<()> {
        match self.uid {
            Some(uid) if uid != current.uid() => {
                let why = format!(
                    "Precondition failed: UID in precondition: {uid}, UID in object meta: {}",
                    current.uid()
                );
                Err(ApiError::conflict_on(self.store.resource(), self.name, &why))
            }
            _ => Ok(()),
        }
    }

    fn check_revision(&self, new: &Tree, current: &Object) -> ApiResult<()> {
        let said = metadata::of(new).map(|new| metadata::text(new, "resourceVersion")).unwrap_or_default();
        let wanted = match said {
            "" => 0,
            text => text.parse::<u64>().map_err(|_| {
                let text = format!("strconv.ParseUint: parsing {text:?}: invalid syntax");
                ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "", text)
            })?,
        };
        match wanted {
            0 if self.unconditional => Ok(()),
            0 => {
                let mut errors = FieldErrors::new();
                errors.invalid("metadata.resourceVersion", 0, "must be specified for an update");
                // The resource, where every other Invalid says the kind.
                let named: GroupResource<'_> = self.store.resource();
                Err(ApiError::invalid(named, self.name, &errors))
            }
            wanted if Revision::new(wanted) == Some(current.revision()) => Ok(()),
            _ => Err(ApiError::conflict_on(self.store.resource(), self.name, failure::MODIFIED)),
        }
    }

    async fn commit(&self, key: &Key, current: &Object, mut new: Tree) -> ApiResult<Attempt> {
        let store = self.store;
        let emptied = current.deleted().is_some()
            && metadata::of(&new).is_none_or(|new| metadata::finalizers(new).next().is_none());
        canonicalize(&mut new);
        let bytes = encode(new.as_map().ok_or_else(|| ApiError::internal("the object is no object"))?);
        if !emptied && current.is_stored_as(&bytes) && !current.stale() {
            return Ok(Attempt::Same);
        }
        if self.dry_run || emptied {
            let draft = store.as_if(key, current.revision(), bytes.clone())?;
            if self.dry_run {
                return Ok(Attempt::Done(draft));
            }
            // The last finalizer is gone, so the object goes; the client sees what it sent.
            let outcome = store.remove(key, current.revision()).await;
            return self.outcome(outcome.map(|()| draft));
        }
        self.outcome(store.put(key, Expect::Is(current.revision()), bytes).await)
    }

    fn outcome(&self, outcome: Result<Arc<Object>, Error>) -> ApiResult<Attempt> {
        match outcome {
            Ok(object) => Ok(Attempt::Done(object)),
            Err(Error::Conflict { current, .. }) => {
                let live = current.map(|current| self.store.record(&current)).transpose()?;
                Ok(Attempt::Lost(live))
            }
            Err(error) => Err(failure::answer(&error, self.store.resource(), self.name)),
        }
    }
}
