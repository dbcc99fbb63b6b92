//! Formats of strings: those that Kubernetes enforces, and the decoders' own errors.

use std::net::{Ipv4Addr, Ipv6Addr};

/// A format that is enforced. Others are published and bind nobody, as in custom resources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    DateTime,
    Date,
    Uuid,
    Ipv4,
    Ipv6,
    Cidr,
    Mac,
    Hostname,
    Uri,
    Email,
    HexColor,
    ShortName,
    LongName,
}

impl Format {
    /// The format of this name; a dash more or less makes no difference to Kubernetes.
    pub(super) fn named(name: &str) -> Option<Format> {
        Some(match name.replace('-', "").as_str() {
            "datetime" => Format::DateTime,
            "date" => Format::Date,
            "uuid" => Format::Uuid,
            "ipv4" => Format::Ipv4,
            "ipv6" => Format::Ipv6,
            "cidr" => Format::Cidr,
            "mac" => Format::Mac,
            "hostname" => Format::Hostname,
            "uri" => Format::Uri,
            "email" => Format::Email,
            "hexcolor" => Format::HexColor,
            "k8sshortname" => Format::ShortName,
            "k8slongname" => Format::LongName,
            _ => return None,
        })
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Format::DateTime => "date-time",
            Format::Date => "date",
            Format::Uuid => "uuid",
            Format::Ipv4 => "ipv4",
            Format::Ipv6 => "ipv6",
            Format::Cidr => "cidr",
            Format::Mac => "mac",
            Format::Hostname => "hostname",
            Format::Uri => "uri",
            Format::Email => "email",
            Format::HexColor => "hexcolor",
            Format::ShortName => "k8s-short-name",
            Format::LongName => "k8s-long-name",
        }
    }

    pub(super) fn accepts(self, text: &str) -> bool {
        match self {
            Format::DateTime => time_error(text).is_none(),
            Format::Date => text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok(),
            Format::Uuid => is_uuid(text),
            Format::Ipv4 => text.parse::<Ipv4Addr>().is_ok(),
            Format::Ipv6 => text.parse::<Ipv6Addr>().is_ok(),
            Format::Cidr => is_cidr(text),
            Format::Mac => is_mac(text),
            Format::Hostname => text.len() <= 255 && text.split('.').all(is_host_label),
            Format::Uri => is_uri(text),
            Format::Email => is_email(text),
            Format::HexColor => is_hex_color(text),
            Format::ShortName => is_label(text),
            Format::LongName => {
                text.len() <= 253 && text.split('.').all(|part| !part.is_empty() && is_dns_part(part))
            }
        }
    }
}

fn is_uuid(text: &str) -> bool {
    let digits: String = text.chars().filter(|c| *c != '-').collect();
    let dashes_in_place = text.char_indices().all(|(at, c)| c != '-' || [8, 13, 18, 23].contains(&at));
    let expected = text.len() == 36 && dashes_in_place || text.len() == 32;
    expected && digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_cidr(text: &str) -> bool {
    let Some((address, bits)) = text.split_once('/') else { return false };
    let plain = !bits.is_empty()
        && bits.bytes().all(|byte| byte.is_ascii_digit())
        && (bits == "0" || !bits.starts_with('0'));
    let Ok(bits) = bits.parse::<u8>() else { return false };
    let limit = if address.parse::<Ipv4Addr>().is_ok() {
        32
    } else if address.parse::<Ipv6Addr>().is_ok() {
        128
    } else {
        return false;
    };
    plain && bits <= limit
}

/// 6, 8 or 20 bytes: pairs joined by `:` or `-`, or fours joined by dots.
fn is_mac(text: &str) -> bool {
    let hexadecimal =
        |part: &str, length| part.len() == length && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    let joined = |separator: char, length: usize, counts: [usize; 3]| {
        let parts: Vec<_> = text.split(separator).collect();
        counts.contains(&parts.len()) && parts.iter().all(|part| hexadecimal(part, length))
    };
    joined(':', 2, [6, 8, 20]) || joined('-', 2, [6, 8, 20]) || joined('.', 4, [3, 4, 10])
}

fn is_host_label(part: &str) -> bool {
    part.len() <= 63 && is_dns_part_of_any_case(part)
}

fn is_label(part: &str) -> bool {
    part.len() <= 63 && is_dns_part(part)
}

fn is_dns_part(part: &str) -> bool {
    is_dns_part_of_any_case(part) && !part.bytes().any(|byte| byte.is_ascii_uppercase())
}

fn is_dns_part_of_any_case(part: &str) -> bool {
    !part.is_empty()
        && !part.starts_with('-')
        && !part.ends_with('-')
        && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// An absolute URI or an absolute path, as Go's `url.ParseRequestURI` has it.
fn is_uri(text: &str) -> bool {
    if text.bytes().any(|byte| byte < 0x20 || byte == 0x7f) || text.is_empty() {
        return false;
    }
    if text.starts_with('/') || text == "*" {
        return true;
    }
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let letters = scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    let host = rest.strip_prefix("//").map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default());
    letters
        && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && !host.unwrap_or_default().contains([' ', '<', '>', '"'])
}

fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let is_atom = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|byte| {
                byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte) || byte >= 0x80
            })
    };
    local.split('.').all(is_atom) && domain.split('.').all(is_atom)
}

fn is_hex_color(text: &str) -> bool {
    let digits = text.strip_prefix('#').unwrap_or(text);
    [3, 6].contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// What Go's decoder of quantities says of anything that is none.
pub(super) const QUANTITY_ERROR: &str =
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

/// Whether a string is a quantity, as `1.5Gi`, `100m` or `12e6`.
pub(super) fn is_quantity(text: &str) -> bool {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, suffix) = text.split_at(end);
    let digits = number.bytes().filter(u8::is_ascii_digit).count();
    if digits == 0 || number.len() - digits > 1 {
        return false;
    }
    if let Some(exponent) = suffix.strip_prefix(['e', 'E']).filter(|exponent| !exponent.is_empty()) {
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        return !exponent.is_empty() && exponent.bytes().all(|byte| byte.is_ascii_digit());
    }
    ["", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"].contains(&suffix)
}

/// What Go's decoder of bytes says of a string that is not base64.
pub(super) fn base64_error(text: &str) -> Option<String> {
    let bytes: Vec<(usize, u8)> =
        text.bytes().enumerate().filter(|(_, byte)| !matches!(byte, b'\n' | b'\r')).collect();
    let illegal = |at: usize| Some(format!("illegal base64 data at input byte {at}"));
    let is_digit = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    let digits = bytes.iter().take_while(|(_, byte)| is_digit(*byte)).count();
    let padding = &bytes[digits..];
    let wanted = (4 - digits % 4) % 4;
    if wanted == 3 || padding.len() != wanted || padding.iter().any(|(_, byte)| *byte != b'=') {
        let wrong = padding
            .iter()
            .enumerate()
            .find(|(index, (_, byte))| *index >= wanted || *byte != b'=' || wanted == 3);
        return illegal(wrong.map_or(text.len(), |(_, (at, _))| *at));
    }
    None
}

/// What Go says of a time that is not RFC 3339: where reading stopped, and what was expected there.
pub(super) fn time_error(text: &str) -> Option<String> {
    let failed = |reason: String| {
        let quoted = crate::object::tree::go_format::quoted(text);
        Some(format!("parsing time {quoted} as \"2006-01-02T15:04:05Z07:00\": {reason}"))
    };
    let stuck = |rest: &str, element: &str| {
        let rest = crate::object::tree::go_format::quoted(rest);
        format!("cannot parse {rest} as {element:?}")
    };
    let mut rest = text;
    const ELEMENTS: [(&str, usize); 6] = [("2006", 4), ("01", 2), ("02", 2), ("15", 2), ("04", 2), ("05", 2)];
    const SEPARATORS: [&str; 6] = ["", "-", "-", "T", ":", ":"];
    let mut numbers = [0_u16; 6];
    for (place, (element, width)) in ELEMENTS.into_iter().enumerate() {
        let Some(tail) = rest.strip_prefix(SEPARATORS[place]) else {
            return failed(stuck(rest, SEPARATORS[place]));
        };
        let digits = tail.get(..width).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
        let Some(digits) = digits else { return failed(stuck(tail, element)) };
        numbers[place] = digits.parse().unwrap_or_default();
        rest = &tail[width..];
    }
    if let Some(fraction) = rest.strip_prefix(['.', ',']) {
        let digits = fraction.len() - fraction.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        if digits > 0 {
            rest = &fraction[digits..];
        }
    }
    let zone = if rest == "Z" { Some((0, 0)) } else { offset(rest) };
    let Some((hours, minutes)) = zone else {
        let rest = rest.strip_prefix('Z').map_or(rest, |extra| extra);
        let extra = rest.len() < text.len() && text[..text.len() - rest.len()].ends_with('Z');
        let quoted = crate::object::tree::go_format::quoted(rest);
        return failed(if extra { format!("extra text: {quoted}") } else { stuck(rest, "Z07:00") });
    };
    let [year, month, day, hour, minute, second] = numbers;
    if !(1..=12).contains(&month) {
        return range_error(text, "month");
    }
    if day == 0 || day > days_in(year, month) {
        return range_error(text, "day");
    }
    let ranges = [
        ("hour", hour, 24),
        ("minute", minute, 60),
        ("second", second, 60),
        ("time zone offset hour", hours, 25),
        ("time zone offset minute", minutes, 60),
    ];
    ranges.iter().find(|(_, value, limit)| value >= limit).and_then(|(name, _, _)| range_error(text, name))
}

fn range_error(text: &str, what: &str) -> Option<String> {
    let quoted = crate::object::tree::go_format::quoted(text);
    Some(format!("parsing time {quoted}: {what} out of range"))
}

fn offset(text: &str) -> Option<(u16, u16)> {
    let digits = text.strip_prefix(['+', '-'])?;
    let (hours, minutes) = digits.split_once(':')?;
    let number = |part: &str| {
        let plain = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        plain.then(|| part.parse().ok()).flatten()
    };
    Some((number(hours)?, number(minutes)?))
}

fn days_in(year: u16, month: u16) -> u16 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::{Format, base64_error, is_quantity, time_error};

    #[test]
    fn formats_know_their_own() {
        let table: &[(&str, &[&str], &[&str])] = &[
            (
                "date-time",
                &["2024-02-29T23:59:59Z", "2024-01-01T00:00:00.123456+02:00"],
                &["2024-01-01", "x", ""],
            ),
            ("date", &["2024-02-29"], &["2023-02-29", "2024-1-1"]),
            (
                "uuid",
                &["123e4567-e89b-12d3-a456-426614174000", "123E4567E89B12D3A456426614174000"],
                &["x", "123e4567-e89b"],
            ),
            ("ipv4", &["10.0.0.1"], &["10.0.0", "::1"]),
            ("ipv6", &["::1"], &["10.0.0.1"]),
            ("cidr", &["10.0.0.0/8", "::/0"], &["10.0.0.0", "10.0.0.0/33", "10.0.0.0/08"]),
            ("mac", &["00:1b:44:11:3a:b7", "001b.4411.3ab7"], &["00:1b:44", "00:1b:44:11:3a:bz"]),
            ("hostname", &["a.example.com"], &["-a", "a..b", ""]),
            ("uri", &["https://example.com/x?y", "/x", "urn:a:b"], &["x", "", "1:2"]),
            ("email", &["a.b@example.com"], &["a", "a@", "a b@c"]),
            ("hexcolor", &["#fff", "00FF00"], &["#ff", "red"]),
            ("k8s-short-name", &["a-1"], &["A", "a.b", "-"]),
            ("k8s-long-name", &["a.b-1"], &["a..b", "A"]),
        ];
        for (name, good, bad) in table {
            let format = Format::named(name).expect(name);
            assert_eq!(format.name(), *name);
            for text in *good {
                assert!(format.accepts(text), "{name}: {text}");
            }
            for text in *bad {
                assert!(!format.accepts(text), "{name}: {text}");
            }
        }
        assert_eq!(Format::named("password"), None);
    }

    #[test]
    fn quantities_are_known() {
        for text in ["0", "1", "-1.5Gi", "100m", "12e6", "1E3", ".5", "5.", "+1k", "3E", "1e-3"] {
            assert!(is_quantity(text), "{text}");
        }
        for text in ["", "x", "1.2.3", "1 Gi", "Gi", "1KiB", "1ki", "--1", "1e+"] {
            assert!(!is_quantity(text), "{text}");
        }
    }

    #[test]
    fn times_fail_as_in_go() {
        let layout = "as \"2006-01-02T15:04:05Z07:00\": cannot parse";
        let table = [
            ("2024-01-01T00:00:00Z", None),
            ("x", Some(format!("parsing time \"x\" {layout} \"x\" as \"2006\""))),
            ("", Some(format!("parsing time \"\" {layout} \"\" as \"2006\""))),
            ("2024-01-01", Some(format!("parsing time \"2024-01-01\" {layout} \"\" as \"T\""))),
            ("2024/01/01", Some(format!("parsing time \"2024/01/01\" {layout} \"/01/01\" as \"-\""))),
            (
                "2024-01-01T00:00:00",
                Some(format!("parsing time \"2024-01-01T00:00:00\" {layout} \"\" as \"Z07:00\"")),
            ),
            (
                "2024-13-01T00:00:00Z",
                Some("parsing time \"2024-13-01T00:00:00Z\": month out of range".to_owned()),
            ),
            (
                "2023-02-29T00:00:00Z",
                Some("parsing time \"2023-02-29T00:00:00Z\": day out of range".to_owned()),
            ),
            (
                "2024-01-01T25:00:00Z",
                Some("parsing time \"2024-01-01T25:00:00Z\": hour out of range".to_owned()),
            ),
        ];
        for (text, expected) in table {
            assert_eq!(time_error(text), expected, "{text}");
        }
    }

    #[test]
    fn base64_fails_as_in_go() {
        for text in ["", "YQ==", "YWI=", "YWJj", "YWJj\nYWJj"] {
            assert_eq!(base64_error(text), None, "{text}");
        }
        for (text, at) in [("!", 0), ("YQ=", 3), ("Y", 1), ("YWJj!", 4), ("YWJjY", 5)] {
            assert_eq!(base64_error(text), Some(format!("illegal base64 data at input byte {at}")), "{text}");
        }
    }
}
