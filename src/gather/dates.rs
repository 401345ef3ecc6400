//! When a post was published, from whatever a page or a feed says.
//!
//! Best effort: RFC 3339 and its relatives, RFC 2822 with the zone names and missing week days that feeds have, and
//! plain days, which count from midnight UTC.

use jiff::civil;
use jiff::fmt::strtime;
use jiff::{Timestamp, tz::TimeZone};

/// Zone names that RFC 822 knew and that feeds still carry, in hours from UTC.
const ZONES: &[(&str, &str)] = &[
    ("GMT", "+0000"),
    ("UTC", "+0000"),
    ("UT", "+0000"),
    ("Z", "+0000"),
    ("EST", "-0500"),
    ("EDT", "-0400"),
    ("CST", "-0600"),
    ("CDT", "-0500"),
    ("MST", "-0700"),
    ("MDT", "-0600"),
    ("PST", "-0800"),
    ("PDT", "-0700"),
    ("CET", "+0100"),
    ("CEST", "+0200"),
    ("BST", "+0100"),
    ("JST", "+0900"),
];

/// Forms with an offset from UTC.
const ZONED: &[&str] = &[
    "%Y-%m-%dT%H:%M:%S%.f%z",
    "%Y-%m-%dT%H:%M:%S%.f%:z",
    "%Y-%m-%dT%H:%M%:z",
    "%Y-%m-%dT%H:%M%z",
    "%Y-%m-%d %H:%M:%S %z",
    "%Y-%m-%d %H:%M:%S%:z",
    "%d %b %Y %H:%M:%S %z",
    "%d %b %Y %H:%M %z",
    "%d %b %y %H:%M:%S %z",
];

/// Forms without one, taken as UTC.
const CIVIL: &[&str] = &[
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%dT%H:%M",
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%d %H:%M",
    "%d %b %Y %H:%M:%S",
    "%d %b %Y %H:%M",
];

/// Forms of a day.
const DAYS: &[&str] = &[
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y%m%d",
    "%d %b %Y",
    "%d %B %Y",
    "%B %d, %Y",
    "%b %d, %Y",
];

/// Milliseconds since the epoch, or `None` where it cannot be read.
pub(super) fn milliseconds(written: &str) -> Option<i64> {
    let written = written.trim();
    if written.len() < 6 || written.len() > 80 || !written.is_ascii() {
        return None;
    }
    if let Ok(timestamp) = written.parse::<Timestamp>() {
        return Some(timestamp.as_millisecond());
    }
    let plain = with_numeric_zone(without_week_day(written));
    for form in ZONED {
        if let Ok(parsed) = strtime::parse(form, &plain)
            && let Ok(timestamp) = parsed.to_timestamp()
        {
            return Some(timestamp.as_millisecond());
        }
    }
    for form in CIVIL {
        if let Ok(at) = civil::DateTime::strptime(form, &plain) {
            return in_utc(at);
        }
    }
    for form in DAYS {
        if let Ok(day) = civil::Date::strptime(form, &plain) {
            return in_utc(day.to_datetime(civil::Time::midnight()));
        }
    }
    None
}

fn in_utc(at: civil::DateTime) -> Option<i64> {
    TimeZone::UTC
        .to_timestamp(at)
        .ok()
        .map(Timestamp::as_millisecond)
}

fn without_week_day(written: &str) -> &str {
    match written.split_once(',') {
        Some((day, rest))
            if day.len() <= 9 && day.bytes().all(|byte| byte.is_ascii_alphabetic()) =>
        {
            rest.trim_start()
        }
        _ => written,
    }
}

fn with_numeric_zone(written: &str) -> String {
    if let Some((before, zone)) = written.rsplit_once(' ')
        && let Some((_, offset)) = ZONES
            .iter()
            .find(|(name, _)| zone.eq_ignore_ascii_case(name))
    {
        return format!("{before} {offset}");
    }
    match written.strip_suffix('Z') {
        Some(before) => format!("{before}+0000"),
        None => written.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_met() {
        for (written, expected) in [
            ("2012-08-23T10:00:00Z", Some(1_345_716_000_000)),
            ("2012-08-23T12:00:00+02:00", Some(1_345_716_000_000)),
            ("2012-08-23T12:00:00+0200", Some(1_345_716_000_000)),
            ("2012-08-23T10:00:00", Some(1_345_716_000_000)),
            ("2012-08-23 10:00", Some(1_345_716_000_000)),
            ("2012-08-23", Some(1_345_680_000_000)),
            ("Thu, 23 Aug 2012 10:00:00 GMT", Some(1_345_716_000_000)),
            ("Thu, 23 Aug 2012 06:00:00 EDT", Some(1_345_716_000_000)),
            ("23 Aug 2012 10:00 +0000", Some(1_345_716_000_000)),
            ("August 23, 2012", Some(1_345_680_000_000)),
            ("2012-08-23 12:00:00 +0200", Some(1_345_716_000_000)),
            ("yesterday", None),
            ("", None),
        ] {
            assert_eq!(milliseconds(written), expected, "{written}");
        }
    }
}
