//! `rejudge`, and what a visit is compared with.

use crate::support::Desk;
use crate::web::Page;

const SOURCE: &str = "https://source.test/2020/05/page";

#[test]
fn a_visit_is_compared_with_the_first_copy() {
    let desk = Desk::new();
    desk.page("source.test", "/2020/05/page", "Words");
    desk.post("posts/a.md", &[SOURCE]);
    desk.run("run posts").exits(0);
    // The page is at home on the front page now, with the title that it had.
    desk.page("source.test", "/", "Words");
    let moved = Page::redirect(302, "/");
    desk.web.page("source.test", "/2020/05/page", moved);
    // The features are of an earlier version: they are drawn again from the copy, and kept.
    desk.archive()
        .execute("update features set version = 0", [])
        .unwrap();
    desk.day(2).run("run").exits(0);
    assert_eq!(desk.rows("select verdict from source"), "alive\n");
    let evidence = desk.rows("select evidence from verdicts order by visit_id desc limit 1");
    assert!(evidence.contains("our copy of 2026-01-05"), "{evidence}");
    let drawn = |versions: &str| {
        desk.number(&format!(
            "select count(*) from features where version {versions}"
        ))
    };
    // What the visit itself brought is in the copy, and need not be kept.
    assert_eq!((drawn("= 0"), drawn("> 0")), (1, 1));
}

/// Sets the verdicts back to those of a judge who took everything for fine, and what they added up to.
const ALL_WAS_FINE: &str = r#"
    update verdict set code = 'alive', judge_version = 1;
    update visit_text set evidence = '[{"rule":"status","says":"200 OK"}]' where evidence is not null;
    update source set standing = 'alive', verdict = 'alive', strikes = 0, first_strike_at = null, last_strike_at = null,
        failures_in_row = 0, dead_since = null, dead_visits = 0, second_look_due = 0;"#;

/// A source that is lost on the second day, visited daily until it is dead; and one that is there.
fn lost(desk: &Desk) {
    desk.page("source.test", "/2020/05/page", "Words");
    desk.page("other.test", "/there", "Other words");
    desk.post("posts/a.md", &[SOURCE, "https://other.test/there"]);
    desk.run("run posts").exits(0);
    desk.web.remove("source.test", "/2020/05/page");
    for day in 1..6 {
        desk.day(day).run("run").exits(0);
    }
}

/// Everything that a judge may change.
fn judged(desk: &Desk) -> String {
    desk.rows(
        "select visit_id, code, evidence, judge_version, judged_at from verdicts
         union all select id, standing || verdict, strikes, dead_since, next_visit_at from source
         union all select id, kind, detail, at, source_id from event
         union all select outcome_id, title, detail, version, text_chars from features",
    )
}

#[test]
fn offline_nothing_is_dead_before_a_second_look() {
    let desk = Desk::new();
    lost(&desk);
    let standing = "select standing, verdict, strikes, second_look_due from source order by id";
    insta::assert_snapshot!(desk.rows(standing), @r"
    dead | not-found | 4 | 0
    alive | alive | 0 | 0
    ");
    desk.archive().execute_batch(ALL_WAS_FINE).unwrap();
    let before = judged(&desk);
    let said = "https://source.test/2020/05/page  alive → not-found, alive → failing (unconfirmed)  (404 Not Found)\n";
    let out = desk.run("rejudge --dry-run").exits(0).out;
    assert!(out.starts_with(said), "{out}");
    assert_eq!(judged(&desk), before, "a dry run writes nothing");
    insta::assert_snapshot!(desk.run("rejudge").exits(0).out, @r"
    https://source.test/2020/05/page  alive → not-found, alive → failing (unconfirmed)  (404 Not Found)
    2 sources, 4 visits judged in [time]: 1 source changed (2 verdicts)
    ");
    insta::assert_snapshot!(desk.rows(standing), @r"
    failing | not-found | 4 | 1
    alive | alive | 0 | 0
    ");
    insta::assert_snapshot!(
        desk.rows("select kind, detail from event where detail ->> 'by' = 'rejudge' order by id"), @r#"
    verdict-changed | {"by":"rejudge","from":"alive","to":"not-found"}
    standing-changed | {"by":"rejudge","from":"alive","to":"failing"}
    "#);
    // Once more changes nothing.
    let once = judged(&desk);
    insta::assert_snapshot!(desk.day(6).run("rejudge").exits(0).out, @"2 sources, 4 visits judged in [time]: 0 sources changed (0 verdicts)");
    insta::assert_snapshot!(desk.run("rejudge --format json").exits(0).out, @"[]");
    assert_eq!(judged(&desk), once);
    desk.run("run").exits(0);
    insta::assert_snapshot!(desk.rows(standing), @r"
    dead | not-found | 5 | 0
    alive | alive | 0 | 0
    ");
}

#[test]
fn what_is_dead_stays_so_unless_it_was_none() {
    let desk = Desk::new();
    lost(&desk);
    let standing = "select standing, verdict, strikes, dead_since from source order by id";
    let dead = desk.rows(standing);
    desk.archive()
        .execute_batch("update verdict set code = 'gone' where code = 'not-found'; update source set verdict = 'gone' where verdict = 'not-found'")
        .unwrap();
    desk.run("rejudge").exits(0);
    assert_eq!(desk.rows(standing), dead);
    // A judge who took a living page for a dead one is put right.
    desk.archive()
        .execute_batch(
            "update verdict set code = 'not-found' where code = 'alive';
             update source set standing = 'dead', verdict = 'not-found', dead_since = 5 where standing = 'alive'",
        )
        .unwrap();
    insta::assert_snapshot!(desk.run("rejudge --format jsonl https://other.test/there").exits(0).out, @r#"{"url":"https://other.test/there","verdict_before":"not-found","verdict":"alive","standing_before":"dead","standing":"alive","second_look_due":false,"moved_to":null,"rule":"status","says":"200 OK"}"#);
    insta::assert_snapshot!(desk.rows(standing), @r"
    dead | not-found | 4 | 1767945600000
    alive | alive | 0 | -
    ");
}

#[test]
fn features_are_drawn_again_from_bodies() {
    let desk = Desk::new();
    desk.page("source.test", "/2020/05/page", "Words");
    desk.post("posts/a.md", &[SOURCE]);
    desk.run("run posts").exits(0);
    let features = desk.rows("select * from features");
    desk.archive()
        .execute_batch(
            "update features set detail = json_set(detail, '$.text_chars', 0, '$.has_media', json('false'))",
        )
        .unwrap();
    insta::assert_snapshot!(desk.run("rejudge").exits(0).out, @r"
    https://source.test/2020/05/page  alive → collapsed, alive → uncertain  (a page without text or images)
    1 source, 1 visit judged in [time]: 1 source changed (1 verdict)
    ");
    insta::assert_snapshot!(desk.run("rejudge --from-bodies").exits(0).out, @r"
    https://source.test/2020/05/page  collapsed → alive, uncertain → alive  (200 OK)
    1 source, 1 visit judged in [time]: 1 source changed (1 verdict)
    1 page read again
    ");
    assert_eq!(desk.rows("select * from features"), features);
    // Without bodies and features, what was said stands.
    desk.archive()
        .execute_batch("delete from features; update verdict set code = 'drifted'; pragma foreign_keys = off; delete from blob")
        .unwrap();
    insta::assert_snapshot!(desk.run("rejudge").exits(0).out, @r"
    1 source, 0 visits judged in [time]: 0 sources changed (0 verdicts)
    1 verdict as before, for not all that they rest on is kept (`run` looks again)
    ");
}

/// A page that says something else each day, for so many days.
fn changing(desk: &Desk, days: u32) {
    desk.post("posts/a.md", &[SOURCE]);
    for day in 0..days {
        let words = format!(
            "Words of day {day}. {}",
            "They are others now. ".repeat(day as usize)
        );
        desk.page("source.test", "/2020/05/page", &words);
        desk.day(day);
        desk.run(if day == 0 { "run posts" } else { "run" })
            .exits(0);
    }
}

#[test]
fn what_a_copy_holds_is_drawn_again_when_it_is_judged() {
    let desk = Desk::new();
    changing(&desk, 4);
    let copies = "select count(*) from captures where pruned_at is null";
    assert_eq!(desk.number(copies), 4);
    let kept =
        "select v.id from features f join visit v on v.outcome_id = f.outcome_id order by v.id";
    assert_eq!(desk.rows(kept), "1\n", "what others are compared with");
    let was = judged(&desk);
    let explained = |desk: &Desk, visit: u32| {
        let out = desk.run(&format!("explain {SOURCE} --visit {visit} --format json"));
        let all: serde_json::Value = serde_json::from_str(&out.exits(0).out).unwrap();
        all["visits"][0]["page"].clone()
    };
    let page = explained(&desk, 3);
    assert!(page["words"].as_u64().unwrap() > 8, "{page}");
    insta::assert_snapshot!(desk.run("rejudge").exits(0).out, @r"
    1 source, 4 visits judged in [time]: 0 sources changed (0 verdicts)
    3 pages read again
    ");
    assert_eq!(judged(&desk), was);
    // Whatever was said of it meanwhile, it comes to the same.
    desk.archive().execute_batch(ALL_WAS_FINE).unwrap();
    desk.run("rejudge").exits(0);
    let evidence = "select code, evidence from verdicts order by visit_id";
    let again = desk.rows(evidence);
    assert!(was.contains(again.lines().last().unwrap()), "{again}{was}");
    assert_eq!(desk.rows(kept), "1\n");
    // When the copies go, what was drawn from them stays.
    desk.run("prune --keep first").exits(0);
    assert_eq!(desk.number(copies), 2);
    assert_eq!(desk.rows(kept), "1\n2\n3\n");
    assert_eq!(explained(&desk, 3), page);
    desk.archive().execute_batch(ALL_WAS_FINE).unwrap();
    let out = desk.run("rejudge").exits(0).out;
    assert!(out.ends_with("\n1 page read again\n"), "{out}");
    assert_eq!(desk.rows(evidence), again);
}

#[test]
fn visits_that_do_not_count_are_none_and_marks_hold() {
    let desk = Desk::new();
    lost(&desk);
    desk.archive().execute_batch(ALL_WAS_FINE).unwrap();
    desk.archive()
        .execute_batch("update run set suspect = 1 where id > 3")
        .unwrap();
    desk.run(&format!("mark {SOURCE} ignore")).exits(0);
    desk.run("rejudge").exits(0);
    insta::assert_snapshot!(desk.rows("select standing, verdict, strikes from source order by id"), @r"
    failing | not-found | 2
    alive | alive | 0
    ");
}

#[test]
fn it_does_not_run_beside_a_run() {
    let desk = Desk::new();
    desk.page("source.test", "/2020/05/page", "Words");
    desk.post("posts/a.md", &[SOURCE]);
    desk.run("run posts").exits(0);
    let lock = sourcekeep::store::lock_run(&desk.path("sourcekeep.db"), "a test").unwrap();
    desk.run("rejudge").exits(4);
    desk.run("rejudge --dry-run").exits(0);
    drop(lock);
    desk.run("rejudge https://nobody.test/").exits(3);
}

#[test]
fn where_redirects_end_does_not_depend_on_who_was_visited_first() {
    let desk = Desk::new();
    desk.page("lost.test", "/news", "News of today");
    let sources: Vec<String> = (0..30)
        .map(|nth| {
            let path = format!("/2019/0{}/story-{nth}", nth % 9 + 1);
            desk.web
                .page("lost.test", &path, Page::redirect(302, "/news"));
            format!("https://lost.test{path}")
        })
        .collect();
    let sources: Vec<&str> = sources.iter().map(String::as_str).collect();
    desk.post("posts/a.md", &sources);
    desk.run("run posts").exits(0);
    let verdicts = "select count(distinct verdict || standing) from source";
    assert_eq!(desk.number(verdicts), 1, "{}", desk.verdicts());
    let before = desk.verdicts();
    desk.run("rejudge").exits(0);
    assert_eq!(desk.verdicts(), before);
}

#[test]
fn the_next_report_says_that_sources_were_judged_again() {
    let desk = Desk::new();
    lost(&desk);
    let head = |words: &str| {
        let text = desk.run(words).exits(0).out;
        let lines = text.lines().skip(1).take_while(|line| !line.is_empty());
        lines.collect::<Vec<_>>().join("\n")
    };
    assert_eq!(head("report"), "");
    desk.archive().execute_batch(ALL_WAS_FINE).unwrap();
    desk.at("2026-01-10T20:00:00Z");
    desk.run("rejudge").exits(0);
    insta::assert_snapshot!(head("report --peek"), @"! What was seen was judged again by `rejudge`, just now: 1 source changed by that, not by what happened to it.");
    // Also after the next run, for no report was read before that.
    desk.day(6).run("run").exits(0);
    insta::assert_snapshot!(head("report"), @"! What was seen was judged again by `rejudge`, 12 hours ago: 1 source changed by that, not by what happened to it.");
    let markdown = desk.run("report --format markdown").exits(0).out;
    assert!(
        markdown.contains("\n> **Note:** What was seen was judged again by"),
        "{markdown}"
    );
    let json = desk.run("report --format json").exits(0).out;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["rejudged"]["sources"], 1);
    // Once it was read, it is old.
    desk.day(7).run("run").exits(0);
    assert_eq!(head("report"), "");
}
