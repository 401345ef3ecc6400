#![no_main]

use libfuzzer_sys::fuzz_target;
use sourcekeep::judge::{Features, Rules, features};
use url::Url;

// The first byte says what the rest is called.
fuzz_target!(|bytes: &[u8]| {
    let Some((first, body)) = bytes.split_first() else {
        return;
    };
    let names = ["text/html", "application/xhtml+xml", "text/plain", "application/json", "text/csv"];
    let media_type = names[usize::from(*first) % names.len()];
    let Ok(url) = Url::parse("https://example.com/a/b") else {
        return;
    };
    let body = String::from_utf8_lossy(body);
    let drawn = features(&body, Some(media_type), &url, Rules::built_in());
    let Ok(json) = serde_json::to_string(&drawn) else {
        panic!("features that are no JSON");
    };
    assert_eq!(serde_json::from_str::<Features>(&json).ok().as_ref(), Some(&drawn));
});
