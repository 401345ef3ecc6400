//! Instants and durations as a user writes them.

use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp};

/// An instant: RFC 3339, or a day (its beginning, UTC). In milliseconds since the epoch.
pub fn instant(text: &str) -> Result<i64, String> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at.as_millisecond());
    }
    text.parse::<Date>()
        .ok()
        .and_then(|date| TimeZone::UTC.to_timestamp(date.at(0, 0, 0, 0)).ok())
        .map(Timestamp::as_millisecond)
        .ok_or_else(|| format!("{text:?} is no instant; write 2026-01-31T12:00:00Z, or 2026-01-31"))
}

/// A length of time such as `90s`, `15m`, `2h30m`.
pub fn duration(text: &str) -> Result<Duration, String> {
    text.parse::<SignedDuration>()
        .ok()
        .and_then(|duration| Duration::try_from(duration).ok())
        .ok_or_else(|| format!("{text:?} is no length of time; write 90s, 15m or 2h30m"))
}

/// An instant, or how long ago (`7d`, `12h`). What it gives is to be resolved against the present.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// An instant.
    At(i64),
    /// So long ago.
    Ago(i64),
}

impl Since {
    /// The instant that is meant, in milliseconds since the epoch.
    pub fn resolve(self, now: i64) -> i64 {
        match self {
            Self::At(at) => at,
            Self::Ago(ms) => now.saturating_sub(ms),
        }
    }
}

/// Parses a [`Since`].
pub fn since(text: &str) -> Result<Since, String> {
    if let Ok(at) = instant(text) {
        return Ok(Since::At(at));
    }
    length(text).map(Since::Ago)
}

/// An instant, or how long from now on (`90d`, `12h`). What it gives is to be resolved against the present.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// An instant.
    At(i64),
    /// So long from now on.
    For(i64),
}

impl Until {
    /// The instant that is meant, in milliseconds since the epoch.
    pub fn resolve(self, now: i64) -> i64 {
        match self {
            Self::At(at) => at,
            Self::For(ms) => now.saturating_add(ms),
        }
    }
}

/// Parses an [`Until`].
pub fn until(text: &str) -> Result<Until, String> {
    if let Ok(at) = instant(text) {
        return Ok(Until::At(at));
    }
    length(text).map(Until::For)
}

/// A length of time in milliseconds; a day has 24 hours.
fn length(text: &str) -> Result<i64, String> {
    text.parse::<Span>()
        .ok()
        .filter(|span| span.get_months() == 0 && span.get_years() == 0)
        .and_then(|span| {
            span.total((
                jiff::Unit::Millisecond,
                jiff::SpanRelativeTo::days_are_24_hours(),
            ))
            .ok()
        })
        .filter(|ms| *ms >= 0.0)
        .map(|ms| ms as i64)
        .ok_or_else(|| {
            format!("{text:?} is neither an instant (2026-01-31) nor a length of time (7d, 12h)")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_and_lengths() {
        assert_eq!(instant("1970-01-02"), Ok(86_400_000));
        assert_eq!(instant("1970-01-01T00:00:01Z"), Ok(1000));
        assert!(instant("yesterday").is_err());
        assert_eq!(duration("2h30m"), Ok(Duration::from_secs(9000)));
        assert!(duration("-1s").is_err());
        assert_eq!(since("7d").unwrap().resolve(8 * 86_400_000), 86_400_000);
        assert_eq!(since("1970-01-02").unwrap().resolve(0), 86_400_000);
        assert!(since("later").is_err());
        assert_eq!(until("7d").unwrap().resolve(86_400_000), 8 * 86_400_000);
        assert_eq!(until("1970-01-02").unwrap().resolve(5), 86_400_000);
        assert!(until("1 month").is_err());
    }
}
