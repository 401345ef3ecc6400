//! A post over time: what it cites, with which words, and which citations are new, kept or gone.

use insta::assert_snapshot;

use crate::support::{Desk, page};

fn write(desk: &Desk, body: &str) {
    desk.file(
        "posts/a.md",
        format!("---\ntitle: Rods\nauthor: Jane\n---\n\n{body}"),
    );
}

const FIRST: &str = "## On rods\n\nThe parish [wrote in its report](https://parish.test/report-on-rods-2025), “the steeple was struck \
                     three times in one night”.\n\nThe [old page](https://old.test/page) is short.\n";
const SECOND: &str = "## On rods\n\nThe parish [wrote in its report](https://parish.test/report-on-rods-2025), “the steeple was struck \
                      three times in one night”.\n\nThe [new page](https://new.test/page) is long ([archived](https://web.archive.org/web/2025/https://new.test/page)).\n";

fn desk() -> Desk {
    let desk = Desk::new();
    for (host, path) in [
        ("parish.test", "/report-on-rods-2025"),
        ("old.test", "/page"),
        ("new.test", "/page"),
        ("web.archive.org", "/web/2025/https://new.test/page"),
    ] {
        desk.web.page(host, path, page("Words"));
    }
    write(&desk, FIRST);
    desk.run("run posts").exits(0);
    desk
}

#[test]
fn a_post_shows_which_citations_are_new_kept_and_gone() {
    let desk = desk();
    assert_snapshot!(desk.run("show posts/a.md"), @r"
    exit code 0
    --- stdout
    [desk]/posts/a.md
    “Rods”, Jane
      read       2026-01-05T08:00:00Z (1 version since 2026-01-05)

    Cites 2
          8  https://parish.test/report-on-rods-2025  alive
              quotes “the steeple was struck three times in one night”
         10  https://old.test/page  alive
              “The old page is short.”
    ");
    desk.day(1);
    write(&desk, SECOND);
    assert_snapshot!(desk.run("run").out.lines().next().unwrap_or_default(), @"read     1 input: 1 post new or changed, 3 citations (2 new, 1 gone), 2 new sources");
    assert_snapshot!(desk.run("show posts/a.md"), @r"
    exit code 0
    --- stdout
    [desk]/posts/a.md
    “Rods”, Jane
      read       2026-01-06T08:00:00Z (2 versions since 2026-01-05)

    Cites 3: 2 new, 1 kept, 1 gone; changed 2026-01-06
          8  https://parish.test/report-on-rods-2025  alive
              quotes “the steeple was struck three times in one night”
    +    10  https://new.test/page  alive
              “The new page is long (archived).”
    +    10  https://web.archive.org/web/2025/https://new.test/page  alive
              “The new page is long (archived).”
    -    10  https://old.test/page  gone 2026-01-06
              “The old page is short.”
    ");
    let json = desk.run("show posts/a.md --format json");
    let post: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(
        (&post["new"], &post["kept"], &post["gone"]),
        (&2.into(), &1.into(), &1.into())
    );
    // Unchanged, it says still what was new when it changed.
    desk.day(2).run("run").exits(0);
    assert!(
        desk.run("show posts/a.md")
            .out
            .contains("2 new, 1 kept, 1 gone")
    );
    // What comes back is new again.
    desk.day(3);
    write(&desk, FIRST);
    desk.run("run").exits(0);
    assert!(
        desk.run("show posts/a.md")
            .out
            .contains("1 new, 1 kept, 2 gone")
    );
}

#[test]
fn the_words_around_a_citation_are_stored() {
    let desk = desk();
    desk.day(1);
    write(&desk, SECOND);
    desk.run("run").exits(0);
    assert_snapshot!(desk.rows(
        "select url, headings, position, line, line_column, quote, quote_confidence, quote_tie, preserves
         from citations where gone_at is null order by position"
    ), @r#"
        https://parish.test/report-on-rods-2025 | ["On rods"] | 1 | 8 | 12 | the steeple was struck three times in one night | 88 | sentence | -
        https://new.test/page | ["On rods"] | 2 | 10 | 5 | - | - | - | -
        https://web.archive.org/web/2025/https://new.test/page | ["On rods"] | 3 | 10 | 48 | - | - | - | https://new.test/page
        "#);
}

#[test]
fn a_source_that_nobody_cites_any_more_is_kept_and_visited_seldom() {
    let desk = desk();
    desk.day(1);
    write(&desk, SECOND);
    desk.run("run").exits(0);
    for day in [3, 7, 15, 31, 64, 130, 230] {
        desk.day(day).run("run").exits(0);
    }
    let days = |host: &str| {
        desk.number(&format!(
            "select (s.next_visit_at - s.last_visit_at) / 86400000 from source s where s.address like 'https://{host}/%'"
        ))
    };
    assert!(days("parish.test") <= 30, "{}", days("parish.test"));
    assert!(
        (45..=90).contains(&days("old.test")),
        "{}",
        days("old.test")
    );
    assert!(
        desk.run("show https://old.test/page")
            .exits(0)
            .out
            .contains("gone 2026-01-06")
    );
    let told = desk.run("explain https://old.test/page").exits(0).out;
    assert!(told.contains("no post cites it any more"), "{told}");
}

#[test]
fn a_commenters_own_site_is_recorded_and_not_visited() {
    let desk = Desk::new();
    desk.web.page("source.test", "/page", page("Words"));
    desk.web.page("jane.test", "/", page("Jane"));
    desk.file(
        "a.html",
        "<article><p>See <a href='https://source.test/page'>this</a>.</p></article>
         <ol class='commentlist'><li class='comment'><div class='comment-author vcard'><cite class='fn'>
         <a href='https://jane.test/' rel='external nofollow' class='url'>Jane</a></cite></div>
         <p>I agree.</p></li></ol>",
    );
    desk.run("run a.html").exits(0);
    assert_snapshot!(desk.rows("select url, kind, recorded_only, standing, verdict from citations order by position"), @r"
    https://source.test/page | anchor | 0 | alive | alive
    https://jane.test/ | author | 1 | new | -
    ");
    assert!(desk.web.requests_to("jane.test").is_empty());
    assert!(!desk.run("report --all").out.contains("jane.test"));
    // Once a post cites it, it is a source like any other.
    desk.day(1).post("b.md", &["https://jane.test/"]);
    desk.run("run b.md").exits(0);
    assert_eq!(desk.number("select count(*) from visit v join source s on s.id = v.source_id where s.address = 'https://jane.test/'"), 1);
}

#[test]
fn a_post_that_is_not_known_is_an_error_with_a_hint() {
    let desk = desk();
    let done = desk.run("show posts/b.md").exits(2);
    assert!(done.err.contains("posts/b.md"), "{}", done.err);
    let done = desk.run("show https://nowhere.test/").exits(3);
    assert!(
        done.err.contains("no post cites this address"),
        "{}",
        done.err
    );
}
