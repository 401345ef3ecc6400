//! What a source's address says that its page is about.
//!
//! An entry on "404 Not Found", a song called "Access Denied", a question headed "Page not found": such pages say in
//! their titles what pages say that are gone, and their addresses, which were given while they lived, say it too.

use url::Url;
use url::form_urlencoded;

use super::rules::{Phrases, fold};

/// So much of an address is read, in bytes.
const MAX_BYTES: usize = 2000;
/// So many of the last segments say what a page is about; those before, where it stands.
const SEGMENTS: usize = 2;

/// Whether the address of a source has a phrase that stands in `said`, too, a text that is folded.
pub(super) fn is_named_by(address: &Url, said: &str, phrases: &Phrases) -> bool {
    let named = words(address);
    let named: Vec<&str> = phrases.find_all(&named).map(|found| found.phrase).collect();
    !named.is_empty()
        && phrases
            .find_all(said)
            .any(|found| named.contains(&found.phrase))
}

/// The last segments of an address as words, folded.
fn words(address: &Url) -> String {
    let path = address.path();
    let mut start = path.len().saturating_sub(MAX_BYTES);
    while !path.is_char_boundary(start) {
        start += 1;
    }
    let segments = path[start..].rsplit('/').filter(|one| !one.is_empty());
    let mut text = String::new();
    for segment in segments.take(SEGMENTS) {
        for (name, value) in form_urlencoded::parse(segment.as_bytes()) {
            for part in [name, value] {
                text.push(' ');
                text.extend(part.chars().map(|c| match c {
                    '-' | '_' | '.' | '~' | '(' | ')' => ' ',
                    c => c,
                }));
            }
        }
        text.push_str(" . ");
    }
    fold(&text)
}

#[cfg(test)]
mod tests {
    use super::super::rules::Rules;
    use super::*;

    #[test]
    fn addresses_that_name_what_is_said() {
        let code = Rules::built_in().words("missing-code").unwrap();
        let is_named =
            |address: &str, said: &str| is_named_by(&Url::parse(address).unwrap(), said, code);
        assert!(is_named(
            "https://x.example/docs/Status/404",
            "404 not found"
        ));
        assert!(is_named("https://x.example/wiki/Not_found", "not found"));
        assert!(is_named("https://x.example/wiki/not%20found/", "not found"));
        assert!(is_named("https://x.example/i/404.html", "404"));
        assert!(!is_named(
            "https://x.example/2012/gone-girl",
            "404 not found"
        ));
        assert!(!is_named("https://x.example/404/a/b", "404 not found"));
        assert!(!is_named("https://x.example/a/14042", "404 not found"));
        assert!(!is_named("https://x.example/", "404 not found"));
    }
}
