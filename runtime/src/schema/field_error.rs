//! `field.Error` as Kubernetes words it: the path, the kind of mistake, the text.
//!
//! Texts follow apimachinery `pkg/util/validation/field/errors.go`.

use std::fmt;

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
    pub fn invalid(&mut self, field: impl Into<String>, value: impl fmt::Debug, detail: &str) {
        self.push(field, "FieldValueInvalid", with_detail(&format!("Invalid value: {value:?}"), detail));
    }

    /// The value is none of those that are allowed.
    pub fn not_supported(&mut self, field: impl Into<String>, value: impl fmt::Debug, supported: &[&str]) {
        let quoted: Vec<_> = supported.iter().map(|value| format!("{value:?}")).collect();
        let text = format!("Unsupported value: {value:?}: supported values: {}", quoted.join(", "));
        self.push(field, "FieldValueNotSupported", text);
    }

    /// The value may not be given here.
    pub fn forbidden(&mut self, field: impl Into<String>, detail: &str) {
        self.push(field, "FieldValueForbidden", with_detail("Forbidden", detail));
    }

    /// The value stands twice where it may stand once.
    pub fn duplicate(&mut self, field: impl Into<String>, value: impl fmt::Debug) {
        self.push(field, "FieldValueDuplicate", format!("Duplicate value: {value:?}"));
    }

    /// The value is longer than the limit, in bytes.
    pub fn too_long(&mut self, field: impl Into<String>, limit: usize) {
        self.push(field, "FieldValueTooLong", format!("Too long: may not be more than {limit} bytes"));
    }

    /// The list holds more items than it may.
    pub fn too_many(&mut self, field: impl Into<String>, actual: usize, limit: usize) {
        let text = format!("Too many: {actual}: must have at most {limit} items");
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
