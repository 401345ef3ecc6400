//! Strikes, death and revival, a day at a time.

use std::fmt::Write as _;

use insta::assert_snapshot;

use crate::support::{Desk, page};
use crate::web::{Page, Proxy, Trap, Web};

const SOURCE: &str = "https://source.test/page";

fn desk() -> Desk {
    let desk = Desk::new();
    desk.page("source.test", "/page", "Words");
    desk.post("posts/a.md", &[SOURCE]);
    desk.run("run posts").exits(0);
    desk
}

/// A run on each of these days, and how the source stands after it.
fn days(desk: &Desk, days: impl IntoIterator<Item = u32>) -> String {
    let mut text = String::new();
    for day in days {
        desk.day(day).run("run").exits(0);
        let row = desk.rows("select verdict, standing, strikes, visits from source");
        write!(text, "day {day}: {row}").unwrap();
    }
    text
}

#[test]
fn death_takes_three_strikes_over_72_hours_and_a_second_look() {
    let desk = desk();
    desk.web.remove("source.test", "/page");
    desk.web.forget_requests();
    assert_snapshot!(days(&desk, 1..=5), @r"
    day 1: not-found | failing | 1 | 2
    day 2: not-found | failing | 2 | 3
    day 3: not-found | failing | 3 | 4
    day 4: not-found | dead | 4 | 6
    day 5: not-found | dead | 4 | 6
    ");
    let agents = desk.web.requests_to("source.test");
    let agents = agents
        .iter()
        .map(|request| request.header("user-agent").unwrap());
    assert_snapshot!(desk.tidy(&agents.collect::<Vec<_>>().join("\n")), @r"
    Mozilla/5.0 (compatible; sourcekeep/[version]; +https://crates.io/crates/sourcekeep)
    Mozilla/5.0 (compatible; sourcekeep/[version]; +https://crates.io/crates/sourcekeep)
    Mozilla/5.0 (compatible; sourcekeep/[version]; +https://crates.io/crates/sourcekeep)
    Mozilla/5.0 (compatible; sourcekeep/[version]; +https://crates.io/crates/sourcekeep)
    Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0
    ");
    assert_snapshot!(desk.rows(
        "select v.at, j.code, json_extract(o.facts, '$.way') from visit v join outcomes o on o.id = v.outcome_id
         left join verdict j on j.visit_id = coalesce(v.confirms, v.id) order by v.id"
    ), @r"
    1767600000000 | alive | plain
    1767686400000 | not-found | plain
    1767772800000 | not-found | plain
    1767859200000 | not-found | plain
    1767945600000 | not-found | plain
    1767945600000 | not-found | browser
    ");
    assert_snapshot!(desk.rows("select at, kind, detail from event where source_id is not null order by id"), @r#"
    1767686400000 | verdict-changed | {"from":"alive","to":"not-found"}
    1767686400000 | standing-changed | {"from":"alive","to":"failing"}
    1767945600000 | standing-changed | {"from":"failing","to":"dead"}
    "#);
    assert_snapshot!(desk.run("report"), @r"
    exit code 0
    --- stdout
    1 source cited in 1 post, 2026-01-10 · last run just now

    Newly confirmed dead (1)

      ✗ https://source.test/page
        not-found: 404 Not Found · dead (confirmed)
        cited in   posts/a.md:3  “the page page”
        since      2026-01-06 (4 days ago, last fine 2026-01-05)
        we hold    copy of 2026-01-05 “Words”, 467 B

    Of all: 1 not-found
    Held: 1 copy
    ");
    assert_snapshot!(desk.run("show https://source.test/page"), @r"
    exit code 0
    --- stdout
    https://source.test/page
    not-found · dead
      404 Not Found
      since       2026-01-06T08:00:00Z
      checked     2026-01-09T08:00:00Z
      last fine   2026-01-05T08:00:00Z
      next visit  2026-02-06T13:49:06Z
      robots.txt  allowed

    Cited (1)
      [desk]/posts/a.md:3  anchor in body, first seen 2026-01-05
          “See the page page.”

    Visits (6)
      2026-01-09T08:00:00Z  not-found           404 [time]
      2026-01-09T08:00:00Z  not-found           404 [time]  as on 2026-01-06
      2026-01-08T08:00:00Z  not-found           404 [time]  as on 2026-01-06
      2026-01-07T08:00:00Z  not-found           404 [time]  as on 2026-01-06
      2026-01-06T08:00:00Z  not-found           404 [time]
      2026-01-05T08:00:00Z  alive               200 [time]

    Copies (1)
      2026-01-05T08:00:00Z  467 B  sha256:744a21fb42f6  “Words”
    ");
}

#[test]
fn two_runs_in_one_day_are_one_strike() {
    let desk = desk();
    desk.web.remove("source.test", "/page");
    desk.at("2026-01-06T08:00:00Z").run("run").exits(0);
    desk.at("2026-01-06T20:00:00Z").run("run").exits(0);
    assert_snapshot!(desk.rows("select verdict, standing, strikes, visits from source"), @"not-found | failing | 1 | 3");
}

#[test]
fn two_hard_signs_and_a_second_look_are_death_too() {
    let desk = desk();
    desk.web.page("source.test", "/page", Page::empty(410));
    assert_snapshot!(days(&desk, 1..=3), @r"
    day 1: gone | failing | 1 | 2
    day 2: gone | dead | 2 | 4
    day 3: gone | dead | 2 | 4
    ");
}

#[test]
fn a_second_look_that_finds_the_page_saves_it() {
    let desk = desk();
    desk.web.made("source.test", "/page", |request| {
        let is_browser = request
            .header("user-agent")
            .is_some_and(|agent| !agent.contains("sourcekeep"));
        if is_browser {
            page("Words")
        } else {
            Page::empty(404)
        }
    });
    assert_snapshot!(days(&desk, 1..=5), @r"
    day 1: not-found | failing | 1 | 2
    day 2: not-found | failing | 2 | 3
    day 3: not-found | failing | 3 | 4
    day 4: alive | alive | 0 | 6
    day 5: not-found | failing | 1 | 7
    ");
}

/// The proxy of a second vantage, in the configuration; with a password that nobody may see.
fn by_vantage(desk: &Desk, addr: std::net::SocketAddr) {
    let vantage = format!("[fetch]\nsecond_vantage = \"http://me:secret@{addr}\"\n");
    desk.file("sourcekeep.toml", vantage);
}

/// How the second look went: its verdict, its vantage, what it saw.
const SECOND: &str =
    "select j.code, json_extract(o.facts, '$.way'), json_extract(o.facts, '$.vantage'),
     json_extract(o.facts, '$.hops[0].protocol'), o.status
     from visit v join outcomes o on o.id = v.outcome_id
     left join verdict j on j.visit_id = coalesce(v.confirms, v.id) order by v.id desc limit 1";

/// No secret in the archive, nor in what was printed.
fn holds_no_secret(desk: &Desk) {
    for entry in std::fs::read_dir(desk.path("")).unwrap() {
        let path = entry.unwrap().path();
        if path.to_string_lossy().contains("sourcekeep.db") {
            let bytes = std::fs::read(&path).unwrap();
            let found = bytes.windows(6).any(|part| part == b"secret");
            assert!(!found, "{}", path.display());
        }
    }
}

#[test]
fn what_answers_over_http1_only_is_not_dead() {
    let desk = desk();
    desk.web
        .made("source.test", "/page", |request| match request.protocol {
            "HTTP/2" => Page::empty(410),
            _ => page("Words"),
        });
    assert_snapshot!(days(&desk, 1..=2), @r"
    day 1: gone | failing | 1 | 2
    day 2: alive | alive | 0 | 4
    ");
    assert_snapshot!(desk.rows(SECOND), @"alive | browser | - | HTTP/1.1 | 200");
}

#[test]
fn what_lives_at_the_second_vantage_is_not_dead() {
    let desk = Desk::new();
    let elsewhere = Web::start();
    // Without TLS, for elsewhere has another authority.
    desk.page("source.test", "/page", "Words");
    desk.post("posts/a.md", &["http://source.test/page"]);
    desk.run("run posts").exits(0);
    desk.web.remove("source.test", "/page");
    elsewhere.page("source.test", "/page", page("Words"));
    let proxy = Proxy::to(elsewhere.addr());
    by_vantage(&desk, proxy.addr());
    assert_snapshot!(days(&desk, 1..=4), @r"
    day 1: not-found | failing | 1 | 2
    day 2: not-found | failing | 2 | 3
    day 3: not-found | failing | 3 | 4
    day 4: alive | alive | 0 | 6
    ");
    assert_snapshot!(desk.rows(SECOND), @"alive | browser | http://[web] | HTTP/1.1 | 200");
    assert_eq!(proxy.connections(), 1);
    assert_eq!(elsewhere.requests().len(), 1);
    let told = desk.run("explain http://source.test/page").exits(0);
    assert!(
        told.out
            .contains("with a browser's headers, by http://[web]"),
        "{told}"
    );
    holds_no_secret(&desk);
}

#[test]
fn what_is_gone_from_there_too_is_dead() {
    let desk = desk();
    desk.web.page("source.test", "/page", Page::empty(410));
    let proxy = Proxy::to(desk.web.addr());
    by_vantage(&desk, proxy.addr());
    assert_snapshot!(days(&desk, 1..=2), @r"
    day 1: gone | failing | 1 | 2
    day 2: gone | dead | 2 | 4
    ");
    assert_snapshot!(desk.rows(SECOND), @"gone | browser | http://[web] | HTTP/1.1 | 410");
    assert_eq!(proxy.connections(), 1);
}

#[test]
fn a_vantage_that_is_down_is_told_and_nothing_waits_for_it() {
    let desk = desk();
    desk.web.page("source.test", "/page", Page::empty(410));
    by_vantage(&desk, Web::start().addr());
    desk.day(1).run("run").exits(0);
    assert_snapshot!(desk.day(2).run("run --verbose").err, @r"
    configuration: sourcekeep.toml
    gone               https://source.test/page
    warning: 1 second look was made without the second vantage http://[web]: the proxy could not be used: connection refused
    peak memory: [bytes]
    ");
    assert_snapshot!(desk.rows("select verdict, standing, strikes, visits from source"), @"gone | dead | 2 | 4");
    assert_snapshot!(desk.rows(SECOND), @"gone | browser | - | HTTP/1.1 | 410");
    holds_no_secret(&desk);
}

/// What a proxy does in the place of a source is not the source's doing, whatever it looks like.
#[test]
fn where_the_vantage_has_no_answer_the_look_from_here_decides() {
    let hangs = Trap::start();
    let broken = Proxy::answering("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n");
    let nonsense = Proxy::answering("nonsense\r\n\r\n");
    let hangs_at = std::net::SocketAddr::from(([127, 0, 0, 1], hangs.port()));
    for (vantage, why) in [
        (hangs_at, "no answer in time"),
        (broken.addr(), "it answers 500"),
        (nonsense.addr(), "the answer is not HTTP"),
    ] {
        let desk = Desk::new();
        desk.post("posts/a.md", &["http://source.test/page"]);
        desk.page("source.test", "/page", "Words");
        desk.run("run posts").exits(0);
        desk.web.made("source.test", "/page", |request| {
            let agent = request.header("user-agent");
            if agent.is_some_and(|agent| agent.contains("Firefox")) {
                page("Words")
            } else {
                Page::empty(410)
            }
        });
        let settings = format!(
            "[fetch]\nsecond_vantage = \"http://me:secret@{vantage}\"\n[limits]\nfirst_byte_ms = 1000\n"
        );
        desk.file("sourcekeep.toml", settings);
        desk.day(1).run("run").exits(0);
        let told = desk.day(2).run("run").exits(0);
        let said = format!("1 second look was made without the second vantage http://[web]: {why}");
        assert!(told.err.contains(&said), "{told}");
        assert_eq!(
            desk.rows("select verdict, standing, strikes from source")
                .trim(),
            "alive | alive | 0"
        );
        holds_no_secret(&desk);
    }
}

#[test]
fn what_cannot_be_told_is_no_strike_and_clears_none() {
    let desk = desk();
    desk.web.remove("source.test", "/page");
    let mut text = days(&desk, 1..=2);
    desk.web.page("source.test", "/page", Page::empty(403));
    text += &days(&desk, 3..=6);
    assert_snapshot!(text, @r"
    day 1: not-found | failing | 1 | 2
    day 2: not-found | failing | 2 | 3
    day 3: blocked | failing | 2 | 4
    day 4: blocked | failing | 2 | 5
    day 5: blocked | failing | 2 | 6
    day 6: blocked | failing | 2 | 7
    ");
}

#[test]
fn the_dead_are_visited_still_and_can_come_back() {
    let desk = desk();
    desk.web.remove("source.test", "/page");
    days(&desk, 1..=4);
    desk.web.forget_requests();
    assert_snapshot!(days(&desk, [10, 20, 34]), @r"
    day 10: not-found | dead | 4 | 6
    day 20: not-found | dead | 4 | 6
    day 34: not-found | dead | 4 | 7
    ");
    assert_eq!(
        desk.web.count("source.test", "/page"),
        1,
        "once in thirty days"
    );
    desk.page("source.test", "/page", "Words");
    assert_snapshot!(days(&desk, [64]), @"day 64: alive | revived | 0 | 8");
    assert_snapshot!(desk.run("report"), @r"
    exit code 0
    --- stdout
    1 source cited in 1 post, 2026-03-10 · last run just now

    Back again (1)

      ✓ https://source.test/page
        alive: 200 OK · revived
        cited in   posts/a.md:3  “the page page”
        since      2026-03-10 (just now)
        we hold    copy of 2026-01-05 “Words”, 467 B

    Of all: 1 alive
    Held: 1 copy
    ");
}

#[test]
fn fail_on_knows_standings_in_a_run_too() {
    let desk = desk();
    desk.web.remove("source.test", "/page");
    days(&desk, 1..=3);
    desk.day(4).run("run --fail-on dead").exits(1);
}

#[test]
fn a_simulated_archive_never_takes_real_visits() {
    let desk = desk();
    desk.web.forget_requests();
    let real = |words: &str| desk.finish(desk.bare(words).args(["--resolve", &desk.web.resolve()]));
    assert_snapshot!(real("run"), @r"
    exit code 3
    --- stderr
    error: sourcekeep.db: this archive was written under --now and is marked simulated; it never takes real visits

    hint: go on with --now, or use another file for real visits
    ");
    assert_snapshot!(real("check https://source.test/page"), @r"
    exit code 3
    --- stderr
    error: sourcekeep.db: this archive was written under --now and is marked simulated; it never takes real visits

    hint: go on with --now, or use another file for real visits
    ");
    real("report").exits(0);
    assert_eq!(desk.web.requests().len(), 0);
}

#[test]
fn a_clock_that_stands_behind_gives_no_strikes() {
    let desk = desk();
    desk.web.remove("source.test", "/page");
    desk.at("2026-01-04T08:00:00Z");
    assert_snapshot!(desk.run("check https://source.test/page"), @r"
    exit code 0
    --- stdout
    not-found          https://source.test/page
                       404 Not Found
    1 visited in [time]: 1 not-found
    --- stderr
    warning: the clock stands behind the newest visit in the archive; failures count no strikes in this run
    ");
    assert_snapshot!(desk.rows("select verdict, standing, strikes from source"), @"not-found | alive | 0");
}
