//! Who a certificate is about, and until when: a short walk over its DER.
//!
//! Nothing is verified here. What cannot be read is an error, and never an empty name.

use std::time::{Duration, SystemTime};

/// The subject of a certificate, as far as identities need it, and its last second.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Subject {
    /// The last CN, as Go takes it; often empty.
    pub(crate) common_name: String,
    /// Every O, in order.
    pub(crate) organizations: Vec<String>,
    /// The uid that Kubernetes puts into certificates (1.3.6.1.4.1.57683.2), every one.
    pub(crate) uids: Vec<String>,
    /// When it stops being valid.
    pub(crate) not_after: SystemTime,
}

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const OID: u8 = 0x06;
const INTEGER: u8 = 0x02;
const EXPLICIT_VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
const ORGANIZATION: &[u8] = &[0x55, 0x04, 0x0a];
const KUBERNETES_UID: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0x83, 0xc2, 0x53, 0x02];

/// The certificate is not DER, or not a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the certificate cannot be read: {0}")]
pub(crate) struct Unreadable(&'static str);

impl Subject {
    /// Reads a certificate.
    pub(crate) fn of(der: &[u8]) -> Result<Subject, Unreadable> {
        let mut certificate = Der(der).expect(SEQUENCE, "it is not a sequence")?;
        let mut body = certificate.expect(SEQUENCE, "its body is missing")?;
        let _version = body.optional(EXPLICIT_VERSION)?;
        body.expect(INTEGER, "its serial number is missing")?;
        body.expect(SEQUENCE, "its signature algorithm is missing")?;
        body.expect(SEQUENCE, "its issuer is missing")?;
        let mut validity = body.expect(SEQUENCE, "its validity is missing")?;
        validity.next()?;
        let (tag, not_after) = validity.next()?;
        let not_after = time(tag, not_after).ok_or(Unreadable("its last day is no date"))?;
        let names = body.expect(SEQUENCE, "its subject is missing")?;
        let mut subject =
            Subject { common_name: String::new(), organizations: Vec::new(), uids: Vec::new(), not_after };
        subject.read(names)?;
        Ok(subject)
    }

    fn read(&mut self, mut names: Der<'_>) -> Result<(), Unreadable> {
        while !names.0.is_empty() {
            let mut set = names.expect(SET, "a name of its subject is not a set")?;
            while !set.0.is_empty() {
                let mut pair = set.expect(SEQUENCE, "a name of its subject is not a pair")?;
                let kind = pair.expect(OID, "a name of its subject has no type")?;
                let (tag, value) = pair.next()?;
                let Some(text) = text(tag, value) else { continue };
                match kind.0 {
                    COMMON_NAME => self.common_name = text,
                    ORGANIZATION => self.organizations.push(text),
                    KUBERNETES_UID => self.uids.push(text),
                    _ => {}
                }
            }
        }
        Ok(())
    }
}

/// The rest of a DER value.
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    /// The next tag and its contents.
    fn next(&mut self) -> Result<(u8, &'a [u8]), Unreadable> {
        let cut = Unreadable("it ends too early");
        let (&tag, rest) = self.0.split_first().ok_or(cut)?;
        let (&first, mut rest) = rest.split_first().ok_or(cut)?;
        let length = if first < 0x80 {
            usize::from(first)
        } else {
            let octets = usize::from(first & 0x7f);
            if octets == 0 || octets > 4 || rest.len() < octets {
                return Err(Unreadable("a length in it is no length"));
            }
            let (bytes, after) = rest.split_at(octets);
            rest = after;
            bytes.iter().fold(0, |sum, &byte| sum << 8 | usize::from(byte))
        };
        if rest.len() < length {
            return Err(cut);
        }
        let (value, rest) = rest.split_at(length);
        self.0 = rest;
        Ok((tag, value))
    }

    fn expect(&mut self, wanted: u8, otherwise: &'static str) -> Result<Der<'a>, Unreadable> {
        match self.next()? {
            (tag, value) if tag == wanted => Ok(Der(value)),
            _ => Err(Unreadable(otherwise)),
        }
    }

    fn optional(&mut self, wanted: u8) -> Result<Option<Der<'a>>, Unreadable> {
        if self.0.first() == Some(&wanted) { Ok(Some(Der(self.next()?.1))) } else { Ok(None) }
    }
}

/// A text in one of the forms that certificates have; other values are not texts.
fn text(tag: u8, value: &[u8]) -> Option<String> {
    match tag {
        // UTF8String, NumericString, PrintableString, TeletexString, IA5String
        0x0c | 0x12 | 0x13 | 0x14 | 0x16 => String::from_utf8(value.to_vec()).ok(),
        // BMPString
        0x1e if value.len().is_multiple_of(2) => {
            let units = value.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
            char::decode_utf16(units).collect::<Result<_, _>>().ok()
        }
        _ => None,
    }
}

/// `YYMMDDHHMMSSZ` or `YYYYMMDDHHMMSSZ`.
fn time(tag: u8, value: &[u8]) -> Option<SystemTime> {
    let text = std::str::from_utf8(value).ok()?.strip_suffix('Z')?;
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (year, rest) = match tag {
        UTC_TIME if text.len() == 12 => {
            let (year, rest) = text.split_at(2);
            let year: i64 = year.parse().ok()?;
            (if year < 50 { 2000 + year } else { 1900 + year }, rest)
        }
        GENERALIZED_TIME if text.len() == 14 => (text[..4].parse().ok()?, &text[4..]),
        _ => return None,
    };
    let field = |index: usize| rest[2 * index..2 * index + 2].parse::<i64>().ok();
    let days = days_since_1970(year, field(0)?, field(1)?);
    let seconds = days * 86_400 + field(2)? * 3600 + field(3)? * 60 + field(4)?;
    let distance = Duration::from_secs(seconds.unsigned_abs());
    if seconds < 0 {
        SystemTime::UNIX_EPOCH.checked_sub(distance)
    } else {
        SystemTime::UNIX_EPOCH.checked_add(distance)
    }
}

/// Days of the Gregorian calendar, counted in years that begin in March.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leap_days + (153 * month + 2) / 5 + day - 1 - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, DnType, DnValue, KeyPair};

    fn certificate(names: &[(DnType, DnValue)]) -> Vec<u8> {
        let mut params = CertificateParams::default();
        params.not_after = rcgen::date_time_ymd(2031, 2, 28);
        params.distinguished_name = rcgen::DistinguishedName::new();
        for (kind, value) in names {
            params.distinguished_name.push(kind.clone(), value.clone());
        }
        let key = KeyPair::generate().expect("a key");
        params.self_signed(&key).expect("a certificate").der().to_vec()
    }

    #[test]
    fn the_names_of_a_certificate_are_read_in_every_form_of_text() {
        let printable = DnValue::PrintableString("team-a".try_into().expect("printable"));
        let bmp = DnValue::BmpString("jürgen".try_into().expect("in the basic plane"));
        let utf8 = DnValue::Utf8String("zoë".to_owned());
        for (name, expected) in [(bmp, "jürgen"), (utf8, "zoë"), (printable.clone(), "team-a")] {
            let uid = DnType::from_oid(&[1, 3, 6, 1, 4, 1, 57683, 2]);
            let der = certificate(&[
                (DnType::CountryName, DnValue::PrintableString("CH".try_into().expect("printable"))),
                (DnType::OrganizationName, printable.clone()),
                (DnType::CommonName, name),
                (uid, DnValue::Utf8String("u-1".to_owned())),
            ]);
            let subject = Subject::of(&der).expect("a certificate");
            assert_eq!(subject.common_name, expected);
            assert_eq!(subject.organizations, ["team-a"]);
            assert_eq!(subject.uids, ["u-1"]);
            let day = SystemTime::UNIX_EPOCH + Duration::from_secs(1_930_003_200);
            assert_eq!(subject.not_after, day, "2031-02-28");
        }
    }

    #[test]
    fn a_certificate_without_names_has_empty_names() {
        let subject = Subject::of(&certificate(&[])).expect("a certificate");
        assert_eq!((subject.common_name.as_str(), subject.organizations.len()), ("", 0));
    }

    #[test]
    fn what_is_cut_anywhere_before_the_subject_is_an_error_and_never_a_panic() {
        let der = certificate(&[(DnType::CommonName, DnValue::Utf8String("x".to_owned()))]);
        for end in 0..der.len() {
            assert!(Subject::of(&der[..end]).is_err(), "cut at {end}");
        }
        for byte in 0..der.len() {
            let mut broken = der.clone();
            broken[byte] ^= 0xff;
            let _ = Subject::of(&broken);
        }
    }

    #[test]
    fn days_are_counted_as_the_calendar_does() {
        for ((year, month, day), expected) in
            [((1970, 1, 1), 0), ((1969, 12, 31), -1), ((2000, 2, 29), 11_016), ((2026, 3, 1), 20_513)]
        {
            assert_eq!(days_since_1970(year, month, day), expected, "{year}-{month}-{day}");
        }
    }
}
