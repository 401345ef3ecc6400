#![no_main]

use libfuzzer_sys::fuzz_target;
use sourcekeep::judge::Text;
use sourcekeep::judge::drift::{Said, compare, drift};

// Two texts, parted by a byte that no text has.
fuzz_target!(|bytes: &[u8]| {
    let at = bytes.iter().position(|byte| *byte == 0xff);
    let (before, now) = bytes.split_at(at.unwrap_or(bytes.len()));
    let before = String::from_utf8_lossy(before).into_owned();
    let now = String::from_utf8_lossy(now.get(1..).unwrap_or_default()).into_owned();
    let text = |main: &str, whole: &str| Text {
        main: main.to_owned(),
        whole: whole.to_owned(),
        ..Text::default()
    };
    let (old, new) = (text(&before, &before), text(&now, &format!("{before}\n{now}")));
    for (one, other) in [(&old, &new), (&new, &old)] {
        let drift = drift(one, other);
        assert!((0.0..=1.0).contains(&drift.kept));
        assert!(drift.passages.len() <= 4);
    }
    for piece in compare(&before, &now) {
        assert!(piece.parts.iter().all(|part| !part.text.is_empty() || part.said == Said::Both));
    }
});
