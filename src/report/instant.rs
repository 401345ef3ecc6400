//! Instants as text.

use jiff::tz::TimeZone;
use jiff::{Timestamp, Unit};

/// RFC 3339 in UTC, to the second.
pub fn rfc3339(ms: i64) -> String {
    match Timestamp::from_millisecond(ms).and_then(|at| at.round(Unit::Second)) {
        Ok(at) => at.to_string(),
        // Outside the years that can be written: only a damaged file has such instants.
        Err(_) => format!("@{ms}"),
    }
}

/// The day, in UTC.
pub fn date(ms: i64) -> String {
    rfc3339(ms).split('T').next().unwrap_or_default().to_owned()
}

/// An instant in 14 digits, in UTC, as the archives of the web write it; rounded as [`rfc3339`] rounds.
pub fn digits(ms: i64) -> String {
    let rounded = Timestamp::from_millisecond(ms).and_then(|at| at.round(Unit::Second));
    match rounded {
        Ok(at) => TimeZone::UTC
            .to_datetime(at)
            .strftime("%Y%m%d%H%M%S")
            .to_string(),
        Err(_) => String::new(),
    }
}

/// The path at which `serve` shows a copy of a source.
pub fn web_path(at: i64, capture_id: i64, address: &str) -> String {
    // The part behind `#` is no part of what a browser asks for, but may name a source.
    let address = address.replacen('#', "%23", 1);
    format!("/web/{}-{capture_id}/{address}", digits(at))
}

/// How long before `now`, in one rounded unit.
pub fn ago(ms: i64, now: i64) -> String {
    let since = now - ms;
    if since < 60_000 {
        "just now".to_owned()
    } else {
        format!("{} ago", span(since))
    }
}

/// How long after `now`, in one rounded unit.
pub fn in_future(ms: i64, now: i64) -> String {
    let until = ms - now;
    if until < 60_000 {
        "now".to_owned()
    } else {
        format!("in {}", span(until))
    }
}

fn span(ms: i64) -> String {
    let (count, unit) = match ms / 60_000 {
        minutes @ 0..120 => (minutes, "minute"),
        minutes @ 120..2880 => (minutes / 60, "hour"),
        minutes if minutes < 90 * 1440 => (minutes / 1440, "day"),
        minutes => (minutes / (30 * 1440), "month"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_read_well() {
        assert_eq!(rfc3339(1_700_000_000_000), "2023-11-14T22:13:20Z");
        assert_eq!(date(1_700_000_000_000), "2023-11-14");
        assert_eq!(ago(0, 1_000), "just now");
        assert_eq!(ago(0, 60_000), "1 minute ago");
        assert_eq!(ago(0, 3 * 86_400_000), "3 days ago");
        assert_eq!(in_future(7_200_000, 0), "in 2 hours");
        assert_eq!(rfc3339(i64::MAX), format!("@{}", i64::MAX));
    }
}
