//! Quotes as people write them, and pages as they are set.

use proptest::prelude::*;

use super::*;

fn look(quote: &str, text: &str) -> Found {
    Texts::of(text, text).find(quote)
}

#[track_caller]
fn stands(quote: &str, text: &str) {
    let found = look(quote, text);
    assert_eq!(
        found.state,
        State::Verbatim,
        "{quote:?} in {text:?}: {found:?}"
    );
}

#[track_caller]
fn altered(quote: &str, text: &str, expected: &[(&str, &str, Weight)]) {
    let found = look(quote, text);
    let shown: Vec<_> = found
        .differences
        .iter()
        .map(|one| (one.was.as_str(), one.now.as_str(), one.weight))
        .collect();
    assert_eq!(found.state, State::Altered, "{found:?}");
    assert_eq!(shown, expected);
}

const TEXT: &str = "Strikes in the database\nThe foundation lists every strike, and its “database” holds more \
    than 1,200 of them.[3] It is not complete; nobody says it is.\nThe company’s lawyers have asked for its removal — \
    without success¹ — on 12 May 2019.";

#[test]
fn how_it_is_written_is_no_change() {
    for quote in [
        "the foundation lists every strike and its \"database\" holds more than 1200 of them",
        "its 'database' holds more than 1,200 of them. It is not complete, nobody says it is,",
        "Strikes in the database The foundation lists every strike",
        "The company's lawyers have asked for its removal - without success - on 12 May 2019",
        "The foun\u{ad}dation lists every strike",
        "The founda-\ntion lists every strike",
    ] {
        stands(quote, TEXT);
    }
}

#[test]
fn what_a_quoting_author_does_is_no_change() {
    for quote in [
        "The foundation lists every strike […] nobody says it is.",
        "The foundation lists every strike ... its \"database\" holds more [snip] without success",
        "[I]ts \"database\" holds more than 1,200 of them",
        "[The company]'s lawyers have asked for its removal",
        "[The firm’s] lawyers have asked for its removal",
        "The foundation lists every strike [sic], and its database",
        "The foundation lists every strike, and [the] “database” holds more than 1,200 of them",
        "It is not complete (emphasis added); nobody says it is.",
        "The foundation lists every strike, and its “database” holds more than 1,200 of them.” — Jane Smith",
    ] {
        stands(quote, TEXT);
    }
}

#[test]
fn one_other_word_is() {
    altered(
        "It is complete; nobody says it is.",
        TEXT,
        &[("", "not", Weight::Negation)],
    );
    altered(
        "The foundation lists each strike, and its “database” holds more than 1,300 of them",
        TEXT,
        &[
            ("1,300", "1,200", Weight::Number),
            ("each", "every", Weight::Plain),
        ],
    );
    altered(
        "lawyers have asked for its removal — without success — on 12 June 2019",
        TEXT,
        &[("June", "May", Weight::Plain)],
    );
    altered(
        "have asked for its removal — without effect",
        TEXT,
        &[("effect", "success", Weight::Plain)],
    );
}

#[test]
fn what_is_not_there_is_missing() {
    for quote in [
        "A wholly different sentence about something else",
        "The databank",
        "Strikes in databases",
        "…",
        "",
    ] {
        let found = look(quote, TEXT);
        assert_eq!(found, Found::MISSING, "{quote}");
    }
    assert_eq!(look("anything", ""), Found::MISSING);
}

#[test]
fn a_quote_knows_where_it_stands() {
    let found = look("lists every strike […] nobody says it is", TEXT);
    let at: Vec<_> = found.at.iter().map(|at| &TEXT[at.clone()]).collect();
    assert_eq!(at, ["lists every strike", "nobody says it is"]);
    let whole = "menu of the page\nlists every strike";
    let found = Texts::of("lists every strike", whole).find("menu of the page");
    assert_eq!(
        (found.state, found.place),
        (State::Verbatim, Some(Place::Whole))
    );
}

#[test]
fn short_passages_have_to_stand_in_order() {
    stands("every strike ... not complete", TEXT);
    assert_ne!(
        look("not complete ... every strike", TEXT).state,
        State::Verbatim
    );
}

#[test]
fn all_scripts_are_read() {
    stands(
        "水位は三メートルを超えた",
        "昨日、水位は三メートルを\n超えた。",
    );
    altered(
        "水位は高いと発表された",
        "水位は低いと発表された。",
        &[("高", "低", Weight::Plain)],
    );
    stands(
        "قال الوزير إن القرار نهائي",
        "وقال: «قال الوزير إنّ القرار نهائي»."
            .replace('ّ', "")
            .as_str(),
    );
    stands(
        "re\u{301}sume\u{301} of the whole affair",
        "the résumé of the whole affair",
    );
    stands("ที่นี่ไม่มีน้ำ", "เขาว่า ที่นี่ไม่มีน้ำ");
}

#[test]
fn words_that_were_run_together_are_the_same() {
    stands(
        "Privacy PolicyLast Modified: 2022-10-27",
        "Privacy Policy\nLast Modified: 2022-10-27",
    );
    stands(
        "the web site of the company",
        "See the website of the company.",
    );
    stands(
        "what is said of the policy here",
        "what is said of the policy3 here",
    );
    stands(
        "first paragraph ends here. The second goes on",
        "first paragraph ends here.\nA caption\nThe second goes on",
    );
}

#[test]
fn repeats_take_no_longer() {
    let many = "a ".repeat(200_000);
    let found = look(&format!("{}b c d e f", "a ".repeat(2_000)), &many);
    assert_ne!(found.state, State::Verbatim);
    stands(&"a ".repeat(20_000), &many);
    let pairs = "a b ".repeat(100_000);
    assert_ne!(
        look(&"a b a c ".repeat(5_000), &pairs).state,
        State::Verbatim
    );
}

#[test]
fn a_long_quote_is_compared_too() {
    for period in [7919, 104_729] {
        let word = |n: usize| format!("w{} ", (n * n) % period);
        let text: String = (0..30_000).map(word).collect();
        let quote: String = (5_000..25_000).map(word).collect();
        stands(&quote, &text);
        let (before, after) = quote.split_at(quote.len() / 2);
        let (before, was) = before.trim_end().rsplit_once(' ').unwrap_or_default();
        let after = after.split_once(' ').unwrap_or_default().1;
        let found = look(&format!("{before} other {after}"), &text);
        assert_eq!(found.state, State::Altered, "{was}");
        assert_eq!(found.differences.len(), 1);
        assert!(found.differences[0].was.contains("other"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_part_of_a_text_stands_in_it(text in "(([a-zé]{1,8}|[0-9]{1,4}|不|ไม่)[ ,.\n]{1,2}){6,60}", from in 0_usize..40, count in 1_usize..40) {
        let all: Vec<&str> = text.split_inclusive(char::is_whitespace).collect();
        let from = from.min(all.len() - 1);
        let to = (from + count).min(all.len());
        let quote = all[from..to].concat().replace("..", ".").replace(['.', ','], " ").to_uppercase();
        let text = text.replace(['.', ','], " ");
        if !quote.trim().is_empty() {
            prop_assert_eq!(look(&quote, &text).state, State::Verbatim, "{:?} in {:?}", quote, text);
        }
    }

    #[test]
    fn nothing_panics(quote in "\\PC{0,60}|[ab \\[\\].…\n-]{0,60}", text in "\\PC{0,200}|[ab \\[\\].…\n-]{0,200}") {
        look(&quote, &text);
    }

    #[test]
    fn another_word_is_told(words in prop::collection::vec("[b-y]{3,8}", 8..40), at in 1_usize..38) {
        let at = at.min(words.len() - 2);
        let mut other = words.clone();
        other[at] = "zzzzz".to_owned();
        let found = look(&other.join(" "), &words.join(" "));
        prop_assert_eq!(found.state, State::Altered);
        prop_assert_eq!(found.differences.len(), 1);
        prop_assert_eq!(found.differences[0].was.as_str(), "zzzzz");
        prop_assert_eq!(&found.differences[0].now, &words[at]);
    }
}
