//! The options of each verb, read from the query (and for deletions from the body), judged with Kubernetes' texts.
//!
//! Meaning follows apimachinery `pkg/apis/meta`; nothing here touches storage.

mod delete;
mod list;
mod write;

pub use delete::{DeleteOptions, Preconditions, Propagation};
pub use list::{GetOptions, ListOptions, VersionMatch};
pub use write::{CreateOptions, FieldValidation, PatchOptions, UpdateOptions, WriteOptions};

use super::QueryPairs;
use crate::respond::status::GroupResource;
use crate::respond::{ApiError, ApiResult};
use crate::schema::FieldErrors;

/// A boolean as Go's conversion reads it: absent is nothing, `0` and `false` are false, anything else is true.
fn boolean(query: &QueryPairs, key: &str) -> Option<bool> {
    query.get(key).map(|value| value != "0" && !value.eq_ignore_ascii_case("false"))
}

/// A number; the 400 has the words of Go's parser.
fn number(query: &QueryPairs, key: &str) -> ApiResult<Option<i64>> {
    let Some(text) = query.get(key) else { return Ok(None) };
    text.parse().map(Some).map_err(|error| {
        let why = parse_mistake(&error);
        ApiError::bad_request(format!("strconv.ParseInt: parsing {text:?}: {why}"))
    })
}

fn parse_mistake(error: &std::num::ParseIntError) -> &'static str {
    match error.kind() {
        std::num::IntErrorKind::PosOverflow | std::num::IntErrorKind::NegOverflow => "value out of range",
        _ => "invalid syntax",
    }
}

fn text(query: &QueryPairs, key: &str) -> String {
    query.get(key).unwrap_or_default().to_owned()
}

fn texts(query: &QueryPairs, key: &str) -> Vec<String> {
    query.all(key).map(str::to_owned).collect()
}

/// `All` or nothing.
fn judge_dry_run(values: &[String], errors: &mut FieldErrors) {
    if values.iter().any(|value| value != "All") {
        let list = serde_json::to_string(values).unwrap_or_default();
        let detail = format!("Unsupported value: {list}: supported values: \"All\"");
        errors.push("dryRun", "FieldValueNotSupported", detail);
    }
}

/// A 422 about options of the kind `kind`, if there is something to say.
fn refuse(kind: &str, errors: &FieldErrors) -> ApiResult<()> {
    if errors.is_empty() {
        return Ok(());
    }
    Err(ApiError::invalid(GroupResource { group: "meta.k8s.io", resource: kind }, "", errors))
}
