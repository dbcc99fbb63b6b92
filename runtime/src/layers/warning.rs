//! Warnings become headers, cut when there are too many of them.

use std::fmt::Write;

use http::header::WARNING;
use http::{HeaderMap, HeaderValue};

use crate::request::Warnings;

/// Beyond this many characters in all, each text is cut to [`CUT_TO`].
const CUT_ABOVE: usize = 4 * 1024;
const CUT_TO: usize = 256;

pub(super) fn stamp(warnings: &Warnings, headers: &mut HeaderMap) {
    let texts = warnings.texts();
    let total: usize = texts.iter().map(|text| text.chars().count()).sum();
    let mut written = 0;
    for text in texts.iter().filter(|text| !text.is_empty()) {
        if total <= CUT_ABOVE {
            headers.extend(value(text).map(|value| (WARNING, value)));
            continue;
        }
        if written >= CUT_ABOVE {
            break;
        }
        let text: String = text.chars().take(CUT_TO).collect();
        written += text.chars().count();
        headers.extend(value(&text).map(|value| (WARNING, value)));
    }
}

/// `299 - "text"`; nothing for a text with control characters.
fn value(text: &str) -> Option<HeaderValue> {
    if text.chars().any(char::is_control) {
        return None;
    }
    let mut quoted = String::with_capacity(text.len() + 8);
    quoted.push_str("299 - \"");
    for character in text.chars() {
        if matches!(character, '"' | '\\') {
            quoted.push('\\');
        }
        let _ = write!(quoted, "{character}");
    }
    quoted.push('"');
    HeaderValue::from_bytes(quoted.as_bytes()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamped(texts: &[&str]) -> Vec<String> {
        let warnings = Warnings::default();
        for text in texts {
            warnings.add(*text);
        }
        let mut headers = HeaderMap::new();
        stamp(&warnings, &mut headers);
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        headers.get_all(WARNING).iter().map(text).collect()
    }

    #[test]
    fn texts_are_quoted_and_sent_once() {
        assert_eq!(
            stamped(&[r#"unknown field "a\b""#, "old", "old"]),
            [r#"299 - "unknown field \"a\\b\"""#, r#"299 - "old""#]
        );
    }

    #[test]
    fn a_text_that_cannot_stand_in_a_header_is_left_out() {
        assert_eq!(stamped(&["two\nlines", "", "fine"]), [r#"299 - "fine""#]);
    }

    #[test]
    fn too_many_characters_are_cut() {
        let long: Vec<String> = (0..40).map(|number| format!("{number:03}{}", "x".repeat(400))).collect();
        let sent = stamped(&long.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(sent.len(), CUT_ABOVE / CUT_TO);
        assert!(sent.iter().all(|text| text.len() == CUT_TO + 8));
    }
}
