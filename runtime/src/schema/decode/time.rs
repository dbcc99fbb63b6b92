//! Times: RFC 3339, read as Go's `time.Parse` reads it.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// `Time` has seconds, `MicroTime` microseconds, always six digits of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::schema) enum Precision {
    Seconds,
    Micros,
}

impl Precision {
    fn layout(self) -> &'static str {
        match self {
            Precision::Seconds => "2006-01-02T15:04:05Z07:00",
            Precision::Micros => "2006-01-02T15:04:05.000000Z07:00",
        }
    }
}

/// What Go says of a string that is no time: where reading stopped and what was expected, or what is
/// out of range.
pub(in crate::schema) fn error(text: &str, precision: Precision) -> Option<String> {
    let quoted = quoted(text);
    match read(text, precision) {
        Ok(_) => None,
        Err(Fault::Stuck { rest, element }) => Some(format!(
            "parsing time {quoted} as {:?}: cannot parse {} as {element:?}",
            precision.layout(),
            self::quoted(rest)
        )),
        Err(Fault::Extra(rest)) => Some(format!("parsing time {quoted}: extra text: {}", self::quoted(rest))),
        Err(Fault::Range(what)) => Some(format!("parsing time {quoted}: {what} out of range")),
    }
}

/// The form in which Go writes the time, where it is another: in UTC, with as many digits as the type has.
pub(in crate::schema) fn canonical(text: &str, precision: Precision) -> Option<String> {
    let length = if precision == Precision::Seconds { 20 } else { 27 };
    if text.len() == length && text.ends_with('Z') {
        return None;
    }
    let timestamp = read(text, precision).ok()?.timestamp()?;
    let format =
        if precision == Precision::Seconds { "%Y-%m-%dT%H:%M:%SZ" } else { "%Y-%m-%dT%H:%M:%S%.6fZ" };
    jiff::fmt::strtime::format(format, timestamp).ok()
}

enum Fault<'a> {
    Stuck { rest: &'a str, element: &'static str },
    Extra(&'a str),
    Range(&'static str),
}

/// Year, month, day, hour, minute, second; then the rest.
struct Moment {
    numbers: [i16; 6],
    nanoseconds: i32,
    offset_minutes: i64,
}

impl Moment {
    fn timestamp(&self) -> Option<Timestamp> {
        let [year, month, day, hour, minute, second] = self.numbers;
        let small = |number: i16| i8::try_from(number).ok();
        let local = DateTime::new(
            year,
            small(month)?,
            small(day)?,
            small(hour)?,
            small(minute)?,
            small(second)?,
            self.nanoseconds,
        );
        let local = local.ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp();
        local.checked_sub(SignedDuration::from_mins(self.offset_minutes)).ok()
    }
}

fn read(text: &str, precision: Precision) -> Result<Moment, Fault<'_>> {
    const ELEMENTS: [(&str, &str); 6] =
        [("", "2006"), ("-", "01"), ("-", "02"), ("T", "15"), (":", "04"), (":", "05")];
    let mut rest = text;
    let mut numbers = [0; 6];
    for (place, (separator, element)) in ELEMENTS.into_iter().enumerate() {
        let tail = rest.strip_prefix(separator).ok_or(Fault::Stuck { rest, element: separator })?;
        let one_will_do = element == "15";
        let (number, tail) =
            number(tail, element.len(), one_will_do).ok_or(Fault::Stuck { rest: tail, element })?;
        numbers[place] = number;
        rest = tail;
    }
    let nanoseconds = fraction(&mut rest, precision)?;
    let offset_minutes = zone(rest)?;
    let moment = Moment { numbers, nanoseconds, offset_minutes };
    match out_of_range(&moment) {
        Some(what) => Err(Fault::Range(what)),
        None => Ok(moment),
    }
}

fn number(text: &str, width: usize, one_will_do: bool) -> Option<(i16, &str)> {
    let take = |width: usize| {
        let digits = text.get(..width).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
        Some((digits.parse().ok()?, &text[width..]))
    };
    take(width).or_else(|| take(1).filter(|_| one_will_do))
}

/// A fraction is read wherever it stands; `MicroTime` insists on six digits.
fn fraction<'a>(rest: &mut &'a str, precision: Precision) -> Result<i32, Fault<'a>> {
    let whole = *rest;
    let tail = whole.strip_prefix(['.', ',']).unwrap_or_default();
    let count = tail.len() - tail.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    if precision == Precision::Micros && count != 6 {
        return Err(Fault::Stuck { rest: whole, element: ".000000" });
    }
    if count == 0 {
        return Ok(0);
    }
    *rest = &tail[count..];
    let nine: String = tail[..count].chars().chain("000000000".chars()).take(9).collect();
    Ok(nine.parse().unwrap_or_default())
}

/// The offset from UTC, in minutes.
fn zone(rest: &str) -> Result<i64, Fault<'_>> {
    let stuck = Fault::Stuck { rest, element: "Z07:00" };
    if let Some(extra) = rest.strip_prefix('Z') {
        return if extra.is_empty() { Ok(0) } else { Err(Fault::Extra(extra)) };
    }
    let Some((sign, hours, minutes, extra)) = offset(rest) else { return Err(stuck) };
    match (hours, minutes) {
        (25.., _) => Err(Fault::Range("time zone offset hour")),
        (_, 61..) => Err(Fault::Range("time zone offset minute")),
        _ if !extra.is_empty() => Err(Fault::Extra(extra)),
        _ => Ok(sign * (i64::from(hours) * 60 + i64::from(minutes))),
    }
}

fn offset(text: &str) -> Option<(i64, i16, i16, &str)> {
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let (hours, rest) = number(text.strip_prefix(['+', '-'])?, 2, false)?;
    let (minutes, rest) = number(rest.strip_prefix(':')?, 2, false)?;
    Some((sign, hours, minutes, rest))
}

fn out_of_range(moment: &Moment) -> Option<&'static str> {
    let [year, month, day, hour, minute, second] = moment.numbers;
    let table = [
        (1..=12, month, "month"),
        (1..=days_in(year, month), day, "day"),
        (0..=23, hour, "hour"),
        (0..=59, minute, "minute"),
        (0..=59, second, "second"),
    ];
    table.into_iter().find(|(range, number, _)| !range.contains(number)).map(|(_, _, what)| what)
}

fn days_in(year: i16, month: i16) -> i16 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// As Go's time package quotes: everything that is not ASCII byte by byte.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => out.extend(['\\', char::from(byte)]),
            b' '..=b'~' | 0x7f => out.push(char::from(byte)),
            _ => out.push_str(&format!("\\x{byte:02x}")),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::{Precision, canonical, error};

    #[test]
    fn times_fail_as_in_go() {
        let stuck = |text: &str, rest: &str, element: &str| {
            let layout = "2006-01-02T15:04:05Z07:00";
            format!(r#"parsing time "{text}" as "{layout}": cannot parse "{rest}" as "{element}""#)
        };
        let table = [
            ("x", stuck("x", "x", "2006")),
            ("", stuck("", "", "2006")),
            ("2024-01-01", stuck("2024-01-01", "", "T")),
            ("2024/01/01", stuck("2024/01/01", "/01/01", "-")),
            ("2024-1-01T00:00:00Z", stuck("2024-1-01T00:00:00Z", "1-01T00:00:00Z", "01")),
            ("202a-01-01T00:00:00Z", stuck("202a-01-01T00:00:00Z", "202a-01-01T00:00:00Z", "2006")),
            ("2024-01-01T00:00:00", stuck("2024-01-01T00:00:00", "", "Z07:00")),
            ("2024-01-01T00:00:00+02", stuck("2024-01-01T00:00:00+02", "+02", "Z07:00")),
            ("2024-01-01T00:00:00.Z", stuck("2024-01-01T00:00:00.Z", ".Z", "Z07:00")),
            ("2024-01-01T00:00:00z", stuck("2024-01-01T00:00:00z", "z", "Z07:00")),
            ("é", stuck("\\xc3\\xa9", "\\xc3\\xa9", "2006")),
            ("2024-01-01T00:00:00Zx", r#"parsing time "2024-01-01T00:00:00Zx": extra text: "x""#.to_owned()),
            ("2024-13-01T00:00:00Z", r#"parsing time "2024-13-01T00:00:00Z": month out of range"#.to_owned()),
            ("2024-01-00T00:00:00Z", r#"parsing time "2024-01-00T00:00:00Z": day out of range"#.to_owned()),
            ("2023-02-29T00:00:00Z", r#"parsing time "2023-02-29T00:00:00Z": day out of range"#.to_owned()),
            ("2024-01-01T25:00:00Z", r#"parsing time "2024-01-01T25:00:00Z": hour out of range"#.to_owned()),
            (
                "2024-01-01T00:60:00Z",
                r#"parsing time "2024-01-01T00:60:00Z": minute out of range"#.to_owned(),
            ),
            (
                "2024-01-01T00:00:60Z",
                r#"parsing time "2024-01-01T00:00:60Z": second out of range"#.to_owned(),
            ),
            (
                "2024-01-01T00:00:00+25:00",
                r#"parsing time "2024-01-01T00:00:00+25:00": time zone offset hour out of range"#.to_owned(),
            ),
        ];
        for (text, expected) in table {
            assert_eq!(error(text, Precision::Seconds), Some(expected), "{text}");
        }
        let expected =
            r#"parsing time "x" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "x" as "2006""#;
        assert_eq!(error("x", Precision::Micros).as_deref(), Some(expected));
    }

    #[test]
    fn times_are_written_as_go_writes_them() {
        let table = [
            ("2024-02-29T23:59:59Z", None),
            ("2024-02-29T23:59:59.123456789Z", Some("2024-02-29T23:59:59Z")),
            ("2024-01-01T00:00:00+02:00", Some("2023-12-31T22:00:00Z")),
            ("2024-01-01T00:30:00,5-01:30", Some("2024-01-01T02:00:00Z")),
            ("2024-01-01T0:00:00Z", Some("2024-01-01T00:00:00Z")),
            ("nonsense", None),
        ];
        for (text, expected) in table {
            assert_eq!(canonical(text, Precision::Seconds).as_deref(), expected, "{text}");
        }
        assert_eq!(canonical("2024-01-01T00:00:00.123456Z", Precision::Micros), None);
        let shifted = canonical("2024-01-01T00:00:00.123456+01:00", Precision::Micros);
        assert_eq!(shifted.as_deref(), Some("2023-12-31T23:00:00.123456Z"));
    }
}
