//! Formats of strings: those that Kubernetes enforces.

use std::net::Ipv6Addr;

use super::decode::time::{self, Precision};

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
            Format::DateTime => is_date_time(text),
            Format::Date => text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok(),
            Format::Uuid => is_uuid(text),
            Format::Ipv4 => is_ipv4(text) || text.contains('.') && is_ipv6(text),
            Format::Ipv6 => is_ipv6(text),
            Format::Cidr => is_cidr(text),
            Format::Mac => is_mac(text),
            Format::Hostname => is_host_name(text),
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

/// Kubernetes reads these in any case, but insists on two digits everywhere.
fn is_date_time(text: &str) -> bool {
    let upper = text.to_ascii_uppercase();
    upper.get(13..14) == Some(":") && time::error(&upper, Precision::Seconds).is_none()
}

/// Zeros in front are overlooked, as Go did before 1.17.
fn is_ipv4(text: &str) -> bool {
    let is_byte = |part: &str| {
        part.bytes().all(|byte| byte.is_ascii_digit())
            && part.parse::<u32>().is_ok_and(|number| number <= 255)
    };
    text.split('.').count() == 4 && text.split('.').all(is_byte)
}

fn is_ipv6(text: &str) -> bool {
    text.parse::<Ipv6Addr>().is_ok()
}

fn is_cidr(text: &str) -> bool {
    let Some((address, bits)) = text.split_once('/') else { return false };
    let limit = match (is_ipv4(address), is_ipv6(address)) {
        (true, _) => 32,
        (_, true) => 128,
        _ => return false,
    };
    bits.bytes().all(|byte| byte.is_ascii_digit()) && bits.parse::<u32>().is_ok_and(|bits| bits <= limit)
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

/// One label with at most one dash, in second place, or several labels of which the last is letters:
/// odd, and what Kubernetes' pattern says.
fn is_host_name(text: &str) -> bool {
    let is_letter = |c: char| c.is_alphabetic();
    let is_word = |c: char| c.is_alphanumeric();
    let labels: Vec<&str> = text.split('.').collect();
    if text.len() > 255 || labels.iter().any(|label| label.len() > 63) {
        return false;
    }
    let Some((last, others)) = labels.split_last() else { return false };
    if others.is_empty() {
        let Some(rest) = last.strip_prefix(is_word) else { return false };
        return rest.strip_prefix('-').unwrap_or(rest).chars().all(is_word);
    }
    let is_label = |label: &&str| {
        label.starts_with(is_word)
            && label.ends_with(is_word)
            && label.chars().all(|c| is_word(c) || c == '-')
    };
    others.iter().all(is_label) && last.chars().count() >= 2 && last.chars().all(is_letter)
}

fn is_label(part: &str) -> bool {
    part.len() <= 63 && is_dns_part(part)
}

fn is_dns_part(part: &str) -> bool {
    !part.is_empty()
        && !part.starts_with('-')
        && !part.ends_with('-')
        && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
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

#[cfg(test)]
mod tests {
    use super::Format;

    #[test]
    fn formats_know_their_own() {
        let table: &[(&str, &[&str], &[&str])] = &[
            (
                "date-time",
                &["2024-02-29T23:59:59Z", "2024-01-01T00:00:00.123456+02:00"],
                &["2024-01-01", "x", "", "2024-01-01T0:00:00Z", "2024-01-01T00:00Z"],
            ),
            ("date", &["2024-02-29"], &["2023-02-29", "2024-1-1"]),
            (
                "uuid",
                &["123e4567-e89b-12d3-a456-426614174000", "123E4567E89B12D3A456426614174000"],
                &["x", "123e4567-e89b"],
            ),
            (
                "ipv4",
                &["10.0.0.1", "010.0.0.1", "::ffff:1.2.3.4"],
                &["10.0.0", "::1", "10.0.0.256", "10.0.0."],
            ),
            ("ipv6", &["::1"], &["10.0.0.1"]),
            ("cidr", &["10.0.0.0/8", "::/0", "010.0.0.0/08"], &["10.0.0.0", "10.0.0.0/33", "10.0.0.0/"]),
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
}
