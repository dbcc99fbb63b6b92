//! Options of get, list and watch; deletecollection selects with them too.

use std::num::ParseIntError;

use http::StatusCode;

use super::{boolean, number, parse_mistake, refuse, text};
use crate::request::QueryPairs;
use crate::request::selector::{FieldSelector, LabelSelector};
use crate::respond::{ApiError, ApiResult};
use crate::schema::FieldErrors;

/// Options of a get.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GetOptions {
    /// The revision, as written; often empty.
    pub resource_version: String,
}

/// Options of a list or a watch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListOptions {
    /// Which labels.
    pub labels: LabelSelector,
    /// Which fields.
    pub fields: FieldSelector,
    /// Whether this is a watch.
    pub watch: bool,
    /// Whether bookmarks may be sent.
    pub allow_watch_bookmarks: bool,
    /// The revision, as written; often empty.
    pub resource_version: String,
    /// How the revision is meant.
    pub resource_version_match: Option<VersionMatch>,
    /// Whether a watch begins with what is there, and says where that ends.
    pub send_initial_events: Option<bool>,
    /// How long a watch may last, or a list may take.
    pub timeout_seconds: Option<i64>,
    /// How many items a page may have; 0 for all of them.
    pub limit: u64,
    /// The token of the page before; empty on the first page.
    pub continue_token: String,
}

/// How a list's revision is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VersionMatch {
    /// `Exact`
    Exact,
    /// `NotOlderThan`
    NotOlderThan,
}

impl GetOptions {
    /// Reads the options.
    pub fn parse(query: &QueryPairs) -> ApiResult<Self> {
        if boolean(query, "export") == Some(true) {
            let text = "the export parameter, deprecated since v1.14, is no longer supported";
            return Err(ApiError::bad_request(text));
        }
        Ok(Self { resource_version: text(query, "resourceVersion") })
    }

    /// The revision as a number; nothing when none was given.
    pub fn revision(&self) -> ApiResult<Option<u64>> {
        revision(&self.resource_version).map_err(unexpected)
    }
}

impl ListOptions {
    /// Reads and judges the options. `selectable` are the kind's fields besides `metadata.*`; `name` is the
    /// object's name where the path has one.
    pub fn parse<S: AsRef<str>>(query: &QueryPairs, selectable: &[S], name: Option<&str>) -> ApiResult<Self> {
        Self::read(query, selectable, name, true)
    }

    /// The same for a kind whose watches cannot say where their initial events end. A client that is refused lists and
    /// watches instead; one that is ignored waits for ever.
    pub fn parse_without_initial_events<S: AsRef<str>>(
        query: &QueryPairs,
        selectable: &[S],
        name: Option<&str>,
    ) -> ApiResult<Self> {
        Self::read(query, selectable, name, false)
    }

    fn read<S: AsRef<str>>(
        query: &QueryPairs,
        selectable: &[S],
        name: Option<&str>,
        initial_events: bool,
    ) -> ApiResult<Self> {
        let limit = number(query, "limit")?.unwrap_or_default();
        let timeout_seconds = number(query, "timeoutSeconds")?;
        let labels = LabelSelector::parse(query.get("labelSelector").unwrap_or_default());
        let mut options = Self {
            labels: labels.map_err(ApiError::bad_request)?,
            fields: FieldSelector::default(),
            watch: boolean(query, "watch").unwrap_or_default(),
            allow_watch_bookmarks: boolean(query, "allowWatchBookmarks").unwrap_or_default(),
            resource_version: text(query, "resourceVersion"),
            resource_version_match: match query.get("resourceVersionMatch") {
                Some("Exact") => Some(VersionMatch::Exact),
                Some("NotOlderThan") => Some(VersionMatch::NotOlderThan),
                _ => None,
            },
            send_initial_events: boolean(query, "sendInitialEvents"),
            timeout_seconds,
            limit: u64::try_from(limit).unwrap_or_default(),
            continue_token: text(query, "continue"),
        };
        let fields = FieldSelector::parse(query.get("fieldSelector").unwrap_or_default(), selectable);
        let fields = judged_before_unknown_fields(fields, || options.judge(query, initial_events))?;
        options.fields = of_name(fields, name)?;
        options.begin_with_what_is_there();
        Ok(options)
    }

    /// The revision as a number; nothing when none was given.
    pub fn revision(&self) -> ApiResult<Option<u64>> {
        revision(&self.resource_version).map_err(|why| {
            if self.watch {
                unexpected(why)
            } else {
                ApiError::bad_request(format!("invalid resource version: {why}"))
            }
        })
    }

    /// A watch from no revision in particular has always begun with what is there.
    fn begin_with_what_is_there(&mut self) {
        let legacy = matches!(self.resource_version.as_str(), "" | "0");
        if self.watch && legacy && self.send_initial_events.is_none() {
            self.send_initial_events = Some(true);
        }
    }

    fn judge(&self, query: &QueryPairs, initial_events: bool) -> ApiResult<()> {
        let wanted = query.get("resourceVersionMatch").unwrap_or_default();
        let mut errors = FieldErrors::new();
        if self.watch {
            self.judge_watch(wanted, initial_events, &mut errors);
        } else {
            self.judge_list(wanted, &mut errors);
            if self.send_initial_events.is_some() {
                errors.forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list");
            }
        }
        refuse("ListOptions", &errors)
    }

    fn judge_list(&self, wanted: &str, errors: &mut FieldErrors) {
        const FIELD: &str = "resourceVersionMatch";
        if wanted.is_empty() {
            return;
        }
        if self.resource_version.is_empty() {
            errors.forbidden(FIELD, "resourceVersionMatch is forbidden unless resourceVersion is provided");
        }
        if !self.continue_token.is_empty() {
            errors.forbidden(FIELD, "resourceVersionMatch is forbidden when continue is provided");
        }
        if self.resource_version_match.is_none() {
            errors.not_supported(FIELD, wanted, &["Exact", "NotOlderThan", ""]);
        }
        if self.resource_version_match == Some(VersionMatch::Exact) && self.resource_version == "0" {
            let why = "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"";
            errors.forbidden(FIELD, why);
        }
    }

    fn judge_watch(&self, wanted: &str, initial_events: bool, errors: &mut FieldErrors) {
        const FIELD: &str = "resourceVersionMatch";
        let not_older = self.resource_version_match == Some(VersionMatch::NotOlderThan);
        if self.send_initial_events.is_some() {
            if !not_older {
                let why = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan";
                errors.forbidden(FIELD, why);
            }
            if !initial_events {
                let why =
                    "sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled";
                errors.forbidden("sendInitialEvents", why);
            }
        }
        if wanted.is_empty() {
            return;
        }
        if self.send_initial_events.is_none() {
            let why = "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided";
            errors.forbidden(FIELD, why);
        }
        if !not_older {
            errors.not_supported(FIELD, wanted, &["NotOlderThan"]);
        }
        if !self.continue_token.is_empty() {
            errors.forbidden(FIELD, "resourceVersionMatch is forbidden when continue is provided");
        }
    }
}

/// Go judges the options after reading the selectors and before asking whether the fields are known.
fn judged_before_unknown_fields(
    fields: Result<FieldSelector, String>,
    judge: impl FnOnce() -> ApiResult<()>,
) -> ApiResult<FieldSelector> {
    if !matches!(&fields, Err(why) if !why.contains("is not a known field selector")) {
        judge()?;
    }
    fields.map_err(ApiError::bad_request)
}

/// A name in the path selects like `metadata.name`, and the two must agree.
fn of_name(fields: FieldSelector, name: Option<&str>) -> ApiResult<FieldSelector> {
    match name {
        Some(name) if fields.is_empty() => Ok(FieldSelector::of_name(name)),
        Some(name) if fields.name() != Some(name) => {
            Err(ApiError::bad_request("fieldSelector metadata.name doesn't match requested name"))
        }
        _ => Ok(fields),
    }
}

/// Go's get and watch do not foresee a revision that is no number: a 500 without a reason.
fn unexpected(why: String) -> ApiError {
    ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "", why)
}

fn revision(text: &str) -> Result<Option<u64>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|error: ParseIntError| {
        let why = parse_mistake(&error);
        format!("resourceVersion: Invalid value: {text:?}: strconv.ParseUint: parsing {text:?}: {why}")
    })
}

#[cfg(test)]
mod tests {
    use super::{GetOptions, ListOptions, VersionMatch};
    use crate::request::QueryPairs;
    use crate::respond::ApiResult;

    fn parse(query: &str) -> ApiResult<ListOptions> {
        ListOptions::parse(&QueryPairs::parse(Some(query)), &["spec.color"], None)
    }

    #[test]
    fn reads_what_is_asked() {
        let options = parse(
            "labelSelector=a%3Db&fieldSelector=spec.color%3Dred&limit=5&continue=x&resourceVersion=0&\
             timeoutSeconds=9&watch=1&allowWatchBookmarks",
        )
        .unwrap();
        assert_eq!(options.labels.to_string(), "a=b");
        assert_eq!(options.fields.to_string(), "spec.color=red");
        assert_eq!((options.limit, options.continue_token.as_str()), (5, "x"));
        assert_eq!(
            (options.timeout_seconds, options.watch, options.allow_watch_bookmarks),
            (Some(9), true, true)
        );
        assert_eq!(options.revision().unwrap(), Some(0));
        assert_eq!(parse("").unwrap(), ListOptions::default());
    }

    #[test]
    fn a_watch_from_anywhere_begins_with_what_is_there() {
        let asked = "resourceVersionMatch=NotOlderThan&sendInitialEvents";
        for (query, initial) in [
            ("watch=1".to_owned(), Some(true)),
            ("watch=1&resourceVersion=0".to_owned(), Some(true)),
            ("watch=1&resourceVersion=5".to_owned(), None),
            (format!("watch=1&resourceVersion=5&{asked}=true"), Some(true)),
            (format!("watch=1&{asked}=false"), Some(false)),
            (String::new(), None),
        ] {
            assert_eq!(parse(&query).unwrap().send_initial_events, initial, "{query}");
        }
    }

    #[test]
    fn booleans_are_read_as_go_reads_them() {
        for (query, watch) in [
            ("", false),
            ("watch", true),
            ("watch=", true),
            ("watch=true", true),
            ("watch=yes", true),
            ("watch=0", false),
            ("watch=False", false),
            ("watch=false&watch=true", false),
        ] {
            assert_eq!(parse(query).unwrap().watch, watch, "{query}");
        }
    }

    #[test]
    fn the_revision_match_is_read_and_judged() {
        let options = parse("resourceVersion=5&resourceVersionMatch=Exact").unwrap();
        assert_eq!(options.resource_version_match, Some(VersionMatch::Exact));
        let field = "resourceVersionMatch: Forbidden: ";
        for (query, text) in [
            (
                "resourceVersionMatch=Exact",
                format!("{field}resourceVersionMatch is forbidden unless resourceVersion is provided"),
            ),
            (
                "resourceVersionMatch=Exact&resourceVersion=0",
                format!("{field}resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\""),
            ),
            (
                "resourceVersionMatch=NotOlderThan&resourceVersion=1&continue=x",
                format!("{field}resourceVersionMatch is forbidden when continue is provided"),
            ),
            (
                "resourceVersionMatch=x&resourceVersion=1",
                "resourceVersionMatch: Unsupported value: \"x\": supported values: \"Exact\", \"NotOlderThan\", \"\""
                    .to_owned(),
            ),
            (
                "sendInitialEvents=true",
                "sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list".to_owned(),
            ),
            (
                "watch=1&sendInitialEvents=true",
                format!("{field}sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"),
            ),
            (
                "watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&continue=x",
                format!("{field}resourceVersionMatch is forbidden when continue is provided"),
            ),
            (
                "watch=1&resourceVersionMatch=NotOlderThan",
                format!("{field}resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"),
            ),
        ] {
            let error = parse(query).unwrap_err();
            assert_eq!((error.code().as_u16(), error.reason()), (422, "Invalid"), "{query}");
            assert_eq!(error.message(), format!("ListOptions.meta.k8s.io \"\" is invalid: {text}"), "{query}");
        }
    }

    #[test]
    fn a_kind_without_initial_events_refuses_them() {
        let parse = |query| {
            ListOptions::parse_without_initial_events(&QueryPairs::parse(Some(query)), &[""; 0], None)
        };
        let gate = "sendInitialEvents: Forbidden: sendInitialEvents is forbidden for watch unless the WatchList feature \
                    gate is enabled";
        for (query, text) in [
            ("watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan", gate.to_owned()),
            (
                "watch=1&sendInitialEvents=true",
                format!(
                    "[resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to \
                     NotOlderThan, {gate}]"
                ),
            ),
        ] {
            let error = parse(query).unwrap_err();
            assert_eq!(
                error.message(),
                format!("ListOptions.meta.k8s.io \"\" is invalid: {text}"),
                "{query}"
            );
        }
        assert!(parse("watch=1").is_ok());
    }

    #[test]
    fn what_cannot_be_read_is_a_400() {
        for (query, text) in [
            ("limit=x", "strconv.ParseInt: parsing \"x\": invalid syntax"),
            ("timeoutSeconds=99999999999999999999", {
                "strconv.ParseInt: parsing \"99999999999999999999\": value out of range"
            }),
            ("labelSelector=a,", "found '', expected: identifier after ','"),
            (
                "fieldSelector=spec.x%3D1",
                "\"spec.x\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\", \"spec.color\"",
            ),
        ] {
            let error = parse(query).unwrap_err();
            assert_eq!((error.code().as_u16(), error.reason()), (400, "BadRequest"), "{query}");
            assert_eq!(error.message(), text, "{query}");
        }
        let error = parse("resourceVersion=x").unwrap().revision().unwrap_err();
        assert_eq!(
            error.message(),
            "invalid resource version: resourceVersion: Invalid value: \"x\": strconv.ParseUint: parsing \"x\": \
             invalid syntax"
        );
        let error = parse("resourceVersion=x&watch=1").unwrap().revision().unwrap_err();
        assert_eq!((error.code().as_u16(), error.reason()), (500, ""));
        assert!(error.message().starts_with("resourceVersion: Invalid value: \"x\""));
    }

    #[test]
    fn a_name_in_the_path_and_the_selector_agree() {
        let parse = |query| ListOptions::parse(&QueryPairs::parse(Some(query)), &[""; 0], Some("a"));
        assert_eq!(parse("").unwrap().fields.name(), Some("a"));
        assert_eq!(parse("fieldSelector=metadata.name%3Da").unwrap().fields.name(), Some("a"));
        let error = parse("fieldSelector=metadata.name%3Db").unwrap_err();
        assert_eq!(error.message(), "fieldSelector metadata.name doesn't match requested name");
    }

    #[test]
    fn export_is_gone() {
        let parse = |query| GetOptions::parse(&QueryPairs::parse(Some(query)));
        assert!(parse("export=true").is_err());
        assert_eq!(parse("export=0&resourceVersion=0").unwrap().revision().unwrap(), Some(0));
    }
}
