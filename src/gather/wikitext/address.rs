//! Where an address in wikitext ends, by MediaWiki's rules.

use std::borrow::Cow;

use crate::gather::sentence::cut;

/// The longest address that is looked at.
const MAX_BYTES: usize = 16 * 1024;
/// What ends a sentence and not an address.
const PUNCTUATION: &[char] = &[',', ';', '\\', '.', ':', '!', '?'];
/// Characters of markup that are written as entities.
const MARKUP_ENTITIES: &[&str] = &[
    "&lt;", "&gt;", "&nbsp;", "&#160;", "&#60;", "&#62;", "&#xa0;",
];

/// The length of the scheme, or of the `//` that stands for ours, with which an address begins.
pub(super) fn scheme(text: &str) -> Option<usize> {
    let lower = cut(text, 8).to_ascii_lowercase();
    ["http://", "https://"]
        .iter()
        .find(|scheme| lower.starts_with(**scheme))
        .map(|scheme| scheme.len())
}

/// Whether an address begins here, as it may in brackets.
pub(super) fn begins(text: &str) -> bool {
    scheme(text).is_some()
        || (text.starts_with("//") && text[2..].starts_with(|c: char| c.is_alphanumeric()))
}

/// Templates that stand for a character that would be markup.
const ESCAPES: &[(&str, &str)] = &[("{{!}}", "|"), ("{{=}}", "=")];

/// The length of the address with which a text begins, as it stands in brackets or fills a parameter.
pub(super) fn length(text: &str) -> usize {
    let text = cut(text, MAX_BYTES);
    let mut at = 0;
    while let Some(character) = text[at..].chars().next() {
        let rest = &text[at..];
        let escape = ESCAPES.iter().find(|(escape, _)| rest.starts_with(escape));
        if let Some((escape, _)) = escape {
            at += escape.len();
            continue;
        }
        let ends = matches!(character, '[' | ']' | '<' | '>' | '"')
            || character.is_whitespace()
            || character.is_control()
            || ["''", "{{", "}}", "||"]
                .iter()
                .any(|pair| rest.starts_with(pair));
        if ends {
            break;
        }
        at += character.len_utf8();
    }
    at
}

/// The length of the address with which a text begins, as it stands among words.
pub(super) fn bare_length(text: &str) -> usize {
    let mut found = &text[..length(text)];
    let lower = found.to_ascii_lowercase();
    let entity = MARKUP_ENTITIES
        .iter()
        .filter_map(|entity| lower.find(entity));
    if let Some(at) = entity.min() {
        found = &found[..at];
    }
    let has_open = found.contains('(');
    loop {
        let trimmed = found
            .trim_end_matches(|last| PUNCTUATION.contains(&last) || (last == ')' && !has_open));
        if trimmed.len() == found.len() {
            return found.len();
        }
        // The end of an entity belongs to it.
        if let Some(at) = trimmed.rfind('&')
            && found[trimmed.len()..].starts_with(';')
            && trimmed[at + 1..]
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'#')
            && at + 1 < trimmed.len()
        {
            return trimmed.len() + 1;
        }
        found = trimmed;
    }
}

/// The address that was written.
pub(super) fn unescaped(written: &str) -> Cow<'_, str> {
    let mut address = Cow::Borrowed(written);
    if written.starts_with("//") {
        address = format!("https:{written}").into();
    }
    let entities = [
        ("&amp;", "&"),
        ("&#38;", "&"),
        ("&#61;", "="),
        ("&#124;", "|"),
    ];
    for (escape, character) in ESCAPES.iter().chain(&entities) {
        if address.contains(escape) {
            address = address.replace(escape, character).into();
        }
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_addresses_end() {
        for (text, in_brackets, among_words) in [
            (
                "http://a.example/x.",
                "http://a.example/x.",
                "http://a.example/x",
            ),
            (
                "http://a.example/x) y",
                "http://a.example/x)",
                "http://a.example/x",
            ),
            (
                "http://a.example/x_(y)",
                "http://a.example/x_(y)",
                "http://a.example/x_(y)",
            ),
            (
                "http://a.example/''x''",
                "http://a.example/",
                "http://a.example/",
            ),
            (
                "http://a.example/'s x",
                "http://a.example/'s",
                "http://a.example/'s",
            ),
            (
                "http://a.example/<br>",
                "http://a.example/",
                "http://a.example/",
            ),
            (
                "http://a.example/]",
                "http://a.example/",
                "http://a.example/",
            ),
            (
                "http://a.example/{{x}}",
                "http://a.example/",
                "http://a.example/",
            ),
            (
                "http://a.example/?a{{=}}1{{!}}2}}",
                "http://a.example/?a{{=}}1{{!}}2",
                "http://a.example/?a{{=}}1{{!}}2",
            ),
            (
                "http://a.example/&lt;x",
                "http://a.example/&lt;x",
                "http://a.example/",
            ),
            (
                "http://a.example/?a&amp;",
                "http://a.example/?a&amp;",
                "http://a.example/?a&amp;",
            ),
            (
                "http://a.example/ü\u{a0}x",
                "http://a.example/ü",
                "http://a.example/ü",
            ),
            (
                "http://a.example/||x",
                "http://a.example/",
                "http://a.example/",
            ),
        ] {
            assert_eq!(&text[..length(text)], in_brackets, "{text}");
            assert_eq!(&text[..bare_length(text)], among_words, "{text}");
        }
        assert_eq!(
            unescaped("//a.example/?a{{=}}1&amp;b"),
            "https://a.example/?a=1&b"
        );
    }
}
