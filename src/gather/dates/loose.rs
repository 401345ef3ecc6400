//! Dates as people and odd programs write them: each part is what it can only be.

use super::Parts;
use super::names;

/// What was understood so far.
#[derive(Debug, Default)]
struct Reading {
    /// Numbers of the day, with how many digits they had, in order.
    numbers: Vec<(i64, usize)>,
    /// The month by its name. Of two the later counts: the first is a week day that looks like one (`mar, 21 août`).
    month: Option<u8>,
    /// Whether the name stood before any number.
    month_first: bool,
    time: Option<(i64, i64, i64)>,
    offset: Option<i64>,
    is_afternoon: Option<bool>,
    /// What stands between the numbers of a day that is written with numbers alone.
    separator: Option<char>,
}

pub(super) fn read(written: &str) -> Option<i64> {
    let mut reading = Reading::default();
    for word in written
        .split(|character: char| character.is_whitespace() || ",()".contains(character))
        .filter(|word| !word.is_empty())
    {
        reading.word(&word.to_lowercase())?;
    }
    reading.milliseconds()
}

impl Reading {
    fn word(&mut self, word: &str) -> Option<()> {
        if word.contains(':') {
            // `2012-augusztus-23T10:00`: a day and a time in one.
            if let Some((day, time)) = word.rsplit_once('t')
                && time.starts_with(|first: char| first.is_ascii_digit())
                && day.contains('-')
            {
                return self.day(day).and_then(|()| self.time(time));
            }
            if let Some(zone) = zone_with_name(word) {
                self.offset = Some(zone);
                return Some(());
            }
            if word.starts_with(['+', '-']) {
                self.offset = Some(signed(word)?);
                return Some(());
            }
            return self.time(word);
        }
        if word.starts_with(['+', '-']) {
            // RFC 822 in numbers wins over a comment behind it.
            self.offset = Some(signed(word)?);
            return Some(());
        }
        if word.starts_with(|first: char| first.is_ascii_digit()) {
            return self.day(word);
        }
        self.name(word);
        Some(())
    }

    /// A word that begins with no digit.
    fn name(&mut self, word: &str) {
        if let Some(zone) = zone_with_name(word) {
            self.offset = Some(zone);
            return;
        }
        let word = word.trim_matches(['.', ';']);
        match word {
            "am" | "a.m" | "오전" | "上午" => self.is_afternoon = Some(false),
            "pm" | "p.m" | "오후" | "下午" => self.is_afternoon = Some(true),
            _ if word.chars().count() < 3 => {}
            _ => {
                if self.time.is_some() && self.offset.is_none() && self.has_day() {
                    self.offset = Some(names::zone(word));
                } else if let Some(month) = names::month(word) {
                    self.month = Some(month);
                    self.month_first = self.numbers.is_empty();
                } else if self.time.is_some() && self.offset.is_none() {
                    self.offset = Some(names::zone(word));
                }
            }
        }
    }

    /// Whether the day and the month are known, so that a name that follows is a zone's.
    fn has_day(&self) -> bool {
        self.numbers.len() + usize::from(self.month.is_some()) >= 2
    }

    /// Numbers and names of a day, in one word: `23`, `23rd`, `23-aug-2012`, `2012/08/23`, `2012年08月23日`.
    fn day(&mut self, word: &str) -> Option<()> {
        let mut rest = word;
        while let Some(first) = rest.chars().next() {
            let is_digit = first.is_ascii_digit();
            let end = rest
                .find(|character: char| {
                    character.is_ascii_digit() != is_digit
                        || character.is_alphabetic() != first.is_alphabetic()
                })
                .unwrap_or(rest.len());
            let (part, after) = rest.split_at(end);
            rest = after;
            if is_digit {
                if part.len() > 4 || self.numbers.len() > 3 {
                    return None;
                }
                self.numbers.push((part.parse().ok()?, part.len()));
            } else if first.is_alphabetic() {
                let is_known = matches!(
                    part,
                    "st" | "nd" | "rd" | "th" | "年" | "月" | "日" | "년" | "월" | "일" | "er"
                );
                if "年년".contains(part) {
                    self.separator = Some('-');
                }
                if !is_known {
                    self.month = Some(names::month(part)?);
                }
            } else if !rest.is_empty() {
                self.separator = first.into();
            }
        }
        Some(())
    }

    /// `10:00`, `10:00:00.25`, with a zone or `pm` behind it.
    fn time(&mut self, word: &str) -> Option<()> {
        if self.time.is_some() {
            return None;
        }
        let end = word
            .find(|character: char| !character.is_ascii_digit() && !":.".contains(character))
            .unwrap_or(word.len());
        let (clock, behind) = word.split_at(end);
        let mut fields = clock.trim_end_matches('.').split(':');
        let hour: i64 = fields.next()?.parse().ok()?;
        let minute: i64 = fields.next()?.parse().ok()?;
        let second = fields.next().unwrap_or("0");
        let second = second.split('.').next().unwrap_or(second);
        let second: i64 = second.parse().ok()?;
        self.time = Some((hour, minute, second));
        match behind {
            "" => {}
            "z" => self.offset = Some(0),
            _ if behind.starts_with(['+', '-']) => self.offset = Some(signed(behind)?),
            _ => self.name(behind),
        }
        Some(())
    }

    fn milliseconds(self) -> Option<i64> {
        let (year, month, day) = match self.month {
            Some(month) => with_name(&self.numbers, i64::from(month), self.month_first)?,
            None => in_numbers(&self.numbers, self.separator?)?,
        };
        let (mut hour, minute, second) = self.time.unwrap_or_default();
        match self.is_afternoon {
            Some(true) if hour < 12 => hour += 12,
            Some(false) if hour == 12 => hour = 0,
            _ => {}
        }
        Parts {
            year: i16::try_from(year).ok()?,
            month: i8::try_from(month).ok()?,
            day: i8::try_from(day).ok()?,
            hour,
            minute,
            second_ms: second.min(100) * 1000,
            offset: self.offset.unwrap_or(0),
        }
        .milliseconds()
    }
}

/// The day and the year beside a month's name.
fn with_name(numbers: &[(i64, usize)], month: i64, month_first: bool) -> Option<(i64, i64, i64)> {
    match *numbers {
        [(year, 4)] => Some((year, month, month_first.then_some(1)?)),
        [(year, 4), (day, 1 | 2)] | [(day, 1 | 2), (year, 4)] => Some((year, month, day)),
        [(day, 1 | 2), (year, 2 | 3)] => Some((full_year(year), month, day)),
        _ => None,
    }
}

/// A day in numbers alone.
fn in_numbers(numbers: &[(i64, usize)], separator: char) -> Option<(i64, i64, i64)> {
    match *numbers {
        [(year, 4), (month, 1 | 2), (day, 1 | 2)] => Some((year, month, day)),
        [(day, 1 | 2), (month, 1 | 2), (year, 4)] if separator == '.' => Some((year, month, day)),
        [(a, 1 | 2), (b, 1 | 2), (year, 4)] if a > 12 || a == b => Some((year, b, a)),
        [(a, 1 | 2), (b, 1 | 2), (year, 4)] if b > 12 => Some((year, a, b)),
        _ => None,
    }
}

/// RFC 2822, 4.3.
fn full_year(short: i64) -> i64 {
    match short {
        0..=49 => 2000 + short,
        50..=999 => 1900 + short,
        _ => short,
    }
}

/// `gmt+0200`, `utc-5`, `gmt`.
fn zone_with_name(word: &str) -> Option<i64> {
    let word = word.strip_prefix("etc/").unwrap_or(word);
    let behind = word
        .strip_prefix("gmt")
        .or_else(|| word.strip_prefix("utc"))
        .or_else(|| word.strip_prefix("ut").filter(|rest| rest.is_empty()))
        .or_else(|| word.strip_prefix('z').filter(|rest| rest.is_empty()))?;
    if behind.is_empty() {
        Some(0)
    } else {
        signed(behind)
    }
}

/// `+0200`, `+02:00`, `+2`.
fn signed(written: &str) -> Option<i64> {
    let sign = match written.chars().next()? {
        '+' => 1,
        '-' => -1,
        _ => return None,
    };
    let digits = &written[1..];
    let (hours, minutes) = match digits.split_once(':') {
        Some(both) => both,
        None if digits.len() > 2 && digits.is_ascii() => digits.split_at(digits.len() - 2),
        None => (digits, "0"),
    };
    let is_number = |text: &str| {
        (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    if !is_number(hours) || !is_number(minutes) {
        return None;
    }
    Some(sign * (hours.parse::<i64>().ok()? * 60 + minutes.parse::<i64>().ok()?))
}
