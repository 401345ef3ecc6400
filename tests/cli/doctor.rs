//! `doctor`: findings, wherever it is asked.

use crate::support::{Desk, interrupt};
use crate::web::{Act, Page, Proxy, Web};

/// The state and words of each check, by its name.
fn checks(desk: &Desk, words: &str, code: i32) -> serde_json::Value {
    let done = desk
        .run(&format!("doctor {words} --format json"))
        .exits(code);
    let whole: serde_json::Value = serde_json::from_str(&done.out).unwrap();
    let mut checks = serde_json::Map::new();
    for check in whole["checks"].as_array().unwrap() {
        checks.insert(check["name"].as_str().unwrap().to_owned(), check.clone());
    }
    checks.into()
}

#[track_caller]
fn is(checks: &serde_json::Value, name: &str, state: &str, words: &str) {
    let check = &checks[name];
    assert_eq!(check["state"], state, "{name}: {checks:#}");
    let found = check["found"].as_str().unwrap();
    assert!(found.contains(words), "{name}: {found}");
    if matches!(state, "warning" | "problem") {
        assert!(check["advice"].is_string(), "{name}: {check}");
    }
}

#[test]
fn where_there_is_no_archive_yet() {
    let desk = Desk::new();
    let found = checks(&desk, "--offline", 0);
    is(
        &found,
        "archive",
        "skipped",
        "there is none at sourcekeep.db",
    );
    is(&found, "writable", "ok", "an archive can be made");
    is(&found, "network", "skipped", "--offline");
    is(&found, "version", "ok", "SQLite 3.");
    assert_eq!(
        std::fs::read_dir(desk.path("")).unwrap().count(),
        0,
        "it leaves nothing"
    );
    let text = desk.run("doctor --offline").exits(0);
    assert!(
        text.out.contains("→ `sourcekeep run INPUT` makes one"),
        "{text}"
    );
    let found = checks(&desk, "--offline --db not/there/a.db", 3);
    is(&found, "writable", "problem", "not/there");
    is(&found, "disk", "warning", "not/there");
}

#[test]
fn a_healthy_archive() {
    let desk = Desk::new();
    desk.page("a.test", "/page", "A page");
    desk.post("posts/a.md", &["http://a.test/page"]);
    desk.run("run posts").exits(0);
    let found = checks(&desk, "--url http://a.test/page", 0);
    for name in [
        "archive",
        "integrity",
        "write-ahead log",
        "writable",
        "run lock",
        "last run",
        "names",
        "page",
    ] {
        is(&found, name, "ok", "");
    }
    is(&found, "archive", "ok", "simulated");
    is(&found, "clock", "skipped", "as --now says");
    is(&found, "backup", "warning", "there is none in backups");
    desk.run("backup").exits(0);
    let found = checks(&desk, "--offline", 0);
    is(
        &found,
        "backup",
        "ok",
        "1 backup in backups, the newest just now",
    );
    desk.day(20);
    let found = checks(&desk, "--offline", 0);
    is(&found, "backup", "ok", "20 days ago");
    is(&found, "last run", "warning", "1 source due since then");
}

#[test]
fn clocks_are_compared() {
    let desk = Desk::real();
    let answer = |date: &str| Page::html("<title>A</title><p>A").header("date", date);
    desk.web.page(
        "right.test",
        "/",
        answer(
            &jiff::Timestamp::now()
                .strftime("%a, %d %b %Y %H:%M:%S GMT")
                .to_string(),
        ),
    );
    desk.web
        .page("wrong.test", "/", answer("Tue, 15 Nov 1994 08:12:31 GMT"));
    let found = checks(&desk, "--url http://right.test/", 0);
    is(&found, "clock", "ok", "");
    is(
        &found,
        "clock of others",
        "ok",
        "right.test says about the same",
    );
    let found = checks(&desk, "--url http://wrong.test/", 3);
    is(
        &found,
        "clock of others",
        "problem",
        "ahead of that of wrong.test",
    );
    // The newest visit is in the future, and no --now made it.
    desk.post("posts/a.md", &["http://right.test/"]);
    desk.run("run posts").exits(0);
    desk.archive()
        .execute_batch("drop trigger visit_is_immutable; update visit set at = at + 86400000;")
        .unwrap();
    let found = checks(&desk, "--offline", 3);
    is(&found, "clock", "problem", "is before the newest visit");
}

#[test]
fn a_network_that_does_not_answer_is_a_finding() {
    let desk = Desk::new();
    desk.web.page("stuck.test", "/", Page::script([Act::Hang]));
    let begun = std::time::Instant::now();
    let found = checks(&desk, "--url http://stuck.test/", 0);
    is(&found, "page", "warning", "http://stuck.test/: ");
    assert!(begun.elapsed().as_secs() < 20);
    let closed = desk.finish(
        desk.bare("doctor --format json --url http://gone.test/")
            .args(["--resolve", "*=127.0.0.1:1"]),
    );
    assert!(
        closed.out.contains("could not connect") || closed.out.contains("refused"),
        "{closed}"
    );
}

#[test]
fn what_is_damaged_or_not_ours_is_a_problem() {
    let desk = Desk::new();
    desk.file("text.db", "not a database at all");
    let found = checks(&desk, "--offline --db text.db", 3);
    is(&found, "archive", "problem", "it is no SQLite database");
    desk.file("sourcekeep.toml", "[fetch]\nconcurency = 1\n");
    let found = checks(&desk, "--offline", 3);
    is(
        &found,
        "configuration",
        "problem",
        "did you mean `concurrency`?",
    );
    desk.file("sourcekeep.toml", "[fetch]\nconcurrency = 1\n");
    let found = checks(&desk, "--offline", 0);
    is(&found, "configuration", "ok", "sourcekeep.toml is valid");
}

#[test]
fn runs_that_go_on_and_runs_that_were_killed() {
    let desk = Desk::new();
    desk.web
        .page("slow.test", "/page", Page::script([Act::Hang]));
    desk.post("posts/a.md", &["http://slow.test/page"]);
    let mut run = desk.start("run posts");
    desk.web.wait_for("slow.test", "/page");
    let found = checks(&desk, "--offline", 0);
    is(&found, "run lock", "ok", "`sourcekeep run`, process ");
    is(&found, "last run", "ok", "goes on");
    run.kill().unwrap();
    run.wait().unwrap();
    let found = checks(&desk, "--offline", 0);
    is(&found, "run lock", "ok", "nobody holds it");
    is(&found, "last run", "warning", "was killed");
    desk.web.forget_requests();
    let run = desk.start("run");
    desk.web.wait_for("slow.test", "/page");
    interrupt(&run);
    desk.wait(run).exits(130);
    let found = checks(&desk, "--offline", 0);
    is(
        &found,
        "last run",
        "ok",
        "interrupted; 1 of the last ten failed or were killed",
    );
}

#[test]
fn the_second_vantage_is_tried() {
    let desk = Desk::new();
    desk.page("a.test", "/page", "A page");
    let asked = "--url http://a.test/page";
    assert!(checks(&desk, asked, 0).get("second vantage").is_none());
    let configure = |vantage: std::net::SocketAddr| {
        let text = format!("[fetch]\nsecond_vantage = \"http://me:secret@{vantage}\"\n");
        desk.file("sourcekeep.toml", text);
    };
    let proxy = Proxy::to(desk.web.addr());
    configure(proxy.addr());
    let found = checks(&desk, asked, 0);
    let works = "leads to http://a.test/page, which answers 200";
    is(&found, "second vantage", "ok", works);
    assert_eq!(proxy.connections(), 1);
    // Without a page of the user's own, it is tried with one that is there whatever else is.
    let found = checks(&desk, "", 0);
    is(&found, "second vantage", "ok", "https://example.com/");
    let refusing = Proxy::answering("HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n");
    configure(refusing.addr());
    let found = checks(&desk, asked, 0);
    is(
        &found,
        "second vantage",
        "warning",
        "the proxy wants a password",
    );
    configure(Web::start().addr());
    let found = checks(&desk, asked, 0);
    is(
        &found,
        "second vantage",
        "warning",
        "the proxy could not be used",
    );
    assert!(!found.to_string().contains("secret"), "{found}");
}
