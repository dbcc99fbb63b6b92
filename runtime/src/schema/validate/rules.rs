//! The rules for one value, and their texts.

use crate::object::Tree;
use crate::object::tree::{Path, go_format};
use crate::schema::FieldErrors;
use crate::schema::node::{Checks, Shape};

/// Whether a value has the JSON type of a shape.
pub(super) fn has_type(shape: &Shape, tree: &Tree) -> bool {
    match shape {
        Shape::Any => true,
        Shape::Bool => matches!(tree, Tree::Bool(_)),
        Shape::Int32 | Shape::Int64 => match tree {
            Tree::Int(_) => true,
            Tree::Float(number) => number.fract() == 0.0,
            _ => false,
        },
        Shape::Number => matches!(tree, Tree::Int(_) | Tree::Float(_)),
        Shape::String | Shape::Time(_) | Shape::Bytes => matches!(tree, Tree::String(_)),
        Shape::Quantity => matches!(tree, Tree::String(_) | Tree::Int(_) | Tree::Float(_)),
        Shape::IntOrString => matches!(tree, Tree::String(_) | Tree::Int(_)),
        Shape::List(_) => matches!(tree, Tree::List(_)),
        Shape::Object(_) => matches!(tree, Tree::Map(_)),
    }
}

/// Reports a value of the wrong type.
pub(super) fn wrong_type(shape: &Shape, tree: &Tree, path: &Path<'_>, errors: &mut FieldErrors) {
    let wanted = match shape {
        Shape::Any => "any",
        Shape::Bool => "boolean",
        Shape::Int32 | Shape::Int64 => "integer",
        Shape::Number => "number",
        Shape::String | Shape::Time(_) | Shape::Bytes => "string",
        Shape::Quantity => "string,number",
        Shape::IntOrString => "integer,string",
        Shape::List(_) => "array",
        Shape::Object(_) => "object",
    };
    let found = match tree {
        Tree::Null => "null",
        Tree::Bool(_) => "boolean",
        Tree::Int(_) => "integer",
        Tree::Float(_) => "number",
        Tree::String(_) => "string",
        Tree::List(_) => "array",
        Tree::Map(_) => "object",
    };
    // A fraction where an integer should be is a matter of formats to Kubernetes.
    let (wanted, found) = match (shape, tree) {
        (Shape::Int32, Tree::Float(_)) => ("int32", "float64"),
        (Shape::Int64, Tree::Float(_)) => ("int64", "float64"),
        _ => (wanted, found),
    };
    let text = format!("{path} in body must be of type {wanted}: {found:?}");
    errors.type_invalid(path.to_string(), found, &text);
}

/// Reports what breaks a rule. Each rule knows the values it speaks of.
pub(super) fn check(checks: &Checks, tree: &Tree, path: &Path<'_>, errors: &mut FieldErrors) {
    match tree {
        Tree::String(text) => string(checks, text, path, errors),
        Tree::Int(_) | Tree::Float(_) => number(checks, tree, path, errors),
        Tree::List(items) => list(checks, items.len(), path, errors),
        Tree::Map(members) => map(checks, members.len(), path, errors),
        Tree::Null | Tree::Bool(_) => {}
    }
    if !checks.values.is_empty() && !checks.values.contains(tree) {
        let supported: Vec<String> = checks.values.iter().map(plain).collect();
        let supported: Vec<&str> = supported.iter().map(String::as_str).collect();
        errors.not_supported(path.to_string(), tree, &supported);
    }
}

fn plain(tree: &Tree) -> String {
    match tree {
        Tree::String(text) => text.clone(),
        other => String::from_utf8_lossy(&other.to_json()).into_owned(),
    }
}

fn string(checks: &Checks, text: &str, path: &Path<'_>, errors: &mut FieldErrors) {
    if checks.max_length.is_some() || checks.min_length.is_some() {
        let length = text.chars().count() as u64;
        if let Some(limit) = checks.max_length.filter(|limit| length > *limit) {
            errors.too_long(path.to_string(), usize::try_from(limit).unwrap_or(usize::MAX));
        } else if let Some(limit) = checks.min_length.filter(|limit| length < *limit) {
            should(path, text, &format!("be at least {limit} chars long"), errors);
        }
    }
    if let Some(pattern) = checks.pattern.as_ref().filter(|pattern| !pattern.regex.is_match(text)) {
        should(path, text, &format!("match '{}'", pattern.text), errors);
    }
    if let Some(format) = checks.format.filter(|format| !format.accepts(text)) {
        let quoted = go_format::quoted(text);
        let detail = format!("{path} in body must be of type {}: {quoted}", format.name());
        errors.type_invalid(path.to_string(), text, &detail);
    }
}

fn number(checks: &Checks, tree: &Tree, path: &Path<'_>, errors: &mut FieldErrors) {
    if let Some(factor) = checks.multiple_of.filter(|factor| !is_multiple(tree, *factor)) {
        should(path, tree, &format!("be a multiple of {}", limit(tree, factor)), errors);
    }
    if let Some(maximum) = checks.maximum {
        let order = compare(tree, maximum);
        if order.is_some_and(std::cmp::Ordering::is_gt)
            || checks.exclusive_maximum && order.is_some_and(std::cmp::Ordering::is_eq)
        {
            let words = if checks.exclusive_maximum { "less than" } else { "less than or equal to" };
            should(path, tree, &format!("be {words} {}", limit(tree, maximum)), errors);
        }
    }
    if let Some(minimum) = checks.minimum {
        let order = compare(tree, minimum);
        if order.is_some_and(std::cmp::Ordering::is_lt)
            || checks.exclusive_minimum && order.is_some_and(std::cmp::Ordering::is_eq)
        {
            let words = if checks.exclusive_minimum { "greater than" } else { "greater than or equal to" };
            should(path, tree, &format!("be {words} {}", limit(tree, minimum)), errors);
        }
    }
}

/// Compares exactly where both are integers; a limit beyond 2^53 came as a float anyway.
fn compare(tree: &Tree, limit: f64) -> Option<std::cmp::Ordering> {
    match (tree, whole(limit)) {
        (Tree::Int(number), Some(limit)) => Some(number.cmp(&limit)),
        (Tree::Int(number), None) => (*number as f64).partial_cmp(&limit),
        (Tree::Float(number), _) => number.partial_cmp(&limit),
        _ => None,
    }
}

fn is_multiple(tree: &Tree, factor: f64) -> bool {
    match (tree, whole(factor)) {
        (Tree::Int(number), Some(factor)) => number.checked_rem(factor) == Some(0),
        (Tree::Int(number), None) => quotient(*number as f64, factor).fract() == 0.0,
        (Tree::Float(number), _) => quotient(*number, factor).fract() == 0.0,
        _ => true,
    }
}

/// As Go divides: by a small factor through its inverse, which for 0.1 is exact.
fn quotient(number: f64, factor: f64) -> f64 {
    if factor < 1.0 { 1.0 / factor * number } else { number / factor }
}

fn whole(limit: f64) -> Option<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
    (limit.fract() == 0.0 && limit.abs() < 9.2e18).then_some(limit as i64)
}

/// A limit as Go prints it: an integer beside integers.
fn limit(tree: &Tree, limit: f64) -> String {
    match (tree, whole(limit)) {
        (Tree::Int(_), Some(limit)) => limit.to_string(),
        _ => go_format::plain_float(limit),
    }
}

fn list(checks: &Checks, length: usize, path: &Path<'_>, errors: &mut FieldErrors) {
    let count = length as u64;
    if let Some(limit) = checks.min_items.filter(|limit| count < *limit) {
        should(path, count, &format!("have at least {limit} items"), errors);
    }
    if let Some(limit) = checks.max_items.filter(|limit| count > *limit) {
        errors.too_many(path.to_string(), length, usize::try_from(limit).unwrap_or(usize::MAX));
    }
}

fn map(checks: &Checks, length: usize, path: &Path<'_>, errors: &mut FieldErrors) {
    let count = length as u64;
    if let Some(limit) = checks.min_properties.filter(|limit| count < *limit) {
        should(path, count, &format!("have at least {limit} properties"), errors);
    }
    if let Some(limit) = checks.max_properties.filter(|limit| count > *limit) {
        errors.too_many(path.to_string(), length, usize::try_from(limit).unwrap_or(usize::MAX));
    }
}

fn should(path: &Path<'_>, value: impl serde::Serialize, what: &str, errors: &mut FieldErrors) {
    errors.invalid(path.to_string(), value, &format!("{path} in body should {what}"));
}
