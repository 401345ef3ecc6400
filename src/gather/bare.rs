//! Addresses in running text.
//!
//! `linkify` knows where an address ends (trailing punctuation, brackets that were opened before it); this asks it only
//! where a scheme stands, and shows it a bounded stretch, so that a text made to be slow is not.

use std::ops::Range;

use linkify::{LinkFinder, LinkKind};

use super::sentence::cut;
use crate::address::MAX_ADDRESS_BYTES;

/// The ranges of `http` and `https` addresses in a text, in order.
pub(super) fn bare_addresses(text: &str) -> Vec<Range<usize>> {
    let mut finder = LinkFinder::new();
    finder.kinds(&[LinkKind::Url]).url_must_have_scheme(true);
    let mut found: Vec<Range<usize>> = Vec::new();
    for colon in memchr::memmem::find_iter(text.as_bytes(), b"://") {
        let taken = found.last().map_or(0, |last| last.end);
        let Some(start) = scheme_start(text, colon, taken) else {
            continue;
        };
        let window = cut(&text[start..], MAX_ADDRESS_BYTES + 64);
        if let Some(link) = finder.links(window).next()
            && link.start() == 0
        {
            found.push(start..start + link.end());
        }
    }
    found
}

/// Where the scheme before `://` begins, if it is one of ours and stands at the beginning of a word.
fn scheme_start(text: &str, colon: usize, taken: usize) -> Option<usize> {
    let before = &text.as_bytes()[taken.min(colon)..colon];
    let letters = before
        .iter()
        .rev()
        .take(6)
        .take_while(|byte| byte.is_ascii_alphabetic())
        .count();
    let scheme = &before[before.len() - letters..];
    let is_ours = scheme.eq_ignore_ascii_case(b"http") || scheme.eq_ignore_ascii_case(b"https");
    let start = colon - letters;
    let follows_word =
        start > 0 && matches!(text.as_bytes()[start - 1], b'0'..=b'9' | b'+' | b'-' | b'.');
    (is_ours && !follows_word).then_some(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<&str> {
        bare_addresses(text)
            .into_iter()
            .map(|range| &text[range])
            .collect()
    }

    #[test]
    fn where_addresses_end() {
        for (text, expected) in [
            ("See http://a.example/x.", vec!["http://a.example/x"]),
            (
                "(see https://a.example/x_(y))",
                vec!["https://a.example/x_(y)"],
            ),
            (
                "<http://a.example/>, \"http://b.example/?q=1\"!",
                vec!["http://a.example/", "http://b.example/?q=1"],
            ),
            ("链接http://a.example/甲。", vec!["http://a.example/甲。"]),
            (
                "xhttp://a.example/ ftp://a.example/ mailto:a@b.example http://",
                vec![],
            ),
            ("HTTPS://A.example/Q", vec!["HTTPS://A.example/Q"]),
            (
                "https://web.archive.org/web/2012/http://a.example/",
                vec!["https://web.archive.org/web/2012/http://a.example/"],
            ),
        ] {
            assert_eq!(found(text), expected, "{text}");
        }
    }

    #[test]
    fn a_text_made_to_be_slow_is_not() {
        let text = "http://".repeat(1_000_000);
        let before = std::time::Instant::now();
        bare_addresses(&text);
        let spaced = "http://a ".repeat(500_000);
        assert_eq!(bare_addresses(&spaced).len(), 500_000);
        assert!(before.elapsed().as_secs() < 20);
    }
}
