//! The `continue` token of a list: where the next page starts and at which revision.
//!
//! The form is Go's (apiserver `pkg/storage/continue.go`), so that tokens survive a change of server.

use base64::Engine;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use serde::{Deserialize, Serialize};

use crate::object::tree::go_format;
use crate::respond::{ApiError, ApiResult};

/// Where a list goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Continuation {
    /// The first key that may be answered, behind the listed prefix.
    pub start: String,
    /// The revision of the first page; nothing for the latest one (an inconsistent list).
    pub revision: Option<u64>,
}

#[derive(Serialize, Deserialize)]
struct Token<'a> {
    #[serde(default, rename = "v")]
    version: std::borrow::Cow<'a, str>,
    #[serde(default)]
    rv: i64,
    #[serde(default)]
    start: std::borrow::Cow<'a, str>,
}

/// The token for the page after `last_key`: the key of the last item, behind the listed prefix.
#[must_use]
pub fn encode(last_key: &str, revision: u64) -> String {
    write(&format!("{last_key}\0"), i64::try_from(revision).unwrap_or(i64::MAX))
}

/// Reads a token. The error is a 400.
pub fn decode(token: &str) -> ApiResult<Continuation> {
    read(token).map_err(|why| ApiError::bad_request(format!("invalid continue token: {why}")))
}

/// 410: the page's revision is forgotten. The answer carries a token that goes on at the latest one.
#[must_use]
pub fn expired(continuation: &Continuation) -> ApiError {
    ApiError::expired(
        "The provided continue parameter is too old to display a consistent list result. You can start a new list \
         without the continue parameter, or use the continue token in this response to retrieve the remainder of the \
         results. Continuing with the provided token results in an inconsistent list - objects that were created, \
         modified, or deleted between the time the first chunk was returned and now may show up in the list.",
    )
    .with_continue(write(&continuation.start, -1))
}

fn write(start: &str, rv: i64) -> String {
    let token = Token { version: "meta.k8s.io/v1".into(), rv, start: start.into() };
    engine().encode(serde_json::to_vec(&token).unwrap_or_default())
}

fn read(token: &str) -> Result<Continuation, String> {
    const INVALID: &str = "continue key is not valid";
    let bytes = engine()
        .decode(token)
        .map_err(|error| format!("{INVALID}: illegal base64 data at input byte {}", offset(&error)))?;
    let token: Token<'_> = serde_json::from_slice(&bytes)
        .map_err(|error| format!("{INVALID}: {}", json_mistake(&error, &bytes)))?;
    if token.version != "meta.k8s.io/v1" {
        return Err(format!("{INVALID}: server does not recognize this encoded version {}", token.version));
    }
    if token.rv == 0 {
        return Err(format!("{INVALID}: incorrect encoded start resourceVersion (version meta.k8s.io/v1)"));
    }
    if token.start.is_empty() {
        return Err(format!("{INVALID}: encoded start key empty (version meta.k8s.io/v1)"));
    }
    let start = token.start.strip_prefix('/').unwrap_or(&token.start);
    // A key that climbs could leave the namespace that was authorized.
    if !start.is_empty() && start.split('/').any(|segment| matches!(segment, "" | "." | "..")) {
        return Err(format!("{INVALID}: {}", token.start));
    }
    Ok(Continuation { start: start.to_owned(), revision: u64::try_from(token.rv).ok() })
}

fn engine() -> GeneralPurpose {
    let config = GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone)
        .with_decode_allow_trailing_bits(true);
    GeneralPurpose::new(&base64::alphabet::URL_SAFE, config)
}

fn offset(error: &base64::DecodeError) -> usize {
    match error {
        base64::DecodeError::InvalidByte(offset, _) | base64::DecodeError::InvalidLastSymbol(offset, _) => {
            *offset
        }
        base64::DecodeError::InvalidLength(length) => length.saturating_sub(1),
        base64::DecodeError::InvalidPadding => 0,
    }
}

/// Go's words for the usual mistakes of JSON.
fn json_mistake(error: &serde_json::Error, bytes: &[u8]) -> String {
    match bytes.get(error.column().saturating_sub(1)) {
        _ if error.is_eof() => "unexpected end of JSON input".to_owned(),
        Some(byte) if error.is_syntax() => {
            let letter = go_format::quoted_char(char::from(*byte));
            format!("invalid character {letter} looking for beginning of value")
        }
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use proptest::prelude::*;

    use super::{Continuation, decode, encode, engine, expired};

    #[test]
    fn a_token_is_gos() {
        let token = encode("default/a", 7);
        let text = String::from_utf8(engine().decode(&token).unwrap()).unwrap();
        assert_eq!(text, r#"{"v":"meta.k8s.io/v1","rv":7,"start":"default/a\u0000"}"#);
        assert_eq!(
            decode(&token).unwrap(),
            Continuation { start: "default/a\0".to_owned(), revision: Some(7) }
        );
    }

    #[test]
    fn an_expired_token_goes_on_at_the_latest_revision() {
        let continuation = decode(&encode("a", 7)).unwrap();
        let error = expired(&continuation);
        let next = decode(&error.status().metadata.continue_token).unwrap();
        assert_eq!((error.code().as_u16(), error.reason()), (410, "Expired"));
        assert_eq!(next, Continuation { start: "a\0".to_owned(), revision: None });
    }

    #[test]
    fn bad_tokens_are_refused_with_the_texts_of_go() {
        let token = |json: &str| engine().encode(json);
        for (token, why) in [
            ("a*b".to_owned(), "continue key is not valid: illegal base64 data at input byte 1"),
            ("abcde".to_owned(), "continue key is not valid: illegal base64 data at input byte 4"),
            (token("{"), "continue key is not valid: unexpected end of JSON input"),
            (token("x"), "continue key is not valid: invalid character 'x' looking for beginning of value"),
            (token("{}"), "continue key is not valid: server does not recognize this encoded version "),
            (
                token(r#"{"v":"v2","rv":1,"start":"a"}"#),
                "continue key is not valid: server does not recognize this encoded version v2",
            ),
            (
                token(r#"{"v":"meta.k8s.io/v1","start":"a"}"#),
                "continue key is not valid: incorrect encoded start resourceVersion (version meta.k8s.io/v1)",
            ),
            (
                token(r#"{"v":"meta.k8s.io/v1","rv":1}"#),
                "continue key is not valid: encoded start key empty (version meta.k8s.io/v1)",
            ),
            (token(r#"{"v":"meta.k8s.io/v1","rv":1,"start":"../b"}"#), "continue key is not valid: ../b"),
            (token(r#"{"v":"meta.k8s.io/v1","rv":1,"start":"a//b"}"#), "continue key is not valid: a//b"),
        ] {
            let error = decode(&token).unwrap_err();
            assert_eq!(error.code().as_u16(), 400);
            assert_eq!(error.message(), format!("invalid continue token: {why}"), "{token}");
        }
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(key in "[a-z0-9-]{1,9}(/[a-z0-9.-]{1,5}x)?", revision in 1..u64::MAX / 2) {
            let read = decode(&encode(&key, revision)).unwrap();
            prop_assert_eq!(read, Continuation { start: format!("{key}\0"), revision: Some(revision) });
        }
    }
}
