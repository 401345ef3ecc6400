//! When a post was published, from whatever a page or a feed says.
//!
//! The forms of ISO 8601 that RFC 3339 and W3CDTF allow are read strictly, down to a year alone. Everything else is
//! read for what its parts can only be: RFC 822 with the zones, the short years and the missing week days that feeds
//! have, names of months in many languages, days in the order in which Americans, Germans or Koreans write them. Where
//! two readings are possible, there is none: a wrong date is worse than no date. What names no zone counts as UTC.

mod iso;
mod loose;
mod names;

use jiff::civil;
pub(super) use names::month as month_named;

/// A date that is longer than this is none.
const MAX_DATE_BYTES: usize = 120;
/// Before it nothing was published on the web, and a few programs write the first day of their calendar where they
/// have no date.
const FIRST_YEAR: i16 = 1900;
const LAST_YEAR: i16 = 2200;
const DAY_MS: i64 = 86_400_000;

/// Milliseconds since the epoch, or `None` where it cannot be read.
pub(super) fn milliseconds(written: &str) -> Option<i64> {
    let written = written.trim();
    if written.len() < 4 || written.len() > MAX_DATE_BYTES {
        return None;
    }
    iso::read(written)
        .or_else(|| counted(written))
        .or_else(|| loose::read(written))
}

/// Seconds or milliseconds since the epoch, as programs write them.
fn counted(written: &str) -> Option<i64> {
    if !written.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: i64 = written.parse().ok()?;
    match written.len() {
        9 | 10 => Some(number * 1000),
        12 | 13 => Some(number),
        _ => None,
    }
}

/// A day and a time of it, as written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Parts {
    year: i16,
    month: i8,
    day: i8,
    hour: i64,
    minute: i64,
    /// Of the minute, in milliseconds.
    second_ms: i64,
    /// How far east of UTC, in minutes.
    offset: i64,
}

impl Parts {
    fn milliseconds(self) -> Option<i64> {
        let is_time = self.hour <= 24 && self.minute < 60 && self.second_ms < 61_000;
        let is_offset = self.offset.abs() <= 18 * 60;
        if !is_time || !is_offset || !(FIRST_YEAR..=LAST_YEAR).contains(&self.year) {
            return None;
        }
        let day = civil::Date::new(self.year, self.month, self.day).ok()?;
        let days = i64::from((day - civil::date(1970, 1, 1)).get_days());
        let minutes = self.hour * 60 + self.minute - self.offset;
        Some(days * DAY_MS + minutes * 60_000 + self.second_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 23 August 2012, 10:00 UTC.
    const TEN: i64 = 1_345_716_000_000;
    const MIDNIGHT: i64 = 1_345_680_000_000;

    #[test]
    fn iso_and_its_parts() {
        for (written, expected) in [
            ("2012-08-23T10:00:00Z", Some(TEN)),
            ("2012-08-23t10:00:00z", Some(TEN)),
            ("2012-08-23T12:00:00+02:00", Some(TEN)),
            ("2012-08-23T12:00:00+0200", Some(TEN)),
            ("2012-08-23T12:00:00+02", Some(TEN)),
            ("2012-08-23T12:00:00 +02:00", Some(TEN)),
            ("2012-08-23T04:30-05:30", Some(TEN)),
            ("2012-08-23T10:00:00", Some(TEN)),
            ("2012-08-23T10:00:00.250Z", Some(TEN + 250)),
            ("2012-08-23T10:00:00,2504567Z", Some(TEN + 250)),
            ("2012-08-23 10:00", Some(TEN)),
            ("2012-08-23 12:00:00 +0200", Some(TEN)),
            ("2012-08-23T10", Some(TEN)),
            ("20120823T100000Z", Some(TEN)),
            ("20120823100000", Some(TEN)),
            ("2012-08-23", Some(MIDNIGHT)),
            ("2012-08-23Z", Some(MIDNIGHT)),
            ("20120823", Some(MIDNIGHT)),
            ("2012-236", Some(MIDNIGHT)),
            ("2012-08", Some(MIDNIGHT - 22 * DAY_MS)),
            ("2012", Some(MIDNIGHT - 235 * DAY_MS)),
            ("2012-08-22T24:00:00Z", Some(MIDNIGHT)),
            ("1345716000", Some(TEN)),
            ("1345716000250", Some(TEN + 250)),
            ("2012-13-01", None),
            ("2012-02-30", None),
            ("2012-08-23T25:00:00Z", None),
            ("0001-01-01T00:00:00Z", None),
            ("2012-08-23T10:00:00+99:00", None),
        ] {
            assert_eq!(milliseconds(written), expected, "{written}");
        }
    }

    #[test]
    fn what_feeds_write() {
        for (written, expected) in [
            ("Thu, 23 Aug 2012 10:00:00 GMT", Some(TEN)),
            ("Thu, 23 Aug 2012 06:00:00 EDT", Some(TEN)),
            ("Thu, 23 Aug 12 10:00:00 UT", Some(TEN)),
            ("Thursday, 23-Aug-12 10:00:00 GMT", Some(TEN)),
            ("Thu 23 August 2012 10:00 Z", Some(TEN)),
            ("23 Aug 2012 10:00 +0000", Some(TEN)),
            ("Thu, 23 Aug 2012 12:00:00 GMT+0200", Some(TEN)),
            ("Thu, 23 Aug 2012 12:00:00 UTC+02:00", Some(TEN)),
            ("Thu, 23 Aug 2012 12:00:00 +02:00", Some(TEN)),
            ("Thu, 23 Aug 2012 03:00:00 -0700 (PDT)", Some(TEN)),
            ("Thu,23 Aug 2012 10:00:00 +0000", Some(TEN)),
            ("Thu, 23 Aug 2012 10:00:00 Etc/GMT", Some(TEN)),
            ("Thu, 23 Aug 2012 10:00:00 XYZ", Some(TEN)),
            ("Thu Aug 23 10:00:00 2012", Some(TEN)),
            ("Thu Aug 23 03:00:00 PDT 2012", Some(TEN)),
            ("Thu, 2012/08/23 06:00:00 EDT", Some(TEN)),
            ("2012/08/23 10:00:00", Some(TEN)),
            ("August 23, 2012", Some(MIDNIGHT)),
            ("Aug 23rd, 2012 10:00 AM", Some(TEN)),
            ("August 23, 2012, 10:00 a.m.", Some(TEN)),
            ("8/23/2012 10:00:00 AM", Some(TEN)),
            ("23/08/2012 10:00", Some(TEN)),
            ("23.08.2012 10:00", Some(TEN)),
            ("23. August 2012", Some(MIDNIGHT)),
            ("jeu, 23 août 2012 10:00:00 +0000", Some(TEN)),
            ("mar., 21 août 2012", Some(MIDNIGHT - 2 * DAY_MS)),
            ("Do, 23 Aug 2012 12:00:00 MESZ", Some(TEN)),
            ("23 de agosto de 2012", Some(MIDNIGHT)),
            ("23 agosto 2012", Some(MIDNIGHT)),
            ("Чт, 23 авг 2012 13:00:00 MSK", Some(TEN)),
            ("23 sierpnia 2012", Some(MIDNIGHT)),
            ("Πεμ, 23 Αυγ 2012 10:00:00 GMT", Some(TEN)),
            ("2012-augusztus-23T10:00-00:00", Some(TEN)),
            ("2012年08月23日 10:00:00", Some(TEN)),
            ("2012년 08월 23일 10:00:00", Some(TEN)),
            ("2012-08-23 오후 10:00:00", Some(TEN + DAY_MS / 2)),
            ("12:00 AM, 23 Aug 2012", Some(MIDNIGHT)),
            ("August 2012", Some(MIDNIGHT - 22 * DAY_MS)),
            ("Thu, 23 Aug 1998 10:00:00 GMT", Some(903_866_400_000)),
            ("Thu, 23 Aug 98 10:00:00 GMT", Some(903_866_400_000)),
        ] {
            assert_eq!(milliseconds(written), expected, "{written}");
        }
    }

    #[test]
    fn what_is_no_date() {
        for written in [
            "",
            "yesterday",
            "3 days ago",
            "03/04/2012",
            "23 Aug",
            "10:00",
            "Thu, 31 Feb 2012 10:00:00 GMT",
            "Thu, 23 Foo 2012 10:00:00 GMT",
            "1.2.3.4",
            "version 2012",
            "99999999999999999999",
            "é",
            "----------",
            "::::::",
            "2012-08-23T",
            "+",
        ] {
            assert_eq!(milliseconds(written), None, "{written}");
        }
        assert_eq!(milliseconds(&"1 ".repeat(100_000)), None);
    }
}
