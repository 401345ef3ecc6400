//! What is the same word, and what is not.

use proptest::prelude::*;
use unicode_normalization::UnicodeNormalization;

use super::*;

fn said(text: &str) -> Vec<&str> {
    let words = words(text);
    let at = |word: &Word| &text[word.start as usize..word.end as usize];
    words.iter().map(at).collect()
}

fn hashes(text: &str) -> Vec<u64> {
    words(text).iter().map(|word| word.hash).collect()
}

fn kinds(text: &str) -> Vec<Kind> {
    words(text).iter().map(|word| word.kind).collect()
}

#[track_caller]
fn same(one: &str, other: &str) {
    assert_eq!(
        hashes(one),
        hashes(other),
        "{:?} {:?}",
        said(one),
        said(other)
    );
}

#[track_caller]
fn differ(one: &str, other: &str) {
    assert_ne!(
        hashes(one),
        hashes(other),
        "{:?} {:?}",
        said(one),
        said(other)
    );
}

#[test]
fn words_stand_where_they_were_found() {
    assert_eq!(
        said("“It’s 5 %,” she said."),
        ["It’s", "5", "%", "she", "said"]
    );
    assert_eq!(said("A well-\n  known man"), ["A", "well-\n  known", "man"]);
    assert_eq!(
        said("$1,000.50 or −5 °C"),
        ["$", "1,000.50", "or", "−5", "°", "C"]
    );
    assert_eq!(said("水位は3.5m"), ["水", "位", "は", "3.5m"]);
    assert_eq!(said("ที่นี่"), ["ที่", "นี่"]);
    assert_eq!(
        said("as shown.[12][a] Next [1] one"),
        ["as", "shown", "Next", "1", "one"]
    );
    assert_eq!(said("shown.¹ Next"), ["shown", "Next"]);
    assert!(said(" — … \u{200b}\u{ad} '' \u{301}").is_empty());
}

#[test]
fn how_a_text_is_set_is_no_difference() {
    same(
        "He said: \"it's fine\" - really",
        "He said: “it’s fine” — really",
    );
    same("« L’homme »", "\"L'homme\"");
    same("the infor-\nmation", "the information");
    same("the infor\u{ad}mation", "the information");
    same("well-known", "well\u{2011}known");
    same("oﬃce ﬁle", "office file");
    same("word—word", "word - word");
    same("1,000 and 10\u{202f}000", "1000 and 10'000");
    same("Straße", "STRASSE");
    same("ΛΟΓΟΣ λόγος", "λογοσ λόγοσ");
    same("ＦＵＬＬ　ｗｉｄｔｈ", "full width");
    same("zero\u{200b}width\u{200f}marks", "zerowidthmarks");
    same("كتــاب", "كتاب");
    for text in [
        "résumé Ångström",
        "ガギグ パン",
        "हिन्दी में",
        "한국어 문장",
        "Tiếng Việt",
    ] {
        same(text, &text.nfd().collect::<String>());
        same(text, &text.nfkc().collect::<String>());
    }
}

#[test]
fn what_a_text_says_is() {
    differ("resume", "résumé");
    differ("5 %", "5");
    differ("-5 degrees", "5 degrees");
    differ("$5", "€5");
    differ("1.5", "15");
    differ("10:30", "1030");
    differ("pages 5–10", "pages 510");
    differ("they can", "they can't");
    differ("水位は高い", "水位は低い");
    assert_eq!(said("1990–2000"), ["1990", "2000"]);
}

#[test]
fn what_weighs() {
    use Kind::{Negation, Number, Plain, Symbol};
    assert_eq!(kinds("It isn’t 5 %"), [Plain, Negation, Number, Symbol]);
    assert_eq!(kinds("nicht ZWÖLF Häuser"), [Negation, Number, Plain]);
    assert_eq!(kinds("−3 never"), [Number, Negation]);
    assert_eq!(kinds("не 三不"), [Negation, Number, Negation]);
    assert_eq!(kinds("ไม่ดี").first(), Some(&Negation));
}

#[test]
fn a_word_without_end_is_cut() {
    let text = "a".repeat(1_000_000);
    assert!(words(&text).len() > 3000);
    let marks = format!("a{}", "\u{301}".repeat(100_000));
    assert!(words(&marks).len() < 1000);
}

proptest! {
    #[test]
    fn words_are_in_order_and_on_boundaries(text in "\\PC*|[a-c '\u{2019}\u{301}\\-\n\u{4e0d}0-9,.\\[\\]]*") {
        let mut last = 0;
        for word in words(&text) {
            prop_assert!(word.start >= last && word.start < word.end);
            prop_assert!(text.get(word.start as usize..word.end as usize).is_some());
            last = word.end;
        }
    }

    #[test]
    fn composition_is_no_difference(text in "[a-zA-Zéüñçåøßğışțșđ水ガパक्षिाไม่ 0-9]*") {
        let (composed, apart) = (text.nfc().collect::<String>(), text.nfd().collect::<String>());
        prop_assert_eq!(hashes(&composed), hashes(&apart));
    }
}
