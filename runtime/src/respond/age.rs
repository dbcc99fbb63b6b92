//! How long ago something was, in the few characters of a table's cell.
//!
//! The steps are those of apimachinery `pkg/util/duration`.

use jiff::Timestamp;

use super::pieces::Json as _;
use crate::gzip::Pieces;

/// A time written as RFC 3339, in milliseconds; or what stands for its age where it is none.
pub(super) fn time(written: &str) -> Result<i64, &'static str> {
    if written.is_empty() || written == "null" {
        return Err("<unknown>");
    }
    written.parse::<Timestamp>().map(Timestamp::as_millisecond).map_err(|_| "<invalid>")
}

/// Writes the age of a time in milliseconds, seen from `now`.
pub(super) fn write(out: &mut impl Pieces, now: Timestamp, time: i64) {
    human(out, now.as_millisecond().saturating_sub(time));
}

/// A span of milliseconds with two or three significant figures.
fn human(out: &mut impl Pieces, milliseconds: i64) {
    const YEAR: i64 = 365;
    let seconds = milliseconds / 1000;
    let (minutes, hours) = (seconds / 60, seconds / 3600);
    let (days, years) = (hours / 24, hours / 24 / YEAR);
    match seconds {
        // Clocks may differ by a second.
        ..-1 => out.text("<invalid>"),
        -1 => out.text("0s"),
        0..120 => out.formatted(format_args!("{seconds}s")),
        _ if minutes < 10 => pair(out, minutes, 'm', seconds % 60, 's'),
        _ if minutes < 180 => out.formatted(format_args!("{minutes}m")),
        _ if hours < 8 => pair(out, hours, 'h', minutes % 60, 'm'),
        _ if hours < 48 => out.formatted(format_args!("{hours}h")),
        _ if days < 8 => pair(out, days, 'd', hours % 24, 'h'),
        _ if days < 2 * YEAR => out.formatted(format_args!("{days}d")),
        _ if days < 8 * YEAR => pair(out, years, 'y', days % YEAR, 'd'),
        _ => out.formatted(format_args!("{years}y")),
    }
}

/// The smaller unit is left out when it is zero.
fn pair(out: &mut impl Pieces, large: i64, unit: char, small: i64, small_unit: char) {
    out.formatted(format_args!("{large}{unit}"));
    if small != 0 {
        out.formatted(format_args!("{small}{small_unit}"));
    }
}

#[cfg(test)]
mod tests {
    use super::{Timestamp, human, time, write};

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn spans_are_written_as_kubectl_shows_them() {
        const HOUR: i64 = 3600;
        const DAY: i64 = 24 * HOUR;
        for (seconds, expected) in [
            (-2, "<invalid>"),
            (-1, "0s"),
            (0, "0s"),
            (119, "119s"),
            (120, "2m"),
            (121, "2m1s"),
            (599, "9m59s"),
            (600, "10m"),
            (3 * HOUR - 1, "179m"),
            (3 * HOUR, "3h"),
            (3 * HOUR + 60, "3h1m"),
            (8 * HOUR, "8h"),
            (2 * DAY - 1, "47h"),
            (2 * DAY, "2d"),
            (2 * DAY + HOUR, "2d1h"),
            (8 * DAY, "8d"),
            (730 * DAY - 1, "729d"),
            (730 * DAY, "2y"),
            (731 * DAY, "2y1d"),
            (8 * 365 * DAY, "8y"),
        ] {
            assert_eq!(written(|out| human(out, seconds * 1000)), expected, "{seconds}");
        }
    }

    #[test]
    fn times_are_read() {
        let now: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
        for text in ["2026-01-02T03:03:05Z", "2026-01-02T04:03:05+01:00"] {
            let time = time(text).expect(text);
            assert_eq!(written(|out| write(out, now, time)), "60s");
        }
        assert_eq!((time(""), time("yesterday")), (Err("<unknown>"), Err("<invalid>")));
    }
}
