//! `explain`: the evidence, what is missing, and what comes next.

use insta::assert_snapshot;

use crate::support::Desk;
use crate::web::Page;

const SOURCE: &str = "https://source.test/page";

/// A source that was there on the first day, and was lost on the second.
fn desk() -> Desk {
    let desk = Desk::new();
    desk.page("source.test", "/page", "Words");
    desk.post("posts/a.md", &[SOURCE]);
    desk.run("run posts").exits(0);
    desk.web.remove("source.test", "/page");
    desk
}

fn explained(desk: &Desk, words: &str) -> String {
    desk.run(&format!("explain {SOURCE} {words}")).exits(0).out
}

/// The text without the numbers of visits, for which of several sources is visited first is not settled.
fn without_numbers(text: &str) -> String {
    let number = regex::Regex::new(r"([Vv]isit) \d+").unwrap();
    number.replace_all(text, "$1 [id]").into_owned()
}

#[test]
fn a_fine_source_is_explained() {
    let desk = desk();
    assert_snapshot!(explained(&desk, ""), @r"
    https://source.test/page
    alive (fine) · alive since 2026-01-05T08:00:00Z

    Visit 1
      at          2026-01-05T08:00:00Z (run 1, `run`)
      asked       https://source.test/page
      answer      200, HTTP/2 from [web]
                  content-type: text/html; charset=utf-8
      body        467 B, sha256:744a21fb42f6
      page        “Words”, 76 words, 75 of them in the main text, en
      took [time]
      verdict     alive (fine): clears all strikes
      because     200 OK [status]
                  The status of the last answer.
                  this is the verdict that stands

    Standing
      last fine   2026-01-05T08:00:00Z
      strikes     none

    Next visit
      at          2026-01-06T06:22:22Z
      because     its first fine visit, or a change, or the end of an outage: 1 day
                  a part is cut off that differs from source to source, so that not all come at once
      at most     30 days, as for all sources

    Copy
      baseline    that of 2026-01-05T08:00:00Z stands for what was cited (cited since 2026-01-05T08:00:00Z)
      copies      1
    ");
}

/// Three runs, two of them on one day.
fn lost_for_two_days(desk: &Desk) {
    for at in [
        "2026-01-06T08:00:00Z",
        "2026-01-06T12:00:00Z",
        "2026-01-07T08:00:00Z",
    ] {
        desk.at(at).run("run").exits(0);
    }
}

#[test]
fn strikes_are_told_one_by_one_with_what_is_missing() {
    let desk = desk();
    lost_for_two_days(&desk);
    assert_snapshot!(explained(&desk, ""), @r"
    https://source.test/page
    not-found (gone) · failing since 2026-01-06T08:00:00Z

    Visit 4
      at          2026-01-07T08:00:00Z (run 4, `run`)
      asked       https://source.test/page
      answer      404, HTTP/2 from [web]
                  content-type: text/html; charset=utf-8
      body        18 B, sha256:67a84dd28e5b
      page        “Not Found”, 2 words
      compared    our copy of 2026-01-05T08:00:00Z, then “Words”, 0 % of its main text is here still
      took [time]
      confirms    visit 2 of 2026-01-06T08:00:00Z: it saw the same, and has that one's verdict
      verdict     not-found (gone): may be a strike
      because     404 Not Found [status]
                  The status of the last answer.
                  this is the verdict that stands

    Standing
      last fine   2026-01-05T08:00:00Z
      strikes     2 of 3
                  2026-01-06T08:00:00Z  not-found  strike 1 (visit 2)
                  2026-01-06T12:00:00Z  not-found  no strike, 4 h after the strike before: 20 h are needed (visit 3)
                  2026-01-07T08:00:00Z  not-found  strike 2, 24 h after the strike before (visit 4)
      missing     1 strike, the next from 2026-01-08T04:00:00Z on, all from 2026-01-09T08:00:00Z on; then a second look
                  a death takes 3 strikes, 20 h apart, over 72 h

    Next visit
      at          2026-01-08T05:51:59Z
      because     failure 3 in a row: 1 day
                  a part is cut off that differs from source to source, so that not all come at once

    Copy
      baseline    that of 2026-01-05T08:00:00Z stands for what was cited (cited since 2026-01-05T08:00:00Z)
      copies      1
    ");
    assert_snapshot!(explained(&desk, "--at 2026-01-06"), @r"
    https://source.test/page
    now not-found (gone) · failing since 2026-01-06T08:00:00Z

    Visit 1
      at          2026-01-05T08:00:00Z (run 1, `run`)
      asked       https://source.test/page
      answer      200, HTTP/2 from [web]
                  content-type: text/html; charset=utf-8
      body        467 B, sha256:744a21fb42f6
      page        “Words”, 76 words, 75 of them in the main text, en
      took [time]
      verdict     alive (fine): clears all strikes
      because     200 OK [status]
                  The status of the last answer.

    Standing after that visit
      last fine   2026-01-05T08:00:00Z
      strikes     none

    Copy
      baseline    that of 2026-01-05T08:00:00Z stands for what was cited (cited since 2026-01-05T08:00:00Z)
      copies      1
    ");
}

#[test]
fn a_death_is_told_with_the_look_before_the_second_one() {
    let desk = desk();
    lost_for_two_days(&desk);
    desk.day(3).run("run").exits(0);
    desk.day(4).run("run").exits(0);
    assert_snapshot!(explained(&desk, ""), @r"
    https://source.test/page
    not-found (gone) · dead since 2026-01-09T08:00:00Z

    Visit 6
      at          2026-01-09T08:00:00Z (run 6, `run`)
      asked       https://source.test/page
      answer      404, HTTP/2 from [web]
                  content-type: text/html; charset=utf-8
      body        18 B, sha256:67a84dd28e5b
      page        “Not Found”, 2 words
      compared    our copy of 2026-01-05T08:00:00Z, then “Words”, 0 % of its main text is here still
      took [time]
      confirms    visit 2 of 2026-01-06T08:00:00Z: it saw the same, and has that one's verdict
      verdict     not-found (gone): may be a strike
      because     404 Not Found [status]
                  The status of the last answer.

    Visit 7, a second look with a browser's headers
      at          2026-01-09T08:00:00Z (run 6, `run`)
      asked       https://source.test/page
      answer      404, HTTP/1.1 from [web]
                  content-type: text/html; charset=utf-8
                  server: test-web
      body        18 B, sha256:67a84dd28e5b
      page        “Not Found”, 2 words
      compared    our copy of 2026-01-05T08:00:00Z, then “Words”, 0 % of its main text is here still
      took [time]
      verdict     not-found (gone): may be a strike
      because     404 Not Found [status]
                  The status of the last answer.
                  this is the verdict that stands

    Standing
      last fine   2026-01-05T08:00:00Z
      strikes     4, where 3 are needed
                  2026-01-06T08:00:00Z  not-found  strike 1 (visit 2)
                  2026-01-06T12:00:00Z  not-found  no strike, 4 h after the strike before: 20 h are needed (visit 3)
                  2026-01-07T08:00:00Z  not-found  strike 2, 24 h after the strike before (visit 4)
                  2026-01-08T08:00:00Z  not-found  strike 3, 24 h after the strike before (visit 5)
                  2026-01-09T08:00:00Z  not-found  strike 4, 24 h after the strike before (visit 6)
                  2026-01-09T08:00:00Z  not-found  second look: confirms the death (visit 7)
      dead        confirmed on 2026-01-09T08:00:00Z; one fine visit revives it

    Next visit
      at          2026-02-05T19:57:45Z
      because     it is dead, 0 visits since: 30 days
                  a part is cut off that differs from source to source, so that not all come at once

    Copy
      baseline    that of 2026-01-05T08:00:00Z stands for what was cited (cited since 2026-01-05T08:00:00Z)
      copies      1
    ");
}

#[test]
fn visits_of_a_suspect_run_are_told_apart() {
    let desk = Desk::new();
    let sources: Vec<_> = (1..=6).map(|n| format!("https://s{n}.test/page")).collect();
    for n in 1..=6 {
        desk.page(&format!("s{n}.test"), "/page", "Words");
    }
    let addresses: Vec<_> = sources.iter().map(String::as_str).collect();
    desk.post("posts/a.md", &addresses);
    desk.run("run posts").exits(0);
    for n in 1..=6 {
        desk.web
            .page(&format!("s{n}.test"), "/page", Page::empty(500));
    }
    desk.day(1).run("run").exits(5);
    let out = desk.run("explain https://s1.test/page").exits(0).out;
    assert_snapshot!(without_numbers(&out), @r"
    https://s1.test/page
    alive (fine) · alive since 2026-01-05T08:00:00Z

    Visit [id]
      at          2026-01-05T08:00:00Z (run 1, `run`)
      asked       https://s1.test/page
      answer      200, HTTP/2 from [web]
                  content-type: text/html; charset=utf-8
      body        467 B, sha256:744a21fb42f6
      page        “Words”, 76 words, 75 of them in the main text, en
      took [time]
      verdict     alive (fine): clears all strikes
      because     200 OK [status]
                  The status of the last answer.
                  this is the verdict that stands

    Visit [id]
      at          2026-01-06T08:00:00Z (run 2, `run`)
      asked       https://s1.test/page
      answer      500, HTTP/2 from [web]
      body        0 B, sha256:e3b0c44298fc
      page        without a title, 0 words
      compared    our copy of 2026-01-05T08:00:00Z, then “Words”, 0 % of its main text is here still
      took [time]
      verdict     server-error (failing): may be a strike
      because     500 Internal Server Error [status]
                  The status of the last answer.
      but         it does not count, for its run is suspect: most sites that had answered before failed at once

    Standing
      last fine   2026-01-05T08:00:00Z
      strikes     none
      set aside   2026-01-06T08:00:00Z  server-error  it does not count, for its run is suspect: most sites that had answered before failed at once (visit [id])

    Next visit
      at          2026-01-06T14:49:34Z
      because     its last visit does not count, so it is visited again soon

    Copy
      baseline    that of 2026-01-05T08:00:00Z stands for what was cited (cited since 2026-01-05T08:00:00Z)
      copies      1
    ");
    assert_snapshot!(desk.run("report"), @r"
    exit code 0
    --- stdout
    6 sources cited in 1 post, 2026-01-06 · last run just now
    ! The last run, just now, was suspect: 6 of 6 sites that had answered before failed at once; nobody got a strike.

    All of them were fine when they were last visited in a run that can be trusted.
    Of all: 6 alive
    Held: 6 copies
    ");
    assert_snapshot!(desk.run("report --format json --only failing"), @r#"
    exit code 0
    --- stdout
    {"generated_at":"2026-01-06T08:00:00Z","last_run_at":"2026-01-06T08:00:00Z","inputs":1,"posts":1,"citations":6,"sources":6,"captures":6,"standings":{"alive":6},"verdicts":{"alive":6},"kept_by_robots":0,"unbaselined":0,"ignored":0,"last_run":{"at":"2026-01-06T08:00:00Z","ended_at":"2026-01-06T08:00:00Z","result":"done","suspect":true,"doubt":"sites-fail","clock":null},"running_since":null,"last_good_run_at":"2026-01-05T08:00:00Z","news_since":null,"rejudged":null,"entries":[
    ]}
    "#);
}

#[test]
fn a_clock_that_stands_behind_is_told() {
    let desk = desk();
    desk.at("2026-01-05T07:00:00Z")
        .run(&format!("check {SOURCE}"))
        .exits(0);
    let out = explained(&desk, "");
    assert!(
        out.contains("no strike, for the clock stood behind in its run"),
        "{out}"
    );
    assert!(out.contains("strikes     none"), "{out}");
    let report = desk.run("report").exits(0).out;
    assert!(
        report.contains("the clock stood behind the newest visit: failures counted no strikes"),
        "{report}"
    );
}

#[test]
fn redirects_aliases_hard_signs_and_hosts_that_wait_are_told() {
    let desk = Desk::new();
    desk.web.page(
        "old.test",
        "/moved",
        Page::redirect(301, "https://new.test/here"),
    );
    desk.page("new.test", "/here", "Here");
    desk.web.page("gone.test", "/never", Page::empty(410));
    desk.web.page(
        "busy.test",
        "/slow",
        Page::empty(429).header("retry-after", "259200"),
    );
    desk.post(
        "posts/a.md",
        &[
            "https://old.test/moved",
            "https://gone.test/never",
            "https://busy.test/slow",
        ],
    );
    desk.run("run posts").exits(0);
    let out = desk.run("explain https://new.test/here").exits(0).out;
    assert_snapshot!(without_numbers(&out), @r"
    https://old.test/moved
    moved (fine) · alive since 2026-01-05T08:00:00Z
      asked for   https://new.test/here
      also        https://new.test/here (moved)

    Visit [id]
      at          2026-01-05T08:00:00Z (run 1, `run`)
      asked       https://old.test/moved
      answer      301, HTTP/2
                  location: https://new.test/here
      then        https://new.test/here
      answer      200, HTTP/2 from [web]
                  content-type: text/html; charset=utf-8
      body        460 B, sha256:780b75c7f9c6
      page        “Here”, 76 words, 75 of them in the main text, en
      made up     https://old.test/2b1eee095c4bd51c
      answer      404, “Not Found”
      took [time]
      verdict     moved (fine): clears all strikes
      because     redirected permanently to https://new.test/here [redirected-permanently]
                  A permanent redirect (301, 308), and where it leads.
                  200 OK [status]
                  301 redirected to https://new.test/here [redirected-permanently]
                  this is the verdict that stands

    Standing
      last fine   2026-01-05T08:00:00Z
      strikes     none

    Next visit
      at          2026-01-06T06:22:22Z
      because     its first fine visit, or a change, or the end of an outage: 1 day
                  a part is cut off that differs from source to source, so that not all come at once
      at most     30 days, as for all sources

    Copy
      baseline    that of 2026-01-05T08:00:00Z stands for what was cited (cited since 2026-01-05T08:00:00Z)
      copies      1
    ");
    let gone = desk.run("explain https://gone.test/never").exits(0).out;
    assert!(
        gone.contains("verdict     gone (gone): may be a strike, and a hard sign"),
        "{gone}"
    );
    assert!(
        gone.contains(
            "or          1 more hard sign from 2026-01-06T04:00:00Z on; then a second look"
        ),
        "{gone}"
    );
    let busy = desk.run("explain https://busy.test/slow").exits(0).out;
    assert!(
        busy.contains("its host asked to be left alone until then"),
        "{busy}"
    );
    assert!(
        busy.contains("verdict     blocked (cannot-tell): no strike, and none is cleared"),
        "{busy}"
    );
}

#[test]
fn programs_get_all_of_it() {
    let desk = desk();
    desk.day(1).run("run").exits(0);
    let json = explained(&desk, "--format json");
    let mut value: serde_json::Value = serde_json::from_str(&json).unwrap();
    let visit = value["visits"].take();
    assert_eq!(visit[0]["hops"][0]["status"], 404);
    assert_eq!(visit[0]["signs"][0]["rule"], "status");
    assert_eq!(visit[0]["effect"], "may be a strike");
    assert_eq!(visit[0]["stands"], true);
    assert_snapshot!(value, @r#"{"aliases":[],"asked":"https://source.test/page","baseline":{"at":"2026-01-05T08:00:00Z","capture":1,"captures":1,"cited_since":"2026-01-05T08:00:00Z","stands":true,"why":null},"dead_since":null,"group":"gone","is_earlier":false,"last_fine_at":"2026-01-05T08:00:00Z","mark":null,"missing":{"hard":null,"hard_from":null,"second_look_only":false,"strike_from":"2026-01-07T04:00:00Z","strikes":2,"struck_out_from":"2026-01-09T08:00:00Z"},"next_visit":{"at":"2026-01-06T08:56:53Z","by_rule":null,"count":1,"due":false,"host_waits_until":null,"interval_hours":1,"longest_by":null,"longest_days":null,"moved_by":null,"rule":"failure"},"not_counted":[],"robots":"allowed","standing":"failing","standing_since":"2026-01-06T08:00:00Z","strikes":{"count":1,"first_at":"2026-01-06T08:00:00Z","gap_hours":20,"hard":0,"hard_needed":2,"last_at":"2026-01-06T08:00:00Z","list":[{"at":"2026-01-06T08:00:00Z","confirmed":false,"hard":null,"hours_after":null,"second_look":false,"strike":1,"verdict":"not-found","visit":2}],"needed":3,"span_hours":72},"unclear_in_row":0,"url":"https://source.test/page","verdict":"not-found","verdict_since":"2026-01-06T08:00:00Z","visits":null}"#);
    let line = explained(&desk, "--format jsonl");
    assert_eq!(line.lines().count(), 1);
}

#[test]
fn what_was_never_seen_cannot_be_explained() {
    let desk = desk();
    assert_snapshot!(desk.run("explain https://source.test/other"), @r"
    exit code 3
    --- stderr
    error: https://source.test/other: no post cites this address

    hint: on the same host are: https://source.test/page
    ");
    assert_snapshot!(desk.run(&format!("explain {SOURCE} --visit 7")), @r"
    exit code 3
    --- stderr
    error: https://source.test/page: visit 7 is none of its visits

    hint: its newest visits are 1 (2026-01-05T08:00:00Z)
    ");
    assert_snapshot!(desk.run(&format!("explain {SOURCE} --at 2026-01-01")), @r"
    exit code 3
    --- stderr
    error: https://source.test/page: it was not visited before 2026-01-01T00:00:00Z

    hint: its newest visits are 1 (2026-01-05T08:00:00Z)
    ");
    desk.run(&format!("explain {SOURCE} --at 2026-01-01 --visit 1"))
        .exits(2);
    desk.post("posts/b.md", &["https://later.test/page"]);
    desk.run("run --limit 0").exits(0);
    let later = desk.run("explain https://later.test/page").exits(0).out;
    assert!(later.contains("not visited yet"), "{later}");
}

#[test]
fn signs_are_told_with_what_they_weigh() {
    let desk = desk();
    // A page that took the place of the one that was cited.
    let page = "<!doctype html><html lang=en><title>Not here</title><body><h1>Not here</h1><p>Nothing to see.</p>";
    desk.web.page("source.test", "/page", Page::html(page));
    desk.day(1).run("run").exits(0);
    desk.archive()
        .execute_batch(
            "update verdict set code = 'soft-404' where visit_id = (select max(id) from visit)",
        )
        .unwrap();
    desk.archive()
        .execute(
            "update visit_text set evidence = ?1 where visit_id = (select max(id) from visit)",
            [r#"[{"rule":"empty-page","says":"the title says that it is not here","weight":70},
                {"rule":"same-title","says":"hardly anything of our copy of 2026-01-05 is in the page","weight":60},
                {"rule":"canonical-names-source","says":"the page names the source","weight":-20},
                {"rule":"status","says":"200 OK"},
                {"rule":"sends-reader-on","says":"a login form","weight":30}]"#],
        )
        .unwrap();
    let text = explained(&desk, "--visit 2");
    let visit = text.split("\n\n").nth(1).unwrap();
    assert_snapshot!(visit, @r"
    Visit 2
      at          2026-01-06T08:00:00Z (run 2, `run`)
      asked       https://source.test/page
      answer      200, HTTP/2 from [web]
                  content-type: text/html; charset=utf-8
      body        97 B, sha256:eda370379f6f
      page        “Not here”, 5 words, 3 of them in the main text, en
      compared    our copy of 2026-01-05T08:00:00Z, then “Words”, 0 % of its main text is here still
      made up     https://source.test/d67bb7bc143473d4
      answer      404, “Not Found”
      took [time]
      verdict     soft-404 (gone): may be a strike
      because      +70  the title says that it is not here [empty-page]
                        An HTML page without visible text, images or anything else to see.
                   +60  hardly anything of our copy of 2026-01-05 is in the page [same-title]
                   -20  the page names the source [canonical-names-source]
      together    +110, where 100 decide (+130 for it, -20 against)
      seen too    200 OK [status]
                   +30  a login form [sends-reader-on]
                  this is the verdict that stands
    ");
    let json: serde_json::Value =
        serde_json::from_str(&explained(&desk, "--visit 2 --format json")).unwrap();
    let visit = &json["visits"][0];
    assert_snapshot!(
        format!("{}\n{}\n{}\n{}", visit["weighed"], visit["page"], visit["compared"], visit["signs"][4]),
        @r#"
    {"against":-20,"for":130,"needed":100}
    {"canonical":null,"language":"en","main_words":3,"marks":[],"title":"Not here","version":3,"words":5}
    {"at":"2026-01-05T08:00:00Z","capture":1,"kept":0.0,"known":0.0,"main_words":75,"title":"Words"}
    {"decides":false,"means":"The page itself sends the reader to another address.","rule":"sends-reader-on","says":"a login form","weight":30}
    "#
    );
}
