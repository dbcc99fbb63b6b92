//! Options of deletions: a body wins over the query.

use serde::Deserialize;

use super::{boolean, judge_dry_run, number, refuse, text, texts};
use crate::request::QueryPairs;
use crate::request::body::BodyMedia;
use crate::respond::{ApiError, ApiResult};
use crate::schema::FieldErrors;

/// Options of a deletion.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeleteOptions {
    /// How long the object may take to go; 0 for at once.
    pub grace_period_seconds: Option<i64>,
    /// What the object must still be.
    pub preconditions: Preconditions,
    /// The older way to say `propagation`.
    pub orphan_dependents: Option<bool>,
    /// What happens to dependents.
    pub propagation: Option<Propagation>,
    /// Everything but the storing.
    pub dry_run: bool,
}

/// What an object must still be for a deletion to happen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Preconditions {
    /// Its uid.
    pub uid: Option<String>,
    /// Its revision, as written.
    pub resource_version: Option<String>,
}

/// What happens to the dependents of a deleted object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Propagation {
    /// They lose their owner.
    Orphan,
    /// They go after it.
    Background,
    /// They go before it.
    Foreground,
}

/// The options as they are written.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Written {
    api_version: Option<String>,
    kind: Option<String>,
    grace_period_seconds: Option<i64>,
    preconditions: Option<Preconditions>,
    orphan_dependents: Option<bool>,
    propagation_policy: Option<String>,
    dry_run: Option<Vec<String>>,
}

impl DeleteOptions {
    /// Reads and judges the options: the body's when there is a body, else the query's.
    pub fn parse(query: &QueryPairs, body: &[u8], media: BodyMedia) -> ApiResult<Self> {
        let written = if body.is_empty() { from_query(query)? } else { from_body(body, media)? };
        judge(written)
    }
}

fn from_query(query: &QueryPairs) -> ApiResult<Written> {
    let set = |key| query.get(key).filter(|value| !value.is_empty()).map(str::to_owned);
    Ok(Written {
        grace_period_seconds: number(query, "gracePeriodSeconds")?,
        preconditions: Some(Preconditions { uid: set("uid"), resource_version: set("resourceVersion") }),
        orphan_dependents: boolean(query, "orphanDependents"),
        propagation_policy: query.get("propagationPolicy").map(|_| text(query, "propagationPolicy")),
        dry_run: Some(texts(query, "dryRun")),
        ..Written::default()
    })
}

fn from_body(body: &[u8], media: BodyMedia) -> ApiResult<Written> {
    let written: Written = match media {
        // serde would read a list as a struct.
        BodyMedia::Json if body.trim_ascii_start().first() != Some(&b'{') => {
            return Err(unreadable(&"an object is wanted"));
        }
        BodyMedia::Json => serde_json::from_slice(body).map_err(|error| unreadable(&error))?,
        BodyMedia::Yaml => {
            let text = std::str::from_utf8(body).map_err(|error| unreadable(&error))?;
            serde_saphyr::from_str(text).map_err(|error| unreadable(&error))?
        }
    };
    // Every group has its own DeleteOptions, and all of them are the same.
    match written.kind.as_deref() {
        None | Some("" | "DeleteOptions") => {}
        Some(kind) => {
            let version = written.api_version.unwrap_or_default();
            return Err(ApiError::bad_request(format!(
                "no kind {kind:?} is registered for version {version:?}: the body of a deletion is a DeleteOptions"
            )));
        }
    }
    Ok(written)
}

fn unreadable(error: &dyn std::fmt::Display) -> ApiError {
    ApiError::bad_request(format!("the body cannot be read as DeleteOptions: {error}"))
}

fn judge(written: Written) -> ApiResult<DeleteOptions> {
    let mut errors = FieldErrors::new();
    if let Some(policy) = &written.propagation_policy
        && written.orphan_dependents.is_some()
    {
        let why = "orphanDependents and deletionPropagation cannot be both set";
        errors.invalid("propagationPolicy", policy, why);
    }
    let propagation = match written.propagation_policy.as_deref() {
        Some("Orphan") => Some(Propagation::Orphan),
        Some("Background") => Some(Propagation::Background),
        Some("Foreground") => Some(Propagation::Foreground),
        Some(other) => {
            errors.not_supported("propagationPolicy", other, &["Foreground", "Background", "Orphan", "nil"]);
            None
        }
        None => None,
    };
    let dry_run = written.dry_run.unwrap_or_default();
    judge_dry_run(&dry_run, &mut errors);
    refuse("DeleteOptions", &errors)?;
    Ok(DeleteOptions {
        grace_period_seconds: written.grace_period_seconds,
        preconditions: written.preconditions.unwrap_or_default(),
        orphan_dependents: written.orphan_dependents,
        propagation,
        dry_run: !dry_run.is_empty(),
    })
}

#[cfg(test)]
mod tests {
    use super::{BodyMedia, DeleteOptions, Preconditions, Propagation};
    use crate::request::QueryPairs;
    use crate::respond::ApiResult;

    fn parse(query: &str, body: &str, media: BodyMedia) -> ApiResult<DeleteOptions> {
        DeleteOptions::parse(&QueryPairs::parse(Some(query)), body.as_bytes(), media)
    }

    #[test]
    fn a_body_wins_over_the_query() {
        let query = "propagationPolicy=Orphan&dryRun=All&uid=u&resourceVersion=4&gracePeriodSeconds=-1";
        let options = parse(query, "", BodyMedia::Json).unwrap();
        assert_eq!(
            options,
            DeleteOptions {
                grace_period_seconds: Some(-1),
                preconditions: Preconditions { uid: Some("u".into()), resource_version: Some("4".into()) },
                orphan_dependents: None,
                propagation: Some(Propagation::Orphan),
                dry_run: true,
            }
        );
        let body =
            r#"{"kind":"DeleteOptions","apiVersion":"g.example.com/v1","propagationPolicy":"Foreground"}"#;
        let expected =
            DeleteOptions { propagation: Some(Propagation::Foreground), ..DeleteOptions::default() };
        assert_eq!(parse(query, body, BodyMedia::Json).unwrap(), expected);
        let body =
            "apiVersion: v1\nkind: DeleteOptions\npropagationPolicy: Foreground\npreconditions: null\n";
        assert_eq!(parse(query, body, BodyMedia::Yaml).unwrap(), expected);
        assert_eq!(parse("", "{}", BodyMedia::Json).unwrap(), DeleteOptions::default());
    }

    #[test]
    fn refuses_with_the_texts_of_go() {
        for (query, why) in [
            (
                "propagationPolicy=Orphan&orphanDependents=true",
                "propagationPolicy: Invalid value: \"Orphan\": orphanDependents and deletionPropagation cannot be \
                 both set",
            ),
            (
                "propagationPolicy=x",
                "propagationPolicy: Unsupported value: \"x\": supported values: \"Foreground\", \"Background\", \
                 \"Orphan\", \"nil\"",
            ),
            ("dryRun=x", "dryRun: Unsupported value: [\"x\"]: supported values: \"All\""),
        ] {
            let error = parse(query, "", BodyMedia::Json).unwrap_err();
            assert_eq!((error.code().as_u16(), error.reason()), (422, "Invalid"), "{query}");
            assert_eq!(
                error.message(),
                format!("DeleteOptions.meta.k8s.io \"\" is invalid: {why}"),
                "{query}"
            );
        }
    }

    #[test]
    fn what_cannot_be_read_is_a_400() {
        for (query, body) in [
            ("gracePeriodSeconds=x", ""),
            ("", "{"),
            ("", "[]"),
            ("", r#"{"kind":"Other"}"#),
            ("", r#"{"gracePeriodSeconds":"x"}"#),
        ] {
            let error = parse(query, body, BodyMedia::Json).unwrap_err();
            assert_eq!((error.code().as_u16(), error.reason()), (400, "BadRequest"), "{query} {body}");
        }
    }
}
