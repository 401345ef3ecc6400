#![no_main]

use std::collections::HashSet;

use libfuzzer_sys::fuzz_target;
use sourcekeep::address::MAX_ADDRESS_BYTES;
use sourcekeep::capture::requisites::{Limits, downloads, of_page, of_style, of_svg};
use url::Url;

// The first byte says what the rest is read as, and whether the limits are narrow.
fuzz_target!(|bytes: &[u8]| {
    let Some((first, text)) = bytes.split_first() else {
        return;
    };
    let url = Url::parse("https://page.example/dir/page?q").expect("an address");
    let read = [of_page, of_style, of_svg, downloads][usize::from(*first) % 4];
    let limits = if *first & 4 == 0 {
        Limits::default()
    } else {
        Limits {
            requisites: 3,
            address_bytes: 200,
            candidates: 1,
            frames_within: 1,
            text_bytes: 64,
        }
    };
    let text = String::from_utf8_lossy(text);
    let found = read(&text, &url, &limits);
    assert!(found.requisites.len() <= limits.requisites);
    let mut seen = HashSet::new();
    let mut address_bytes = 0;
    for requisite in &found.requisites {
        let url = &requisite.url;
        assert!(matches!(url.scheme(), "http" | "https"), "{url}");
        assert!(url.fragment().is_none() && url.as_str().len() <= MAX_ADDRESS_BYTES);
        assert!(url.username().is_empty() && url.password().is_none());
        address_bytes += url.as_str().len();
        assert!(seen.insert(url), "{url} is found twice");
    }
    assert!(address_bytes <= limits.address_bytes);
    assert_eq!(read(&text, &url, &limits), found);
});
