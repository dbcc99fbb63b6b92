//! Where the machinery asks the kind: its schema and its author's hooks, always in the same order.

use super::scale;
use crate::kind::Kind;
use crate::object::Tree;
use crate::respond::{ApiError, ApiResult};
use crate::schema::FieldErrors;

/// Prunes unknown fields, drops nulls, applies defaults (constant, then the author's) and checks types.
/// Answers the paths of what was unknown.
pub(crate) fn settle(kind: &Kind, tree: &mut Tree) -> Result<Vec<String>, String> {
    if let Some(error) = kind.schema.type_errors(tree) {
        return Err(error);
    }
    let unknown = kind.schema.prune(tree);
    kind.schema.drop_nulls(tree);
    kind.schema.apply_defaults(tree);
    if let Some(set_defaults) = kind.hooks.set_defaults
        && let Err(why) = set_defaults(tree)
    {
        // What breaks the schema need not fit the type: the schema's verdict says more, and comes later.
        let mut errors = FieldErrors::new();
        kind.schema.validate(tree, None, &mut errors);
        if errors.is_empty() {
            return Err(why);
        }
    }
    Ok(unknown)
}

/// The rules of the kind: its schema, then the author's. `old` is the stored object on updates.
pub(crate) fn validate(
    kind: &Kind,
    tree: &Tree,
    old: Option<&Tree>,
    errors: &mut FieldErrors,
) -> ApiResult<()> {
    kind.schema.validate(tree, old, errors);
    scale::judge(kind, tree, errors);
    let sound = errors.is_empty();
    match kind.hooks.validate.map(|validate| validate(tree, old, errors)) {
        // What breaks the schema need not fit the type.
        Some(Err(why)) if sound => Err(ApiError::internal(why)),
        _ => Ok(()),
    }
}

/// The same for a write that changes the status alone: what the author says of the rest is not its
/// fault, and a rule that became stricter must not keep a controller from reporting.
pub(crate) fn validate_status(
    kind: &Kind,
    tree: &Tree,
    old: &Tree,
    errors: &mut FieldErrors,
) -> ApiResult<()> {
    let mut all = FieldErrors::new();
    validate(kind, tree, Some(old), &mut all)?;
    let of_status = |field: &str| {
        field
            .trim_start_matches('.')
            .strip_prefix("status")
            .is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
    };
    for error in all.errors().iter().filter(|error| of_status(&error.field)) {
        errors.push(error.field.clone(), error.reason, error.detail.clone());
    }
    all.warnings().iter().for_each(|text| errors.warn(text));
    Ok(())
}
