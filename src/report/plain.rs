//! Words from outside, made fit for a line of a terminal.

/// Text on one line: white space folded, and nothing in it that a terminal would obey or that would turn the rest of
/// the line around (control characters, bidirectional overrides). Cut to `most` characters.
pub fn one_line(text: &str, most: usize) -> String {
    let mut line = String::new();
    let mut count = 0;
    let mut space = false;
    for c in text.chars() {
        if c.is_whitespace() {
            space = !line.is_empty();
            continue;
        }
        if is_unsafe(c) {
            continue;
        }
        if count + usize::from(space) >= most {
            line.push('…');
            break;
        }
        if space {
            line.push(' ');
            count += 1;
            space = false;
        }
        line.push(c);
        count += 1;
    }
    line
}

/// Text without what would steer a terminal, its spaces as they were.
pub fn printable(text: &str) -> String {
    text.chars().filter(|c| !is_unsafe(*c)).collect()
}

/// Control characters, and those that change the direction of what follows (UAX #9) or are not seen at all.
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{e0000}'..='\u{e007f}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// A size in bytes, rounded for a person.
pub fn bytes(size: u64) -> String {
    match size {
        0..1_000 => format!("{size} B"),
        1_000..1_000_000 => format!("{:.0} KB", size as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", size as f64 / 1e6),
        _ => format!("{:.1} GB", size as f64 / 1e9),
    }
}

/// `1 source`, `2 sources`, `2 copies`: English plurals of regular nouns.
pub fn count(number: u64, noun: &str) -> String {
    let stem = noun
        .strip_suffix('y')
        .filter(|stem| !stem.ends_with(['a', 'e', 'o', 'u']));
    match (number, stem) {
        (1, _) => format!("1 {noun}"),
        (_, Some(stem)) => format!("{} {stem}ies", thousands(number)),
        (_, None) => format!("{} {noun}s", thousands(number)),
    }
}

/// As [`count`], of nouns whose plural is another.
pub fn count_of(number: u64, noun: &str, nouns: &str) -> String {
    if number == 1 {
        format!("1 {noun}")
    } else {
        format!("{} {nouns}", thousands(number))
    }
}

fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_terminal_obeys_gets_through() {
        assert_eq!(one_line("a\u{1b}[31m\tred\n\u{202e}x", 80), "a[31m red x");
        assert_eq!(one_line("  one   two  ", 80), "one two");
        assert_eq!(one_line("abcdef", 3), "abc…");
        assert_eq!(one_line("", 3), "");
    }

    #[test]
    fn sizes_and_counts() {
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(34_400), "34 KB");
        assert_eq!(bytes(2_500_000), "2.5 MB");
        assert_eq!(count(1, "source"), "1 source");
        assert_eq!(count(12_345, "source"), "12,345 sources");
    }
}
