//! Instants, as WARC and ARC write them.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// An instant in milliseconds since the epoch: RFC 3339 with any fraction, shortened as W3CDTF allows (`2014`, `2014-02`,
/// `2014-02-10T08:00Z`), or 4 to 17 digits as ARC and CDX have it, whose end says nothing where it cannot be read.
pub fn date(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at.as_millisecond());
    }
    if text.len() >= 4 && text.len() <= 20 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return digits(text);
    }
    let utc = text.strip_suffix(['Z', 'z']).unwrap_or(text);
    match utc.len() {
        4 | 7 | 10 => digits(&utc.replace('-', "")),
        13 | 16 if utc.as_bytes()[10] == b'T' => digits(&utc.replace(['-', 'T', ':'], "")),
        // ClueWeb09 writes the day of the year where that of the month belongs.
        19.. if utc.as_bytes()[7] == b'-' && utc.as_bytes()[11] == b'T' => day_of_year(text),
        // Without its zone, which is always UTC.
        19.. if utc.len() == text.len() => {
            let with_zone = format!("{}Z", utc.replacen(' ', "T", 1));
            with_zone
                .parse::<Timestamp>()
                .ok()
                .map(Timestamp::as_millisecond)
        }
        _ => None,
    }
}

fn day_of_year(text: &str) -> Option<i64> {
    let zoned = if text.len() == 20 {
        format!("{text}+0000")
    } else {
        text.to_owned()
    };
    let parsed = jiff::fmt::strtime::parse("%Y-%m-%jT%H:%M:%S%z", zoned).ok()?;
    let day = jiff::civil::Date::new(parsed.year()?, 1, 1).ok()?;
    let days = jiff::Span::new().days(i64::from(parsed.day_of_year()?) - 1);
    let time =
        jiff::civil::Time::new(parsed.hour()?, parsed.minute()?, parsed.second()?, 0).ok()?;
    let at = parsed
        .offset()?
        .to_timestamp(day.checked_add(days).ok()?.to_datetime(time))
        .ok()?;
    Some(at.as_millisecond())
}

fn digits(text: &str) -> Option<i64> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let part =
        |from: usize, to: usize| text.get(from..to).and_then(|part| part.parse::<i16>().ok());
    let two = |from: usize, least: i8| {
        part(from, from + 2).map_or(Some(least), |part| i8::try_from(part).ok())
    };
    let at = |hour, minute, second| {
        let at =
            DateTime::new(part(0, 4)?, two(4, 1)?, two(6, 1)?, hour, minute, second, 0).ok()?;
        TimeZone::UTC.to_timestamp(at).ok()
    };
    let at = at(two(8, 0)?, two(10, 0)?, two(12, 0)?)?;
    let millis = if text.len() >= 17 { part(14, 17)? } else { 0 };
    Some(at.as_millisecond() + i64::from(millis))
}

/// An instant as WARC 1.1 has it, to the millisecond where it has one.
pub fn write_date(ms: i64) -> String {
    match Timestamp::from_millisecond(ms) {
        Ok(at) if ms.rem_euclid(1000) == 0 => at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        Ok(at) => at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string(),
        // Beyond the year 9999.
        Err(_) => "1970-01-01T00:00:00Z".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_all_lengths() {
        for (text, expected) in [
            ("2014-01-03T03:03:21Z", Some(1_388_718_201_000)),
            ("2014-01-03T03:03:21.250Z", Some(1_388_718_201_250)),
            ("2014-01-03T03:03:21.250999999Z", Some(1_388_718_201_250)),
            ("2014-01-03T05:03:21+02:00", Some(1_388_718_201_000)),
            ("2014-01-03T03:03:21", Some(1_388_718_201_000)),
            ("2014", Some(1_388_534_400_000)),
            ("2014-01", Some(1_388_534_400_000)),
            ("2014-01-03", Some(1_388_707_200_000)),
            ("2014-01-03T03:03Z", Some(1_388_718_180_000)),
            ("20140103030321", Some(1_388_718_201_000)),
            ("20140103030321250", Some(1_388_718_201_250)),
            ("2014010303032199", Some(1_388_718_201_000)),
            ("201401030303", Some(1_388_718_180_000)),
            ("2008-10-294T05:21:46-0700", Some(1_224_505_306_000)),
            ("2008-10-294T05:21:46", Some(1_224_480_106_000)),
            ("2008-10-399T05:21:46-0700", None),
            ("20141399", None),
            ("blue_monday", None),
            ("-2046788874", None),
            ("", None),
            ("\u{e9}\u{e9}\u{e9}", None),
        ] {
            assert_eq!(date(text), expected, "{text}");
        }
        for ms in [0, 1, 999, 1_388_718_201_000, 1_388_718_201_250, -1] {
            assert_eq!(date(&write_date(ms)), Some(ms));
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in "[0-9TZ:. +-]{0,30}|.{0,20}") {
            let _ = date(&text);
        }
    }
}
