//! The words of a stretch of wikitext, without its markup.

use super::address;
use crate::gather::sentence::cut;
use crate::gather::xml;

/// The longest stretch that is read.
const MAX_BYTES: usize = 8 * 1024;

/// What a reader sees of it, white space folded. Templates are left out.
pub(super) fn plain(wikitext: &str) -> String {
    let text = cut(wikitext, MAX_BYTES);
    let bytes = text.as_bytes();
    let mut words = String::with_capacity(text.len());
    let (mut at, mut depth, mut in_link) = (0, 0_usize, false);
    while at < bytes.len() {
        let rest = &text[at..];
        if let Some(comment) = rest.strip_prefix("<!--") {
            at += 4 + comment.find("-->").map_or(comment.len(), |end| end + 3);
        } else if rest.starts_with("{{!}}") && depth == 0 {
            words.push('|');
            at += 5;
        } else if rest.starts_with("{{") {
            depth += 1;
            at += 2;
        } else if rest.starts_with("}}") && depth > 0 {
            depth -= 1;
            at += 2;
        } else if depth > 0 {
            at += rest.chars().next().map_or(1, char::len_utf8);
        } else if rest.starts_with("''") {
            at += bytes[at..]
                .iter()
                .take_while(|byte| **byte == b'\'')
                .count();
        } else if let Some(target) = rest.strip_prefix("[[") {
            let target = cut(target, 300);
            let stop = target.find(['|', ']', '[', '\n']);
            at += match stop {
                Some(stop) if target[stop..].starts_with('|') => stop + 3,
                _ => 2,
            };
        } else if rest.starts_with("]]") {
            at += 2;
        } else if rest.starts_with('[') && address::begins(&rest[1..]) {
            in_link = true;
            at += 1 + address::length(&rest[1..]);
        } else if rest.starts_with(']') && in_link {
            in_link = false;
            at += 1;
        } else {
            let character = rest.chars().next().unwrap_or(' ');
            words.push(character);
            at += character.len_utf8();
        }
    }
    if words.contains(['&', '<']) {
        return xml::plain(&words).unwrap_or_default();
    }
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_without_markup() {
        for (wikitext, words) in [
            ("''A'' '''b'''", "A b"),
            ("[[A]] and [[B|c d]]", "A and c d"),
            ("[http://a.example/ words] x]", "words x]"),
            ("a {{b|{{c}}}} d{{!}}e", "a d|e"),
            ("a<br />b &amp; c<!-- d --> <i>e</i>", "ab & c e"),
            ("it's\n  5 < 6", "it's 5 < 6"),
        ] {
            assert_eq!(plain(wikitext), words, "{wikitext}");
        }
    }
}
