//! robots.txt decides what is kept, never what is visited.

use insta::assert_snapshot;

use crate::support::Desk;
use crate::web::Page;

fn desk() -> Desk {
    let desk = Desk::new();
    desk.page("shy.test", "/private/page", "Private");
    desk.page("shy.test", "/public", "Public");
    desk.web.page(
        "shy.test",
        "/robots.txt",
        Page::text("User-agent: *\nDisallow: /private/\n"),
    );
    desk.post(
        "posts/a.md",
        &["https://shy.test/private/page", "https://shy.test/public"],
    );
    desk
}

const ROWS: &str = "select address, verdict, robots, (select count(*) from capture c where c.source_id = source.id)
     from source order by address";

#[test]
fn a_disallowed_page_is_visited_and_not_kept_and_that_is_said() {
    let desk = desk();
    assert_snapshot!(desk.run("run posts"), @r#"
    exit code 0
    --- stdout
    read     1 input: 1 post new or changed, 2 citations, 2 new sources
    visited  2 sources: 2 alive
    kept     1 new copy in [time]; 955 B received
             1 source not kept: robots.txt says so (robots = "record" in sourcekeep.toml keeps them)
    archive  2 sources cited in 1 post, 1 copy held
    "#);
    assert_snapshot!(desk.rows(ROWS), @r"
    https://shy.test/private/page | alive | disallowed | 0
    https://shy.test/public | alive | allowed | 1
    ");
    assert_snapshot!(desk.run("report"), @r#"
    exit code 0
    --- stdout
    2 sources cited in 1 post, 2026-01-05 · last run just now

    ✓ All of them are fine.
    Of all: 2 alive
    Held: 1 copy
    1 source visited but not kept, because robots.txt says so (robots = "record" in sourcekeep.toml keeps them all the same)
    "#);
    assert_snapshot!(desk.run("check https://shy.test/private/page"), @r"
    exit code 0
    --- stdout
    alive              https://shy.test/private/page
                       200; the same answer as before
                       not kept: robots.txt says so (`capture URL` keeps it all the same)
    1 visited in [time]: 1 alive
    ");
    assert_eq!(
        desk.web.count("shy.test", "/robots.txt"),
        1,
        "asked once a day"
    );
}

#[test]
fn who_names_a_page_gets_a_copy_whatever_robots_txt_says() {
    let desk = desk();
    desk.run("run posts").exits(0);
    assert_snapshot!(desk.run("capture https://shy.test/private/page"), @r"
    exit code 0
    --- stdout
    alive              https://shy.test/private/page
                       200; the same answer as before
    1 visited in [time]: 1 alive
    --- stderr
    copy of 2026-01-05T08:00:00Z, 481 bytes, sha256:4791d214171fa48cee2ad033ad1b46ed8ac86f600427605686e35b219ed6cb13
    ");
    assert_snapshot!(desk.rows(ROWS), @r"
    https://shy.test/private/page | alive | disallowed | 1
    https://shy.test/public | alive | allowed | 1
    ");
    assert_eq!(
        desk.rows("select c.title from captures c where c.source like '%private%'")
            .trim(),
        "Private",
        "a copy kept at a visit that found nothing new has its title"
    );
    assert_snapshot!(desk.run("report"), @r"
    exit code 0
    --- stdout
    2 sources cited in 1 post, 2026-01-05 · last run just now

    ✓ All of them are fine.
    Of all: 2 alive
    Held: 2 copies
    ");
}

#[test]
fn the_configuration_can_say_to_record_only() {
    let desk = desk();
    desk.file("sourcekeep.toml", "[fetch]\nrobots = \"record\"\n");
    assert_snapshot!(desk.run("run posts"), @r"
    exit code 0
    --- stdout
    read     1 input: 1 post new or changed, 2 citations, 2 new sources
    visited  2 sources: 2 alive
    kept     2 new copies in [time]; 955 B received
    archive  2 sources cited in 1 post, 2 copies held
    ");
    assert_snapshot!(desk.rows(ROWS), @r"
    https://shy.test/private/page | alive | disallowed | 1
    https://shy.test/public | alive | allowed | 1
    ");
}

#[test]
fn a_copy_that_was_kept_once_robots_txt_allowed_it_is_said_no_more() {
    let desk = desk();
    desk.run("run posts").exits(0);
    desk.web.page("shy.test", "/robots.txt", Page::empty(404));
    desk.day(2).run("run").exits(0);
    assert_snapshot!(desk.rows(ROWS), @r"
    https://shy.test/private/page | alive | allowed | 1
    https://shy.test/public | alive | allowed | 1
    ");
}
