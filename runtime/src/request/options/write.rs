//! Options of create, update and patch.

use super::{boolean, judge_dry_run, refuse, texts};
use crate::request::QueryPairs;
use crate::respond::ApiResult;
use crate::schema::FieldErrors;

/// What every write can be told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WriteOptions {
    /// Everything but the storing.
    pub dry_run: bool,
    /// Who owns the fields; often empty.
    pub field_manager: String,
    /// What happens to unknown and duplicate fields.
    pub field_validation: FieldValidation,
}

/// Options of a create.
pub type CreateOptions = WriteOptions;

/// Options of an update.
pub type UpdateOptions = WriteOptions;

/// Options of a patch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PatchOptions {
    /// What every write can be told.
    pub write: WriteOptions,
    /// Whether an apply takes fields from other managers.
    pub force: bool,
}

/// What happens to unknown and duplicate fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FieldValidation {
    /// They are dropped in silence.
    Ignore,
    /// They are dropped with a warning.
    #[default]
    Warn,
    /// They are a 400.
    Strict,
}

impl WriteOptions {
    /// Reads and judges the options of a create.
    pub fn for_create(query: &QueryPairs) -> ApiResult<Self> {
        Self::judged(query, "CreateOptions")
    }

    /// Reads and judges the options of an update.
    pub fn for_update(query: &QueryPairs) -> ApiResult<Self> {
        Self::judged(query, "UpdateOptions")
    }

    fn judged(query: &QueryPairs, kind: &str) -> ApiResult<Self> {
        let mut errors = FieldErrors::new();
        let options = Self::read(query, &mut errors);
        refuse(kind, &errors)?;
        Ok(options)
    }

    fn read(query: &QueryPairs, errors: &mut FieldErrors) -> Self {
        let field_manager = query.get("fieldManager").unwrap_or_default();
        judge_field_manager(field_manager, errors);
        let dry_run = texts(query, "dryRun");
        judge_dry_run(&dry_run, errors);
        let field_validation = match query.get("fieldValidation").unwrap_or_default() {
            "" | "Warn" => FieldValidation::Warn,
            "Ignore" => FieldValidation::Ignore,
            "Strict" => FieldValidation::Strict,
            other => {
                errors.not_supported("fieldValidation", other, &["", "Ignore", "Strict", "Warn"]);
                FieldValidation::Warn
            }
        };
        Self { dry_run: !dry_run.is_empty(), field_manager: field_manager.to_owned(), field_validation }
    }
}

impl PatchOptions {
    /// Reads and judges the options of a patch; `apply` tells server-side apply from the other kinds.
    pub fn parse(query: &QueryPairs, apply: bool) -> ApiResult<Self> {
        let mut errors = FieldErrors::new();
        let force = boolean(query, "force");
        if apply && query.get("fieldManager").unwrap_or_default().is_empty() {
            errors.required("fieldManager", "is required for apply patch");
        }
        if !apply && force.is_some() {
            errors.forbidden("force", "may not be specified for non-apply patch");
        }
        let write = WriteOptions::read(query, &mut errors);
        refuse("PatchOptions", &errors)?;
        Ok(Self { write, force: force.unwrap_or_default() })
    }
}

fn judge_field_manager(name: &str, errors: &mut FieldErrors) {
    if name.len() > 128 {
        errors.too_long("fieldManager", 128);
    }
    for (position, c) in name.char_indices().filter(|(_, c)| !printable(*c)) {
        let code = u32::from(c);
        let why = format!("invalid character U+{code:04X} (at position {position})");
        errors.invalid("fieldManager", name, &why);
    }
}

/// Letters, marks, numbers, symbols and the plain space; no other spaces, no control characters.
fn printable(c: char) -> bool {
    c == ' '
        || !(c.is_control()
            || c.is_whitespace()
            || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{feff}'))
}

#[cfg(test)]
mod tests {
    use super::{FieldValidation, PatchOptions, WriteOptions};
    use crate::request::QueryPairs;

    fn query(text: &str) -> QueryPairs {
        QueryPairs::parse(Some(text))
    }

    #[test]
    fn reads_what_is_asked() {
        let options =
            WriteOptions::for_create(&query("dryRun=All&fieldManager=me&fieldValidation=Strict")).unwrap();
        assert!(options.dry_run);
        assert_eq!(options.field_manager, "me");
        assert_eq!(options.field_validation, FieldValidation::Strict);
        assert_eq!(WriteOptions::for_update(&query("")).unwrap(), WriteOptions::default());
        assert!(PatchOptions::parse(&query("fieldManager=m&force=true"), true).unwrap().force);
    }

    #[test]
    fn refuses_with_the_texts_of_go() {
        for (text, why) in [
            ("dryRun=x", "dryRun: Unsupported value: [\"x\"]: supported values: \"All\"".to_owned()),
            (
                "fieldValidation=x",
                "fieldValidation: Unsupported value: \"x\": supported values: \"\", \"Ignore\", \"Strict\", \"Warn\""
                    .to_owned(),
            ),
            ("fieldManager=a%0Ab", {
                "fieldManager: Invalid value: \"a\\nb\": invalid character U+000A (at position 1)".to_owned()
            }),
        ] {
            let error = WriteOptions::for_create(&query(text)).unwrap_err();
            assert_eq!((error.code().as_u16(), error.reason()), (422, "Invalid"), "{text}");
            assert_eq!(error.message(), format!("CreateOptions.meta.k8s.io \"\" is invalid: {why}"), "{text}");
        }
        let long = format!("fieldManager={}", "a".repeat(129));
        assert_eq!(
            WriteOptions::for_update(&query(&long)).unwrap_err().message(),
            "UpdateOptions.meta.k8s.io \"\" is invalid: fieldManager: Too long: may not be more than 128 bytes"
        );
    }

    #[test]
    fn force_and_manager_of_patches() {
        assert_eq!(
            PatchOptions::parse(&query("force=false"), false).unwrap_err().message(),
            "PatchOptions.meta.k8s.io \"\" is invalid: force: Forbidden: may not be specified for non-apply patch"
        );
        assert_eq!(
            PatchOptions::parse(&query(""), true).unwrap_err().message(),
            "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch"
        );
    }
}
