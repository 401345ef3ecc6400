//! Undoing what feeds alone do to their texts, with a way back to where they stand.

use crate::gather::position::Unescaped;
use crate::gather::xml::{folded, unescape};

/// Takes a prefix off the names of elements: `<h:a href="">` is HTML's `a` where `h` stands for XHTML.
pub(super) fn without_prefix(raw: &str, prefix: &str, source_at: usize) -> Unescaped {
    let mut unescaped = Unescaped::default();
    let mut at = 0;
    for open in memchr::memchr_iter(b'<', raw.as_bytes()) {
        let name = open + 1 + usize::from(raw[open + 1..].starts_with('/'));
        let is_prefixed = raw[name..]
            .strip_prefix(prefix)
            .is_some_and(|rest| rest.starts_with(':'));
        if is_prefixed && name >= at {
            unescaped.literal(&raw[at..name], source_at + at);
            at = name + prefix.len() + 1;
        }
    }
    unescaped.literal(&raw[at..], source_at + at);
    unescaped
}

/// The prefix of the first element, if it has one.
pub(super) fn prefix_of_markup(raw: &str) -> Option<&str> {
    let open = raw
        .match_indices('<')
        .map(|(at, _)| &raw[at + 1..])
        .find(|rest| rest.starts_with(|next: char| next.is_ascii_alphabetic()))?;
    let end = open.find(|character: char| !character.is_ascii_alphanumeric())?;
    open[end..].starts_with(':').then(|| &open[..end])
}

/// Undoes base64, in which Atom 0.3 could write anything. What it stands for has no place of its own in the feed.
pub(super) fn from_base64(raw: &str, source_at: usize) -> Unescaped {
    let mut bytes = Vec::with_capacity(raw.len() / 4 * 3);
    let (mut group, mut bits) = (0_u32, 0);
    for character in raw.bytes() {
        let six = match character {
            b'A'..=b'Z' => character - b'A',
            b'a'..=b'z' => character - b'a' + 26,
            b'0'..=b'9' => character - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b'=' => break,
            _ => continue,
        };
        group = (group << 6 | u32::from(six)) & 0xFFFF;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((group >> bits) as u8);
        }
    }
    let mut unescaped = Unescaped::default();
    unescaped.stand_in(&String::from_utf8_lossy(&bytes), source_at, raw.len());
    unescaped
}

/// A person's name, where an address of e-mail stands beside it: `jane@a.example (Jane)`, `Jane <jane@a.example>`.
pub(super) fn person(written: &str) -> Option<String> {
    let written = written.trim();
    let name = match (written.split_once('('), written.split_once('<')) {
        (Some((address, name)), _) if address.contains('@') => {
            name.trim_end().trim_end_matches(')')
        }
        (_, Some((name, address))) if address.contains('@') && !name.trim().is_empty() => name,
        _ => written,
    };
    folded(name).or_else(|| folded(written))
}

/// The value of an attribute that is asked for too seldom to be kept by the tokenizer: of its start tag, as written.
pub(super) fn attribute(start_tag: &str, name: &str) -> Option<String> {
    let mut rest = start_tag
        .get(..start_tag.len().min(8 * 1024))
        .unwrap_or_default();
    while let Some(at) = rest.find('=') {
        let (before, after) = rest.split_at(at);
        let after = after[1..].trim_start();
        let quote = after.chars().next().filter(|first| "'\"".contains(*first));
        let (value, behind) = match quote {
            Some(quote) => after[1..].split_once(quote)?,
            None => after.split_at(after.find([' ', '\t', '\n', '>']).unwrap_or(after.len())),
        };
        let written = before
            .trim_end()
            .rsplit(|character: char| character.is_whitespace())
            .next()
            .unwrap_or_default();
        if written.eq_ignore_ascii_case(name) {
            return Some(unescape(value, 0).text.trim().to_owned());
        }
        rest = behind;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_attributes() {
        for (written, name) in [
            ("jane@a.example (Jane  Doe)", "Jane Doe"),
            ("Jane Doe <jane@a.example>", "Jane Doe"),
            ("jane@a.example", "jane@a.example"),
            ("jane@a.example ()", "jane@a.example ()"),
            ("Jane (the elder)", "Jane (the elder)"),
        ] {
            assert_eq!(person(written).as_deref(), Some(name));
        }
        let tag = "<rdf:li x = '1' rdf:About=\"http://a.example/?a=1&amp;b=2\" y=z>";
        assert_eq!(
            attribute(tag, "rdf:about").as_deref(),
            Some("http://a.example/?a=1&b=2")
        );
        assert_eq!(attribute(tag, "x").as_deref(), Some("1"));
        assert_eq!(attribute(tag, "y").as_deref(), Some("z"));
        for odd in ["<a href", "<a href=", "<a href='x", "=", "", "<é=ö>"] {
            assert_eq!(attribute(odd, "rel"), None, "{odd}");
        }
    }

    #[test]
    fn base64_and_prefixes() {
        assert_eq!(from_base64("PGI+w6k8L2I+\n", 3).text, "<b>é</b>");
        assert_eq!(from_base64("====", 0).text, "");
        assert_eq!(
            without_prefix("<h:p>x <h:a href='y'>é</h:a> < h:b</h:p>", "h", 0).text,
            "<p>x <a href='y'>é</a> < h:b</p>"
        );
        assert_eq!(prefix_of_markup(" <!-- x --><h:div>"), Some("h"));
        assert_eq!(prefix_of_markup("<div><h:p>"), None);
        assert_eq!(without_prefix("<", "h", 0).text, "<");
    }
}
