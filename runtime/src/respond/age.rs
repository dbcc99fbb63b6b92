//! How long ago something was, in the few characters of a table's cell.
//!
//! The steps are those of apimachinery `pkg/util/duration`.

use jiff::Timestamp;

/// The age of a time written as RFC 3339, seen from `now`.
#[must_use]
pub fn since(written: &str, now: Timestamp) -> String {
    if written.is_empty() || written == "null" {
        return "<unknown>".to_owned();
    }
    match written.parse::<Timestamp>() {
        Ok(then) => human(now.as_millisecond().saturating_sub(then.as_millisecond())),
        Err(_) => "<invalid>".to_owned(),
    }
}

/// A span of milliseconds with two or three significant figures.
fn human(milliseconds: i64) -> String {
    const YEAR: i64 = 365;
    let seconds = milliseconds / 1000;
    let (minutes, hours) = (seconds / 60, seconds / 3600);
    let (days, years) = (hours / 24, hours / 24 / YEAR);
    match seconds {
        // Clocks may differ by a second.
        ..-1 => "<invalid>".to_owned(),
        -1 => "0s".to_owned(),
        0..120 => format!("{seconds}s"),
        _ if minutes < 10 => pair(minutes, 'm', seconds % 60, 's'),
        _ if minutes < 180 => format!("{minutes}m"),
        _ if hours < 8 => pair(hours, 'h', minutes % 60, 'm'),
        _ if hours < 48 => format!("{hours}h"),
        _ if days < 8 => pair(days, 'd', hours % 24, 'h'),
        _ if days < 2 * YEAR => format!("{days}d"),
        _ if days < 8 * YEAR => pair(years, 'y', days % YEAR, 'd'),
        _ => format!("{years}y"),
    }
}

/// The smaller unit is left out when it is zero.
fn pair(large: i64, unit: char, small: i64, small_unit: char) -> String {
    if small == 0 { format!("{large}{unit}") } else { format!("{large}{unit}{small}{small_unit}") }
}

#[cfg(test)]
mod tests {
    use super::{Timestamp, human, since};

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
            assert_eq!(human(seconds * 1000), expected, "{seconds}");
        }
    }

    #[test]
    fn times_are_read() {
        let now: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
        for (written, expected) in [
            ("2026-01-02T03:03:05Z", "60s"),
            ("2026-01-02T04:03:05+01:00", "60s"),
            ("", "<unknown>"),
            ("yesterday", "<invalid>"),
        ] {
            assert_eq!(since(written, now), expected, "{written}");
        }
    }
}
