//! `field.Error` as Kubernetes words it: the path, the kind of mistake, the text.
//!
//! Texts follow apimachinery `pkg/util/validation/field/errors.go`.

use std::fmt;

use serde::Serialize;

use crate::object::Tree;
use crate::object::tree::{go_format, to_tree};

/// One mistake in one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// The path, as `spec.ports[0].name`.
    pub field: String,
    /// The machine-readable reason of a `StatusCause`, as `FieldValueInvalid`.
    pub reason: &'static str,
    /// The text after the path, as `Invalid value: 3: must be at most 2`.
    pub detail: String,
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.detail)
    }
}

/// The mistakes found in an object, and warnings that do not refuse it.
#[derive(Clone, Debug, Default)]
pub struct FieldErrors {
    errors: Vec<FieldError>,
    warnings: Vec<String>,
}

impl FieldErrors {
    /// Nothing found yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The field must be given.
    pub fn required(&mut self, field: impl Into<String>, detail: &str) {
        self.push(field, "FieldValueRequired", with_detail("Required value", detail));
    }

    /// The value is malformed, or breaks a rule.
    pub fn invalid(&mut self, field: impl Into<String>, value: impl Serialize, detail: &str) {
        let head = format!("Invalid value: {}", printed(&value));
        self.push(field, "FieldValueInvalid", with_detail(&head, detail));
    }

    /// The value is not of the field's type.
    pub fn type_invalid(&mut self, field: impl Into<String>, value: impl Serialize, detail: &str) {
        let head = format!("Invalid value: {}", printed(&value));
        self.push(field, "FieldValueTypeInvalid", with_detail(&head, detail));
    }

    /// The value is none of those that are allowed.
    pub fn not_supported(&mut self, field: impl Into<String>, value: impl Serialize, supported: &[&str]) {
        let quoted: Vec<_> = supported.iter().map(|value| go_format::quoted(value)).collect();
        let detail = if quoted.is_empty() {
            String::new()
        } else {
            format!("supported values: {}", quoted.join(", "))
        };
        let head = format!("Unsupported value: {}", printed(&value));
        self.push(field, "FieldValueNotSupported", with_detail(&head, &detail));
    }

    /// The value names something that is not there.
    pub fn not_found(&mut self, field: impl Into<String>, value: impl Serialize) {
        self.push(field, "FieldValueNotFound", format!("Not found: {}", printed(&value)));
    }

    /// The value may not be given here.
    pub fn forbidden(&mut self, field: impl Into<String>, detail: &str) {
        self.push(field, "FieldValueForbidden", with_detail("Forbidden", detail));
    }

    /// The value stands twice where it may stand once.
    pub fn duplicate(&mut self, field: impl Into<String>, value: impl Serialize) {
        self.push(field, "FieldValueDuplicate", format!("Duplicate value: {}", printed(&value)));
    }

    /// The value is longer than the limit, in bytes.
    pub fn too_long(&mut self, field: impl Into<String>, limit: usize) {
        self.push(
            field,
            "FieldValueTooLong",
            format!("Too long: may not be more than {limit} byte{}", plural(limit)),
        );
    }

    /// The list holds more items than it may.
    pub fn too_many(&mut self, field: impl Into<String>, actual: usize, limit: usize) {
        let text = format!("Too many: {actual}: must have at most {limit} item{}", plural(limit));
        self.push(field, "FieldValueTooMany", text);
    }

    /// A mistake worded elsewhere.
    pub fn push(&mut self, field: impl Into<String>, reason: &'static str, detail: impl Into<String>) {
        self.errors.push(FieldError { field: field.into(), reason, detail: detail.into() });
    }

    /// A warning for the client; the object is accepted all the same.
    pub fn warn(&mut self, text: impl Into<String>) {
        self.warnings.push(text.into());
    }

    pub(super) fn len(&self) -> usize {
        self.errors.len()
    }

    /// Forgets what was found since there were `length` mistakes.
    pub(super) fn truncate(&mut self, length: usize) {
        self.errors.truncate(length);
    }

    /// Whether the object may be accepted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.errors.is_empty()
    }

    /// The mistakes, in the order found.
    #[must_use]
    pub fn errors(&self) -> &[FieldError] {
        &self.errors
    }

    /// The warnings, in the order given.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Puts what `other` found behind what was found here.
    pub fn extend(&mut self, other: FieldErrors) {
        self.errors.extend(other.errors);
        self.warnings.extend(other.warnings);
    }
}

fn with_detail(head: &str, detail: &str) -> String {
    if detail.is_empty() { head.to_owned() } else { format!("{head}: {detail}") }
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

/// A value as Go prints it in the text of an error: strings quoted, structs as JSON.
fn printed(value: &impl Serialize) -> String {
    match to_tree(value) {
        Ok(Tree::String(text)) => go_format::quoted(&text),
        Ok(Tree::Float(number)) => go_format::plain_float(number),
        Ok(tree) => String::from_utf8_lossy(&tree.to_json()).into_owned(),
        Err(error) => format!("<{error}>"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::FieldErrors;

    #[test]
    fn values_print_as_in_go() {
        let mut errors = FieldErrors::new();
        errors.invalid("a", "x\n\u{1}", "must not");
        errors.invalid("a", String::from("é"), "");
        errors.invalid("a", 1.0, "d");
        errors.invalid("a", 1_000_000.0, "d");
        errors.invalid("a", Some(3), "d");
        errors.invalid("a", None::<i32>, "d");
        errors.invalid("a", true, "d");
        errors.invalid("a", BTreeMap::from([("k", vec![1, 2])]), "d");
        errors.not_supported("a", "x", &["y", "z"]);
        errors.not_found("a", "x");
        errors.duplicate("a[1]", BTreeMap::from([("name", "http")]));
        errors.required("a", "");
        errors.required("a", "say it");
        errors.forbidden("a", "field is immutable");
        errors.too_long("a", 1);
        errors.too_many("a", 5, 3);
        let texts: Vec<_> = errors.errors().iter().map(ToString::to_string).collect();
        let expected = [
            r#"a: Invalid value: "x\n\x01": must not"#,
            r#"a: Invalid value: "é""#,
            "a: Invalid value: 1: d",
            "a: Invalid value: 1e+06: d",
            "a: Invalid value: 3: d",
            "a: Invalid value: null: d",
            "a: Invalid value: true: d",
            r#"a: Invalid value: {"k":[1,2]}: d"#,
            r#"a: Unsupported value: "x": supported values: "y", "z""#,
            r#"a: Not found: "x""#,
            r#"a[1]: Duplicate value: {"name":"http"}"#,
            "a: Required value",
            "a: Required value: say it",
            "a: Forbidden: field is immutable",
            "a: Too long: may not be more than 1 byte",
            "a: Too many: 5: must have at most 3 items",
        ];
        assert_eq!(texts, expected);
    }
}
