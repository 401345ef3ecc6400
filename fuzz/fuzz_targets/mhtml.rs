#![no_main]

use libfuzzer_sys::fuzz_target;
use sourcekeep::capture::by_hand::{claims, media_type};
use sourcekeep::mhtml;

fuzz_target!(|bytes: &[u8]| {
    if let Some(media_type) = media_type(bytes, "a.html") {
        claims(bytes, media_type);
    }
    if let Some(saved) = mhtml::read(bytes) {
        assert!(saved.page.len() <= bytes.len());
    }
});
