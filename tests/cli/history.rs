//! What later visits find and keep: unchanged, changed, gone and back again.

use insta::assert_snapshot;

use crate::support::{Desk, page};
use crate::web::Page;

const SOURCE: &str = "https://source.test/page";
const VISITS: &str = "select at, verdict, status, confirms, (select count(*) from verdict j where j.visit_id = visits.id)
     from visits order by id";
const COPIES: &str = "select at, title, size from captures order by at";

/// One post that cites one source, which was there at the first run.
fn desk() -> Desk {
    let desk = Desk::new();
    desk.web
        .page("source.test", "/page", page("First words").etag("\"1\""));
    desk.post("posts/a.md", &[SOURCE]);
    desk.run("run posts").exits(0);
    desk.web.forget_requests();
    desk
}

#[test]
fn an_unchanged_source_costs_a_conditional_request_and_a_short_row() {
    let desk = desk();
    desk.day(1);
    assert_snapshot!(desk.run("run"), @r"
    exit code 0
    --- stdout
    read     1 input: nothing changed
    visited  1 source: 1 alive
    kept     0 new copies in [time]; 0 B received
    archive  1 source cited in 1 post, 1 copy held
    ");
    let requests = desk.web.requests_to("source.test");
    assert_eq!(
        requests.len(),
        1,
        "the page, and robots.txt not again: {requests:?}"
    );
    assert_eq!(requests[0].header("if-none-match"), Some("\"1\""));
    assert_snapshot!(desk.rows(VISITS), @r"
    2026-01-05T08:00:00Z | alive | 200 | - | 1
    2026-01-06T08:00:00Z | alive | 304 | 1 | 0
    ");
    assert_snapshot!(desk.rows(COPIES), @"2026-01-05T08:00:00Z | First words | 509");
    assert_eq!(desk.number("select count(*) from outcome"), 1);
}

#[test]
fn a_source_without_validators_that_answers_the_same_is_a_short_row_too() {
    let desk = desk();
    desk.web.page("source.test", "/page", page("First words"));
    desk.day(1).run("run").exits(0);
    desk.day(3).run("run").exits(0);
    assert_snapshot!(desk.rows(VISITS), @r"
    2026-01-05T08:00:00Z | alive | 200 | - | 1
    2026-01-06T08:00:00Z | alive | 200 | - | 1
    2026-01-08T08:00:00Z | alive | 200 | 2 | 0
    ");
    assert_snapshot!(desk.rows(COPIES), @"2026-01-05T08:00:00Z | First words | 509");
}

#[test]
fn a_changed_page_makes_a_second_copy() {
    let desk = desk();
    desk.web
        .page("source.test", "/page", page("Other words").etag("\"2\""));
    desk.day(1);
    assert_snapshot!(desk.run("run"), @r"
    exit code 0
    --- stdout
    read     1 input: nothing changed
    visited  1 source: 1 alive
    kept     1 new copy in [time]; 509 B received
    archive  1 source cited in 1 post, 2 copies held
    ");
    assert_snapshot!(desk.rows(VISITS), @r"
    2026-01-05T08:00:00Z | alive | 200 | - | 1
    2026-01-06T08:00:00Z | alive | 200 | - | 1
    ");
    assert_snapshot!(desk.rows(COPIES), @r"
    2026-01-05T08:00:00Z | First words | 509
    2026-01-06T08:00:00Z | Other words | 509
    ");
    // It was asked for with a condition; that makes no other request of it.
    let asked = desk.web.requests_to("source.test");
    assert_eq!(asked[0].header("if-none-match"), Some("\"1\""));
    let requests =
        "select count(distinct request_headers_id) from exchange where visit_id is not null";
    assert_eq!(desk.number(requests), 1);
}

#[test]
fn an_error_page_never_takes_the_place_of_a_copy() {
    let desk = desk();
    desk.web.page(
        "source.test",
        "/page",
        Page::html("<title>Lost</title>").status(404),
    );
    desk.day(1);
    assert_snapshot!(desk.run("run"), @r"
    exit code 0
    --- stdout
    read     1 input: nothing changed
    visited  1 source: 1 not-found
    kept     0 new copies in [time]; 19 B received
    archive  1 source cited in 1 post, 1 copy held; 1 broken: `sourcekeep report` says which
    ");
    assert_snapshot!(desk.run("report"), @r"
    exit code 0
    --- stdout
    1 source cited in 1 post, 2026-01-06 · last run just now

    Newly broken (1)

      ✗ https://source.test/page
        not-found: 404 Not Found · failing, strike 1 of 3
        cited in   posts/a.md:3  “the page page”
        since      2026-01-06 (just now, last fine 2026-01-05)
        we hold    copy of 2026-01-05 “First words”, 509 B

    Of all: 1 not-found
    Held: 1 copy
    ");
    assert_snapshot!(desk.rows(COPIES), @"2026-01-05T08:00:00Z | First words | 509");
    let body = desk
        .run("show --body https://source.test/page")
        .exits(0)
        .out;
    assert!(body.contains("First words"), "{body}");
}

#[test]
fn a_page_that_is_back_again_is_no_news_and_needs_no_second_copy() {
    let desk = desk();
    desk.web.page("source.test", "/page", Page::empty(404));
    desk.day(1).run("run").exits(0);
    desk.web
        .page("source.test", "/page", page("First words").etag("\"1\""));
    desk.day(2).run("run").exits(0);
    assert_snapshot!(desk.run("report"), @r"
    exit code 0
    --- stdout
    1 source cited in 1 post, 2026-01-07 · last run just now

    ✓ All of them are fine.
    Of all: 1 alive
    Held: 1 copy
    ");
    assert_snapshot!(desk.rows(VISITS), @r"
    2026-01-05T08:00:00Z | alive | 200 | - | 1
    2026-01-06T08:00:00Z | not-found | 404 | - | 1
    2026-01-07T08:00:00Z | alive | 304 | 1 | 0
    ");
    assert_snapshot!(desk.rows(COPIES), @"2026-01-05T08:00:00Z | First words | 509");
    assert_snapshot!(desk.rows("select at, kind, detail from event where source_id is not null order by id"), @r#"
    1767686400000 | verdict-changed | {"from":"alive","to":"not-found"}
    1767686400000 | standing-changed | {"from":"alive","to":"failing"}
    1767772800000 | verdict-changed | {"from":"not-found","to":"alive"}
    1767772800000 | standing-changed | {"from":"failing","to":"alive"}
    "#);
}

#[test]
fn reports_select_by_name_by_time_and_fail_on_demand() {
    let desk = Desk::new();
    desk.page("a.test", "/a", "A").page("b.test", "/b", "B");
    desk.post(
        "posts/a.md",
        &["https://a.test/a", "https://b.test/b", "https://c.test/c"],
    );
    desk.run("run posts").exits(0);
    desk.web.remove("a.test", "/a");
    desk.day(5).run("run").exits(0);

    let urls = |words: &str| {
        let listed = desk.run(&format!("report --format csv {words}"));
        let urls = listed
            .out
            .lines()
            .skip(1)
            .filter_map(|line| line.split(',').next());
        format!("{:?} {}", listed.code, urls.collect::<Vec<_>>().join(" "))
    };
    assert_snapshot!(urls(""), @"Some(0) https://a.test/a https://c.test/c");
    assert_snapshot!(urls("--all"), @"Some(0) https://a.test/a https://b.test/b https://c.test/c");
    assert_snapshot!(urls("--only alive"), @"Some(0) https://b.test/b");
    assert_snapshot!(urls("--only broken --since 1d"), @"Some(0) https://a.test/a");
    assert_snapshot!(urls("--since 2026-01-05"), @"Some(0) https://a.test/a https://c.test/c");
    assert_snapshot!(urls("--since 2026-01-10T08:00:01Z"), @"Some(0)");
    assert_snapshot!(urls("--fail-on not-found"), @"Some(1) https://a.test/a https://c.test/c");
    assert_snapshot!(urls("--fail-on dead"), @"Some(0) https://a.test/a https://c.test/c");
    assert_snapshot!(urls("--only alive --fail-on not-found"), @"Some(0) https://b.test/b");
    assert_snapshot!(desk.run("report --since 2026-01-10T08:00:01Z"), @r"
    exit code 0
    --- stdout
    3 sources cited in 1 post, 2026-01-10 · last run just now

    ✓ Nothing to report since then.
    Of all: 2 not-found · 1 alive
    Held: 2 copies
    ");
    assert_snapshot!(desk.run("report --only deceased"), @r"
    exit code 2
    --- stderr
    error: invalid value 'deceased' for '--only <NAME,...>': unknown selector `deceased`; use a standing (new, alive, failing, dead, uncertain, revived), a verdict (alive, moved, drifted, not-found, gone, soft-404, parked, dns-failure, timeout, connection-failure, server-error, dns-trouble, redirect-loop, blocked, login-wall, paywall, legal, collapsed, tls-failure, protocol-error, too-large, client-error, robots, unsupported), a group (fine, gone, failing, cannot-tell, broken), or quote-lost

    For more information, try '--help'.
    ");
    assert_snapshot!(desk.run("report --since yesterday"), @r#"
    exit code 2
    --- stderr
    error: invalid value 'yesterday' for '--since <WHEN>': "yesterday" is neither an instant (2026-01-31) nor a length of time (7d, 12h)

    For more information, try '--help'.
    "#);
}

#[test]
fn a_link_that_was_taken_out_of_the_post_is_not_reported_any_more() {
    let desk = desk();
    desk.web.remove("source.test", "/page");
    desk.day(1).run("run").exits(0);
    desk.run("report --fail-on broken").exits(1);
    desk.file("posts/a.md", "# A post\n\nWithout links.\n");
    desk.day(2);
    assert_snapshot!(desk.run("run"), @r"
    exit code 0
    --- stdout
    read     1 input: 1 post new or changed, 0 citations (0 new, 1 gone), 0 new sources
    visited  1 source: 1 not-found
    kept     0 new copies in [time]; 18 B received
    archive  0 sources cited in 1 post, 1 copy held
    ");
    assert_snapshot!(desk.run("report --fail-on broken"), @r"
    exit code 0
    --- stdout
    0 sources cited in 1 post, 2026-01-07 · last run just now

    No post cites a source yet. `sourcekeep run INPUT` gathers some.
    Held: 1 copy
    ");
    assert_snapshot!(desk.run("report --all"), @r"
    exit code 0
    --- stdout
    0 sources cited in 1 post, 2026-01-07 · last run just now

    Still broken (1)

      ✗ https://source.test/page
        not-found: 404 Not Found · failing, strike 2 of 3
        cited in   no post any more
        since      2026-01-06 (24 hours ago, last fine 2026-01-05)
        we hold    copy of 2026-01-05 “First words”, 509 B

    Held: 1 copy
    ");
}
