//! Two commands at once, interrupts, and readers that leave early.

use std::process::{Child, Stdio};

use insta::assert_snapshot;

use crate::support::{Desk, interrupt};
use crate::web::{Act, Page};

/// A desk whose second source never answers, and a run that waits for it with the first one done.
fn desk_with_a_run_that_hangs() -> (Desk, Child) {
    let desk = Desk::new();
    desk.page("quick.test", "/page", "Quick");
    desk.web
        .page("slow.test", "/page", Page::script([Act::Hang]));
    desk.post(
        "posts/a.md",
        &["http://quick.test/page", "http://slow.test/page"],
    );
    let run = desk.start("run posts");
    desk.web.wait_for("slow.test", "/page");
    desk.until("select count(*) from visit", 1);
    (desk, run)
}

#[test]
fn a_second_run_names_the_first_and_leaves() {
    let (desk, run) = desk_with_a_run_that_hangs();
    assert_snapshot!(desk.run("run"), @r"
    exit code 4
    --- stderr
    error: sourcekeep.db: `sourcekeep run`, process [id], since [instant] holds this archive

    hint: wait for it to end; `report`, `show` and `add` work beside it
    ");
    assert_snapshot!(desk.run("check --all"), @r"
    exit code 4
    --- stderr
    error: sourcekeep.db: `sourcekeep run`, process [id], since [instant] holds this archive

    hint: wait for it to end; `report`, `show` and `add` work beside it
    ");
    assert_snapshot!(desk.run("capture http://quick.test/page"), @r"
    exit code 4
    --- stderr
    error: sourcekeep.db: `sourcekeep run`, process [id], since [instant] holds this archive

    hint: wait for it to end; `report`, `show` and `add` work beside it
    ");
    interrupt(&run);
    desk.wait(run).exits(130);
    desk.page("slow.test", "/page", "Slow");
    desk.run("run").exits(0);
}

#[test]
fn what_does_not_fetch_works_beside_a_run() {
    let (desk, run) = desk_with_a_run_that_hangs();
    desk.post("more/b.md", &["https://quick.test/page"]);
    desk.run("report").exits(0);
    desk.run("show http://quick.test/page").exits(0);
    desk.run("inputs").exits(0);
    desk.run("add more").exits(0);
    desk.run("remove more").exits(0);
    desk.run("links posts").exits(0);
    interrupt(&run);
    desk.wait(run).exits(130);
    assert_snapshot!(desk.rows("select kind, removed_at from input"), @r"
    folder | -
    folder | 1767600000000
    ");
}

#[test]
fn an_interrupted_run_keeps_what_was_done_and_the_next_one_goes_on() {
    let (desk, run) = desk_with_a_run_that_hangs();
    interrupt(&run);
    assert_snapshot!(desk.wait(run), @r"
    exit code 130
    --- stdout
    read     1 input: 1 post new or changed, 2 citations, 2 new sources
    visited  1 source: 1 alive
    kept     1 new copy in [time]; 467 B received
    stopped  by you; what was done is kept, the next run goes on
    archive  2 sources cited in 1 post, 1 copy held
    --- stderr

    stopping; what was done is kept (once more to stop at once)
    ");
    assert_snapshot!(desk.rows("select command, result from run"), @"run | interrupted");
    assert_snapshot!(desk.verdicts(), @r"
    http://quick.test/page | alive | alive
    http://slow.test/page | - | new
    ");
    assert_eq!(desk.number("select count(*) from capture"), 1);

    desk.page("slow.test", "/page", "Slow");
    desk.web.forget_requests();
    desk.run("run").exits(0);
    assert_snapshot!(desk.verdicts(), @r"
    http://quick.test/page | alive | alive
    http://slow.test/page | alive | alive
    ");
    assert_eq!(
        desk.web.count("quick.test", "/page"),
        0,
        "what was done is not done again"
    );
}

#[test]
fn an_interrupt_while_inputs_are_read_ends_the_run() {
    let desk = Desk::new();
    desk.web
        .page("blog.test", "/feed", Page::script([Act::Hang]));
    let run = desk.start("run http://blog.test/feed");
    desk.web.wait_for("blog.test", "/feed");
    interrupt(&run);
    assert_snapshot!(desk.wait(run), @r"
    exit code 130
    --- stdout
    visited  0 sources
    kept     0 new copies in [time]; 0 B received
    stopped  by you; what was done is kept, the next run goes on
    archive  0 sources cited in 0 posts, 0 copies held
    --- stderr

    stopping; what was done is kept (once more to stop at once)
    ");
    assert_snapshot!(desk.rows("select command, result from run"), @"run | interrupted");
    assert_snapshot!(desk.rows("select refreshed_at, problem, next_refresh_at <= added_at from input"), @"- | - | 1");
}

#[test]
fn a_run_that_is_killed_loses_only_what_was_in_flight() {
    let (desk, mut run) = desk_with_a_run_that_hangs();
    run.kill().unwrap();
    run.wait().unwrap();
    desk.page("slow.test", "/page", "Slow");
    desk.web.forget_requests();
    desk.run("run").exits(0);
    assert_snapshot!(desk.verdicts(), @r"
    http://quick.test/page | alive | alive
    http://slow.test/page | alive | alive
    ");
    assert_eq!(
        desk.web.count("quick.test", "/page"),
        0,
        "what was committed is not done again"
    );
    assert_snapshot!(desk.rows("select result from run order by id"), @r"
    failed
    done
    ");
    assert_eq!(desk.rows("pragma integrity_check"), "ok\n");
}

#[test]
fn a_reader_that_leaves_early_is_no_error() {
    let desk = Desk::new();
    let sources: Vec<_> = (0..3000).map(|n| format!("https://a.test/{n}")).collect();
    let sources: Vec<_> = sources.iter().map(String::as_str).collect();
    desk.post("posts/a.md", &sources);
    for words in [
        "links posts",
        "links posts --format json",
        "links posts --format csv",
    ] {
        let mut command = desk.command(words);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let done = desk.wait(child).exits(0);
        assert_eq!(done.err, "", "{words}");
    }
    desk.run("run posts --limit 0").exits(0);
    for format in ["text", "json", "jsonl", "csv", "markdown"] {
        let mut command = desk.command(&format!("report --all --format {format}"));
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let done = desk.wait(child).exits(0);
        assert_eq!(done.err, "", "{format}");
    }
}
