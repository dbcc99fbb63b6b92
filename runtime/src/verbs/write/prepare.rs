//! What happens to an object between the client and the store: identity, isolation, generation, rules.

use super::replace::Part;
use crate::kind::Kind;
use crate::object::metadata::{self, rules, system};
use crate::object::{Map, Tree};
use crate::request::Warnings;
use crate::respond::status::GroupResource;
use crate::respond::{ApiError, ApiResult};
use crate::schema::FieldErrors;
use crate::verbs::judge;

/// The namespace of the object is the request's; another one is a 400.
pub(crate) fn ensure_namespace(metadata: &mut Map, requested: &str) -> ApiResult<()> {
    let said = metadata::text(metadata, "namespace");
    if said.is_empty() || requested.is_empty() || said == requested {
        if said != requested {
            metadata::set_text(metadata, "namespace", requested);
        }
        return Ok(());
    }
    Err(ApiError::bad_request(
        "the namespace of the provided object does not match the namespace sent on the request",
    ))
}

/// The name of the object is the URL's; another one, or none, is a 400.
pub(crate) fn check_name(tree: &Tree, requested: &str) -> ApiResult<()> {
    match metadata::name(tree) {
        name if name == requested => Ok(()),
        "" => Err(ApiError::bad_request(format!(
            "the name of the object ({requested} based on URL) was undeterminable: name must be provided"
        ))),
        name => Err(ApiError::bad_request(format!(
            "the name of the object ({name}) does not match the name on the URL ({requested})"
        ))),
    }
}

/// Drops owner references that are given twice, and says so.
pub(crate) fn drop_duplicate_owners(metadata: &mut Map, warnings: &Warnings) {
    let dropped = metadata::drop_duplicate_owners(metadata);
    if !dropped.is_empty() {
        warnings.add(format!(
            ".metadata.ownerReferences contains duplicate entries; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: {}",
            dropped.join(", ")
        ));
    }
}

/// A new object, with an identity, as it is to be stored.
pub(crate) fn for_create(kind: &Kind, tree: &mut Tree, warnings: &Warnings) -> ApiResult<()> {
    if kind.status
        && let Some(members) = tree.as_map_mut()
    {
        members.shift_remove("status");
    }
    if kind.strategy.generation {
        system::set_generation(tree, 1);
    }
    if let Some(prepare) = kind.hooks.prepare_for_create {
        prepare(tree).map_err(ApiError::internal)?;
    }
    let mut errors = FieldErrors::new();
    judge::validate(kind, tree, None, &mut errors)?;
    if errors.is_empty() {
        rules::judge(metadata::of_mut(tree), kind.namespaced(), &mut errors);
    }
    refuse(kind, tree, &errors, warnings)
}

/// An object that is to replace `old`: only `part` of it is what the client sent.
pub(crate) fn for_update(
    kind: &Kind,
    tree: &mut Tree,
    old: &Tree,
    part: Part,
    warnings: &Warnings,
) -> ApiResult<()> {
    system::set_generation(tree, system::generation(old));
    match part {
        Part::Main | Part::Scale => keep_status(kind, tree, old),
        Part::Status => only_status(tree, old),
    }
    if part != Part::Status {
        if let Some(prepare) = kind.hooks.prepare_for_update {
            prepare(tree, old).map_err(ApiError::internal)?;
        }
        if kind.strategy.generation && differ_beyond_metadata(tree, old) {
            system::set_generation(tree, system::generation(old) + 1);
        }
    }
    let none = Map::new();
    let old_metadata = metadata::of(old).unwrap_or(&none);
    let new_metadata = metadata::of_mut(tree);
    system::carry_over(new_metadata, old_metadata);
    let mut errors = FieldErrors::new();
    rules::judge(new_metadata, kind.namespaced(), &mut errors);
    rules::judge_update(new_metadata, old_metadata, &mut errors);
    match part {
        Part::Status => judge::validate_status(kind, tree, old, &mut errors)?,
        Part::Main | Part::Scale => judge::validate(kind, tree, Some(old), &mut errors)?,
    }
    refuse(kind, tree, &errors, warnings)
}

/// The status is not the main resource's to change, where it has an endpoint of its own.
fn keep_status(kind: &Kind, tree: &mut Tree, old: &Tree) {
    let (true, Tree::Map(members)) = (kind.status, tree) else { return };
    match old.get("status") {
        Some(status) => {
            members.insert("status".to_owned(), status.clone());
        }
        None => {
            members.shift_remove("status");
        }
    }
}

/// Of what was sent to the status endpoint, only the status is taken.
fn only_status(tree: &mut Tree, old: &Tree) {
    let sent = tree.as_map_mut().and_then(|members| members.shift_remove("status"));
    *tree = old.clone();
    if let Some(members) = tree.as_map_mut() {
        match sent {
            Some(status) => {
                members.insert("status".to_owned(), status);
            }
            None => {
                members.shift_remove("status");
            }
        }
    }
}

/// Whether anything but `metadata` differs, and `status` does not count: it was made the same before.
fn differ_beyond_metadata(new: &Tree, old: &Tree) -> bool {
    let (Some(new), Some(old)) = (new.as_map(), old.as_map()) else { return true };
    let count = |members: &Map| members.keys().filter(|key| *key != "metadata").count();
    count(new) != count(old)
        || new.iter().any(|(key, value)| key != "metadata" && old.get(key) != Some(value))
}

fn refuse(kind: &Kind, tree: &Tree, errors: &FieldErrors, warnings: &Warnings) -> ApiResult<()> {
    errors.warnings().iter().for_each(|text| warnings.add(text));
    if errors.is_empty() {
        return Ok(());
    }
    let named = GroupResource { group: &kind.group, resource: &kind.kind };
    Err(ApiError::invalid(named, metadata::name(tree), errors))
}
