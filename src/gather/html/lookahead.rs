//! What must be known of a page before its first link: its own address, its base, whether it asks to be ignored.
//!
//! These may stand anywhere in a page, and one pass meets them too late. So the few spots where they can stand are
//! looked up by substring search, and only there a tag is parsed. A number of spots is enough; more is an attack.

use std::collections::BTreeMap;

use html5gum::{Token, Tokenizer};
use url::Url;

use crate::address;
use crate::charset::markup::Markup;

/// How many occurrences of a word are looked at.
const MAX_SPOTS: usize = 64;
/// How far a tag reaches.
const MAX_TAG_BYTES: usize = 16 * 1024;
/// How far back a comment or a script that holds a spot may begin.
const MAX_BACK_BYTES: usize = 256 * 1024;

/// What was found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Ahead {
    /// What the page says its address is.
    pub(super) own: Option<Url>,
    /// The first base, as written.
    pub(super) base: Option<String>,
    pub(super) ignored: bool,
}

pub(super) fn look_ahead(text: &str) -> Ahead {
    Ahead {
        own: canonical(text).or_else(|| open_graph(text)),
        base: base(text),
        ignored: asks_to_be_ignored(text),
    }
}

fn canonical(text: &str) -> Option<Url> {
    spots(text, b"canonical").find_map(|at| {
        let (name, attributes) = tag_around(text, at)?;
        let rel = attributes.get("rel")?;
        let is_canonical = rel
            .split_ascii_whitespace()
            .any(|token| token.eq_ignore_ascii_case("canonical"));
        if name != "link" || !is_canonical {
            return None;
        }
        address::parse(attributes.get("href")?.trim(), None).ok()
    })
}

fn open_graph(text: &str) -> Option<Url> {
    spots(text, b"og:url").find_map(|at| {
        let (name, attributes) = tag_around(text, at)?;
        let property = attributes
            .get("property")
            .or_else(|| attributes.get("name"))?;
        if name != "meta" || !property.eq_ignore_ascii_case("og:url") {
            return None;
        }
        address::parse(attributes.get("content")?.trim(), None).ok()
    })
}

fn base(text: &str) -> Option<String> {
    let mut found: Vec<usize> = [&b"<base"[..], b"<BASE", b"<Base"]
        .iter()
        .filter_map(|word| {
            spots(text, word).find(|at| {
                tag_around(text, at + 1).is_some_and(|(name, attributes)| {
                    name == "base" && attributes.contains_key("href")
                })
            })
        })
        .collect();
    found.sort_unstable();
    let (_, mut attributes) = tag_around(text, found.first()? + 1)?;
    attributes.remove("href")
}

/// Whether the text holds the comment that asks to pass the whole post by.
pub(in crate::gather) fn asks_to_be_ignored(text: &str) -> bool {
    spots(text, b"sourcekeep-ignore-post").any(|at| {
        let after = &text[at + b"sourcekeep-ignore-post".len()..];
        text[..at].trim_end().ends_with("<!--") && after.trim_start().starts_with("-->")
    })
}

fn spots<'t>(text: &'t str, word: &'t [u8]) -> impl Iterator<Item = usize> + 't {
    memchr::memmem::find_iter(text.as_bytes(), word).take(MAX_SPOTS)
}

/// The name and attributes of the tag that this offset is in, unless it is commented out or in a script.
fn tag_around(text: &str, at: usize) -> Option<(String, BTreeMap<String, String>)> {
    let before = &text.as_bytes()[..at];
    let start = at
        - before
            .iter()
            .rev()
            .take(MAX_TAG_BYTES)
            .position(|byte| *byte == b'<')?
        - 1;
    if is_dead(&text.as_bytes()[start.saturating_sub(MAX_BACK_BYTES)..start]) {
        return None;
    }
    let mut end = (start + MAX_TAG_BYTES).min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let Ok(Token::StartTag(tag)) = Tokenizer::new(Markup::new(&text[start..end])).next()? else {
        return None;
    };
    let attributes = tag
        .attributes
        .into_iter()
        .map(|(name, value)| (lossy(&name), lossy(&value.value)))
        .collect();
    Some((lossy(&tag.name), attributes))
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Whether a comment or a script is open at the end of this.
fn is_dead(before: &[u8]) -> bool {
    let last = |word: &[u8]| memchr::memmem::rfind(before, word);
    last(b"<!--") > last(b"-->") || last(b"<script") > last(b"</script")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_addresses() {
        for (html, expected) in [
            (
                "<link href='https://a.example/x' rel=canonical>",
                Some("https://a.example/x"),
            ),
            (
                "<link rel=\"canonical\" href=\"/x\"><meta property=og:url content=https://a.example/y>",
                Some("https://a.example/y"),
            ),
            (
                "<!-- <link rel=canonical href=https://b.example/> --><link rel=canonical href=https://a.example/>",
                Some("https://a.example/"),
            ),
            (
                "<script>'<link rel=canonical href=https://b.example/>'</script>",
                None,
            ),
            ("<p>the canonical form", None),
            ("canonical", None),
            ("<link rel=canonical href='http://'>", None),
        ] {
            let own = look_ahead(html).own;
            assert_eq!(own.as_ref().map(Url::as_str), expected, "{html}");
        }
    }

    #[test]
    fn bases_and_ignoring() {
        assert_eq!(
            look_ahead("<p><BASE target=x><base href=' /x '><base href=/y>")
                .base
                .as_deref(),
            Some(" /x ")
        );
        assert_eq!(look_ahead("<basefont href=x>").base, None);
        assert!(look_ahead("x<!-- sourcekeep-ignore-post -->").ignored);
        assert!(!look_ahead("x sourcekeep-ignore-post").ignored);
    }
}
