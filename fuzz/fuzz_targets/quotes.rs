#![no_main]

use libfuzzer_sys::fuzz_target;
use sourcekeep::judge::fragment::{Ids, directives};
use sourcekeep::judge::quotes::{State, Texts};
use sourcekeep::judge::text;
use url::Url;

// What stands before the first zero byte is the quote, the rest the page.
fuzz_target!(|bytes: &[u8]| {
    let at = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len() / 2);
    let quote = String::from_utf8_lossy(&bytes[..at]);
    let page = String::from_utf8_lossy(&bytes[at..]);
    let Ok(url) = Url::parse("https://example.com/a/b") else {
        return;
    };
    let read = text(&page, Some("text/html"), &url);
    let texts = Texts::new(&read);
    let found = texts.find(&quote);
    assert_eq!(found.state == State::Missing, found.place.is_none());
    assert_eq!(found.state == State::Altered, !found.differences.is_empty());
    for directive in directives(&quote) {
        texts.find(&directive.quote());
    }
    Ids::read(&page).has(&quote);
});
