//! Runs that cannot be trusted: too much failed at once, nobody answered, the clock was wrong, the run was killed.

use std::fmt::Write as _;
use std::net::TcpListener;

use insta::assert_snapshot;

use crate::support::{Desk, Done, page};
use crate::web::{Act, Page};

/// A desk whose posts cite one page on each of so many sites, all fine so far.
fn desk(sites: usize) -> Desk {
    let desk = Desk::new();
    let addresses: Vec<_> = (0..sites).map(address).collect();
    for site in 0..sites {
        desk.page(&host(site), "/page", "Words");
    }
    let addresses: Vec<_> = addresses.iter().map(String::as_str).collect();
    desk.post("posts/a.md", &addresses);
    desk.run("run posts").exits(0);
    desk
}

fn host(site: usize) -> String {
    format!("site{site}.test")
}

fn address(site: usize) -> String {
    format!("http://{}/page", host(site))
}

fn standings(desk: &Desk) -> String {
    desk.rows("select standing, verdict, strikes, count(*) from source group by 1, 2, 3 order by 4 desc, 1, 2")
}

/// A run where every name leads to a port at which nobody listens.
fn cut_off(desk: &Desk) -> Done {
    let port = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    let mut command = desk.bare("run --host-delay 0 --now 2026-01-06T08:00:00Z --resolve");
    desk.finish(command.arg(format!("*=127.0.0.1:{port}")))
}

#[test]
fn most_sites_failing_at_once_strikes_nobody() {
    let desk = desk(5);
    for site in 0..3 {
        desk.web.remove(&host(site), "/page");
    }
    assert_snapshot!(desk.day(1).run("run"), @r"
    exit code 5
    --- stdout
    read     1 input: nothing changed
    visited  5 sources: 3 not-found · 2 alive
    kept     0 new copies in [time]; 988 B received
    suspect  3 of 5 sites that had answered before failed at once: it may be our network, so nobody got a strike (schedule.canaries help to tell)
    archive  5 sources cited in 1 post, 5 copies held
    ");
    assert_snapshot!(standings(&desk), @"alive | alive | 0 | 5");
    assert_snapshot!(desk.rows("select suspect, doubt from run order by id"), @r"
    0 | -
    1 | sites-fail
    ");
    assert_eq!(
        desk.number("select count(*) from event where source_id is not null"),
        0
    );
    assert_eq!(desk.number("select count(*) from visit"), 10);
    assert_eq!(desk.number("select count(*) from unsettled"), 0);
    let done = desk
        .day(2)
        .run("run --format json --fail-on broken")
        .exits(5);
    let done: serde_json::Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!(
        (&done["suspect"], &done["doubt"]),
        (&true.into(), &"sites-fail".into())
    );
    // They come back, and nothing has happened.
    for site in 0..3 {
        desk.page(&host(site), "/page", "Words");
    }
    desk.day(3).run("run").exits(0);
    assert_eq!(
        desk.number("select count(*) from event where source_id is not null"),
        0
    );
}

#[test]
fn sites_that_fail_for_over_a_week_are_believed() {
    let desk = desk(10);
    for site in 0..7 {
        desk.web.remove(&host(site), "/page");
    }
    for day in 1..=7 {
        desk.day(day).run("run").exits(5);
    }
    assert_eq!(
        desk.number("select count(*) from source where strikes > 0"),
        0
    );
    for day in 8..=12 {
        desk.day(day).run("run").exits(0);
    }
    assert_eq!(
        desk.number("select count(*) from source where standing = 'dead'"),
        7
    );
}

#[test]
fn with_few_sites_canaries_decide_where_there_are_some() {
    let desk = desk(3);
    desk.file(
        "sourcekeep.toml",
        "[schedule]\ncanaries = [\"http://canary.test/\"]\n",
    );
    for site in 0..3 {
        desk.web.remove(&host(site), "/page");
    }
    desk.day(1).run("run").exits(5);
    desk.page("canary.test", "/", "Chirp");
    desk.day(2).run("run").exits(0);
    assert_eq!(
        desk.number("select count(*) from source where strikes = 1"),
        3
    );
}

#[test]
fn a_proxy_that_is_down_makes_no_good_run() {
    let desk = desk(6);
    let port = cut_off_port();
    let mut command = desk.bare("run --host-delay 0 --now 2026-01-06T08:00:00Z --proxy");
    desk.finish(command.arg(format!("http://127.0.0.1:{port}")))
        .exits(5);
    assert_snapshot!(standings(&desk), @"alive | alive | 0 | 6");
}

#[test]
fn two_of_five_sites_may_fail() {
    let desk = desk(5);
    desk.web.remove(&host(0), "/page");
    desk.web.remove(&host(1), "/page");
    desk.day(1).run("run").exits(0);
    assert_snapshot!(standings(&desk), @r"
    alive | alive | 0 | 3
    failing | not-found | 1 | 2
    ");
}

#[test]
fn a_first_audit_of_a_rotten_collection_is_not_suspect() {
    let desk = Desk::new();
    let addresses: Vec<_> = (0..30).map(address).collect();
    for site in 0..20 {
        desk.page(&host(site), "/page", "Words");
    }
    let addresses: Vec<_> = addresses.iter().map(String::as_str).collect();
    desk.post("posts/a.md", &addresses);
    desk.run("run posts").exits(0);
    assert_snapshot!(standings(&desk), @r"
    alive | alive | 0 | 20
    failing | not-found | 1 | 10
    ");
    // What was broken before is told as a whole, when the input is no longer new.
    for day in [1, 2, 3, 4, 13] {
        desk.day(day).run("run").exits(0);
    }
    let told = "select kind, input_id is not null, detail from event order by id";
    assert_snapshot!(desk.rows(told), @"");
    desk.day(15).run("run").exits(0);
    desk.day(16).run("run").exits(0);
    assert_snapshot!(desk.rows(told), @r#"backlog | 1 | {"sources":30,"dead":10}"#);
}

#[test]
fn where_nobody_answers_it_is_us() {
    for sites in [1, 4, 7] {
        let desk = desk(sites);
        cut_off(&desk).exits(5);
        let count =
            desk.number("select count(*) from source where standing = 'alive' and strikes = 0");
        assert_eq!(count, sites as i64);
        let doubted = "select count(*) from run where doubt = 'nothing-answers'";
        assert_eq!(desk.number(doubted), 1);
    }
}

#[test]
fn a_canary_that_answers_clears_us() {
    let desk = desk(1);
    desk.file(
        "sourcekeep.toml",
        "[schedule]\ncanaries = [\"http://nobody.test/\", \"http://canary.test/\"]\n",
    );
    desk.web.page(&host(0), "/page", Page::script([Act::Reset]));
    desk.day(1).run("run").exits(5);
    desk.page("canary.test", "/", "Chirp");
    desk.day(2).run("run").exits(0);
    assert_snapshot!(standings(&desk), @"failing | connection-failure | 1 | 1");
    // It is no source, and leaves no visit.
    assert_eq!(
        desk.number("select count(*) from source where address like '%canary%'"),
        0
    );
    // Most sites are gone for good: the second time, the canary decides.
    let desk = self::desk(5);
    desk.file(
        "sourcekeep.toml",
        "[schedule]\ncanaries = [\"http://canary.test/\"]\n",
    );
    desk.page("canary.test", "/", "Chirp");
    for site in 0..4 {
        desk.web.remove(&host(site), "/page");
    }
    desk.day(1).run("run").exits(5);
    desk.day(2).run("run").exits(0);
    assert_eq!(
        desk.number("select count(*) from source where strikes = 1"),
        4
    );
}

#[test]
fn where_only_the_dead_are_due_the_living_are_asked() {
    let desk = desk(8);
    // All but the first are quiet by now.
    for day in [1, 3, 7] {
        desk.day(day).run("run").exits(0);
    }
    desk.web.page(&host(0), "/page", Page::script([Act::Reset]));
    desk.day(8);
    let due = "update source set next_visit_at = 1 where id = 1";
    desk.archive().execute_batch(due).unwrap();
    desk.web.forget_requests();
    desk.run("run").exits(0);
    assert_snapshot!(standings(&desk), @r"
    alive | alive | 0 | 7
    failing | connection-failure | 1 | 1
    ");
    let asked = (0..8).filter(|site| desk.web.count(&host(*site), "/page") > 0);
    assert_eq!(asked.count(), 4, "the dead one and three of the others");
}

#[test]
fn intervals_of_one_source_host_or_input_are_kept() {
    let desk = Desk::new();
    for host in ["a.test", "b.test", "c.b.test", "d.test", "e.test"] {
        desk.page(host, "/page", "Words");
    }
    let often = [
        "http://a.test/page",
        "http://b.test/page",
        "http://c.b.test/page",
    ];
    desk.post(
        "posts/a.md",
        &[&often[..], &["http://e.test/page"]].concat(),
    );
    desk.post("news/b.md", &["http://d.test/page", "http://e.test/page"]);
    desk.run("run posts news").exits(0);
    for day in 1..50 {
        desk.day(day).run("run").exits(0);
    }
    let most = desk.number("select max(next_visit_at - last_visit_at) / 86400000 from source");
    assert!(most > 7, "{most}");
    let late = "select count(*) from source where next_visit_at > last_visit_at + 2 * 86400000";
    assert_eq!(desk.number(late), 5);
    desk.file(
        "sourcekeep.toml",
        "[source.\"http://a.test/page\"]\ninterval_days = 2\n[host.\"b.test\"]\ninterval_days = 2\n\
         [[input]]\naddress = \"news\"\ninterval_days = 2\n",
    );
    desk.day(50).run("run").exits(0);
    desk.day(53).run("run").exits(0);
    let rows =
        "select address, next_visit_at > last_visit_at + 2 * 86400000 from source order by 1";
    assert_snapshot!(desk.rows(rows), @r"
    http://a.test/page | 0
    http://b.test/page | 0
    http://c.b.test/page | 0
    http://d.test/page | 0
    http://e.test/page | 1
    ");
}

#[test]
fn a_young_post_has_its_sources_looked_at_daily_and_at_once() {
    let desk = Desk::new();
    for host in ["a.test", "b.test"] {
        desk.page(host, "/page", "Words");
    }
    desk.post("posts/a.md", &["http://a.test/page", "http://b.test/page"]);
    desk.run("run posts").exits(0);
    for day in 1..40 {
        desk.day(day).run("run").exits(0);
    }
    desk.file(
        "posts/b.md",
        "---\ntitle: News\ndate: 2026-02-14\n---\n\nSee [it](http://a.test/page).\n",
    );
    desk.web.forget_requests();
    for day in 40..45 {
        desk.day(day).run("run").exits(0);
    }
    assert_eq!(desk.web.count("a.test", "/page"), 5);
    assert!(desk.web.count("b.test", "/page") < 2);
}

#[test]
fn a_day_has_no_more_visits_than_it_may() {
    let desk = desk(12);
    desk.file("sourcekeep.toml", "[schedule]\nvisits_per_day = 5\n");
    let done = desk.at("2026-01-06T09:00:00Z").run("check --all").exits(0);
    assert!(done.out.contains("5 visited"), "{}", done.out);
    assert!(done.out.contains("visits_per_day"), "{}", done.out);
    let done = desk
        .at("2026-01-06T15:00:00Z")
        .run("run --format json")
        .exits(0);
    assert!(
        done.out.contains("\"visits\":0") && done.out.contains("\"ended\":\"budget\""),
        "{}",
        done.out
    );
    desk.at("2026-01-07T09:30:00Z").run("run").exits(0);
    desk.at("2026-01-08T10:00:00Z").run("run").exits(0);
    assert_eq!(desk.number("select min(visits) from source"), 2);
}

#[test]
fn a_page_of_a_lonely_site_that_says_404_is_gone() {
    let desk = desk(1);
    desk.web.remove(&host(0), "/page");
    desk.day(1).run("run").exits(0);
    assert_snapshot!(standings(&desk), @"failing | not-found | 1 | 1");
}

#[test]
fn an_address_that_was_named_and_refuses_gets_its_strike() {
    let desk = desk(1);
    let port = cut_off_port();
    let mut command =
        desk.bare("check http://site0.test/page --now 2026-01-06T08:00:00Z --resolve");
    let done = desk
        .finish(command.arg(format!("*=127.0.0.1:{port}")))
        .exits(0);
    assert!(done.out.contains("connection-failure"), "{}", done.out);
    assert_snapshot!(standings(&desk), @"failing | connection-failure | 1 | 1");
}

fn cut_off_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

#[test]
fn a_host_that_always_answers_503_is_dead_in_the_end() {
    let desk = desk(6);
    desk.web.page(
        &host(0),
        "/page",
        Page::html("<title>Busy</title>").status(503),
    );
    let mut days = String::new();
    for day in 1..=7 {
        desk.day(day).run("run").exits(0);
        let row = desk.rows(
            "select standing, verdict, strikes, second_look_due, visits from source where id = 1",
        );
        write!(days, "day {day}: {row}").unwrap();
    }
    assert_snapshot!(days, @r"
    day 1: failing | server-error | 1 | 0 | 2
    day 2: failing | server-error | 2 | 0 | 3
    day 3: failing | server-error | 3 | 0 | 4
    day 4: failing | server-error | 4 | 1 | 5
    day 5: dead | server-error | 5 | 0 | 6
    day 6: dead | server-error | 5 | 0 | 6
    day 7: dead | server-error | 5 | 0 | 6
    ");
    let ways =
        "select json_extract(o.facts, '$.way') from visit v join outcomes o on o.id = v.outcome_id
        where v.source_id = 1 order by v.id desc limit 2";
    assert_snapshot!(desk.rows(ways), @r"
    browser
    plain
    ");
}

#[test]
fn what_a_killed_run_saw_counts_for_the_next_one() {
    let desk = desk(6);
    desk.web.remove(&host(0), "/page");
    desk.web.page(&host(1), "/page", Page::script([Act::Hang]));
    desk.day(1);
    let mut child = desk.start("run");
    desk.until("select count(*) from unsettled", 1);
    desk.until("select count(*) from visit where run_id = 2", 5);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_snapshot!(desk.rows("select standing, verdict, strikes from source where id = 1"), @"alive | alive | 0");
    desk.web.page(&host(1), "/page", page("Words"));
    desk.at("2026-01-06T08:30:00Z").run("run").exits(0);
    assert_snapshot!(desk.rows("select standing, verdict, strikes from source where id = 1"), @"failing | not-found | 1");
    assert_snapshot!(desk.rows("select at, kind, detail from event where source_id = 1"), @r#"
    1767686400000 | verdict-changed | {"from":"alive","to":"not-found"}
    1767686400000 | standing-changed | {"from":"alive","to":"failing"}
    "#);
    assert_eq!(desk.number("select count(*) from unsettled"), 0);
}

#[test]
fn what_a_killed_run_saw_without_a_network_counts_for_nothing() {
    let desk = desk(6);
    for site in 0..5 {
        desk.web.remove(&host(site), "/page");
    }
    desk.web.page(&host(5), "/page", Page::script([Act::Hang]));
    desk.day(1);
    let mut child = desk.start("run");
    desk.until("select count(*) from unsettled", 5);
    child.kill().unwrap();
    child.wait().unwrap();
    for site in 0..6 {
        desk.page(&host(site), "/page", "Words");
    }
    desk.day(2).run("run").exits(0);
    assert_snapshot!(standings(&desk), @"alive | alive | 0 | 6");
    assert_eq!(
        desk.number("select count(*) from event where source_id is not null"),
        0
    );
    assert_snapshot!(desk.rows("select result, suspect, doubt from run order by id"), @r"
    done | 0 | -
    failed | 1 | sites-fail
    done | 0 | -
    ");
}

#[test]
fn a_clock_a_year_ahead_and_back_leaves_nothing_behind() {
    let desk = desk(6);
    desk.web.remove(&host(0), "/page");
    // Two honest strikes, and a third one that a wrong clock would make the last.
    desk.day(1).run("run").exits(0);
    desk.day(2).run("run").exits(0);
    let done = desk.day(367).run("run").exits(0);
    assert!(
        done.err.contains("nothing is called dead in this run"),
        "{}",
        done.err
    );
    assert_snapshot!(desk.rows("select standing, strikes from source where id = 1"), @"failing | 3");
    let done = desk.day(3).run("run").exits(0);
    assert!(
        done.err
            .contains("the clock had run ahead and was set back"),
        "{}",
        done.err
    );
    assert_snapshot!(desk.rows("select result, clock from run order by id"), @r"
    done | -
    done | -
    done | -
    done | wrong
    done | -
    ");
    let ahead = "select count(*) from source where max(last_visit_at, standing_since, verdict_since) > 1767600000000 + 3 * 86400000
        or next_visit_at > 1767600000000 + 40 * 86400000";
    assert_eq!(desk.number(ahead), 0);
    assert_snapshot!(desk.rows("select standing, strikes from source where id = 1"), @"failing | 0");
    // From here on it is as it was: three strikes over three days, and quiet visits to the others.
    for day in 4..=7 {
        assert_eq!(
            desk.number("select count(*) from source where standing = 'dead'"),
            0
        );
        desk.day(day).run("run").exits(0);
    }
    assert_snapshot!(standings(&desk), @r"
    alive | alive | 0 | 5
    dead | not-found | 4 | 1
    ");
}

#[test]
fn a_clock_set_back_an_hour_strikes_nobody() {
    let desk = desk(6);
    desk.web.remove(&host(0), "/page");
    let done = desk.at("2026-01-05T07:00:00Z").run("check --all").exits(0);
    assert!(done.err.contains("the clock stands behind"), "{}", done.err);
    assert_eq!(
        desk.number("select count(*) from source where strikes > 0"),
        0
    );
    desk.at("2026-01-06T07:00:00Z").run("run").exits(0);
    assert_eq!(
        desk.number("select count(*) from source where strikes = 1"),
        1
    );
}

#[test]
fn runs_that_are_cut_short_leave_no_host_for_ever() {
    let desk = desk(12);
    for day in 1..60 {
        desk.day(day).run("check --all --limit 2").exits(0);
    }
    let least = desk.number("select min(visits) from source");
    assert!(least > 3, "{least}");
}
