//! `mark`: what a user says of sources, how long it holds, and what follows from it.

use insta::assert_snapshot;

use crate::support::Desk;
use crate::web::Page;

const WALL: &str = "https://wall.test/members";
const LOST: &str = "https://lost.test/page";

/// One source behind a wall, one that was there and is lost since the day after, one that is fine.
fn desk() -> Desk {
    let desk = Desk::new();
    desk.web.page("wall.test", "/members", Page::empty(403));
    desk.page("lost.test", "/page", "Lost");
    desk.page("fine.test", "/page", "Fine");
    desk.post("posts/a.md", &[WALL, LOST, "https://fine.test/page"]);
    desk.run("run posts").exits(0);
    desk.web.remove("lost.test", "/page");
    desk.day(1).run("run").exits(0);
    desk
}

#[test]
fn marks_are_made_listed_and_taken_back() {
    let desk = desk();
    assert_snapshot!(desk.run(&format!("mark {WALL} alive --note readable")), @r"
    exit code 0
    --- stdout
    https://wall.test/members: marked alive as long as its verdict is blocked, as now
    ");
    assert_snapshot!(desk.run(&format!("mark {LOST} http://www.lost.test/page ignore --until 30d")), @r"
    exit code 3
    --- stderr
    error: http://www.lost.test/page: no post cites this address

    hint: `sourcekeep report --all` lists all sources
    ");
    assert_snapshot!(desk.run("mark --list"), @r"
    exit code 0
    --- stdout
    alive   https://wall.test/members  (since 2026-01-06, while it is blocked)
            readable
    ");
    assert_snapshot!(desk.run("mark --list --format jsonl"), @r#"
    exit code 0
    --- stdout
    {"url":"https://wall.test/members","mark":"alive","made_at":"2026-01-06T08:00:00Z","until":null,"note":"readable","verdict":"blocked"}
    "#);
    assert_snapshot!(desk.run(&format!("mark {LOST} {WALL} --clear")), @r"
    exit code 0
    --- stdout
    https://lost.test/page: was not marked
    https://wall.test/members: no longer marked
    ");
    assert_snapshot!(desk.run(&format!("mark {LOST} --clear")), @r"
    exit code 0
    --- stdout
    https://lost.test/page: was not marked
    ");
    assert_snapshot!(desk.run("mark --list"), @r"
    exit code 0
    --- stderr
    nothing is marked
    ");
}

#[test]
fn what_cannot_be_marked_is_said() {
    let desk = desk();
    for (words, code) in [
        (format!("mark {LOST}"), 2),
        ("mark dead".to_owned(), 2),
        ("mark".to_owned(), 2),
        (format!("mark {LOST} dead --until 2025-01-01"), 2),
        (format!("mark {LOST} dead --until whenever"), 2),
        ("mark not-an-address dead".to_owned(), 2),
        ("mark https://lost.test/other dead".to_owned(), 3),
        (format!("mark --list {LOST}"), 2),
    ] {
        let done = desk.run(&words).exits(code);
        assert!(done.err.contains("error: "), "{words}\n{done}");
    }
    assert_snapshot!(desk.run(&format!("mark {LOST} https://lost.test/pages dead")), @r"
    exit code 3
    --- stderr
    error: https://lost.test/pages: no post cites this address

    hint: on the same host are: https://lost.test/page
    ");
    assert_eq!(
        desk.number("select count(*) from mark"),
        0,
        "all or nothing"
    );
}

#[test]
fn reports_go_by_marks() {
    let desk = desk();
    desk.run(&format!("mark {WALL} alive")).exits(0);
    desk.run(&format!("mark {LOST} ignore")).exits(0);
    assert_snapshot!(desk.run("report --peek"), @r"
    exit code 0
    --- stdout
    3 sources cited in 1 post, 2026-01-06 · last run just now

    ✓ All of them are fine.
    Of all: 2 alive
    Held: 2 copies
    1 source left out, because you said to ignore it (`sourcekeep mark --list`)
    ");
    desk.run("report --peek --fail-on broken,cannot-tell --all")
        .exits(0);
    desk.run("report --peek --fail-on alive --only alive")
        .exits(1);
    desk.run("check --all --fail-on broken,cannot-tell")
        .exits(0);
    assert_snapshot!(desk.run("report --peek --all"), @r"
    exit code 0
    --- stdout
    3 sources cited in 1 post, 2026-01-06 · last run just now

    Fine, or not visited yet (2)

      ✓ https://wall.test/members
        blocked: 403 Forbidden
        (marked alive by you on 2026-01-06)
        cited in   posts/a.md:3  “the members page”
        since      2026-01-05 (24 hours ago)

      ✓ https://fine.test/page
        alive: 200 OK
        cited in   posts/a.md:5  “the page page”
        since      2026-01-05 (24 hours ago)
        we hold    copy of 2026-01-05 “Fine”, 460 B

    Ignored, as you said (1)

      · https://lost.test/page
        not-found: 404 Not Found · failing, strike 1 of 3
        (marked to be ignored by you on 2026-01-06)
        cited in   posts/a.md:4  “the page page”
        since      2026-01-06 (just now, last fine 2026-01-05)
        we hold    copy of 2026-01-05 “Lost”, 460 B

    Of all: 2 alive
    Held: 2 copies
    ");
    let mut command = desk.command("mark https://fine.test/page dead");
    command.args(["--note", "no longer says it"]);
    desk.finish(&mut command).exits(0);
    assert_snapshot!(desk.run("report --peek --only dead"), @r"
    exit code 0
    --- stdout
    3 sources cited in 1 post, 2026-01-06 · last run just now

    Newly confirmed dead (1)

      ✗ https://fine.test/page
        alive: 200 OK
        (marked dead by you on 2026-01-06: no longer says it)
        cited in   posts/a.md:5  “the page page”
        since      2026-01-05 (24 hours ago, last fine 2026-01-06)
        we hold    copy of 2026-01-05 “Fine”, 460 B

    Of all: 1 alive
    Held: 2 copies
    1 source left out, because you said to ignore it (`sourcekeep mark --list`)
    ");
    assert_snapshot!(desk.run("report --peek --only dead --format jsonl"), @r#"
    exit code 0
    --- stdout
    {"url":"https://fine.test/page","standing":"dead","verdict":"alive","status":200,"final_url":"https://fine.test/page","since":"2026-01-05T08:00:00Z","checked_at":"2026-01-06T08:00:00Z","next_check_at":"2026-01-08T02:29:05Z","captures":1,"last_capture_at":"2026-01-05T08:00:00Z","baselined":true,"quotes":{"verbatim":0,"altered":0,"missing":0,"never-seen":0,"unknown":0},"quotes_lost":[],"fragments_missing":[],"drift_seen_once":false,"rescue":null,"cited_by":[{"post":"[desk]/posts/a.md","text":"the page page","line":5}],"evidence":["200 OK"],"strikes":0,"last_fine_at":"2026-01-06T08:00:00Z","moved_to":null,"robots":"allowed","held":{"capture":"[id]","at":"2026-01-05T08:00:00Z","title":"Fine","size":460},"news":"new","backlog":false,"mark":{"mark":"dead","made_at":"2026-01-06T08:00:00Z","until":null,"note":"no longer says it"}}
    "#);
    desk.run("report --peek --fail-on dead").exits(1);
    let counts = desk.run("report --peek --format json").exits(0).out;
    assert!(
        counts.contains(r#""standings":{"alive":1,"dead":1},"verdicts":{"alive":1}"#)
            && counts.contains(r#""ignored":1"#),
        "{counts}"
    );
    assert_snapshot!(desk.run("show https://fine.test/page").out.lines().find(|line| line.contains("mark")).unwrap(), @"  mark        (marked dead by you on 2026-01-06: no longer says it)");
}

#[test]
fn a_mark_ends_with_the_verdict_that_it_was_made_of() {
    let desk = desk();
    desk.run(&format!("mark {LOST} ignore")).exits(0);
    desk.run("report").exits(0);
    desk.day(2).run("run").exits(0);
    assert_snapshot!(desk.run("report --new"), @r"
    exit code 0
    --- stdout
    3 sources cited in 1 post, 2026-01-07 · last run just now

    ✓ Nothing is new since the last report.
    Of all: 1 alive · 1 blocked
    Held: 2 copies
    1 source left out, because you said to ignore it (`sourcekeep mark --list`)
    ");
    assert_eq!(desk.number("select count(*) from mark"), 1);
    desk.web.page("lost.test", "/page", Page::empty(410));
    desk.day(3).run("run").exits(0);
    assert_snapshot!(desk.rows("select kind, detail from event where at > 1767772800000 order by id"), @r#"
    verdict-changed | {"from":"not-found","to":"gone"}
    mark-ended | {"mark":"ignore","why":"verdict-changed"}
    "#);
    assert_snapshot!(desk.run("report --new"), @r"
    exit code 0
    --- stdout
    3 sources cited in 1 post, 2026-01-08 · last run just now

    Newly broken (1)

      ✗ https://lost.test/page
        gone: 410 Gone · failing, strike 3 of 3
        cited in   posts/a.md:4  “the page page”
        since      2026-01-08 (just now, last fine 2026-01-05)
        we hold    copy of 2026-01-05 “Lost”, 460 B

    Of all: 1 alive · 1 blocked · 1 gone
    Held: 2 copies
    ");
    assert_eq!(desk.number("select count(*) from mark"), 0);
}

#[test]
fn a_mark_ends_with_its_day() {
    let desk = desk();
    desk.run(&format!("mark {WALL} ignore --until 2026-01-08"))
        .exits(0);
    desk.run("report").exits(0);
    let urls = |words: &str| {
        let listed = desk
            .run(&format!("report --format csv {words}"))
            .exits(0)
            .out;
        let urls = listed
            .lines()
            .skip(1)
            .filter_map(|line| line.split(',').next());
        urls.map(str::to_owned).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(urls("--only cannot-tell"), "");
    desk.day(3);
    assert_eq!(
        urls("--only cannot-tell"),
        WALL,
        "no run is needed for that"
    );
    desk.run("run").exits(0);
    assert_snapshot!(desk.rows("select kind, detail from event where kind = 'mark-ended'"), @r#"mark-ended | {"mark":"ignore","why":"until"}"#);
    assert_eq!(urls("--new"), WALL, "what the user is to hear of again");
    desk.run("report").exits(0);
    desk.day(4).run("run").exits(0);
    assert_eq!(urls("--new"), LOST, "which is called dead that day");
}

#[test]
fn a_source_can_be_marked_before_it_was_visited() {
    let desk = Desk::new();
    desk.web.page("wall.test", "/members", Page::empty(403));
    desk.post("posts/a.md", &[WALL]);
    desk.run("run posts --limit 0").exits(0);
    assert_snapshot!(desk.run(&format!("mark {WALL} ignore")), @r"
    exit code 0
    --- stdout
    https://wall.test/members: marked ignore as long as its verdict is what its first visit says
    ");
    desk.run("run").exits(0);
    assert_snapshot!(desk.rows("select mark, verdict from mark"), @"ignore | blocked");
    assert_eq!(
        desk.number("select count(*) from event where kind <> 'post-changed'"),
        0
    );
}
