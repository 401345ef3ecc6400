//! Every link and every form of every page, walked by hand in real Chromium, with and without scripts; and every key.
//!
//! Whatever is clicked or sent, the page that comes says what it is and leads on, nothing fails on it, and nobody is asked but the two
//! listeners. Needs Chromium; without it, one line says that nothing was tried; under `SOURCEKEEP_REQUIRE_TOOLS=1` it is a failure.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::access::{PASSWORD, made};
use crate::browser::chromium;
use crate::serving::Serving;
use crate::support::Desk;
use crate::walker::{CLICK, Tally, Walk};
use crate::web::Page;

/// An archive with some of everything: what is dead, moved, drifted, unclear, what lost quotes, copies to be compared, one made by hand, what
/// a browser made of one, an input that rests.
pub(crate) fn full() -> Desk {
    let desk = crate::source_kept::pictured();
    desk.page("a.test", "/one", "Wells of the old town");
    desk.page("b.test", "/new", "Rivers");
    desk.web.page("b.test", "/old", Page::redirect(301, "/new"));
    for name in ["gone", "lost", "left"] {
        desk.page(
            "c.test",
            &format!("/{name}"),
            &format!("Lakes that are {name}"),
        );
    }
    desk.web.page("d.test", "/", Page::empty(403));
    let gone = [
        "https://c.test/gone",
        "https://c.test/lost",
        "https://c.test/left",
    ];
    desk.post(
        "posts/c.md",
        &["https://a.test/one", "https://b.test/old", gone[0]],
    );
    desk.post("posts/d.md", &[&gone[..], &["https://d.test/"]].concat());
    desk.day(3).run("run posts").exits(0);
    for name in ["gone", "lost", "left"] {
        desk.web
            .page("c.test", &format!("/{name}"), Page::empty(410));
    }
    for day in [12, 16, 23] {
        desk.day(day).run("run posts").exits(0);
    }
    desk.file("resting/e.md", "# Rests\n\nNo links.\n");
    desk.run("add resting").exits(0);
    desk.file(
        "saved.html",
        "<!doctype html><title>Saved</title><p>Wells of the old town, saved by hand.",
    );
    desk.run(
        "capture https://a.test/one --file saved.html --by Jane --made-at 2026-01-07T08:00:00Z",
    )
    .exits(0);
    let serving = Serving::start(&desk);
    let resting = desk
        .number("select id from input where address like '%resting%'")
        .to_string();
    serving
        .send("/inputs", &[("do", "pause"), ("id", &resting)])
        .is(303);
    desk
}

fn serving(desk: &Desk, more: &str) -> Serving {
    let words = format!("serve --listen 127.0.0.1:0 --format json --access-log access.jsonl{more}");
    Serving::of(&mut desk.command(&words))
}

/// What the listeners have noted: nobody else was asked, nothing failed, and everything that the browser asked for was asked here.
#[track_caller]
fn noted(desk: &Desk, serving: Serving, asked: &BTreeSet<String>) {
    let hosts = [serving.ui.clone(), serving.replay.clone()];
    assert_eq!(serving.ends("-TERM"), Some(0));
    let log = std::fs::read_to_string(desk.path("access.jsonl")).unwrap();
    let mut paths = BTreeSet::new();
    for line in log.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        assert!(line["status"].as_u64() < Some(500), "{line}");
        assert!(hosts.iter().any(|host| line["host"] == **host), "{line}");
        paths.insert(line["path"].as_str().unwrap().to_owned());
    }
    let missing: Vec<_> = asked.iter().filter(|path| !paths.contains(*path)).collect();
    assert!(missing.is_empty() && !asked.is_empty(), "{missing:?}");
    std::fs::remove_file(desk.path("access.jsonl")).unwrap();
    // Every name leads to the web of the test.
    let web = desk.web.requests();
    let web: Vec<_> = web
        .iter()
        .filter(|one| one.host.rsplit('.').next() == Some("test"))
        .collect();
    assert!(web.is_empty(), "{web:?}");
}

/// Walks all of it, and says what was walked.
#[track_caller]
fn walked(desk: &Desk, has_scripts: bool) -> Option<Tally> {
    let program = chromium()?;
    desk.web.forget_requests();
    let serving = serving(desk, "");
    let mut walk = Walk::new(&program, desk, &serving, has_scripts);
    walk.from("/");
    let Walk {
        tally,
        asked,
        wrong,
        ..
    } = walk;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    noted(desk, serving, &asked);
    Some(tally)
}

fn walked_full(has_scripts: bool) {
    let desk = full();
    let Some(tally) = walked(&desk, has_scripts) else {
        return;
    };
    let mut missing = Vec::new();
    for (path, name, values) in [
        (
            "/inputs",
            "do",
            &["add", "read", "pause", "resume", "interval", "remove"][..],
        ),
        (
            "/sources",
            "do",
            &["check", "capture", "mark", "hold", "let-go", "export"],
        ),
        (
            "/repairs",
            "action",
            &["copy", "address", "unlink", "leave", "undo"],
        ),
        (
            "/sources/N/takedown",
            "kind",
            &["hidden", "blocked", "none"],
        ),
        ("/sources/N/copy", "null", &[""]),
        ("/posts/N/check", "null", &[""]),
        ("/", "null", &[""]),
        ("/posts", "null", &[""]),
        ("/search", "null", &[""]),
        ("/sources", "null", &[""]),
        ("/sources/N/compare", "null", &[""]),
        ("/sources/N/text", "null", &[""]),
    ] {
        let all = values.iter().map(|value| format!("{path} {name}={value}"));
        missing.extend(all.filter(|one| !tally.sent.contains(one)));
    }
    assert!(missing.is_empty(), "not sent: {missing:?} of {tally:?}");
    let told = format!("{tally:?}");
    assert!(tally.pages > 150 && tally.links > 90, "{told}");
    assert!(tally.external > 4 && tally.refused > 4, "{told}");
    // It was done.
    let copies =
        "select count(*) from capture_by_hand where made_by = 'Jane' and file = 'by-hand.html'";
    assert_eq!(desk.number(copies), 1);
    let inputs = "select count(*) from input where removed_at is null";
    assert!(desk.number(inputs) < 3);
    assert!(desk.number("select count(*) from decision where note = 'seen by hand'") > 0);
}

#[test]
fn every_link_and_form_of_a_full_archive_leads_on() {
    walked_full(true);
}

#[test]
fn every_link_and_form_of_a_full_archive_leads_on_without_scripts() {
    walked_full(false);
}

#[test]
fn every_link_and_form_of_an_empty_archive_leads_on() {
    for has_scripts in [true, false] {
        let desk = Desk::new();
        let Some(tally) = walked(&desk, has_scripts) else {
            return;
        };
        let told = format!("{tally:?}");
        assert!(tally.pages > 30 && tally.links > 20, "{told}");
        for sent in [
            "/inputs do=add",
            "/inputs do=remove",
            "/search null=",
            "/posts null=",
        ] {
            assert!(tally.sent.contains(sent), "{sent}: {told}");
        }
        let added = "select count(*) from input where address = 'https://blog.test/feed'";
        assert_eq!(desk.number(added), 1);
    }
}

/// What a copy says in its frame.
#[track_caller]
fn copy(walk: &mut Walk<'_>, path: &str) -> String {
    walk.open(path);
    let frame = walk
        .chromium
        .frame(&format!("{}/web/", walk.serving.replay));
    let says = walk
        .chromium
        .evaluate(&frame, "location.href + ' ' + document.body.innerText");
    says.as_str().unwrap().to_owned()
}

#[test]
fn whoever_logs_in_walks_everything_and_nobody_else_does() {
    let Some(program) = chromium() else {
        return;
    };
    let desk = crate::source_pages::bridge();
    let (lines, _) = made(&desk, "config password", PASSWORD);
    desk.file("sourcekeep.toml", lines);
    desk.web.forget_requests();
    for has_scripts in [true, false] {
        let serving = serving(&desk, "");
        let mut walk = Walk::new(&program, &desk, &serving, has_scripts);
        let kept = "/web/20260105080000/https://source.test/page";
        for path in ["/", "/inputs", kept, "/sources/1/takedown"] {
            walk.open(path);
            let at = walk.chromium.address();
            assert!(at.contains("/login?to=%2F"), "{path}: {at}");
        }
        // Who is wrong may try again, and is led to where they wanted to go.
        walk.open("/sources?sort=address");
        for (password, status, path) in [
            ("wrong", 403, "/login"),
            (PASSWORD, 200, "/sources?sort=address"),
        ] {
            walk.chromium.happened();
            let typed = format!("document.getElementById('password').value = '{password}'");
            walk.chromium.act(&typed);
            walk.chromium
                .act(&format!("{CLICK}(document.querySelector('button'))"));
            walk.comes("the door", false);
            assert_eq!(walk.fine("the door", true), status);
            assert_eq!(
                walk.chromium.address(),
                format!("http://{}{path}", serving.ui)
            );
        }
        let said = copy(&mut walk, kept);
        assert!(said.contains("The bridge over the harbour"), "{said}");
        let frame = said.split(' ').next().unwrap().to_owned();
        assert!(frame.contains('~'), "{frame}");
        if has_scripts {
            walk.from("/");
            assert!(walk.tally.links > 40 && walk.tally.sent.len() > 15);
        }
        // Out again: the copy is shown no more, not even by its own address.
        walk.open("/");
        walk.chromium.happened();
        let out = walk
            .chromium
            .act(&format!("{CLICK}(document.querySelector('footer button'))"));
        assert_eq!(out, "");
        walk.comes("the way out", false);
        walk.fine("the way out", false);
        assert!(walk.chromium.address().ends_with("/login"));
        walk.open(kept);
        assert!(walk.chromium.address().contains("/login?to="));
        walk.chromium.open(&frame);
        walk.chromium.has_come(&frame);
        let says = walk.chromium.says("document.body.innerText");
        assert!(
            says.contains("log in first") && !says.contains("harbour"),
            "{says}"
        );
        let Walk { asked, wrong, .. } = walk;
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        noted(&desk, serving, &asked);
    }
}

#[test]
fn whoever_may_only_read_has_nothing_to_send() {
    let desk = full();
    let Some(program) = chromium() else {
        return;
    };
    desk.web.forget_requests();
    let serving = serving(&desk, " --read-only");
    let before = desk.rows("select count(*) from input union all select count(*) from decision");
    let mut walk = Walk::new(&program, &desk, &serving, true);
    walk.from("/");
    let Walk {
        tally,
        asked,
        wrong,
        ..
    } = walk;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let sends: Vec<_> = tally
        .methods
        .iter()
        .filter(|one| !one.starts_with("get "))
        .collect();
    assert!(sends.is_empty(), "{sends:?}");
    assert!(tally.methods.len() > 4 && tally.links > 60, "{tally:?}");
    assert_eq!(
        before,
        desk.rows("select count(*) from input union all select count(*) from decision")
    );
    noted(&desk, serving, &asked);
}
