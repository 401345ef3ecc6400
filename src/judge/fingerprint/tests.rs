//! What fingerprints promise.

use proptest::prelude::*;

use super::*;

/// As another program computed them after the same rules.
const SIMHASH_OF_FOX: u64 = 0x9002_7980_b404_0621;
const SKETCH_OF_FOX: &str = r#"{"scale":0,"hashes":"BoF7ABFKOZ2ROjnuxKJkotfZ09LyBkjY"}"#;

fn sketch(text: &str) -> Sketch {
    Sketch::of(text, text)
}

/// A text of so many different words.
fn text(seed: u64, words: usize) -> String {
    let words = (0..words as u64).map(|n| format!("w{seed}x{}", n.wrapping_mul(0x9e37_79b9) >> 3));
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn the_hashes_never_change() {
    // What is stored was made by them.
    let fox = "The quick brown fox jumps over the lazy dog.";
    assert_eq!(SimHash::of(fox), SimHash(SIMHASH_OF_FOX));
    let json = serde_json::to_string(&Sketch::of("quick brown fox jumps", fox)).unwrap();
    assert_eq!(json, SKETCH_OF_FOX);
}

#[test]
fn words_are_compared_without_case_and_accents() {
    for (a, b) in [
        ("Été à la plage", "ete a la plage"),
        ("Cafe\u{301} con leche y pan", "CAFÉ con leche, y pan!"),
        ("ein fu\u{ad}ßball fliegt weit", "ein fußball fliegt weit"),
        ("one\u{a0}two three four", "one two\nthree — four"),
        ("ｆｕｌｌ width a b", "full width a b"),
    ] {
        assert_eq!(sketch(a), sketch(b), "{a}");
        assert_eq!(SimHash::of(a), SimHash::of(b), "{a}");
    }
    assert_ne!(sketch("1 2 3 4"), sketch("1 2 3 5"));
    assert_eq!(sketch("吾輩は猫である").shingles(Part::Whole), 4);
    assert_eq!(sketch("ภาษาไทย").shingles(Part::Whole), 4);
}

#[test]
fn few_words_are_one_shingle() {
    assert_eq!(sketch(""), Sketch::default());
    assert_eq!(sketch("?!"), Sketch::default());
    assert_eq!(SimHash::of(" "), SimHash(0));
    for few in ["one", "one two", "one two three", "one two three four"] {
        assert_eq!(sketch(few).shingles(Part::Whole), 1);
        assert_eq!(
            sketch(few).share_in(Part::Whole, &sketch(few), Part::Main),
            Some(1.0)
        );
    }
    let empty = Sketch::default();
    assert_eq!(empty.share_in(Part::Whole, &empty, Part::Whole), None);
    assert_eq!(
        sketch("one").share_in(Part::Main, &empty, Part::Whole),
        Some(0.0)
    );
}

#[test]
fn parts_are_told_apart() {
    let (main, rest) = (text(1, 60), text(2, 30));
    let page = Sketch::of(&main, &format!("{rest} {main} {rest}"));
    let bare = sketch(&main);
    assert_eq!(page.share_in(Part::Main, &bare, Part::Whole), Some(1.0));
    assert_eq!(bare.share_in(Part::Whole, &page, Part::Main), Some(1.0));
    let half = page.share_in(Part::Whole, &bare, Part::Whole).unwrap();
    assert!((0.5..0.7).contains(&half), "{half}");
    assert_eq!(page.shingles(Part::Main), 57);
    let none = sketch(&rest).share_in(Part::Whole, &page, Part::Main);
    assert_eq!(none, Some(0.0));
}

#[test]
fn a_sample_too_small_says_nothing() {
    let (short, long) = (sketch(&text(1, 20)), sketch(&text(2, 200_000)));
    assert_eq!(short.share_in(Part::Whole, &long, Part::Whole), None);
    assert!(long.share_in(Part::Whole, &short, Part::Whole).is_some());
    let estimate = long.shingles(Part::Whole) as f64;
    assert!((150_000.0..260_000.0).contains(&estimate), "{estimate}");
}

#[test]
fn a_sketch_is_small_and_what_is_none_is_refused() {
    let long = serde_json::to_string(&sketch(&text(2, 50_000))).unwrap();
    assert!(long.len() < 720, "{}", long.len());
    assert_eq!(
        serde_json::from_str::<Sketch>("{}").unwrap(),
        Sketch::default()
    );
    for odd in [
        r#"{"scale":0,"hashes":"A"}"#,
        r#"{"scale":0,"hashes":"AAAAAAAAAAA"}"#,
        r#"{"scale":31,"hashes":"/////w"}"#,
        r#"{"scale":99,"hashes":""}"#,
    ] {
        assert!(serde_json::from_str::<Sketch>(odd).is_err(), "{odd}");
    }
}

proptest! {
    #[test]
    fn a_text_is_in_what_it_is_part_of(a in "[a-d ]{20,900}", b in "[a-h ]{0,900}") {
        let (one, both) = (sketch(&a), sketch(&format!("{a} . {b}")));
        if let Some(share) = one.share_in(Part::Whole, &both, Part::Whole)
            && a.split_whitespace().count() >= 4
        {
            prop_assert!((share - 1.0).abs() < f64::EPSILON, "{share}");
        }
    }

    #[test]
    fn the_more_is_kept_the_larger_the_share(kept in 0_usize..40, more in 0_usize..40) {
        let words: Vec<String> = (0..4000).map(|n| format!("w{n}")).collect();
        let all = sketch(&words.join(" "));
        let of = |hundredth: usize| sketch(&words[..hundredth * 100].join(" "));
        let share = |hundredth| all.share_in(Part::Whole, &of(hundredth), Part::Whole).unwrap();
        prop_assert!(share(kept) <= share((kept + more).min(40)));
        let truth = kept as f64 / 40.0;
        prop_assert!((share(kept) - truth).abs() < 0.2, "{} {truth}", share(kept));
    }

    #[test]
    fn json_gives_back_what_was_stored(main in ".{0,200}", rest in "[a-zé ]{0,2000}") {
        let sketch = Sketch::of(&main, &format!("{main} {rest}"));
        let json = serde_json::to_string(&sketch).unwrap();
        prop_assert_eq!(serde_json::from_str::<Sketch>(&json).unwrap(), sketch);
    }
}

#[test]
fn both_are_the_same_however_the_main_text_stands_in_the_whole() {
    let main = "Once upon a midnight dreary while I pondered weak and weary";
    let of_one = |main: &str, whole: &str| Sketch::of(main, whole);
    for (before, after) in [
        ("", ""),
        ("Home About ", " Imprint"),
        ("Home\n\n", ""),
        ("", "\nImprint and more of that"),
        ("Home", "behind"),
        ("Once upon a midnight dreary ", " weak and weary"),
    ] {
        for main in [main, "Once", "a b c", "a b c d", "", "日本語 の 文章 です"] {
            let whole = format!("{before}{main}{after}");
            assert_eq!(super::of(main, &whole).1, of_one(main, &whole), "{whole}");
        }
    }
}
