//! Strings and numbers as Go prints them: in JSON, and in the texts of errors.

use std::fmt::Write as _;

/// A string in quotes, as `%q` prints it.
#[must_use]
pub fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        push_escaped(&mut out, c, '"');
    }
    out.push('"');
    out
}

/// One character in single quotes, as JSON syntax errors show it.
#[must_use]
pub fn quoted_char(c: char) -> String {
    let mut out = String::from("'");
    push_escaped(&mut out, c, '\'');
    out.push('\'');
    out
}

fn push_escaped(out: &mut String, c: char, quote: char) {
    let written = match c {
        '\u{7}' => out.write_str("\\a"),
        '\u{8}' => out.write_str("\\b"),
        '\u{c}' => out.write_str("\\f"),
        '\n' => out.write_str("\\n"),
        '\r' => out.write_str("\\r"),
        '\t' => out.write_str("\\t"),
        '\u{b}' => out.write_str("\\v"),
        '\\' => out.write_str("\\\\"),
        c if c == quote => write!(out, "\\{c}"),
        ' '..='~' => out.write_char(c),
        c if (c as u32) < 0x80 => write!(out, "\\x{:02x}", c as u32),
        c if printable(c) => out.write_char(c),
        c if (c as u32) < 0x1_0000 => write!(out, "\\u{:04x}", c as u32),
        c => write!(out, "\\U{:08x}", c as u32),
    };
    debug_assert!(written.is_ok(), "writing to a string");
}

/// Whether a character is shown as it is. Rust's own escaping knows; behind a letter, because a
/// combining mark at the beginning is escaped.
fn printable(c: char) -> bool {
    let mut buffer = [b'a'; 5];
    let length = c.encode_utf8(&mut buffer[1..]).len();
    std::str::from_utf8(&buffer[..=length]).is_ok_and(|text| text.escape_debug().count() == 2)
}

/// A number as JSON holds it: plain digits between 1e-6 and 1e21, the shortest that read back the same.
#[must_use]
pub fn json_float(number: f64) -> String {
    float(number, -6, 21, 1)
}

/// Appends a number as JSON holds it.
pub(super) fn push_json_float(out: &mut Vec<u8>, number: f64) {
    out.extend_from_slice(json_float(number).as_bytes());
}

/// A number as `%v` prints it: plain digits between 1e-4 and 1e6, else an exponent of two digits.
#[must_use]
pub fn plain_float(number: f64) -> String {
    float(number, -4, 6, 2)
}

/// `low..high` are the powers of ten that are written without an exponent.
fn float(number: f64, low: i32, high: i32, exponent_digits: usize) -> String {
    let scientific = format!("{number:e}");
    let Some((mantissa, exponent)) = scientific.split_once('e') else { return scientific };
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if number == 0.0 || (low..high).contains(&exponent) {
        return format!("{number}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    let digits = exponent.unsigned_abs();
    let width = if sign == '-' { exponent_digits } else { 2 };
    format!("{mantissa}e{sign}{digits:0width$}")
}

#[cfg(test)]
mod tests {
    use super::{plain_float, push_json_float, quoted};

    #[test]
    fn floats_print_as_in_go() {
        let table = [
            (1.0, "1", "1"),
            (100.0, "100", "100"),
            (100_000.0, "100000", "100000"),
            (123_456.0, "123456", "123456"),
            (1_000_000.0, "1e+06", "1000000"),
            (1_234_567.0, "1.234567e+06", "1234567"),
            (1_000_000.5, "1.0000005e+06", "1000000.5"),
            (0.5, "0.5", "0.5"),
            (1e20, "1e+20", "100000000000000000000"),
            (1e21, "1e+21", "1e+21"),
            (0.0001, "0.0001", "0.0001"),
            (1e-5, "1e-05", "0.00001"),
            (1e-7, "1e-07", "1e-7"),
            (-3.14e100, "-3.14e+100", "-3.14e+100"),
        ];
        for (number, plain, json) in table {
            let mut out = Vec::new();
            push_json_float(&mut out, number);
            assert_eq!((plain_float(number).as_str(), std::str::from_utf8(&out)), (plain, Ok(json)));
        }
    }

    #[test]
    fn strings_are_quoted_as_in_go() {
        let table = [
            ("blue", r#""blue""#),
            ("a\u{1}b", r#""a\x01b""#),
            ("é\u{200b}\u{ad}", r#""é\u200b\u00ad""#),
            ("\"\\\n\t\r\u{7f}", r#""\"\\\n\t\r\x7f""#),
            ("😀\u{e0001}\u{feff}", r#""😀\U000e0001\ufeff""#),
            ("e\u{301}\u{301}", "\"e\u{301}\u{301}\""),
        ];
        for (text, expected) in table {
            assert_eq!(quoted(text), expected);
        }
    }
}
