//! Times of the day, as systemd and cron both can express them.

use std::fmt::Write as _;
use std::time::Duration;

use jiff::ToSpan as _;
use jiff::ZonedDateTime;

/// Minutes of hours at which something is started, in local time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Times {
    /// Hours, in order; none for every hour.
    pub hours: Vec<u8>,
    /// Minutes, in order.
    pub minutes: Vec<u8>,
}

/// Times that cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TimesError {
    /// Not `HH:MM`.
    #[error("{0:?} is no time of the day; write 03:30")]
    At(String),
    /// Not a part of an hour or of a day.
    #[error("a run can be made every 5m, 10m, 15m, 20m, 30m, 1h, 2h, 3h, 4h, 6h, 8h, 12h or 24h")]
    Every,
}

/// A time of the day, `HH:MM`.
pub fn parse_at(text: &str) -> Result<Times, TimesError> {
    let wrong = || TimesError::At(text.to_owned());
    let (hour, minute) = text.split_once(':').ok_or_else(wrong)?;
    let number = |text: &str, most: u8| {
        let is_number = text.len() <= 2 && text.bytes().all(|b| b.is_ascii_digit());
        let number = text.parse::<u8>().ok().filter(|n| is_number && *n < most);
        number.ok_or_else(wrong)
    };
    Ok(Times {
        hours: vec![number(hour, 24)?],
        minutes: vec![number(minute, 60)?],
    })
}

/// A time that divides an hour or a day, from some minute on.
pub fn parse_every(every: Duration, offset: u8) -> Result<Times, TimesError> {
    let minutes = every.as_secs() / 60;
    if every.subsec_nanos() != 0 || !every.as_secs().is_multiple_of(60) {
        return Err(TimesError::Every);
    }
    match minutes {
        5 | 10 | 15 | 20 | 30 => {
            let step = minutes as usize;
            let first = usize::from(offset) % step;
            Ok(Times {
                hours: Vec::new(),
                minutes: (first..60)
                    .step_by(step)
                    .map(|minute| minute as u8)
                    .collect(),
            })
        }
        60 => Ok(Times {
            hours: Vec::new(),
            minutes: vec![offset % 60],
        }),
        120 | 180 | 240 | 360 | 480 | 720 | 1440 => {
            let step = (minutes / 60) as usize;
            let first = usize::from(offset) % step;
            Ok(Times {
                hours: (first..24).step_by(step).map(|hour| hour as u8).collect(),
                minutes: vec![offset % 60],
            })
        }
        _ => Err(TimesError::Every),
    }
}

impl Times {
    /// As in `OnCalendar=`.
    pub fn calendar(&self) -> String {
        let hours = list(&self.hours, 2);
        let hours = if hours.is_empty() { "*" } else { &hours };
        format!("*-*-* {hours}:{}:00", list(&self.minutes, 2))
    }

    /// As the first five fields of a crontab line.
    pub fn cron(&self) -> String {
        let hours = list(&self.hours, 1);
        let hours = if hours.is_empty() { "*" } else { &hours };
        format!("{} {hours} * * *", list(&self.minutes, 1))
    }

    /// Back from a crontab line of ours.
    pub fn of_cron(line: &str) -> Option<Self> {
        let mut fields = line.split(' ');
        let (minutes, hours) = (fields.next()?, fields.next()?);
        let numbers = |field: &str, most: u8| {
            let numbers = field.split(',').map(|n| n.parse::<u8>().ok());
            numbers
                .map(|n| n.filter(|n| *n < most))
                .collect::<Option<Vec<_>>>()
        };
        Some(Self {
            hours: if hours == "*" {
                Vec::new()
            } else {
                numbers(hours, 24)?
            },
            minutes: numbers(minutes, 60)?,
        })
    }

    /// The least time between two of them, in minutes.
    pub fn apart_minutes(&self) -> u32 {
        if self.minutes.len() > 1 {
            return u32::from(self.minutes[1] - self.minutes[0]);
        }
        match self.hours.as_slice() {
            [] => 60,
            [first, second, ..] => u32::from(second - first) * 60,
            [_] => 24 * 60,
        }
    }

    /// The first of them after this instant; `None` beyond the end of time.
    pub fn next_after(&self, now: &ZonedDateTime) -> Option<ZonedDateTime> {
        let start = now.with().second(0).subsec_nanosecond(0).build().ok()?;
        // Two days, for an hour that the clocks skip in spring comes a day later.
        (1..=2 * 24 * 60_i64).find_map(|minutes| {
            let at = start.checked_add(minutes.minutes()).ok()?;
            let is_hour = self.hours.is_empty() || self.hours.contains(&(at.hour().unsigned_abs()));
            (is_hour && self.minutes.contains(&at.minute().unsigned_abs())).then_some(at)
        })
    }
}

fn list(numbers: &[u8], width: usize) -> String {
    let mut text = String::new();
    for number in numbers {
        let comma = if text.is_empty() { "" } else { "," };
        // Writing to a string does not fail.
        let _ = write!(text, "{comma}{number:0width$}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_for_both() {
        let both = |times: &Times| (times.calendar(), times.cron());
        let every = |minutes: u64| parse_every(Duration::from_secs(minutes * 60), 17).unwrap();
        for (times, calendar, cron) in [
            (parse_at("3:05").unwrap(), "*-*-* 03:05:00", "5 3 * * *"),
            (every(15), "*-*-* *:02,17,32,47:00", "2,17,32,47 * * * *"),
            (every(60), "*-*-* *:17:00", "17 * * * *"),
            (every(360), "*-*-* 05,11,17,23:17:00", "17 5,11,17,23 * * *"),
            (every(1440), "*-*-* 17:17:00", "17 17 * * *"),
        ] {
            assert_eq!(both(&times), (calendar.to_owned(), cron.to_owned()));
            assert_eq!(Times::of_cron(&format!("{cron} x")), Some(times));
        }
        for wrong in [
            "", "3", "24:00", "3:60", "+3:00", "3:00:00", "03:0x", "003:00",
        ] {
            assert!(parse_at(wrong).is_err(), "{wrong}");
        }
        for wrong in [0, 1, 7, 45, 90, 300, 2880] {
            assert!(parse_every(Duration::from_secs(wrong * 60), 0).is_err());
        }
    }

    #[test]
    fn the_next_time_is_found() {
        let now: ZonedDateTime = "2026-03-28T23:50:30+00:00[UTC]".parse().unwrap();
        let next = |times: &str, now: &ZonedDateTime| {
            let next = parse_at(times).unwrap().next_after(now).unwrap();
            next.timestamp().to_string()
        };
        assert_eq!(next("23:51", &now), "2026-03-28T23:51:00Z");
        assert_eq!(next("23:50", &now), "2026-03-29T23:50:00Z");
        let spring: ZonedDateTime = "2026-03-29T00:00:00+01:00[Europe/Berlin]".parse().unwrap();
        assert_eq!(next("02:30", &spring), "2026-03-30T00:30:00Z");
    }
}
