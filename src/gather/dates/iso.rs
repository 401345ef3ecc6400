//! ISO 8601 as RFC 3339 and W3CDTF use it, and its compact form.

use super::Parts;

/// Reads the digits and signs of a date from its beginning.
struct Digits<'w> {
    rest: &'w [u8],
}

impl Digits<'_> {
    /// Exactly so many digits.
    fn number(&mut self, length: usize) -> Option<i64> {
        let digits = self.rest.get(..length)?;
        let mut number = 0;
        for digit in digits {
            if !digit.is_ascii_digit() {
                return None;
            }
            number = number * 10 + i64::from(digit - b'0');
        }
        self.rest = &self.rest[length..];
        Some(number)
    }

    fn takes(&mut self, sign: u8) -> bool {
        let is_next = self.rest.first() == Some(&sign);
        if is_next {
            self.rest = &self.rest[1..];
        }
        is_next
    }

    fn digits_ahead(&self) -> usize {
        self.rest
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count()
    }
}

/// Reads all of it, or nothing.
pub(super) fn read(written: &str) -> Option<i64> {
    let mut digits = Digits {
        rest: written.as_bytes(),
    };
    let mut parts = Parts {
        month: 1,
        day: 1,
        ..Parts::default()
    };
    match digits.digits_ahead() {
        4 | 8 | 14 => {}
        _ => return None,
    }
    parts.year = digits.number(4)? as i16;
    day(&mut digits, &mut parts)?;
    if digits.rest.is_empty() {
        return parts.milliseconds();
    }
    if digits.takes(b'T') || digits.takes(b't') || digits.takes(b' ') || digits.digits_ahead() == 6
    {
        time(&mut digits, &mut parts)?;
    }
    zone(&mut digits, &mut parts)?;
    if digits.rest.is_empty() {
        parts.milliseconds()
    } else {
        None
    }
}

fn day(digits: &mut Digits<'_>, parts: &mut Parts) -> Option<()> {
    if digits.rest.is_empty() {
        return Some(());
    }
    let is_extended = digits.takes(b'-');
    if is_extended && digits.digits_ahead() == 3 {
        // The day of the year.
        let ordinal = digits.number(3)?;
        let first = jiff::civil::Date::new(parts.year, 1, 1).ok()?;
        let day = first
            .checked_add(jiff::Span::new().days(ordinal.checked_sub(1)?))
            .ok()?;
        if ordinal < 1 || day.year() != parts.year {
            return None;
        }
        (parts.month, parts.day) = (day.month(), day.day());
        return Some(());
    }
    parts.month = digits.number(2)? as i8;
    if is_extended {
        if digits.takes(b'-') {
            parts.day = digits.number(2)? as i8;
        } else if !digits.rest.is_empty() {
            return None;
        }
    } else {
        parts.day = digits.number(2)? as i8;
    }
    Some(())
}

fn time(digits: &mut Digits<'_>, parts: &mut Parts) -> Option<()> {
    parts.hour = digits.number(2)?;
    let is_extended = digits.takes(b':');
    if is_extended || digits.digits_ahead() >= 2 {
        parts.minute = digits.number(2)?;
        if (is_extended && digits.takes(b':')) || (!is_extended && digits.digits_ahead() >= 2) {
            parts.second_ms = digits.number(2)? * 1000;
            if digits.takes(b'.') || digits.takes(b',') {
                fraction(digits, parts);
            }
        }
    }
    Some(())
}

fn fraction(digits: &mut Digits<'_>, parts: &mut Parts) {
    let length = digits.digits_ahead();
    let mut worth = 100;
    for digit in &digits.rest[..length] {
        parts.second_ms += i64::from(digit - b'0') * worth;
        worth /= 10;
    }
    digits.rest = &digits.rest[length..];
}

/// `Z`, `+02:00`, `+0200`, `+02`, perhaps after a space; none is UTC.
fn zone(digits: &mut Digits<'_>, parts: &mut Parts) -> Option<()> {
    digits.takes(b' ');
    if digits.rest.is_empty() || digits.takes(b'Z') || digits.takes(b'z') {
        return Some(());
    }
    let sign = if digits.takes(b'+') {
        1
    } else if digits.takes(b'-') {
        -1
    } else {
        return None;
    };
    let hours = digits.number(2)?;
    let minutes = if digits.takes(b':') || !digits.rest.is_empty() {
        digits.number(2)?
    } else {
        0
    };
    parts.offset = sign * (hours * 60 + minutes);
    Some(())
}
