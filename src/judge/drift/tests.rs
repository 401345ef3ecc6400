use super::*;

fn text(main: &str) -> Text {
    Text {
        main: main.to_owned(),
        whole: main.to_owned(),
        ..Text::default()
    }
}

fn level(before: &str, now: &str) -> Level {
    drift(&text(before), &text(now)).level
}

/// An article of some paragraphs.
const ARTICLE: &str = "\
The bridge over the harbour was closed on Monday after engineers found cracks in two of its main cables.
The city council said that the inspection had been planned for the spring, and was brought forward when drivers complained.
Repairs are expected to cost 12 million euros, of which the state will pay a third.
Commuters will have to take the ferry, which runs every twenty minutes between six in the morning and midnight.
Opponents of the bridge had warned for years that salt water would eat into the steel sooner than was calculated.
An independent report that was published last year found no sign of damage at all.
The mayor did not answer questions about who had ordered that report, or what it had cost.";

fn with(from: &str, to: &str) -> String {
    assert!(ARTICLE.contains(from), "{from}");
    ARTICLE.replace(from, to)
}

#[test]
fn what_does_not_count_is_the_same() {
    assert_eq!(level("", ""), Level::Same);
    assert_eq!(level("", ARTICLE), Level::Same);
    assert_eq!(level(ARTICLE, ARTICLE), Level::Same);
    for (before, now) in [
        ("Published on 3 May 2024", "Published on 4 May 2024"),
        ("Updated 3 hours ago", "Updated 2 days ago"),
        (
            "Last updated: August 19, 2021",
            "Last updated: September 26, 2023, 10:45 am",
        ),
        (
            "Veröffentlicht am 3. Mai 2024 um 10:45 Uhr",
            "Aktualisiert am 12. Juni 2025",
        ),
        ("Publié le 2 février 2020", "Mis à jour le 14 mars 2021"),
        ("2024-05-03", "2025-01-31 14:02"),
        ("2020年5月3日", "2021年12月31日"),
        ("1,234 views", "15,872 views"),
        (
            "13 people found this helpful",
            "39 people found this helpful",
        ),
        ("5 comments", "1 comment"),
        ("Comments (5)", "Comments (17)"),
        ("Share Tweet Pin Email", "Share on Facebook"),
        (
            "We use cookies to make this site better. Accept all",
            "By continuing to browse you agree to our use of cookies.",
        ),
        (
            "© 2023 The Gazette. All rights reserved.",
            "© 2024 The Gazette. All rights reserved.",
        ),
        ("Photo: Jane Doe", "Photo: John Roe"),
        ("4 min read", "6 min read"),
        ("Page 1 of 12", "Page 1 of 13"),
        ("12 days left", "11 days left"),
        ("Sign up for our newsletter, and never miss a story.", ""),
    ] {
        for (head, tail) in [(true, false), (false, true)] {
            let around = |line: &str| {
                let line = format!("{line}\n");
                let (start, end) = (
                    if head { &*line } else { "" },
                    if tail { &*line } else { "" },
                );
                format!("{start}{ARTICLE}\n{end}")
            };
            let found = drift(&text(&around(before)), &text(&around(now)));
            assert_eq!(found.level, Level::Same, "{before} / {now}: {found:#?}");
        }
    }
    // Within a paragraph too.
    let read = format!(
        "{ARTICLE}\nThe story was read 1,204 times since 3 May 2024, and has 15 comments so far."
    );
    let now = read
        .replace("1,204", "8,833")
        .replace("3 May 2024", "5 June 2024")
        .replace("15 c", "31 c");
    assert_eq!(level(&read, &now), Level::Same);
}

#[test]
fn typography_is_the_same() {
    let before = "“It’s the city’s own bridge,” she said — and the city\u{a0}paid.";
    let now = "\"It's the city's own bridge,\"\n she said - and the city paid.";
    assert_eq!(level(before, now), Level::Same);
    let wrapped = ARTICLE.replace(", ", ",\n").replace(" that ", "\nthat\n");
    assert_eq!(level(ARTICLE, &wrapped), Level::Same);
    assert_eq!(level(&wrapped, ARTICLE), Level::Same);
}

#[test]
fn a_few_words_are_a_touch() {
    for now in [
        with("complained", "complaned"),
        with("drivers", "motorists"),
        with("sooner", "much sooner"),
        ARTICLE.replace("the bridge", "the crossing"),
        format!("Harbour bridge closed for months\n{ARTICLE}"),
        format!(
            "{ARTICLE}\nHarbour ferry to run all night\nThe best fish soup in town\nSchools in the west open late"
        ),
        // Comments.
        format!(
            "{ARTICLE}
A reader writes that all of this was known long ago, and that nobody cared."
        ),
    ] {
        let found = drift(&text(ARTICLE), &text(&now));
        assert_eq!(found.level, Level::Touched, "{found:#?}");
        assert!(found.kept > 0.97, "{found:#?}");
    }
    let headline = |line: &str| format!("{line}\n{ARTICLE}");
    let (one, other) = (
        headline("Cracks in the cables close the harbour bridge"),
        headline("Ferry instead of bridge: what commuters must know now"),
    );
    assert_eq!(level(&one, &other), Level::Touched);
}

#[test]
fn what_was_moved_is_no_drift() {
    let mut lines: Vec<&str> = ARTICLE.lines().collect();
    lines.reverse();
    let found = drift(&text(ARTICLE), &text(&lines.join("\n")));
    assert_eq!(found.level, Level::Touched, "{found:#?}");
    assert!(
        found.kept > 0.99 && found.paragraphs.moved > 0,
        "{found:#?}"
    );
    assert_eq!(
        found.paragraphs.gone + found.paragraphs.new,
        0,
        "{found:#?}"
    );
    let list: Vec<String> = (0..30)
        .map(|at| format!("Entry of {} and {at} others", at * 7))
        .collect();
    let mut shuffled = list.clone();
    shuffled.rotate_left(11);
    shuffled.swap(2, 9);
    assert_eq!(
        level(&list.join("\n"), &shuffled.join("\n")),
        Level::Touched
    );
}

#[test]
fn substance_is_drift() {
    for (now, weight) in [
        (with("12 million", "21 million"), Weight::Number),
        (with("12 million", "12 billion"), Weight::Number),
        (with("did not answer", "did answer"), Weight::Negation),
        (with("found no sign", "found a sign"), Weight::Negation),
        (
            with(
                "An independent report that was published last year found no sign of damage at all.\n",
                "",
            ),
            Weight::Plain,
        ),
        (
            with(
                "said that the inspection had been planned for the spring",
                "denied that anybody had asked for it",
            ),
            Weight::Plain,
        ),
        (
            with(
                "a third.",
                "a third. The council has since admitted that it knew of the cracks.",
            ),
            Weight::Plain,
        ),
        (
            format!("Correction: the bridge was closed on Tuesday.\n{ARTICLE}"),
            Weight::Correction,
        ),
        (
            format!("{ARTICLE}\nThis article has been retracted by its authors."),
            Weight::Correction,
        ),
    ] {
        let found = drift(&text(ARTICLE), &text(&now));
        assert_eq!(found.level, Level::Drifted, "{found:#?}");
        assert_eq!(found.passages[0].weight, weight, "{found:#?}");
    }
}

#[test]
fn what_sounds_like_a_banner_may_be_the_text() {
    let policy = "We collect your email address when you create an account, and keep it for as long as you use our services.\n\
        Our partners receive it only where they need it to send what you ordered, and delete it afterwards within a month.\n\
        You may withdraw your consent at any time, by a letter to our office or in the settings of your account.\n";
    let before = format!("{ARTICLE}\n{policy}{ARTICLE}");
    for line in policy.lines() {
        let now = before.replace(&format!("{line}\n"), "");
        assert_eq!(level(&before, &now), Level::Drifted, "{line}");
    }
}

#[test]
fn little_is_left_of_what_was_replaced() {
    let other = "Loading\nThe page you are looking for is being moved to our new site. Please come back in a few days.";
    let found = drift(&text(ARTICLE), &text(other));
    assert_eq!(found.level, Level::Replaced, "{found:#?}");
    assert!(found.kept < 0.1, "{found:#?}");
    assert_eq!(level(ARTICLE, ""), Level::Replaced);
}

#[test]
fn short_texts_are_compared_too() {
    let before = "The bridge is closed to all traffic until further notice.";
    assert_eq!(level(before, before), Level::Same);
    assert_eq!(
        level(
            before,
            "The bridge is closed to all traffic until further notice"
        ),
        Level::Same
    );
    assert_eq!(
        level(before, "The bridge is open to all traffic and safe."),
        Level::Drifted
    );
    assert_eq!(
        level(
            before,
            "The bridge is not closed to all traffic until further notice."
        ),
        Level::Drifted
    );
    assert_eq!(
        level(before, "Welcome to nginx! If you see this page, it works."),
        Level::Replaced
    );
}

#[test]
fn a_row_or_a_figure_of_a_table_counts() {
    let rows: Vec<String> = (0..40)
        .map(|at| {
            let town = ["Harlow", "Brixton", "Selby", "Dover", "Penrith"][at % 5];
            format!(
                "{town} Steel Works {} strike of {} workers",
                1900 + at,
                100 + 13 * at
            )
        })
        .collect();
    let before = format!(
        "Strikes by year\nPlace Year Workers\n{}\nSource: the foundation's database",
        rows.join("\n")
    );
    let without = before.replace(&format!("{}\n", rows[17]), "");
    let found = drift(&text(&before), &text(&without));
    assert_eq!(found.level, Level::Drifted, "{found:#?}");
    assert_eq!(found.paragraphs.gone, 1);
    assert_eq!(found.passages[0].was, rows[17]);
    let figure = before.replace("strike of 321 workers", "strike of 312 workers");
    assert_eq!(level(&before, &figure), Level::Drifted);
    // Each cell on a line.
    let cells =
        |price: &str| format!("Plan\nPrice\nBasic\n$9.99\nTeam\n{price}\nLarge\n$59.00\n{ARTICLE}");
    let found = drift(&text(&cells("$19.99")), &text(&cells("$29.99")));
    assert_eq!(found.level, Level::Drifted, "{found:#?}");
    // A counter beside a button is none.
    let bar = |count: &str| {
        format!("{ARTICLE}\nLikes\n{count}\nShares\n{count}\nMore of this at our office")
    };
    assert_eq!(level(&bar("321"), &bar("330")), Level::Same);
    // A new row takes nothing away.
    let more = before.replace(
        "\nSource",
        "\nNewport Docks 1941 strike of 90 workers\nSource",
    );
    assert_eq!(level(&before, &more), Level::Touched);
}

#[test]
fn another_part_of_the_page_may_be_taken_for_its_main_text() {
    let aside = "Weather: rain in the north, sun in the south, and some wind along the coast.\n\
        Tickets for the summer festival are sold out, says the theatre, but there will be a second date.\n";
    let before = Text {
        main: ARTICLE.to_owned(),
        whole: format!("Home\nNews\n{aside}{ARTICLE}\nImprint"),
        ..Text::default()
    };
    let now = Text {
        main: aside.to_owned(),
        whole: format!("Home\nNews\nSports\n{aside}{ARTICLE}\nImprint"),
        ..Text::default()
    };
    let found = drift(&before, &now);
    assert!(
        found.level <= Level::Touched && found.kept > 0.99,
        "{found:#?}"
    );
    let found = drift(&now, &before);
    assert!(found.level <= Level::Touched, "{found:#?}");
    // What changed in it is found there too.
    let mut changed = now.clone();
    changed.whole = changed.whole.replace("12 million", "21 million");
    assert_eq!(drift(&before, &changed).level, Level::Drifted);
}

#[test]
fn boxes_in_the_middle_are_no_drift() {
    let (start, end) = ARTICLE.split_at(ARTICLE.find("Commuters").unwrap_or(0));
    for inside in [
        "Sign up for our newsletter and get the best of the harbour in your inbox.\n",
        "Read more: The long story of the harbour ferry\n",
        "Advertisement\n",
        "Related\nThe ferry that never came, and what it cost the city\nHow salt eats steel\n",
    ] {
        let found = drift(&text(ARTICLE), &text(&format!("{start}{inside}{end}")));
        assert!(found.level <= Level::Touched, "{inside}: {found:#?}");
        let found = drift(&text(&format!("{start}{inside}{end}")), &text(ARTICLE));
        assert!(found.level <= Level::Touched, "{inside}: {found:#?}");
    }
}

#[test]
fn any_script_is_compared() {
    let before = "港の橋は月曜日に閉鎖された。主なケーブルに亀裂が見つかったためである。修理には十二億円かかると市は述べた。";
    assert_eq!(level(before, before), Level::Same);
    assert_eq!(
        level(before, &before.replace("十二億", "十五億")),
        Level::Drifted
    );
    assert_eq!(
        level(
            before,
            &before.replace("修理には十二億円かかると市は述べた。", "")
        ),
        Level::Drifted
    );
    let arabic = "أُغلق الجسر يوم الاثنين بعد العثور على شقوق في الكابلات الرئيسية. وقالت المدينة إن الإصلاح سيستغرق ستة أشهر.";
    assert_eq!(
        level(
            arabic,
            &arabic.replace(" وقالت المدينة إن الإصلاح سيستغرق ستة أشهر.", "")
        ),
        Level::Drifted
    );
    // Composed and decomposed.
    assert_eq!(
        level(
            "Le caf\u{e9} a \u{e9}t\u{e9} ferm\u{e9} hier soir.",
            "Le cafe\u{301} a e\u{301}te\u{301} ferme\u{301} hier soir."
        ),
        Level::Same
    );
}

#[test]
fn evidence_is_short() {
    let before = format!("{ARTICLE}\n{}", "word after word after word ".repeat(5000));
    let found = drift(
        &text(&before),
        &text("Something else, which is nothing of that."),
    );
    let json = serde_json::to_string(&found).unwrap_or_default();
    assert!(json.len() < 2000, "{json}");
    let read: Drift = serde_json::from_str(&json).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(read, found);
}

#[test]
fn long_texts_and_repetitions_take_no_longer() {
    let mut long = String::new();
    for at in 0..60_000 {
        long.push_str(
            [
                "same words again\n",
                "same words\n",
                "and again the same words, and again\n",
            ][at % 3],
        );
    }
    let mut other = long.clone();
    other.insert_str(long.len() / 2 - long.len() / 2 % 2, "\nsomething else\n");
    let other: String = other.chars().filter(|c| *c != '\u{0}').collect();
    let begun = std::time::Instant::now();
    let found = drift(&text(&long), &text(&other));
    assert!(found.kept > 0.9, "{found:#?}");
    let _ = drift(&text(&long), &text(&other.replace("again", "once more")));
    let _ = compare(&long, &other.replace("again", "once more"));
    assert!(begun.elapsed().as_secs() < 60, "{:?}", begun.elapsed());
}

/// A comparison in one line a piece, as word diffs are written.
fn told(before: &str, now: &str) -> Vec<String> {
    let tell = |piece: Piece| {
        let parts: Vec<String> = piece
            .parts
            .iter()
            .map(|part| match part.said {
                Said::Both => part.text.clone(),
                Said::Before => format!("[-{}-]", part.text),
                Said::Now => format!("{{+{}+}}", part.text),
            })
            .collect();
        format!("{:?}: {}", piece.kind, parts.concat())
    };
    compare(before, now).into_iter().map(tell).collect()
}

#[test]
fn a_comparison_tells_every_word() {
    assert_eq!(told("", ""), Vec::<String>::new());
    assert_eq!(told("One two.", "One two."), ["Kept: One two."]);
    assert_eq!(told("One two.", ""), ["Gone: [-One two.-]"]);
    assert_eq!(told("", "One  two."), ["New: {+One two.+}"]);
    assert_eq!(
        told(
            "The bridge was closed on Monday, they say.",
            "The old bridge is closed on Tuesday, they say."
        ),
        ["Altered: The {+old+} bridge [-was-]{+is+} closed on [-Monday-]{+Tuesday+}, they say."]
    );
    assert_eq!(
        told("We did not answer him.", "We did answer him."),
        ["Altered: We did [-not-] answer him."]
    );
    assert_eq!(
        told(
            "One of the first.\nTwo of the second.\nThree of the third and last.",
            "Three of the third and last.\nOne of the first.\nTwo of the second.",
        ),
        [
            "Moved: Three of the third and last.",
            "Kept: One of the first.",
            "Kept: Two of the second."
        ]
    );
    assert_eq!(
        told(
            "First of all.\nIn the middle of it.\nAt the very end.",
            "First of all.\nAt the very end."
        ),
        [
            "Kept: First of all.",
            "Gone: [-In the middle of it.-]",
            "Kept: At the very end."
        ]
    );
    // A paragraph that was split, or lines that were joined, are the same.
    assert_eq!(
        told(
            "One two three. Four five six.",
            "One two three.\nFour five six."
        ),
        ["Kept: One two three.\nFour five six."]
    );
}

#[test]
fn what_a_comparison_tells_is_both_texts() {
    let now = with("drivers complained", "a driver had complained")
        .replace("Repairs are expected to cost", "Repairs cost")
        .replace(
            "An independent",
            "One more paragraph, put in here.\nAn independent",
        );
    let words = |text: &str| {
        text.split_whitespace()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let pieces = compare(ARTICLE, &now);
    let side = |other: Said| {
        let parts = pieces.iter().flat_map(|piece| {
            let parts = piece.parts.iter().filter(|part| part.said != other);
            parts.map(|part| part.text.as_str()).chain(["\n"])
        });
        words(&parts.collect::<String>())
    };
    assert_eq!(side(Said::Before), words(&now));
    assert_eq!(side(Said::Now), words(ARTICLE));
}

proptest::proptest! {
    #[test]
    fn nothing_breaks(before in "[ab 1é中\\.\n\u{301}\u{200b}$%-]{0,80}", now in "[ab 1é中\\.\n\u{301}\u{200b}$%-]{0,80}") {
        let found = drift(&text(&before), &text(&now));
        proptest::prop_assert!((0.0..=1.0).contains(&found.kept));
        let _ = compare(&before, &now);
        proptest::prop_assert_eq!(drift(&text(&before), &text(&before)).level, Level::Same);
    }
}

#[test]
fn a_long_page_that_is_cut_elsewhere_is_the_same() {
    let lines: Vec<String> = (0..80_000)
        .map(|at| format!("In district number {at} the wells were counted by hand in spring."))
        .collect();
    let whole = lines.join("\n");
    let cut = |text: &str| text[..4 << 20].to_owned();
    let before = cut(&whole);
    // A few more bytes at its beginning, and the last line is cut elsewhere.
    let now = cut(&format!("Updated 3 hours ago, at 10:45\n{whole}"));
    assert_eq!(level(&before, &now), Level::Same);
    let changed = whole.replacen("by hand in spring", "by nobody at all in spring", 1);
    assert_eq!(level(&before, &cut(&changed)), Level::Drifted);
}

/// A contract, in which a term that it defines is used again and again.
fn contract(first: &str) -> String {
    let rest = ["use", "sell", "copy", "change", "lend", "resell", "rent"].map(|what| {
        format!(
            "You may not {what} the App for anybody else without our written consent, wherever you are at that time."
        )
    });
    format!("{first}\n{}\n", rest.join("\n"))
}

#[test]
fn an_exception_that_is_widened_is_substance() {
    let before =
        contract("Do not share full legal names except as permitted in Display Names or Groups.");
    let now = before.replace("in Display", "in Friend Requests, Display");
    assert_eq!(level(&before, &now), Level::Drifted);
    assert_eq!(level(&now, &before), Level::Drifted);
    // Elsewhere two words more are a touch.
    let now = before.replace("full legal", "full and legal birth");
    assert_eq!(level(&before, &now), Level::Touched);
}

#[test]
fn what_a_contract_covers_is_substance() {
    let before = contract(
        "Please read this before you use our application (“Ours” or the “App”), as it binds you.",
    );
    let now = before.replace("our application", "our website or application");
    assert_eq!(level(&before, &now), Level::Drifted);
    // The term is not used.
    let before = contract(
        "Please read this before you use our application (“Ours” or “Theirs”), as it binds you.",
    );
    let now = before.replace("our application", "our website or application");
    assert_eq!(level(&before, &now), Level::Touched);
}

#[test]
fn another_mailbox_in_a_sentence_is_substance() {
    let before = contract(
        "To withdraw from this contract, write to help@shop.example within fourteen days of the delivery.",
    );
    let now = before.replace("help@shop", "returns@shop");
    assert_eq!(level(&before, &now), Level::Drifted);
    for hidden in [
        "[email protected]",
        "help[at]shop.example",
        "h***@shop.example",
    ] {
        let now = before.replace("help@shop.example", hidden);
        assert!(level(&before, &now) < Level::Drifted, "{hidden}");
        assert!(level(&now, &before) < Level::Drifted, "{hidden}");
    }
    // A line of contacts is no sentence.
    let before = contract("Contact: help@shop.example");
    let now = before.replace("help@shop", "returns@shop");
    assert!(level(&before, &now) < Level::Drifted);
}
