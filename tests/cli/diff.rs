//! `diff`: what changed between two copies, in all its formats, and what cannot be compared.

use insta::assert_snapshot;
use serde_json::Value;

use crate::support::Desk;
use crate::web::Page;

const SOURCE: &str = "https://source.test/page";

const FIRST: &str = "\
<p>The bridge over the harbour was closed on Monday after engineers found cracks in two of its main cables.</p>
<p>The city council said that the inspection had been planned for the spring of last year.</p>
<p>Repairs are expected to cost 12 million euros, of which the state will pay a third.</p>
<p>Commuters will have to take the ferry, which runs every twenty minutes from six in the morning on.</p>
<p>Opponents of the bridge had warned for years that salt water would eat into the steel.</p>
<p>An independent report that was published last year found no sign of damage at all.</p>
<p>The mayor did not answer questions about who had ordered that report, or what it had cost.</p>";

fn page(title: &str, text: &str) -> Page {
    Page::html(format!(
        "<!doctype html><html lang=en><title>{title}</title><body><nav><a href=/>Home</a></nav>\
         <main><h1>{title}</h1>{text}</main><footer>Imprint</footer>"
    ))
}

/// A source that was cited on a Monday, and is another a day later.
fn desk(title: &str, text: &str) -> Desk {
    let desk = Desk::new();
    desk.web
        .page("source.test", "/page", page("Bridge closed", FIRST));
    desk.post("posts/a.md", &[SOURCE]);
    desk.run("run posts").exits(0);
    desk.web.page("source.test", "/page", page(title, text));
    desk.day(1).run("run").exits(0);
    desk
}

/// A number, a "not" and a paragraph are others, and one was moved.
fn changed() -> String {
    let commuters = FIRST.lines().nth(3).unwrap();
    let text = FIRST
        .replace("12 million", "21 million")
        .replace("did not answer", "did answer")
        .replace(&format!("{commuters}\n"), "")
        .replace(
            "<p>An independent report that was published last year found no sign of damage at all.</p>\n",
            "",
        );
    format!("{text}<p>Nobody was hurt, and the ferry is free for a month.</p>\n{commuters}")
}

#[test]
fn tells_what_changed_by_word() {
    let desk = desk("Bridge closed for months", &changed());
    assert_snapshot!(desk.run(&format!("diff {SOURCE}")), @r"
    exit code 0
    --- stdout
    https://source.test/page
    “Bridge closed” → “Bridge closed for months”
      from   2026-01-05T08:00:00Z  copy 1, the baseline
      to     2026-01-06T08:00:00Z  copy 2
      drift  drifted · 85.4 % of the words that count stand · paragraphs: 2 altered, 1 gone, 1 new, 1 moved

      The bridge over the harbour was closed on Monday after engineers found cracks in two of its main cab…

      The city council said that the inspection had been planned for the spring of last year.

    ~ Repairs are expected to cost [-12-]{+21+} million euros, of which the state will pay a third.

      Opponents of the bridge had warned for years that salt water would eat into the steel.

    - [-An independent report that was published last year found no sign of damage at all.-]

    ~ The mayor did [-not-] answer questions about who had ordered that report, or what it had cost.

    + {+Nobody was hurt, and the ferry is free for a month.+}

    > moved: Commuters will have to take the ferry, which runs every twenty minutes from six in the morning on.
    ");
}

#[test]
fn colours_are_there_where_they_are_wanted() {
    let desk = desk("Bridge closed", &FIRST.replace("12 million", "21 million"));
    let plain = desk.run(&format!("diff {SOURCE} --color never")).exits(0);
    assert!(!plain.out.contains('\u{1b}'), "{plain}");
    let coloured = desk.run(&format!("diff {SOURCE} --color always")).exits(0);
    assert!(
        coloured
            .out
            .contains("\u{1b}[31m[-12-]\u{1b}[0m\u{1b}[32m{+21+}\u{1b}[0m"),
        "{coloured}"
    );
}

#[test]
fn json_has_every_paragraph() {
    let desk = desk("Bridge closed", &changed());
    let done = desk.run(&format!("diff {SOURCE} --format json")).exits(0);
    let diff: Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!(diff["url"], SOURCE);
    assert_eq!(diff["from"]["baseline"], true);
    assert_eq!(diff["from"]["at"], "2026-01-05T08:00:00Z");
    assert_eq!(diff["to"]["baseline"], false);
    assert_eq!(diff["drift"]["level"], "drifted");
    assert_eq!(diff["compared"], "main");
    let kinds: Vec<&str> = diff["pieces"]
        .as_array()
        .unwrap()
        .iter()
        .map(|piece| piece["kind"].as_str().unwrap())
        .collect();
    assert_snapshot!(kinds.join(" "), @"kept kept altered kept gone altered new moved");
    let weights: Vec<&Value> = diff["drift"]["passages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|passage| &passage["weight"])
        .collect();
    assert!(
        weights.contains(&&Value::from("number")) && weights.contains(&&Value::from("negation")),
        "{weights:?}"
    );
}

#[test]
fn html_is_one_safe_page() {
    let hostile = FIRST.replace(
        "salt water",
        "&lt;script&gt;alert(1)&lt;/script&gt; &lt;img src=x onerror='alert(2)'&gt; \u{202e}water\u{7}",
    );
    let desk = desk("Bridge \"&lt;/title>&lt;script>closed", &hostile);
    let page = desk
        .run(&format!("diff {SOURCE} --format html"))
        .exits(0)
        .out;
    assert!(page.starts_with("<!doctype html>\n"), "{page}");
    assert!(
        page.contains("default-src 'none'; style-src 'sha256-"),
        "{page}"
    );
    assert!(
        page.contains("script&gt;alert(1)&lt;/script&gt; &lt;img src=x onerror=&#39;alert(2"),
        "{page}"
    );
    for never in [
        "<script",
        "<img",
        "\u{202e}",
        "\u{7}",
        "javascript:",
        "<a ",
        "src=\"",
        "href",
    ] {
        assert!(!page.contains(never), "{never:?} in {page}");
    }
    // The policy allows the one style sheet by its digest, and no other.
    let style = page
        .split("<style>")
        .nth(1)
        .unwrap()
        .split("</style>")
        .next()
        .unwrap();
    let digest = page
        .split("'sha256-")
        .nth(1)
        .unwrap()
        .split('\'')
        .next()
        .unwrap();
    assert_eq!(digest, sha256_base64(style));
    assert!(
        page.contains("<details><summary lang=\"en\">3 paragraphs unchanged</summary>"),
        "{page}"
    );
}

fn sha256_base64(text: &str) -> String {
    use base64::Engine;
    use sha2::Digest;
    base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(text))
}

#[test]
fn hostile_text_does_not_steer_a_terminal() {
    let hostile = FIRST.replace(
        "salt water",
        "\u{1b}]0;owned\u{7}\u{1b}[2Jsalt\u{9b}31m \u{202e}water\u{2066}",
    );
    let desk = desk("Bridge \u{1b}[31mclosed", &hostile);
    for colour in ["never", "always"] {
        let done = desk
            .run(&format!("diff {SOURCE} --color {colour}"))
            .exits(0);
        for never in [
            "\u{1b}]",
            "\u{1b}[2J",
            "\u{7}",
            "\u{9b}",
            "\u{202e}",
            "\u{2066}",
        ] {
            assert!(!done.out.contains(never), "{never:?} in {done}");
        }
    }
}

#[test]
fn copies_are_chosen_by_number_instant_or_name() {
    let desk = desk("Bridge closed", &FIRST.replace("12 million", "21 million"));
    desk.web.page(
        "source.test",
        "/page",
        page("Bridge open", &FIRST.replace("12 million", "30 million")),
    );
    desk.day(9).run("run").exits(0);
    let head = |words: &str| {
        let out = desk.run(&format!("diff {SOURCE} {words}")).exits(0).out;
        let lines = out
            .lines()
            .filter(|line| line.starts_with("  from") || line.starts_with("  to"));
        let money = out.lines().filter(|line| line.contains("million"));
        lines.chain(money).collect::<Vec<_>>().join("\n")
    };
    let all = [
        "",
        "first newest",
        "2026-01-05 2026-01-06",
        "2 3",
        "3 2",
        "2026-01-07T00:00:00Z",
        "newest baseline",
    ]
    .map(|words| format!("diff {words}\n{}\n", head(words)));
    assert_snapshot!(all.join("\n"), @r"
    diff 
      from   2026-01-05T08:00:00Z  copy 1, the baseline
      to     2026-01-14T08:00:00Z  copy 3
    ~ Repairs are expected to cost [-12-]{+30+} million euros, of which the state will pay a third.

    diff first newest
      from   2026-01-05T08:00:00Z  copy 1, the baseline
      to     2026-01-14T08:00:00Z  copy 3
    ~ Repairs are expected to cost [-12-]{+30+} million euros, of which the state will pay a third.

    diff 2026-01-05 2026-01-06
      from   2026-01-05T08:00:00Z  copy 1, the baseline
      to     2026-01-06T08:00:00Z  copy 2
    ~ Repairs are expected to cost [-12-]{+21+} million euros, of which the state will pay a third.

    diff 2 3
      from   2026-01-06T08:00:00Z  copy 2
      to     2026-01-14T08:00:00Z  copy 3
    ~ Repairs are expected to cost [-21-]{+30+} million euros, of which the state will pay a third.

    diff 3 2
      from   2026-01-14T08:00:00Z  copy 3
      to     2026-01-06T08:00:00Z  copy 2
    ~ Repairs are expected to cost [-30-]{+21+} million euros, of which the state will pay a third.

    diff 2026-01-07T00:00:00Z
      from   2026-01-06T08:00:00Z  copy 2
      to     2026-01-14T08:00:00Z  copy 3
    ~ Repairs are expected to cost [-21-]{+30+} million euros, of which the state will pay a third.

    diff newest baseline
      from   2026-01-14T08:00:00Z  copy 3
      to     2026-01-05T08:00:00Z  copy 1, the baseline
    ~ Repairs are expected to cost [-30-]{+12+} million euros, of which the state will pay a third.
    ");
    assert_snapshot!(desk.run(&format!("diff {SOURCE} 7")), @r"
    exit code 3
    --- stderr
    error: https://source.test/page: copy 7 is none of its copies

    hint: its copies are 3 (2026-01-14T08:00:00Z), 2 (2026-01-06T08:00:00Z), 1 (2026-01-05T08:00:00Z)
    ");
    assert_snapshot!(desk.run(&format!("diff {SOURCE} 2025-12-31")), @r"
    exit code 3
    --- stderr
    error: https://source.test/page: no copy was made until 2026-01-01T00:00:00Z

    hint: its copies are 3 (2026-01-14T08:00:00Z), 2 (2026-01-06T08:00:00Z), 1 (2026-01-05T08:00:00Z)
    ");
    assert_snapshot!(desk.run(&format!("diff {SOURCE} yesterday")), @r#"
    exit code 2
    --- stderr
    error: invalid value 'yesterday' for '[FROM]': "yesterday" is neither the number of a copy, nor an instant (2026-01-31), `baseline`, `first` or `newest`

    For more information, try '--help'.
    "#);
    // The same copy twice is no mistake.
    assert_snapshot!(desk.run(&format!("diff {SOURCE} 2 2")), @r"
    exit code 0
    --- stdout
    https://source.test/page
    “Bridge closed”
      from   2026-01-06T08:00:00Z  copy 2
      to     2026-01-06T08:00:00Z  copy 2
      drift  same · all of the words that count stand

      ⋯ 7 paragraphs unchanged ⋯
    ");
}

#[test]
fn what_cannot_be_compared_is_said() {
    let desk = Desk::new();
    desk.web
        .page("source.test", "/page", page("Bridge closed", FIRST));
    desk.web.page(
        "source.test",
        "/lost",
        Page::html("<title>Lost</title>").status(404),
    );
    desk.post("posts/a.md", &[SOURCE, "https://source.test/lost"]);
    desk.run("run posts").exits(0);
    assert_snapshot!(desk.run(&format!("diff {SOURCE}")), @r"
    exit code 3
    --- stderr
    error: https://source.test/page: we hold one copy only, of 2026-01-05T08:00:00Z: there is nothing to compare it with

    hint: a page that changed is kept at its next visit; `sourcekeep capture https://source.test/page` makes a copy now
    ");
    assert_snapshot!(desk.run("diff https://source.test/lost"), @r"
    exit code 3
    --- stderr
    error: https://source.test/lost: we hold no copy

    hint: `sourcekeep capture https://source.test/lost` makes one
    ");
    assert_snapshot!(desk.run("diff https://source.test/other"), @r"
    exit code 3
    --- stderr
    error: https://source.test/other: no post cites this address

    hint: on the same host are: https://source.test/lost, https://source.test/page
    ");
    assert_snapshot!(desk.run("diff nonsense"), @r"
    exit code 2
    --- stderr
    error: nonsense: not an address: relative URL without a base

    hint: an address on the web begins with https:// (https://nonsense ?)
    ");
}
