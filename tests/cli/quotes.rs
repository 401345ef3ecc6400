//! What the page still says: quotes that stand, are altered or lost, and pages that drift.

use crate::support::Desk;
use crate::web::Page;

const SOURCE: &str = "https://source.test/2025/12/wells";
const QUOTED: &str = "The deepest well of the valley was never dug by hand before the war.";

/// An article of some length, with this paragraph in its middle.
fn article(middle: &str) -> String {
    let before = "People of the valley have drawn their water from wells for as long as anybody can remember. ";
    let behind =
        "Whoever walks up the old road in spring still sees the stones that mark each of them. ";
    format!(
        "<!doctype html><html lang=en><head><title>Wells of the valley</title></head><body><nav><a href=/>Home</a></nav>\
         <article><h1>Wells of the valley</h1><p>{}</p><p>{middle}</p><p>{}</p>\
         <p>The council keeps a list of all wells, and the museum shows three of the buckets.</p></article>\
         <footer>Valley Herald</footer></body></html>",
        before.repeat(4),
        behind.repeat(4)
    )
}

fn shows(desk: &Desk, middle: &str) {
    let page = Page::html(article(middle));
    desk.web.page("source.test", "/2025/12/wells", page);
}

/// A post of the first Monday that quotes a passage.
fn quotes(desk: &Desk, passage: &str) {
    desk.file(
        "posts/a.md",
        format!("---\ndate: 2026-01-05\n---\n# A post\n\nThe Herald says [in its article]({SOURCE}):\n\n> {passage}\n\nSo it is.\n"),
    );
}

fn events(desk: &Desk) -> String {
    desk.rows(
        "select strftime('%d', at / 1000, 'unixepoch'), kind, detail from event where source_id is not null order by id",
    )
}

/// What a command says, without the numbers of copies: two hosts are visited in any order.
fn unnumbered(desk: &Desk, words: &str) -> String {
    let numbers = regex::Regex::new(r"number \d+").unwrap();
    let out = desk.run(words).exits(0).out;
    numbers.replace_all(&out, "number [n]").into_owned()
}

const STANDS: &str = "select state, place, differences, strftime('%d', at / 1000, 'unixepoch') from quote_result order by id";

#[test]
fn a_quote_that_is_altered_is_told_when_it_was_seen_twice() {
    let desk = Desk::new();
    shows(&desk, QUOTED);
    quotes(&desk, QUOTED);
    desk.run("run posts").exits(0);
    assert_eq!(desk.rows(STANDS), "verbatim | main | [] | 05\n");
    shows(&desk, &QUOTED.replace("never", "often"));
    desk.day(2).run("run").exits(0);
    insta::assert_snapshot!(desk.rows(STANDS), @r#"
    verbatim | main | [] | 05
    altered | main | [{"was":"never","now":"often","weight":"negation"}] | 07
    "#);
    assert_eq!(events(&desk), "");
    insta::assert_snapshot!(desk.rows("select quote_id, says, first_visit_id, second_visit_id from untold"), @r"
    0 | drifted | 2 | -
    1 | altered | 2 | -
    ");
    desk.day(4).run("run").exits(0);
    insta::assert_snapshot!(events(&desk), @r#"
    09 | verdict-changed | {"from":"alive","level":"drifted","to":"drifted"}
    09 | quote-lost | {"differences":[{"now":"often","was":"never","weight":"negation"}],"from":"verbatim","had":{"at":1767600000000,"capture":"[id]"},"lacks":{"at":1767772800000,"capture":"[id]"},"quote":1,"to":"altered","words":"The deepest well of the valley was never dug by hand before the war."}
    "#);
    assert_eq!(desk.rows("select * from untold"), "");
    // It is told once.
    desk.day(8).run("run").exits(0);
    insta::assert_snapshot!(desk.rows("select count(*) from event where kind = 'quote-lost'"), @"1");
    // It stands again.
    shows(&desk, QUOTED);
    desk.day(12).run("run").exits(0);
    insta::assert_snapshot!(events(&desk), @r#"
    09 | verdict-changed | {"from":"alive","level":"drifted","to":"drifted"}
    09 | quote-lost | {"differences":[{"now":"often","was":"never","weight":"negation"}],"from":"verbatim","had":{"at":1767600000000,"capture":"[id]"},"lacks":{"at":1767772800000,"capture":"[id]"},"quote":1,"to":"altered","words":"The deepest well of the valley was never dug by hand before the war."}
    17 | quote-back | {"quote":1,"words":"The deepest well of the valley was never dug by hand before the war."}
    17 | verdict-changed | {"from":"drifted","to":"alive"}
    "#);
}

fn states(desk: &Desk) -> String {
    desk.rows("select words, state, place, since from quotes order by id")
}

const OTHER: &str =
    "A second passage that nobody has ever read on this page, however long they looked.";

#[test]
fn what_was_never_seen_is_not_missing() {
    let desk = Desk::new();
    shows(&desk, QUOTED);
    // The first copy is made six years after the post.
    desk.file(
        "posts/old.md",
        format!("---\ndate: 2020-01-05\n---\n# A post\n\nThe Herald says [in its article]({SOURCE}):\n\n> {OTHER}\n\nSo.\n"),
    );
    desk.run("run posts").exits(0);
    insta::assert_snapshot!(states(&desk), @"A second passage that nobody has ever read on this page, however long they looked. | never-seen | - | 2026-01-05T08:00:00Z");
    let told = desk.run(&format!("show {SOURCE}")).exits(0).out;
    assert!(
        told.contains("no copy from the time of the citation"),
        "{told}"
    );
    // Of a page that was kept when it was cited, it is known that it did not say so; that is no loss.
    let desk = Desk::new();
    shows(&desk, QUOTED);
    quotes(&desk, OTHER);
    desk.run("run posts").exits(0);
    insta::assert_snapshot!(states(&desk), @"A second passage that nobody has ever read on this page, however long they looked. | missing | - | 2026-01-05T08:00:00Z");
    desk.day(2).run("run").exits(0);
    assert_eq!(events(&desk), "");
    assert!(!desk.run("report").exits(0).out.contains("Quotes lost"));
}

#[test]
fn behind_a_wall_nothing_is_known_and_nothing_is_lost() {
    let desk = Desk::new();
    let wall = || Page::html("<title>Forbidden</title>no").status(403);
    desk.web.page("source.test", "/2025/12/wells", wall());
    quotes(&desk, QUOTED);
    desk.run("run posts").exits(0);
    insta::assert_snapshot!(states(&desk), @"The deepest well of the valley was never dug by hand before the war. | unknown | - | -");
    shows(&desk, QUOTED);
    desk.day(2).run("run").exits(0);
    insta::assert_snapshot!(states(&desk), @"The deepest well of the valley was never dug by hand before the war. | verbatim | main | 2026-01-07T08:00:00Z");
    desk.web.page("source.test", "/2025/12/wells", wall());
    for day in [4, 6, 8] {
        desk.day(day).run("run").exits(0);
    }
    insta::assert_snapshot!(states(&desk), @"The deepest well of the valley was never dug by hand before the war. | verbatim | main | 2026-01-07T08:00:00Z");
    assert!(!events(&desk).contains("quote"));
}

#[test]
fn a_page_that_flips_back_is_no_event() {
    let desk = Desk::new();
    shows(&desk, QUOTED);
    quotes(&desk, QUOTED);
    desk.run("run posts").exits(0);
    for day in [2, 4, 6, 8] {
        let is_other = day % 4 == 2;
        shows(&desk, if is_other { OTHER } else { QUOTED });
        desk.day(day).run("run").exits(0);
        let waits = desk.number("select count(*) from untold");
        assert_eq!(waits > 0, is_other, "day {day}");
    }
    assert_eq!(events(&desk), "");
    insta::assert_snapshot!(desk.rows(STANDS), @r"
    verbatim | main | [] | 05
    missing | - | [] | 07
    verbatim | main | [] | 09
    missing | - | [] | 11
    verbatim | main | [] | 13
    ");
}

#[test]
fn a_quote_that_is_gone_stands_above_all_but_deaths() {
    let desk = Desk::new();
    shows(&desk, QUOTED);
    quotes(&desk, QUOTED);
    desk.page("dead.test", "/page", "Words");
    desk.post("posts/b.md", &["https://dead.test/page"]);
    desk.run("run posts").exits(0);
    desk.run("report").exits(0);
    desk.web.remove("dead.test", "/page");
    shows(&desk, OTHER);
    desk.day(1).run("check --all").exits(0);
    desk.day(3).run("run").exits(0);
    insta::assert_snapshot!(unnumbered(&desk, "report"), @r"
    2 sources cited in 2 posts, 2026-01-08 · last run just now

    Quotes lost (1)

      ≠ https://source.test/2025/12/wells
        drifted: changed: 91 % of the text of our copy of 2026-01-05 stands; paragraphs: 1 gone, 1 new; gone: “The deepest well of the valley was never dug by hand before the war”
        gone       “The deepest well of the valley was never dug by hand before the war.”
                   in our copy of 2026-01-05 (number [n]), not since 2026-01-06 (copy number [n])
                   quoted in posts/a.md:6
        compare    sourcekeep diff https://source.test/2025/12/wells
        cited in   posts/a.md:6  “in its article”
        since      2026-01-06 (2 days ago)
        we hold    copy of 2026-01-06 “Wells of the valley”, 1 KB

    Newly broken (1)

      ✗ https://dead.test/page
        not-found: 404 Not Found · failing, strike 2 of 3
        cited in   posts/b.md:3  “the page page”
        since      2026-01-06 (2 days ago, last fine 2026-01-05)
        we hold    copy of 2026-01-05 “Words”, 467 B

    Of all: 1 drifted · 1 not-found
    Held: 3 copies
    ");
    insta::assert_snapshot!(unnumbered(&desk, "report --format markdown"), @r"
    # Sources, 2026-01-08

    2 sources cited in 2 posts; 3 copies held.

    ## Quotes lost (1)

    | source | verdict | since | cited in | we hold |
    | --- | --- | --- | --- | --- |
    | https://source.test/2025/12/wells | drifted: changed: 91 % of the text of our copy of 2026-01-05 stands; paragraphs: 1 gone, 1 new; gone: “The deepest well of the valley was never dug by hand before the war” | 2026-01-06 | posts/a.md:6 | copy of 2026-01-06 |

    - https://source.test/2025/12/wells: **gone**: “The deepest well of the valley was never dug by hand before the war.”
      - in our copy of 2026-01-05 (number [n]), not since 2026-01-06 (copy number [n])
      - quoted in posts/a.md:6

    ## Newly broken (1)

    | source | verdict | since | cited in | we hold |
    | --- | --- | --- | --- | --- |
    | https://dead.test/page | not-found: 404 Not Found | 2026-01-06 | posts/b.md:3 | copy of 2026-01-05 |
    ");
    let json = desk
        .run("report --format jsonl --only drifted")
        .exits(0)
        .out;
    let json: serde_json::Value = serde_json::from_str(json.lines().next().unwrap()).unwrap();
    insta::assert_snapshot!(json["quotes"], @r#"{"altered":0,"missing":1,"never-seen":0,"unknown":0,"verbatim":0}"#);
    insta::assert_snapshot!(json["quotes_lost"][0]["state"], @r#""missing""#);
    insta::assert_snapshot!(unnumbered(&desk, &format!("show {SOURCE}")), @r"
    https://source.test/2025/12/wells
    drifted · alive
      changed: 91 % of the text of our copy of 2026-01-05 stands; paragraphs: 1 gone, 1 new
      gone: “The deepest well of the valley was never dug by hand before the war”
      200 OK
      since       2026-01-06T08:00:00Z
      checked     2026-01-08T08:00:00Z
      last fine   2026-01-08T08:00:00Z
      next visit  2026-01-09T05:51:59Z
      robots.txt  allowed

    Quoted (1)
         1  “The deepest well of the valley was never dug by hand before the war.”
            lost: is gone, since 2026-01-06
            last copy with it 2026-01-05 (number [n]), first other copy 2026-01-06 (number [n])
            quoted in [desk]/posts/a.md:6

    Cited (1)
      [desk]/posts/a.md:6  anchor in body, first seen 2026-01-05
          “The Herald says in its article:”
          quotes “The deepest well of the valley was never dug by hand before the war.”

    Visits (3)
      2026-01-08T08:00:00Z  drifted             200 [time]  as on 2026-01-06
      2026-01-06T08:00:00Z  drifted             200 [time]
      2026-01-05T08:00:00Z  alive               200 [time]

    Copies (2)
      2026-01-06T08:00:00Z  1 KB  sha256:d33dd47ff1bd  “Wells of the valley”
      2026-01-05T08:00:00Z  1 KB  sha256:63dec4182853  “Wells of the valley”
    ");
    let told = desk.run(&format!("explain {SOURCE}")).exits(0).out;
    assert!(
        told.contains("of the text of our copy of 2026-01-05 stands"),
        "{told}"
    );
}

#[test]
fn what_an_address_points_to_is_looked_for() {
    let desk = Desk::new();
    shows(&desk, &format!("<a id=wells></a>{QUOTED}"));
    desk.post(
        "posts/a.md",
        &[
            &format!("{SOURCE}#:~:text=the%20deepest%20well,by%20hand"),
            &format!("{SOURCE}#wells"),
            &format!("{SOURCE}#buckets"),
        ],
    );
    desk.run("run posts").exits(0);
    insta::assert_snapshot!(states(&desk), @"the deepest well […] by hand | verbatim | main | 2026-01-05T08:00:00Z");
    let fragments = "select name, state, was_present from fragment order by name";
    insta::assert_snapshot!(desk.rows(fragments), @r"
    buckets | missing | 0
    wells | present | 1
    ");
    shows(&desk, &format!("<a id=others></a>{QUOTED}"));
    desk.day(2).run("run").exits(0);
    insta::assert_snapshot!(desk.rows(fragments), @r"
    buckets | missing | 0
    wells | missing | 1
    ");
    let shown = desk.run(&format!("show {SOURCE}")).exits(0).out;
    assert!(shown.contains("#wells”, which it had before"), "{shown}");
}

#[test]
fn passages_are_tied_by_hand_and_looked_for_in_the_copies_at_once() {
    let desk = Desk::new();
    shows(&desk, QUOTED);
    desk.post("posts/a.md", &[SOURCE]);
    desk.run("run posts").exits(0);
    shows(&desk, OTHER);
    desk.day(2).run("run").exits(0);
    desk.web.forget_requests();
    let add = |words: &str| {
        let mut command = desk.command("quote add");
        command.args([SOURCE, words, "--by", "Ada", "--note", "for chapter 3"]);
        desk.finish(&mut command).exits(0).out
    };
    insta::assert_snapshot!(add(OTHER), @r"
    1  “A second passage that nobody has ever read on this page, however long they looked.”
       stands word for word, since 2026-01-07
       tied by hand by Ada on 2026-01-07: for chapter 3
    ");
    insta::assert_snapshot!(add(&format!("“{QUOTED}”")), @r"
    2  “The deepest well of the valley was never dug by hand before the war.”
       lost: is gone (seen once), since 2026-01-07
       last copy with it 2026-01-05 (number 1), first other copy 2026-01-07 (number 2)
       tied by hand by Ada on 2026-01-07: for chapter 3
    ");
    assert_eq!(desk.web.requests_to("source.test").len(), 0, "offline");
    // It is told once two visits have shown it.
    desk.day(3).run("run").exits(0);
    assert_eq!(
        desk.number("select count(*) from event where kind = 'quote-lost'"),
        0
    );
    desk.day(5).run("run").exits(0);
    assert_eq!(
        desk.number("select count(*) from event where kind = 'quote-lost'"),
        1
    );
    let mut command = desk.command("quote remove");
    command.args([SOURCE, OTHER]);
    desk.finish(&mut command).exits(0);
    insta::assert_snapshot!(desk.run(&format!("quote list {SOURCE}")).exits(0).out, @r"
    2  “The deepest well of the valley was never dug by hand before the war.”
       lost: is gone, since 2026-01-07
       last copy with it 2026-01-05 (number 1), first other copy 2026-01-07 (number 2)
       tied by hand by Ada on 2026-01-07: for chapter 3
    1  “A second passage that nobody has ever read on this page, however long they looked.”
       stands word for word, since 2026-01-07
       not quoted any more, and not looked for
    ");
    let mut command = desk.command("quote remove");
    command.args([SOURCE, OTHER]);
    desk.finish(&mut command).exits(3);
}

#[test]
fn a_column_of_a_table_ties_passages() {
    let desk = Desk::new();
    shows(&desk, QUOTED);
    desk.file("sources.csv", format!("url,quote\n{SOURCE},\"{QUOTED}\"\n"));
    desk.run("run sources.csv").exits(0);
    insta::assert_snapshot!(states(&desk), @"The deepest well of the valley was never dug by hand before the war. | verbatim | main | 2026-01-05T08:00:00Z");
}

#[test]
fn a_citation_that_goes_leaves_its_quote() {
    let desk = Desk::new();
    shows(&desk, QUOTED);
    quotes(&desk, QUOTED);
    desk.run("run posts").exits(0);
    quotes(&desk, OTHER);
    shows(&desk, OTHER);
    desk.day(2).run("run").exits(0);
    insta::assert_snapshot!(desk.rows("select words, state, tied from quotes order by id"), @r"
    The deepest well of the valley was never dug by hand before the war. | verbatim | 0
    A second passage that nobody has ever read on this page, however long they looked. | verbatim | 1
    ");
    desk.day(4).run("run").exits(0);
    assert!(!events(&desk).contains("quote-lost"));
}

#[test]
fn a_visit_that_confirms_another_costs_one_row() {
    let desk = Desk::new();
    shows(&desk, QUOTED);
    quotes(&desk, QUOTED);
    desk.run("run posts").exits(0);
    shows(&desk, &QUOTED.replace("never", "often"));
    desk.day(2).run("run").exits(0);
    desk.day(4).run("run").exits(0);
    let rows = || {
        desk.rows(
            "select (select count(*) from quote_result), (select count(*) from drift), (select count(*) from verdict),
                 (select count(*) from features), (select count(*) from outcome), (select count(*) from capture)",
        )
    };
    let (before, visits) = (rows(), desk.number("select count(*) from visit"));
    desk.day(8).run("run").exits(0);
    assert_eq!(rows(), before);
    assert_eq!(desk.number("select count(*) from visit"), visits + 1);
}

#[test]
fn judging_again_keeps_what_was_compared() {
    let desk = Desk::new();
    shows(&desk, QUOTED);
    quotes(&desk, QUOTED);
    desk.run("run posts").exits(0);
    shows(&desk, OTHER);
    desk.day(2).run("run").exits(0);
    shows(&desk, QUOTED);
    desk.day(4).run("run").exits(0);
    shows(&desk, OTHER);
    for day in [6, 8] {
        desk.day(day).run("run").exits(0);
    }
    let all = || {
        desk.rows(
            "select visit_id, code, evidence, judge_version from verdicts
             union all select id, verdict, standing, verdict_since from source
             union all select id, kind, detail, at from event
             union all select d.visit_id, level, t.drift, capture_id from drift d join visit_text t on t.visit_id = d.visit_id
             union all select source_id, quote_id, says, first_visit_id from untold",
        )
    };
    let before = all();
    insta::assert_snapshot!(desk.run("rejudge").exits(0).out, @r"
    1 source, 4 visits judged in [time]: 0 sources changed (0 verdicts)
    2 pages read again
    ");
    assert_eq!(all(), before);
    desk.run("rejudge --from-bodies").exits(0);
    assert_eq!(all(), before);
    // What an earlier version left has nothing of it: it is found in the bodies.
    desk.archive()
        .execute_batch(
            "delete from drift; update verdict set code = 'alive', judge_version = 1 where code = 'drifted';
             update source set verdict = 'alive'; delete from untold;",
        )
        .unwrap();
    insta::assert_snapshot!(desk.run("rejudge").exits(0).out, @r"
    https://source.test/2025/12/wells  alive → drifted  (changed: 91 % of the text of our copy of 2026-01-05 stands; paragraphs: 1 gone, 1 new)
    1 source, 4 visits judged in [time]: 1 source changed (2 verdicts)
    2 pages read again
    ");
    insta::assert_snapshot!(desk.rows("select visit_id, level from drift"), @r"
    2 | drifted
    3 | same
    4 | drifted
    ");
    insta::assert_snapshot!(desk.rows("select verdict from source"), @"drifted");
    insta::assert_snapshot!(desk.rows("select quote_id, says from untold"), @"0 | drifted");
}

#[test]
fn nothing_is_told_of_a_run_that_cannot_be_trusted() {
    let desk = Desk::new();
    shows(&desk, QUOTED);
    quotes(&desk, QUOTED);
    let others: Vec<_> = (0..5)
        .map(|site| format!("http://site{site}.test/page"))
        .collect();
    for site in 0..5 {
        desk.page(&format!("site{site}.test"), "/page", "Words");
    }
    let others: Vec<_> = others.iter().map(String::as_str).collect();
    desk.post("posts/b.md", &others);
    desk.run("run posts").exits(0);
    shows(&desk, OTHER);
    desk.day(2).run("check --all").exits(0);
    for site in 0..4 {
        desk.web.remove(&format!("site{site}.test"), "/page");
    }
    desk.day(4).run("check --all").exits(5);
    assert!(!events(&desk).contains("quote-lost"));
    insta::assert_snapshot!(desk.rows("select quote_id, says, first_visit_id is null, second_visit_id from untold"), @r"
    0 | drifted | 0 | -
    1 | missing | 0 | -
    ");
    for site in 0..4 {
        desk.page(&format!("site{site}.test"), "/page", "Words");
    }
    desk.day(6).run("check --all").exits(0);
    assert_eq!(events(&desk).matches("quote-lost").count(), 1);
}

#[test]
fn what_a_killed_run_has_seen_again_is_told_by_the_next() {
    let desk = Desk::new();
    shows(&desk, QUOTED);
    quotes(&desk, QUOTED);
    desk.run("run posts").exits(0);
    shows(&desk, OTHER);
    desk.day(2).run("run").exits(0);
    // As if the run that saw it again had been killed before its end.
    desk.archive()
        .execute_batch(
            "update untold set second_visit_id = first_visit_id, second_run_id = first_run_id;
             update run set ended_at = null, result = null where id = (select max(id) from run);
             update source set next_visit_at = next_visit_at + 864000000;",
        )
        .unwrap();
    desk.day(3).run("run").exits(0);
    assert_eq!(events(&desk).matches("quote-lost").count(), 1);
    assert_eq!(desk.rows("select * from untold"), "");
    desk.day(4).run("run").exits(0);
    assert_eq!(events(&desk).matches("quote-lost").count(), 1);
}

#[test]
fn a_page_that_was_away_and_is_back_as_it_was_has_drifted_still() {
    let desk = Desk::new();
    shows(&desk, QUOTED);
    quotes(&desk, QUOTED);
    desk.run("run posts").exits(0);
    shows(&desk, OTHER);
    desk.day(2).run("run").exits(0);
    desk.day(4).run("run").exits(0);
    desk.web.remove("source.test", "/2025/12/wells");
    desk.day(6).run("run").exits(0);
    shows(&desk, OTHER);
    desk.day(7).run("run").exits(0);
    desk.day(9).run("run").exits(0);
    insta::assert_snapshot!(
        desk.rows("select strftime('%d', at / 1000, 'unixepoch'), kind, detail ->> 'from', detail ->> 'to' from event where source_id is not null order by id"),
        @r"
    09 | verdict-changed | alive | drifted
    09 | quote-lost | verbatim | missing
    11 | verdict-changed | drifted | not-found
    11 | standing-changed | alive | failing
    12 | standing-changed | failing | alive
    14 | verdict-changed | not-found | drifted
    "
    );
}

#[test]
fn what_is_told_is_news_in_the_next_report() {
    let desk = Desk::new();
    shows(&desk, QUOTED);
    quotes(&desk, QUOTED);
    desk.run("run posts").exits(0);
    desk.run("report").exits(0);
    shows(&desk, OTHER);
    desk.day(2).run("run").exits(0);
    let seen = desk.run("report").exits(0).out;
    assert!(
        seen.contains("Quotes lost (1)") && seen.contains("seen once"),
        "{seen}"
    );
    assert!(
        !desk
            .run("report --new")
            .exits(0)
            .out
            .contains("Quotes lost")
    );
    desk.day(4).run("run").exits(0);
    let told = desk.run("report --new").exits(0).out;
    assert!(
        told.contains("Quotes lost (1)") && !told.contains("seen once"),
        "{told}"
    );
    // Of a page that has drifted without a quote in it, likewise.
    let desk = Desk::new();
    shows(&desk, QUOTED);
    desk.post("posts/a.md", &[SOURCE]);
    desk.run("run posts").exits(0);
    desk.run("report").exits(0);
    shows(&desk, OTHER);
    desk.day(2).run("run").exits(0);
    desk.run("report").exits(0);
    assert!(!desk.run("report --new").exits(0).out.contains("Drifted"));
    desk.day(4).run("run").exits(0);
    assert!(desk.run("report --new").exits(0).out.contains("Drifted"));
}

#[test]
fn a_copy_made_by_hand_tells_what_stood_behind_a_wall() {
    let desk = Desk::new();
    let wall = Page::html("<title>Log in</title>no").status(401);
    desk.web.page("source.test", "/2025/12/wells", wall);
    quotes(&desk, QUOTED);
    desk.run("run posts").exits(0);
    desk.file("page.html", article(QUOTED));
    desk.run(&format!(
        "capture {SOURCE} --file page.html --made-at 2026-01-05T07:00:00Z"
    ))
    .exits(0);
    insta::assert_snapshot!(desk.rows("select state, place from quotes"), @"verbatim | main");
    assert!(!events(&desk).contains("quote-lost"));
}

#[test]
fn scripts_ask_for_what_is_not_said_any_more() {
    let desk = Desk::new();
    shows(&desk, "The villages were never asked by anybody at all.");
    quotes(&desk, "The villages were never asked by anybody at all.");
    desk.run("run posts").exits(0);
    let ask = "report --peek --fail-on quote-lost";
    desk.run(ask).exits(0);
    shows(&desk, "Nobody knows how many of them hold water.");
    desk.day(1).run("run").exits(0);
    desk.run(ask).exits(1);
    let listed = desk.run("report --only quote-lost --format jsonl").exits(0);
    assert_eq!(listed.out.lines().count(), 1);
    let error = desk.run("check --all --fail-on quote-lost").exits(2).err;
    assert!(error.contains("report --fail-on quote-lost"), "{error}");
}
