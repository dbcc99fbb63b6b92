//! From a body to the tree of an object: read, recognised, cleaned, defaulted.

use crate::kind::Kind;
use crate::object::{Map, Tree, metadata};
use crate::request::body::BodyMedia;
use crate::request::options::FieldValidation;
use crate::respond::{ApiError, ApiResult};

use super::super::judge;

/// Reads the body of a create or update. What is unknown or given twice is refused or told, as asked.
pub(crate) fn decode(
    kind: &Kind,
    body: &[u8],
    media: BodyMedia,
    validation: FieldValidation,
    warn: impl Fn(String),
) -> ApiResult<Tree> {
    let (mut tree, duplicates) = match media {
        BodyMedia::Json => Tree::parse_json(body),
        BodyMedia::Yaml => Tree::parse_yaml(body),
    }
    .map_err(|error| unrecognized(kind, &error.to_string(), body))?;
    let duplicates = duplicates.iter().map(ToString::to_string).collect();
    if let Some(found) = no_object(&tree) {
        let why = format!(
            "json: cannot unmarshal {found} into Go value of type struct {{ APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }}"
        );
        return Err(unrecognized(kind, &why, body));
    }
    recognize(kind, &mut tree)?;
    let unknown = settle(kind, &mut tree).map_err(|why| cannot_be_handled(kind, &why))?;
    strict(duplicates, &unknown, validation, warn).map_err(|why| cannot_be_handled(kind, &why))?;
    Ok(tree)
}

/// Prunes, drops nulls, applies defaults and checks types; answers what was unknown. The error is the
/// decoder's, without its head.
pub(crate) fn settle(kind: &Kind, tree: &mut Tree) -> Result<Vec<String>, String> {
    if !matches!(tree.get("metadata"), None | Some(Tree::Map(_) | Tree::Null)) {
        return Err("metadata must be an object".to_owned());
    }
    let envelope = metadata::of_mut(tree);
    envelope.shift_remove("managedFields");
    envelope.shift_remove("selfLink");
    judge::settle(kind, tree)
}

/// What becomes of fields that are unknown or given twice: an error, warnings, or nothing.
pub(crate) fn strict(
    duplicates: Vec<String>,
    unknown: &[String],
    validation: FieldValidation,
    warn: impl Fn(String),
) -> Result<(), String> {
    let mut told: Vec<_> = unknown.iter().map(|path| format!("unknown field {path:?}")).collect();
    told.extend(duplicates);
    match validation {
        FieldValidation::Ignore => Ok(()),
        FieldValidation::Warn => {
            told.into_iter().for_each(warn);
            Ok(())
        }
        FieldValidation::Strict if told.is_empty() => Ok(()),
        FieldValidation::Strict => Err(format!("strict decoding error: {}", told.join(", "))),
    }
}

/// What a document is that is no object.
fn no_object(tree: &Tree) -> Option<&'static str> {
    match tree {
        Tree::Map(_) => None,
        Tree::List(_) => Some("array"),
        Tree::String(_) => Some("string"),
        Tree::Bool(_) => Some("bool"),
        Tree::Int(_) | Tree::Float(_) => Some("number"),
        Tree::Null => Some("null"),
    }
}

/// Fills in kind and version where the body does not say them, and refuses others.
fn recognize(kind: &Kind, tree: &mut Tree) -> ApiResult<()> {
    let Tree::Map(members) = tree else {
        let why = "json: cannot unmarshal a document that is no object";
        return Err(cannot_be_handled(kind, why));
    };
    let expected = kind.api_version();
    let said = said(members, "apiVersion", kind)?;
    let named = self::said(members, "kind", kind)?;
    let named = if named.is_empty() { &kind.kind } else { &named };
    let said = if said.is_empty() { &expected } else { &said };
    // A kind has one version, so another one is unknown rather than unexpected.
    if *named != kind.kind || *said != expected {
        let version = said.rsplit('/').next().unwrap_or(said);
        return Err(ApiError::bad_request(format!(
            "{named} in version {version:?} cannot be handled as a {}: no kind {named:?} is registered for version {said:?}",
            kind.kind
        )));
    }
    members.insert("apiVersion".to_owned(), expected.into());
    members.insert("kind".to_owned(), kind.kind.as_str().into());
    Ok(())
}

fn said(members: &Map, key: &str, kind: &Kind) -> ApiResult<String> {
    match members.get(key) {
        None | Some(Tree::Null) => Ok(String::new()),
        Some(Tree::String(text)) => Ok(text.clone()),
        Some(_) => Err(cannot_be_handled(kind, &format!("{key} must be a string"))),
    }
}

fn cannot_be_handled(kind: &Kind, why: &str) -> ApiError {
    ApiError::bad_request(format!(
        "{} in version {:?} cannot be handled as a {}: {why}",
        kind.kind, kind.version, kind.kind
    ))
}

/// The body is no document at all.
fn unrecognized(kind: &Kind, why: &str, body: &[u8]) -> ApiError {
    const SHOWN: usize = 30;
    let more = if body.len() > SHOWN { " ..." } else { "" };
    let head = &body[..body.len().min(SHOWN)];
    let shown = match body.first() {
        None => "<empty>".to_owned(),
        Some(b'{') => String::from_utf8_lossy(head).into_owned(),
        Some(_) => head.iter().map(|byte| format!("{byte:02x}")).collect(),
    };
    ApiError::bad_request(format!(
        "the object provided is unrecognized (must be of type {}): couldn't get version/kind; json parse error: {why} ({shown}{more})",
        kind.kind
    ))
}
