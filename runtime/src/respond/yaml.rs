//! YAML from JSON, in the block style of sigs.k8s.io/yaml: keys sorted, lists not indented below their key.
//!
//! A string is written plain only where no reader, of YAML 1.1 or 1.2, could take it for anything else.

use std::fmt::Write;

use serde_json::Value;

/// The same document as YAML.
pub(super) fn from_json(json: &[u8]) -> serde_json::Result<String> {
    let value: Value = serde_json::from_slice(json)?;
    let mut out = String::with_capacity(json.len() + json.len() / 4);
    match &value {
        Value::Object(map) if !map.is_empty() => members(&mut out, map, 0, false),
        Value::Array(items) if !items.is_empty() => list(&mut out, items, 0),
        scalar => {
            write_scalar(&mut out, scalar, 0);
        }
    }
    Ok(out)
}

/// What stands before and behind a list in a document that has it, empty, as its member of that name.
pub(super) fn around(json: &[u8], name: &str) -> (String, String) {
    let Ok(Value::Object(map)) = serde_json::from_slice(json) else {
        return (String::new(), String::new());
    };
    let (before, behind) = map.into_iter().filter(|(key, _)| key != name).partition(|(key, _)| &**key < name);
    let text = |map: serde_json::Map<String, Value>| {
        let mut out = String::new();
        members(&mut out, &map, 0, false);
        out
    };
    (text(before), text(behind))
}

/// Writes an item of such a list. What is too deep to be read stays as it is: JSON is YAML too.
pub(super) fn item(out: &mut String, json: &[u8]) {
    match serde_json::from_slice(json) {
        Ok(item) => list(out, std::slice::from_ref(&item), 0),
        Err(_) => {
            let _ = writeln!(out, "- {}", String::from_utf8_lossy(json));
        }
    }
}

/// Writes members, each on a line of its own; the first one stays on the line that a list item began.
fn members(out: &mut String, map: &serde_json::Map<String, Value>, indent: usize, in_item: bool) {
    let mut sorted: Vec<_> = map.iter().collect();
    sorted.sort_unstable_by_key(|(key, _)| *key);
    for (index, (key, value)) in sorted.into_iter().enumerate() {
        if index > 0 || !in_item {
            spaces(out, indent);
        }
        write_string(out, key, None);
        out.push(':');
        match value {
            Value::Object(map) if !map.is_empty() => {
                out.push('\n');
                members(out, map, indent + 2, false);
            }
            Value::Array(items) if !items.is_empty() => {
                out.push('\n');
                list(out, items, indent);
            }
            scalar => {
                out.push(' ');
                write_scalar(out, scalar, indent + 2);
            }
        }
    }
}

fn list(out: &mut String, items: &[Value], indent: usize) {
    for item in items {
        spaces(out, indent);
        out.push_str("- ");
        item_value(out, item, indent + 2);
    }
}

fn item_value(out: &mut String, item: &Value, indent: usize) {
    match item {
        Value::Object(map) if !map.is_empty() => members(out, map, indent, true),
        Value::Array(items) if !items.is_empty() => {
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    spaces(out, indent);
                }
                out.push_str("- ");
                item_value(out, item, indent + 2);
            }
        }
        scalar => write_scalar(out, scalar, indent),
    }
}

/// Writes a scalar (or an empty collection) and ends the line.
fn write_scalar(out: &mut String, value: &Value, indent: usize) {
    match value {
        Value::String(text) => write_string(out, text, Some(indent)),
        // null, booleans, numbers, {} and [] are written as in JSON.
        other => {
            let _ = write!(out, "{other}");
        }
    }
    out.push('\n');
}

/// Writes a string; several lines as a block where `indent` says how deep.
fn write_string(out: &mut String, text: &str, indent: Option<usize>) {
    if resolves_to_something_else(text) {
        double_quoted(out, text);
    } else if is_plain(text) {
        out.push_str(text);
    } else if let Some(indent) = indent.filter(|_| fits_block(text)) {
        block(out, text, indent);
    } else if text.chars().all(printable) {
        let _ = write!(out, "'{}'", text.replace('\'', "''"));
    } else {
        double_quoted(out, text);
    }
}

/// A JSON string is a double-quoted YAML string, but for characters that YAML wants escaped.
fn double_quoted(out: &mut String, text: &str) {
    for c in serde_json::to_string(text).unwrap_or_default().chars() {
        match c {
            '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
}

fn block(out: &mut String, text: &str, indent: usize) {
    let body = text.strip_suffix('\n');
    out.push_str(if body.is_some() { "|" } else { "|-" });
    for line in body.unwrap_or(text).split('\n') {
        out.push('\n');
        if !line.is_empty() {
            spaces(out, indent);
            out.push_str(line);
        }
    }
}

/// Whether a text can stand in a literal block and be read back the same.
fn fits_block(text: &str) -> bool {
    text.contains('\n')
        && !text.starts_with([' ', '\n'])
        && !text.ends_with("\n\n")
        && text.chars().all(|c| c == '\n' || (' '..='~').contains(&c))
        && !text.split('\n').any(|line| line.ends_with(' '))
}

/// Whether a text needs no quotes.
fn is_plain(text: &str) -> bool {
    let first = |c: char| c.is_alphanumeric() || "/._+".contains(c);
    text.starts_with(first)
        && text.chars().all(printable)
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.ends_with([':', ' '])
}

fn printable(c: char) -> bool {
    (' '..='~').contains(&c) || c.is_alphanumeric()
}

/// Whether some reader takes the text for a boolean, a null, a number or a time.
fn resolves_to_something_else(text: &str) -> bool {
    const WORDS: [&str; 14] =
        ["", "~", "y", "n", "yes", "no", "on", "off", "true", "false", "null", ".inf", ".nan", "nan"];
    let number = text.trim_start_matches(['+', '-']).replace('_', "");
    let digits = number.starts_with(|c: char| c.is_ascii_digit());
    WORDS.contains(&text.to_ascii_lowercase().as_str())
        || number.parse::<f64>().is_ok()
        || number.eq_ignore_ascii_case(".inf")
        || digits && (number.contains(':') || number.as_bytes().get(4) == Some(&b'-'))
        || ["0x", "0o", "0b"].iter().any(|base| number.starts_with(base))
}

fn spaces(out: &mut String, count: usize) {
    out.extend(std::iter::repeat_n(' ', count));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{from_json, item};

    #[test]
    fn documents_look_as_kubernetes_writes_them() {
        let json = r#"{"kind":"Foo","apiVersion":"g/v1","metadata":{"name":"a","labels":{}},"items":[{"b":1,"a":[]},[1,[2]],"x"],"on":"yes","t":"2026-01-01T00:00:00Z","n":null,"f":1.5,"s":"","m":"a\nb\n","q":"a: b"}"#;
        let yaml = "apiVersion: g/v1\nf: 1.5\nitems:\n- a: []\n  b: 1\n- - 1\n  - - 2\n- x\nkind: Foo\nm: |\n  a\n  b\n\
                    metadata:\n  labels: {}\n  name: a\n\"n\": null\n\"on\": \"yes\"\nq: 'a: b'\ns: \"\"\n\
                    t: \"2026-01-01T00:00:00Z\"\n";
        assert_eq!(from_json(json.as_bytes()).unwrap(), yaml);
        assert_eq!(from_json(b"{}").unwrap(), "{}\n");
    }

    #[test]
    fn an_item_that_is_too_deep_to_be_read_stays_json() {
        let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
        let mut out = String::new();
        item(&mut out, br#"{"b":1}"#);
        item(&mut out, format!(r#"{{"a":{deep}}}"#).as_bytes());
        assert_eq!(out, format!("- b: 1\n- {{\"a\":{deep}}}\n"));
    }

    proptest! {
        #[test]
        fn any_text_is_read_back(text in "[a-z0-9 :,#\\-\n\t\"'\\\\{}&*!|>%@`~?é\u{85}\u{2028}=.]{0,12}", key in "[a-z0-9 :#~?.\n-]{0,6}") {
            let value = serde_json::json!({ key: text.clone(), "list": [text, { "deep": { "x": [1, true] } }] });
            let yaml = from_json(value.to_string().as_bytes()).unwrap();
            let read: serde_json::Value = serde_saphyr::from_str(&yaml)
                .map_err(|error| TestCaseError::fail(format!("{error}\n{yaml}")))?;
            prop_assert_eq!(read, value, "{}", yaml);
        }
    }
}
