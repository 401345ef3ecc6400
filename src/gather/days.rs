//! A day as people write it by hand: `23 August 2012`, `23. 8. 2012`, `le 23 août 2012`, `2012年8月23日`.
//!
//! For the notes of authors, such as when a reference was last looked at. What may mean two days, or none, is not guessed.

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

use super::dates::{milliseconds, month_named};

/// Milliseconds since the epoch of an instant or of a day's midnight (UTC), or `None` where it cannot be read.
pub(super) fn day(written: &str) -> Option<i64> {
    let written = written.trim();
    if written.len() > 80 {
        return None;
    }
    // What has a time of the day, or is all figures, was written by a machine.
    let is_figures = written.len() >= 8 && written.bytes().all(|byte| byte.is_ascii_digit());
    let is_instant = written.contains(':') || is_figures;
    if is_instant && let Some(at) = milliseconds(written) {
        return Some(at);
    }
    let date = by_words(written)?;
    let at = TimeZone::UTC.to_timestamp(date.to_datetime(Time::midnight()));
    at.ok().map(|at| at.as_millisecond())
}

fn by_words(written: &str) -> Option<Date> {
    let (mut numbers, mut month) = (Vec::new(), None);
    let mut rest = written;
    while let Some(first) = rest.chars().next() {
        let same = |character: char| {
            if first.is_ascii_digit() {
                character.is_ascii_digit()
            } else {
                character.is_alphabetic()
            }
        };
        let end = rest.find(|character: char| !same(character));
        let end = end.unwrap_or(rest.len()).max(first.len_utf8());
        let token = &rest[..end];
        rest = &rest[end..];
        if first.is_ascii_digit() {
            // A time of the day behind the day says nothing that is needed here.
            if rest.starts_with(':') {
                break;
            }
            numbers.push((token, rest.chars().next()));
        } else if first.is_alphabetic() && month.is_none() {
            month = month_named(&token.to_lowercase());
        }
    }
    let number = |at: usize| numbers.get(at).and_then(|(token, _)| token.parse().ok());
    let (first, second, third) = (number(0)?, number(1)?, number(2));
    match (month, third) {
        (Some(month), None) if is_year(numbers[0].0) => date(first, month as i8, second),
        (Some(month), None) => date(second, month as i8, first),
        (None, Some(third)) if is_year(numbers[0].0) => date(first, second as i8, third),
        (None, Some(third)) if is_year(numbers[2].0) => {
            let day_first = numbers[0].1 == Some('.') || first > 12 || first == second;
            let month_first = second > 12;
            match (day_first, month_first) {
                (true, false) => date(third, second as i8, first),
                (false, true) => date(third, first as i8, second),
                _ => None,
            }
        }
        _ => None,
    }
}

fn is_year(token: &str) -> bool {
    token.len() == 4
}

fn date(year: i16, month: i8, day: i16) -> Option<Date> {
    (1900..2200)
        .contains(&year)
        .then(|| Date::new(year, month, i8::try_from(day).ok()?).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_day_in_many_words() {
        for written in [
            "2012-08-23",
            "23 August 2012",
            "August 23, 2012",
            "23. August 2012",
            "am 23. Aug. 2012",
            "le 23 août 2012",
            "23 de agosto de 2012",
            "23 agosto 2012",
            "23 sierpnia 2012",
            "23 августа 2012",
            "23. srpna 2012",
            "23.8.2012",
            "23. 08. 2012",
            "23/08/2012",
            "08/23/2012",
            "23-08-2012",
            "2012/8/23",
            "2012年8月23日",
            "2012. augusztus 23.",
            "23 August 2012, 14:05",
        ] {
            let at = day(written).map(|at| at - at.rem_euclid(86_400_000));
            assert_eq!(at, Some(1_345_680_000_000), "{written}");
        }
        assert_eq!(day("23 czerwca 2012"), day("2012-06-23"));
        assert_eq!(day("3. července 2012"), day("2012-07-03"));
        assert_eq!(day("3. marraskuuta 2012"), day("2012-11-03"));
    }

    #[test]
    fn what_is_no_day_is_not_guessed() {
        for written in [
            "",
            "May 2012",
            "2012",
            "05/06/2012",
            "31 February 2012",
            "yesterday",
            "0000-00-00 00:00:00",
            "1 2 3 4 5",
            "99999999999999999999 May 2012",
        ] {
            assert_eq!(day(written), None, "{written}");
        }
    }
}
