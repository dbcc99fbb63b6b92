//! Finds the hooks a kind has: an inherent constant with a bound beats a trait's constant.
//!
//! `Probe::<Widget>::VALIDATE` is the inherent constant where `Widget: Validate`, and [`NoHooks`]'s
//! `None` elsewhere. It works because the derive names a concrete type, and is sound because only the
//! kind's own crate can implement a hook for it.

use std::marker::PhantomData;

use super::descriptor::{Change, Judge, Update};
use super::hooks::{PrepareForCreate, PrepareForUpdate, SetDefaults, Validate};
use crate::kind::ApiResource;
use crate::object::Tree;
use crate::object::tree::{from_tree, to_tree};

/// Asks for the hooks of `K`.
#[derive(Debug)]
pub struct Probe<K>(PhantomData<fn() -> K>);

/// The answers of a kind without the hook.
pub trait NoHooks {
    /// No `SetDefaults`.
    const SET_DEFAULTS: Option<Change> = None;
    /// No `PrepareForCreate`.
    const PREPARE_FOR_CREATE: Option<Change> = None;
    /// No `PrepareForUpdate`.
    const PREPARE_FOR_UPDATE: Option<Update> = None;
    /// No `Validate`.
    const VALIDATE: Option<Judge> = None;
}

impl<K> NoHooks for Probe<K> {}

impl<K: ApiResource + SetDefaults> Probe<K> {
    /// `SetDefaults` on a tree.
    pub const SET_DEFAULTS: Option<Change> = Some(|tree| change::<K>(tree, K::set_defaults));
}

impl<K: ApiResource + PrepareForCreate> Probe<K> {
    /// `PrepareForCreate` on a tree.
    pub const PREPARE_FOR_CREATE: Option<Change> = Some(|tree| change::<K>(tree, K::prepare_for_create));
}

impl<K: ApiResource + PrepareForUpdate> Probe<K> {
    /// `PrepareForUpdate` on trees.
    pub const PREPARE_FOR_UPDATE: Option<Update> = Some(|tree, old| {
        let old: K = typed(old)?;
        change::<K>(tree, |new| new.prepare_for_update(&old))
    });
}

impl<K: ApiResource + Validate> Probe<K> {
    /// `Validate` on trees.
    pub const VALIDATE: Option<Judge> = Some(|tree, old, errors| {
        let new: K = typed(tree)?;
        let old: Option<K> = old.map(typed).transpose()?;
        new.validate(old.as_ref(), errors);
        Ok(())
    });
}

/// Runs `hook` on a typed value and carries what it changed back into the tree.
fn change<K: ApiResource>(tree: &mut Tree, hook: impl FnOnce(&mut K)) -> Result<(), String> {
    let mut object: K = typed(tree)?;
    let before = text(&object)?;
    hook(&mut object);
    // Mostly there is nothing to do for a hook, and texts are compared sooner than trees are made.
    if text(&object)? != before {
        carry(written(&typed::<K>(tree)?)?, written(&object)?, tree);
    }
    Ok(())
}

fn typed<K: ApiResource>(tree: &Tree) -> Result<K, String> {
    from_tree(tree).map_err(|error| format!("reading an object as {}: {error}", K::DESCRIPTOR.kind))
}

fn text<K: ApiResource>(object: &K) -> Result<Vec<u8>, String> {
    serde_json::to_vec(object).map_err(unwritten::<K>)
}

fn written<K: ApiResource>(object: &K) -> Result<Tree, String> {
    to_tree(object).map_err(unwritten::<K>)
}

fn unwritten<K: ApiResource>(error: impl std::fmt::Display) -> String {
    format!("writing an object as {}: {error}", K::DESCRIPTOR.kind)
}

/// Makes in `tree` the changes that lead from `before` to `after`, and no others: what the type does
/// not know, or writes in another form, stays as the client sent it.
fn carry(before: Tree, after: Tree, tree: &mut Tree) {
    if before == after {
        return;
    }
    match (before, after, tree) {
        (Tree::Map(mut before), Tree::Map(after), Tree::Map(members)) => {
            for (key, value) in after {
                match (before.swap_remove(&key), members.get_mut(&key)) {
                    (Some(old), Some(member)) => carry(old, value, member),
                    (Some(old), None) if old == value => {}
                    _ => {
                        members.insert(key, value);
                    }
                }
            }
            for key in before.keys() {
                members.shift_remove(key);
            }
        }
        (Tree::List(before), Tree::List(after), Tree::List(items))
            if before.len() == after.len() && after.len() == items.len() =>
        {
            for ((old, new), item) in before.into_iter().zip(after).zip(items) {
                carry(old, new, item);
            }
        }
        (_, after, tree) => *tree = after,
    }
}
