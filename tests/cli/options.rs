//! Options that bound, narrow, colour or quieten, and `check` and `capture` of named addresses.

use insta::assert_snapshot;

use crate::support::{Desk, page};
use crate::web::Page;

fn desk() -> Desk {
    let desk = Desk::new();
    desk.page("a.test", "/1", "One")
        .page("a.test", "/2", "Two")
        .page("b.test", "/3", "Three");
    desk.post(
        "posts/a.md",
        &[
            "https://a.test/1",
            "https://a.test/2",
            "https://b.test/3",
            "https://c.test/lost",
        ],
    );
    desk
}

#[test]
fn a_dry_run_fetches_and_writes_nothing() {
    let desk = desk();
    assert_snapshot!(desk.run("run --dry-run posts https://blog.test/feed"), @r"
    exit code 0
    --- stdout
    would read   2 inputs
                 of which 1 on the web, not looked at: what they cite comes on top
    posts        1 post, 4 citations (0 links left out)
    would visit  4 sources on 3 hosts
                 most on a.test: 2
    would take   under a minute, at this politeness
    would add    about 6.8 MB
                 of which 100 KB are pages, and the rest is what they need to be shown (--no-requisites leaves it)
    nothing was fetched, and nothing written
    ");
    assert_snapshot!(desk.run("run --dry-run posts --format json"), @r#"
    exit code 0
    --- stdout
    {"inputs":1,"inputs_not_read":0,"posts_not_read":0,"posts":1,"citations":4,"left_out":0,"sources":4,"hosts":3,"busiest_host":["a.test",2],"hours":0.00022222222222222223,"disk_bytes":6760000,"disk_bytes_of_pages":100000}
    "#);
    assert_eq!(desk.web.connections(), 0);
    assert!(!desk.path("sourcekeep.db").exists());

    desk.run("run posts").exits(0);
    let (connections, before) = (
        desk.web.connections(),
        std::fs::read(desk.path("sourcekeep.db")).unwrap(),
    );
    desk.post("posts/b.md", &["https://b.test/4"]);
    desk.day(1);
    assert_snapshot!(desk.run("run --dry-run"), @r"
    exit code 0
    --- stdout
    would read   1 input
    posts        2 posts, 5 citations (0 links left out)
    would visit  5 sources on 3 hosts
                 most on a.test: 2
    would take   under a minute, at this politeness
    would add    about 840 B
    nothing was fetched, and nothing written
    ");
    assert_eq!(desk.web.connections(), connections);
    assert!(
        before == std::fs::read(desk.path("sourcekeep.db")).unwrap(),
        "not a byte changed"
    );
}

#[test]
fn a_dry_run_counts_the_wait_that_politeness_asks_for() {
    let desk = desk();
    let words = ["run", "--dry-run", "posts", "--host-delay", "3600000"];
    assert_snapshot!(desk.finish(desk.bare("").args(words)), @r"
    exit code 0
    --- stdout
    would read   1 input
    posts        1 post, 4 citations (0 links left out)
    would visit  4 sources on 3 hosts
                 most on a.test: 2
    would take   about 2.0 hours, at this politeness
    would add    about 6.8 MB
                 of which 100 KB are pages, and the rest is what they need to be shown (--no-requisites leaves it)
    nothing was fetched, and nothing written
    ");
}

#[test]
fn quiet_prints_nothing_but_data_and_errors() {
    let desk = desk();
    assert_snapshot!(desk.run("run posts --quiet"), @"exit code 0");
    assert_snapshot!(desk.run("inputs --quiet"), @r"
    exit code 0
    --- stdout
    [desk]/posts (folder): 1 post, 4 citations; read just now, again in every run
    ");
    assert_snapshot!(desk.run("run missing.md --quiet"), @r"
    exit code 3
    --- stderr
    warning: missing.md: No such file or directory (os error 2)
    ");
    assert_snapshot!(desk.run("check https://a.test/1 --quiet"), @r"
    exit code 0
    --- stdout
    alive              https://a.test/1
                       200; the same answer as before
    ");
}

#[test]
fn colour_is_there_when_it_is_asked_for_and_never_the_only_carrier() {
    let desk = desk();
    desk.run("run posts").exits(0);
    let plain = desk.run("report").exits(0).out;
    let coloured = desk.run("report --color always").exits(0).out;
    assert!(
        !plain.contains('\u{1b}') && coloured.contains('\u{1b}'),
        "{coloured}"
    );
    assert_eq!(anstream::adapter::strip_str(&coloured).to_string(), plain);
    assert_eq!(desk.run("report --color never").exits(0).out, plain);
    let error = desk
        .run("show https://a.test/9 --color always")
        .exits(3)
        .err;
    assert!(error.contains('\u{1b}'), "{error}");
}

#[test]
fn a_limit_leaves_the_rest_for_the_next_run() {
    let desk = desk();
    assert_snapshot!(desk.run("run posts --limit 3 --concurrency 1"), @r"
    exit code 0
    --- stdout
    read     1 input: 1 post new or changed, 4 citations, 4 new sources
    visited  3 sources: 2 alive · 1 not-found
    kept     2 new copies in [time]; 938 B received
    stopped  at --limit; the rest is due at the next run
    archive  4 sources cited in 1 post, 2 copies held; 1 broken: `sourcekeep report` says which
    ");
    assert_eq!(desk.number("select count(*) from visit"), 3);
    assert_snapshot!(desk.run("run"), @r"
    exit code 0
    --- stdout
    read     1 input: nothing changed
    visited  1 source: 1 alive
    kept     1 new copy in [time]; 453 B received
    archive  4 sources cited in 1 post, 3 copies held; 1 broken: `sourcekeep report` says which
    ");
    assert_eq!(desk.number("select count(*) from visit"), 4);
}

#[test]
fn a_run_whose_time_is_over_ends_cleanly() {
    let desk = desk();
    assert_snapshot!(desk.run("run posts --max-time 0s"), @r"
    exit code 0
    --- stdout
    visited  0 sources
    kept     0 new copies in [time]; 0 B received
    stopped  at --max-time; the rest is due at the next run
    archive  0 sources cited in 0 posts, 0 copies held
    ");
    assert_snapshot!(desk.rows("select result from run"), @"done");
    assert_snapshot!(desk.run("run --max-time soon"), @r#"
    exit code 2
    --- stderr
    error: invalid value 'soon' for '--max-time <TIME>': "soon" is no length of time; write 90s, 15m or 2h30m

    For more information, try '--help'.
    "#);
}

#[test]
fn an_address_that_nobody_cites_can_be_checked() {
    let desk = desk();
    assert_snapshot!(desk.run("check https://a.test/1"), @r"
    exit code 0
    --- stdout
    alive              https://a.test/1
                       200 OK
    1 visited in [time]: 1 alive
    ");
    assert_snapshot!(desk.run("check https://c.test/lost --format json"), @r#"
    exit code 0
    --- stdout
    [
    {"url":"https://c.test/lost","verdict":"not-found","standing":"failing","status":404,"final_url":"https://c.test/lost","moved_to":null,"evidence":["404 Not Found"],"confirmed":false,"captured":false,"kept_by_robots":false,"not_kept":null,"fault":null,"waits_for":null,"waits_until":null}
    ]
    "#);
    assert_snapshot!(desk.run("check nonsense"), @r"
    exit code 3
    --- stderr
    warning: nonsense: not an address: relative URL without a base
    hint: an address on the web begins with https:// (https://nonsense ?)
    ");
    assert_snapshot!(desk.run("report"), @r"
    exit code 0
    --- stdout
    2 sources, 2026-01-05 · last run just now

    Newly broken (1)

      ✗ https://c.test/lost
        not-found: 404 Not Found · failing, strike 1 of 3
        cited in   no post
        since      2026-01-05 (just now)
        we hold    no copy

    Of all: 1 alive · 1 not-found
    Held: 1 copy
    ");
    desk.run("check https://c.test/lost --fail-on gone")
        .exits(1);
    desk.run("check nonsense --db other.db").exits(3);
    desk.run("capture nonsense --db other.db").exits(3);
    assert!(
        !desk.path("other.db").exists(),
        "a mistyped address leaves no archive behind"
    );
}

#[test]
fn check_visits_what_is_due_or_all() {
    let desk = desk();
    assert_snapshot!(desk.run("check"), @r"
    exit code 3
    --- stderr
    error: sourcekeep.db: there is no archive here

    hint: `sourcekeep run INPUT` makes one; --db PATH (or SOURCEKEEP_DB) names another file
    ");
    desk.run("run posts").exits(0);
    assert_snapshot!(desk.run("check"), @r"
    exit code 0
    --- stdout
    0 visited in [time]: nothing was due
    ");
    assert_snapshot!(desk.run("check --all --fail-on broken"), @r"
    exit code 1
    --- stdout
    not-found          https://c.test/lost
                       404 Not Found
    4 visited in [time]: 3 alive · 1 not-found
    ");
    assert_snapshot!(desk.run("check --all --format jsonl --limit 1"), @r#"
    exit code 0
    --- stdout
    {"url":"https://a.test/1","verdict":"alive","standing":"alive","status":200,"final_url":"https://a.test/1","moved_to":null,"evidence":["the same answer as before"],"confirmed":true,"captured":false,"kept_by_robots":false,"not_kept":null,"fault":null,"waits_for":null,"waits_until":null}
    "#);
    assert_snapshot!(desk.run("check --all https://a.test/1"), @r"
    exit code 2
    --- stderr
    error: the argument '--all' cannot be used with '[URL]...'

    Usage: sourcekeep check --all --host-delay <MS> --resolve <HOST=ADDR[:PORT]> --ca-cert <FILE> --now <INSTANT> [URL]...

    For more information, try '--help'.
    ");
}

#[test]
fn a_run_fails_on_demand() {
    let desk = desk();
    desk.run("run posts --fail-on gone").exits(1);
    desk.day(1).run("run --fail-on parked").exits(0);
}

#[test]
fn a_copy_made_by_hand_is_kept_and_marked_so() {
    let desk = Desk::new();
    desk.file("saved.html", "<title>Saved</title><p>By hand.");
    assert_snapshot!(desk.run("capture https://hand.test/page --file saved.html --by Jane"), @r"
    exit code 0
    --- stdout
    https://hand.test/page: copy 1 kept, 31 B, text/html, made by hand by Jane, saved at 2026-01-05T08:00:00Z (for nothing says when)
    --- stderr
    2 words in its text, in which quotes are looked for
    ");
    assert_snapshot!(desk.rows("select source, kind, media_type, size from captures"), @"https://hand.test/page | by-hand | text/html | 31");
    assert_snapshot!(desk.run("show https://hand.test/page"), @r"
    exit code 0
    --- stdout
    https://hand.test/page
    not visited yet · new
      next visit  2026-01-05T08:00:00Z

    Cited (0)

    Visits (0)

    Copies (1)
      2026-01-05T08:00:00Z  31 B  sha256:dc1790e50519  “Saved”
          by hand, by Jane, from saved.html, saved at 2026-01-05T08:00:00Z (for nothing says when), stored at 2026-01-05T08:00:00Z
    ");
    assert_eq!(
        desk.run("show --body https://hand.test/page").exits(0).out,
        "<title>Saved</title><p>By hand."
    );
    assert_eq!(desk.number("select count(*) from visit"), 0);
    assert_eq!(desk.web.requests().len(), 0);
    assert_snapshot!(desk.run("capture https://hand.test/a https://hand.test/b --file saved.html"), @r"
    exit code 2
    --- stderr
    error: --file stores one copy: name one URL
    ");
    assert_snapshot!(desk.run("capture https://hand.test/a --file missing.html"), @r"
    exit code 3
    --- stderr
    error: missing.html: No such file or directory (os error 2)
    ");
    desk.file("empty.html", "");
    assert_snapshot!(desk.run("capture https://hand.test/a --file empty.html"), @r"
    exit code 3
    --- stderr
    error: empty.html: the file is empty
    ");
}

#[test]
fn a_capture_of_a_page_that_is_gone_fails_and_keeps_nothing() {
    let desk = Desk::new();
    desk.web
        .page("a.test", "/1", Page::html("<h1>Gone</h1>").status(410));
    assert_snapshot!(desk.run("capture https://a.test/1"), @r"
    exit code 3
    --- stdout
    gone               https://a.test/1
                       410 Gone
    1 visited in [time]: 1 gone
    --- stderr
    warning: no copy was kept: only a page that is fine becomes one
    ");
    assert_eq!(desk.number("select count(*) from capture"), 0);
}

#[test]
fn a_capture_beside_an_older_copy_says_when_the_page_is_gone_now() {
    let desk = Desk::new();
    desk.web.page("a.test", "/1", page("One"));
    desk.run("capture https://a.test/1").exits(0);
    desk.web.remove("a.test", "/1");
    desk.day(1);
    assert_snapshot!(desk.run("capture https://a.test/1"), @r"
    exit code 3
    --- stdout
    not-found          https://a.test/1
                       404 Not Found
    1 visited in [time]: 1 not-found
    --- stderr
    warning: no copy was kept: only a page that is fine becomes one; the newest we hold is of 2026-01-05T08:00:00Z
    ");
}

#[test]
fn an_address_that_is_named_twice_is_visited_once() {
    let desk = desk();
    desk.run("check https://a.test/1 https://a.test/2 https://a.test/1#part")
        .exits(0);
    assert_eq!(desk.web.count("a.test", "/1"), 1);
}

#[test]
fn the_archive_can_stand_anywhere() {
    let desk = desk();
    std::fs::create_dir(desk.path("elsewhere")).unwrap();
    let mut command = desk.command("run posts");
    desk.finish(command.env("SOURCEKEEP_DB", desk.path("elsewhere/a.db")))
        .exits(0);
    assert!(desk.path("elsewhere/a.db").exists() && !desk.path("sourcekeep.db").exists());
    desk.run("report --db elsewhere/a.db").exits(0);
    assert_snapshot!(desk.run("report --db nowhere/a.db"), @r"
    exit code 3
    --- stderr
    error: nowhere/a.db: there is no archive here

    hint: `sourcekeep run INPUT` makes one; --db PATH (or SOURCEKEEP_DB) names another file
    ");
    assert_snapshot!(desk.run("run posts --db nowhere/a.db"), @r"
    exit code 3
    --- stderr
    error: nowhere/a.db: the archive cannot be made, for its folder does not exist

    hint: make the folder first, or name another file with --db PATH
    ");
    assert_snapshot!(desk.run("report"), @r"
    exit code 3
    --- stderr
    error: sourcekeep.db: there is no archive here

    hint: `sourcekeep run INPUT` makes one; --db PATH (or SOURCEKEEP_DB) names another file
    ");
}

#[test]
fn a_private_address_is_not_visited_unless_allowed() {
    let desk = Desk::new();
    desk.post("posts/a.md", &["http://127.0.0.1:9/x"]);
    assert_snapshot!(desk.run("run posts"), @r"
    exit code 0
    --- stdout
    read     1 input: 1 post new or changed, 1 citation, 1 new source
    visited  1 source: 1 unsupported
    kept     0 new copies in [time]; 0 B received
    archive  1 source cited in 1 post, 0 copies held
    ");
    assert_snapshot!(desk.rows("select address, verdict, standing from source"), @"http://[web]/x | unsupported | uncertain");
}

#[test]
fn options_are_checked_before_anything_is_done() {
    let desk = desk();
    for words in [
        "run posts --resolve nonsense",
        "run posts --allow-private nonsense",
        "run posts --proxy ftp://proxy.test",
        "run posts --ca-cert missing.pem",
        "run posts --config missing.toml",
        "run posts --now yesterday",
        "run posts --concurrency 0",
        "run posts --quiet --verbose",
        "report --format odt",
        "frobnicate",
        "",
    ] {
        desk.run(words).exits(2);
    }
    desk.file("sourcekeep.toml", "[fetch]\nconcurency = 3\n");
    assert_snapshot!(desk.run("run posts"), @r"
    exit code 2
    --- stderr
    error: sourcekeep.toml:2: unknown field `concurency`, expected one of `user_agent`, `contact`, `concurrency`, `host_concurrency`, `host_delay_ms`, `proxy`, `proxy_file`, `second_vantage`, `second_vantage_file`, `ca_cert`, `allow_private`, `resolve`, `robots`; did you mean `concurrency`?
    ");
    assert!(!desk.path("sourcekeep.db").exists());
}

#[test]
fn a_dry_run_counts_what_is_due_and_not_what_is_cited() {
    let desk = desk();
    desk.run("run posts").exits(0);
    let told = desk.run("run --dry-run posts").exits(0).to_string();
    assert!(told.contains("would visit  0 sources on 0 hosts"), "{told}");
}

#[test]
fn a_report_says_what_was_not_visited_yet() {
    let desk = desk();
    desk.run("run posts --limit 1").exits(0);
    let told = desk.run("report").exits(0).to_string();
    assert!(
        told.contains("Those that were visited are fine; 3 sources not visited yet."),
        "{told}"
    );
    let told = desk.run("report --format markdown").exits(0).to_string();
    assert!(told.contains("3 sources not visited yet."), "{told}");
    let told = desk.run("report --only paywall").exits(0).to_string();
    assert!(told.contains("No source is of that kind."), "{told}");
    let told = desk.run("check --all --limit 1").exits(0).to_string();
    assert!(
        told.contains("stopped at --limit; the rest is due at the next run"),
        "{told}"
    );
}

#[test]
fn how_an_input_is_read_is_said_beside_the_input() {
    let desk = desk();
    desk.run("run posts --exclude-host b.test").exits(0);
    let told = desk.run("run --exclude-host a.test").exits(2).to_string();
    assert!(told.contains("none is named"), "{told}");
    let told = desk.run("inputs").exits(0).to_string();
    assert!(told.contains("without host b.test"), "{told}");
}

#[test]
fn a_list_with_mistakes_in_it_is_a_list() {
    let desk = desk();
    desk.file(
        "list.txt",
        "https://a.test/1\nhttps://a.test/2\nhttps://b.test/3\nlisted.test/noscheme\n",
    );
    let told = desk.run("links list.txt").exits(0).to_string();
    assert!(told.contains("list.txt:4"), "{told}");
}
