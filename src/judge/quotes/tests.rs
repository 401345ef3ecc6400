//! Quotes that stand, that say something else, and that are gone.

use proptest::prelude::*;
use unicode_normalization::UnicodeNormalization;

use super::*;

const PAGE: &str = "The ministry's wells\n\
    In 2019 the ministry counted 1,250 wells in the district; it did not count those that had run dry.\n\
    “We know where the water is,” said the minister, Ada Lamb, “and we know who drinks it.”\n\
    Read more: ten recipes for summer\n\
    Nobody has asked the villages since then, although their well-known infor-\nmation office — the only one — is open.\n";

fn text(main: &str) -> Text {
    Text {
        main: main.to_owned(),
        whole: main.to_owned(),
        ..Text::default()
    }
}

fn state(quote: &str) -> State {
    find(quote, &text(PAGE)).state
}

#[track_caller]
fn stands(quote: &str) {
    let found = find(quote, &text(PAGE));
    assert_eq!(
        found.state,
        State::Verbatim,
        "{quote}: {:?}",
        found.differences
    );
    assert!(!found.at.is_empty());
}

#[track_caller]
fn differences(quote: &str, page: &str) -> Vec<(String, String, Weight)> {
    let found = find(quote, &text(page));
    assert_eq!(found.state, State::Altered, "{quote}: {found:?}");
    found
        .differences
        .into_iter()
        .map(|one| (one.was, one.now, one.weight))
        .collect()
}

#[test]
fn how_a_quote_is_set_is_no_difference() {
    for quote in [
        "in 2019 the ministry counted 1250 wells in the district",
        "\"We know where the water is\"",
        "‘We know where the water is,’ said the minister, Ada Lamb, ‘and we know who drinks it’",
        "their well‑known information office – the only one – is open",
        "We  know\n where the\u{a0}water\u{ad} is!",
        "it did not count those that had run dry…",
        "… it did not count those that had run dry",
        "In 2019 the ministry counted […] those that had run dry",
        "In 2019 the ministry counted [snip] those that had run dry",
        "In 2019 the ministry counted (...) those that had run dry",
        "In 2019 the ministry counted . . . those that had run dry",
        "“[W]e know where the water is”",
        "[In that year] the ministry counted 1,250 wells [sic] in the district",
        "[Mrs Lamb's] ministry counted 1,250 wells",
        "the ministry count[s] 1,250 wells in the district",
        "“We know where the water is.” — Ada Lamb, minister",
        "The ministry’s wells In 2019 the ministry counted",
        "Nobody has asked the villages since then[3], although",
    ] {
        stands(quote);
    }
}

#[test]
fn a_line_between_two_paragraphs_is_no_difference() {
    stands("“and we know who drinks it.” Nobody has asked the villages since then");
}

#[test]
fn one_word_is_a_difference() {
    use Weight::{Negation, Number, Plain};
    let one = |was: &str, now: &str, weight| vec![(was.to_owned(), now.to_owned(), weight)];
    let of = |quote| differences(quote, PAGE);
    assert_eq!(
        of("it did count those that had run dry"),
        one("", "not", Negation)
    );
    assert_eq!(
        of("the ministry counted 1,520 wells in the district"),
        one("1,520", "1,250", Number)
    );
    assert_eq!(
        of("We know where the beer is, said the minister"),
        one("beer", "water", Plain)
    );
    assert_eq!(
        of("Everybody has asked the villages since then"),
        one("Everybody", "Nobody", Negation)
    );
    assert_eq!(of("the only one — is closed"), one("closed", "open", Plain));
    assert_eq!(
        of("We know where the good water is"),
        one("good", "", Plain)
    );
}

#[test]
fn the_weightiest_difference_comes_first() {
    let page =
        "The plan of the council was not approved by 7 of 12 members in the spring of the year.";
    let quote = "The plan of the board was approved by 8 of 12 members in the spring of the year.";
    let weights: Vec<Weight> = find(quote, &text(page))
        .differences
        .iter()
        .map(|d| d.weight)
        .collect();
    assert_eq!(weights, [Weight::Negation, Weight::Number, Weight::Plain]);
}

#[test]
fn what_does_not_stand_is_missing() {
    for quote in [
        "",
        "…",
        "the wells of the king",
        "Nothing that was said here was ever said by anybody else in the world",
        "know the minister",
        "run dry wells",
    ] {
        assert_eq!(state(quote), State::Missing, "{quote}");
    }
}

#[test]
fn the_whole_text_counts_where_the_main_one_lacks_it() {
    let text = Text {
        main: "An article of some words that says nothing of it.".to_owned(),
        whole: "Comments\nI saw the water rise to the second floor myself.\nAn article.".to_owned(),
        ..Text::default()
    };
    let found = find("I saw the water rise to the second floor", &text);
    assert_eq!(
        (found.state, found.place),
        (State::Verbatim, Some(Place::Whole))
    );
    let found = find("I saw the water rise to the first floor", &text);
    assert_eq!(
        (found.state, found.place),
        (State::Altered, Some(Place::Whole))
    );
    assert_eq!(
        &text.whole[found.at[0].clone()],
        "I saw the water rise to the second floor"
    );
}

#[test]
fn languages_without_spaces() {
    let page = "国务院公布了新的规定。企业不得收集个人信息,除非得到本人同意。水位は三メートル上昇した。\
        ประชาชนไม่ต้องจ่ายค่าน้ำในปีนี้";
    let verbatim =
        |quote: &str| assert_eq!(find(quote, &text(page)).state, State::Verbatim, "{quote}");
    verbatim("企业不得收集个人信息");
    verbatim("「企业不得收集个人信息……本人同意」");
    verbatim("水位は三ﾒｰﾄﾙ上昇した");
    verbatim(&"ประชาชนไม่ต้องจ่ายค่าน้ำ".nfd().collect::<String>());
    let of = |quote| differences(quote, page);
    assert_eq!(
        of("企业得收集个人信息"),
        [(String::new(), "不".to_owned(), Weight::Negation)]
    );
    assert_eq!(
        of("水位は五メートル上昇した"),
        [("五".to_owned(), "三".to_owned(), Weight::Number)]
    );
    assert_eq!(of("ประชาชนต้องจ่ายค่าน้ำในปีนี้")[0].2, Weight::Negation);
}

#[test]
fn right_to_left_scripts_and_marks() {
    let page = "قال الوزير إن المياه لن تصل إلى القرى قبل الصيف. הנהר לא הגיע אל הכפר בחורף הזה.";
    let verbatim =
        |quote: &str| assert_eq!(find(quote, &text(page)).state, State::Verbatim, "{quote}");
    verbatim("\u{202b}إن المياه لن تصل إلى القرى\u{202c}");
    verbatim("الميـــاه لن تصل إلى القرى");
    verbatim("הנהר לא הגיע אל הכפר");
    let of = |quote| differences(quote, page);
    assert_eq!(
        of("إن المياه تصل إلى القرى قبل الصيف"),
        [(String::new(), "لن".to_owned(), Weight::Negation)]
    );
    let page = "Der Zürcher Fluß trägt das Café fort, naïve Menschen sähen es.";
    let apart = page.nfd().collect::<String>();
    assert_eq!(
        find("trägt das Café fort, naïve Menschen", &text(&apart)).state,
        State::Verbatim
    );
    assert_eq!(
        differences("trägt das Cafe fort, naïve Menschen", &apart)[0].0,
        "Cafe"
    );
}

/// So many different words.
fn prose(words: usize) -> String {
    use std::fmt::Write as _;
    let mut text = String::new();
    let mut seed = 11_u64;
    for at in 0..words {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let end = if at % 17 == 16 { ".\n" } else { " " };
        let _ = write!(text, "w{}{end}", (seed >> 33) % 5000);
    }
    text
}

#[test]
fn a_quote_of_twenty_thousand_words() {
    let page = prose(60_000);
    let all: Vec<&str> = page.split_whitespace().collect();
    let mut quote = all[20_000..40_000].to_vec();
    assert_eq!(find(&quote.join(" "), &text(&page)).state, State::Verbatim);
    quote[10_000] = "nicht";
    let found = find(&quote.join(" "), &text(&page));
    assert_eq!(found.state, State::Altered);
    assert_eq!(found.differences.len(), 1, "{:?}", found.differences);
    assert_eq!(found.differences[0].was, "nicht");
}

#[test]
fn repetitions_take_no_longer() {
    let page = "a b ".repeat(200_000);
    let texts = text(&page);
    let texts = Texts::new(&texts);
    for quote in [
        "a ".repeat(20_000),
        "a b ".repeat(10_000) + "c",
        "a b … ".repeat(10_000),
        "[a] b ".repeat(10_000),
        "[".repeat(100_000),
        "…[".repeat(50_000),
        ". ".repeat(100_000),
    ] {
        let _ = texts.find(&quote);
    }
}

proptest! {
    #[test]
    fn what_is_cut_from_a_page_stands_in_it(start in 0_usize..400, len in 1_usize..60, style in 0_u8..4) {
        let page = prose(500);
        let all: Vec<&str> = page.split_whitespace().collect();
        let quote = all[start..(start + len).min(all.len())].join(" ");
        let quote = match style {
            0 => quote,
            1 => format!("“{}”", quote.to_uppercase()),
            2 => quote.replace(' ', "\u{a0}\u{200b} "),
            _ => quote.replace('.', " –"),
        };
        prop_assert_eq!(find(&quote, &text(&page)).state, State::Verbatim);
    }

    #[test]
    fn one_other_word_is_told(start in 0_usize..400, len in 6_usize..60, at in 0_usize..60) {
        let page = prose(500);
        let mut all: Vec<&str> = page.split_whitespace().collect();
        all.truncate((start + len).min(all.len()));
        let mut quote = all[start..].to_vec();
        let at = at % quote.len();
        let before = quote[at].trim_end_matches('.').to_owned();
        quote[at] = "other";
        let found = find(&quote.join(" "), &text(&page));
        prop_assert_eq!(found.state, State::Altered);
        prop_assert_eq!(found.differences.len(), 1, "{:?}", found.differences);
        prop_assert_eq!(&found.differences[0].was, "other");
        // Whether a word at the end of a sentence was changed or taken away cannot be told.
        let is_known = at > 0 && at + 1 < quote.len();
        prop_assert!(!is_known || found.differences[0].now.contains(&before), "{:?} {before}", found.differences);
    }

    #[test]
    fn nothing_panics(quote in "\\PC*|[\\[\\].…a-c \u{4e0d}–]*", page in "\\PC*|[a-c .\n\u{4e0d}]*") {
        let page = text(&page);
        let found = find(&quote, &page);
        for range in found.at {
            prop_assert!(page.main.get(range.clone()).is_some() || page.whole.get(range).is_some());
        }
    }
}
