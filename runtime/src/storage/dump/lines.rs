//! The lines of a dump: records to text and back, without reading or writing anything.

use std::borrow::Cow;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::super::Stored;

/// The version of the format, as the first line names it.
pub const FORMAT: &str = "aggboot-dump/1";

/// What only a last line begins with.
pub(super) const LAST: &[u8] = b"{\"count\":";

/// The first line of a dump.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// [`FORMAT`].
    pub format: String,
    /// What kind of store it comes from.
    pub source: String,
    /// The highest revision that the source ever served.
    pub revision: u64,
    /// How many records follow.
    pub count: u64,
}

/// A line between the first and the last.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    #[serde(borrow)]
    key: Cow<'a, str>,
    revision: u64,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    value: Option<&'a RawValue>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    text: Option<Cow<'a, str>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    base64: Option<Cow<'a, str>>,
}

/// What a line between the first and the last says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) key: String,
    pub(super) revision: u64,
    pub(super) value: Bytes,
}

/// Adds the line of a record, without its end.
pub(super) fn encode(stored: &Stored, line: &mut Vec<u8>) -> serde_json::Result<()> {
    let key = Cow::Borrowed(stored.key.as_str());
    let none = Line { key, revision: stored.revision.get(), value: None, text: None, base64: None };
    let said = match std::str::from_utf8(&stored.value) {
        Err(_) => Line { base64: Some(STANDARD.encode(&stored.value).into()), ..none },
        Ok(text) => match as_it_is(text) {
            Some(value) => Line { value: Some(value), ..none },
            None => Line { text: Some(text.into()), ..none },
        },
    };
    serde_json::to_writer(line, &said)
}

/// What a line says, or why it is none.
pub(super) fn decode(line: &[u8]) -> Result<Said, String> {
    let said: Line<'_> = serde_json::from_slice(line).map_err(|why| format!("it is no record: {why}"))?;
    let value = match (said.value, said.text, said.base64) {
        (Some(value), None, None) => Bytes::copy_from_slice(value.get().as_bytes()),
        (None, Some(text), None) => Bytes::from(text.into_owned()),
        (None, None, Some(base64)) => {
            STANDARD.decode(&*base64).map_err(|why| format!("its base64 cannot be read: {why}"))?.into()
        }
        _ => return Err("it has not exactly one of value, text and base64".into()),
    };
    Ok(Said { key: said.key.into_owned(), revision: said.revision, value })
}

/// The last line, without its end.
pub(super) fn last(count: u64, digest: &[u8]) -> String {
    format!("{{\"count\":{count},\"sha256\":\"{}\"}}", hex(digest))
}

/// A digest as people compare it.
pub(super) fn hex(digest: &[u8]) -> String {
    let mut hex = String::with_capacity(digest.len() * 2);
    for byte in digest {
        // Writing to a string does not fail.
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

/// The text, when it can stand in a line byte for byte: an object, with nothing around it and no line ends in it.
fn as_it_is(text: &str) -> Option<&RawValue> {
    if !text.starts_with('{') || text.contains(['\n', '\r']) {
        return None;
    }
    let raw: &RawValue = serde_json::from_str(text).ok()?;
    (raw.get().len() == text.len()).then_some(raw)
}

#[cfg(test)]
mod tests {
    use super::super::super::{Key, Revision};
    use super::*;

    fn line_of(value: &[u8]) -> String {
        let key = Key::new("g/r/n/\"a\"");
        let value = Bytes::copy_from_slice(value);
        let stored = Stored { key, revision: Revision::FIRST, value: value.clone(), stale: false };
        let mut line = Vec::new();
        encode(&stored, &mut line).expect("it encodes");
        assert!(!line.contains(&b'\n'));
        let said = decode(&line).expect("it decodes");
        assert_eq!(said, Said { key: stored.key.to_string(), revision: 1, value });
        String::from_utf8(line).expect("text")
    }

    #[test]
    fn every_value_comes_back_byte_for_byte() {
        let object = r#"{"a": 1.0,"a":"\u003c\ud800","b":[ ]}"#;
        assert!(line_of(object.as_bytes()).ends_with(&format!(",\"value\":{object}}}")), "as it is stored");
        assert!(line_of(b"{\"a\":1}\n").ends_with(r#""text":"{\"a\":1}\n"}"#), "as Go stores it");
        for text in ["", "null", "1", "{", "{\"a\":\n1}", " {}", "{} ", "k8s"] {
            assert!(line_of(text.as_bytes()).contains("\"text\":"), "{text:?}");
        }
        assert!(line_of(b"k8s\0\xff").ends_with(r#""base64":"azhzAP8="}"#));
    }

    #[test]
    fn what_is_no_record_is_refused() {
        for (line, why) in [
            ("", "no record"),
            (r#"{"key":"a","revision":1}"#, "exactly one"),
            (r#"{"key":"a","revision":1,"text":"","value":{}}"#, "exactly one"),
            (r#"{"key":"a","revision":1,"base64":"?"}"#, "base64"),
            (r#"{"key":"a","revision":1,"value":{},"more":1}"#, "unknown field"),
            (r#"{"key":"a","revision":1,"value":{}} {}"#, "trailing"),
        ] {
            let refused = decode(line.as_bytes()).expect_err("no record");
            assert!(refused.contains(why), "{line}: {refused}");
        }
    }
}
