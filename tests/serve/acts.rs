//! What is done with what is sent: inputs, sources that were chosen, repairs, copies by hand, takedowns.

use insta::assert_snapshot;
use regex::Regex;
use serde_json::Value;

use crate::serving::{Serving, posted, sent};
use crate::support::Desk;
use crate::web::Page;

/// Posts that cite what lives, what is gone, and what moved.
fn desk() -> Desk {
    let desk = Desk::new();
    desk.page("a.test", "/one", "Wells of the old town");
    desk.page("c.test", "/gone", "Lakes of the north");
    desk.page("b.test", "/new", "Rivers of the south");
    desk.web.page("b.test", "/old", Page::redirect(301, "/new"));
    desk.post(
        "posts/a.md",
        &[
            "https://a.test/one",
            "https://c.test/gone",
            "https://b.test/old",
        ],
    );
    desk.post("posts/b.md", &["https://c.test/gone"]);
    desk.run("run posts").exits(0);
    desk.web.page("c.test", "/gone", Page::empty(410));
    for day in [9, 13, 20, 27] {
        desk.day(day).run("run posts").exits(0);
    }
    desk
}

fn id(desk: &Desk, address: &str) -> String {
    desk.number(&format!(
        "select id from source where address = '{address}'"
    ))
    .to_string()
}

/// Where a form led, when what was sent was done.
#[track_caller]
fn led(said: crate::serving::Said) -> String {
    said.is(303).header("location").to_owned()
}

#[test]
fn inputs_are_added_rest_go_on_and_are_removed() {
    let desk = Desk::new();
    let serving = Serving::start(&desk);
    assert!(
        serving
            .ui("/")
            .is(200)
            .text()
            .contains("Nothing is watched yet")
    );
    desk.page("a.test", "/page", "Wells");
    desk.web.page(
        "blog.test",
        "/post",
        Page::html("<title>Post</title><article><p>On <a href='https://a.test/page'>wells</a>, at some length.</p></article>"),
    );
    let to = led(serving.send(
        "/inputs",
        &[
            ("do", "add"),
            ("input", "https://blog.test/post"),
            ("hours", "5"),
        ],
    ));
    assert_eq!(to, "/inputs?done=input-added.1");
    let page = serving.ui(&to).is(200).text();
    assert!(page.contains("The input is added."), "{page}");
    assert!(
        page.contains("https://blog.test/post") && page.contains("every 5 hours"),
        "{page}"
    );
    desk.run("run").exits(0);
    assert_eq!(desk.number("select count(*) from visit"), 1);

    led(serving.send("/inputs", &[("do", "pause"), ("id", "1")]));
    assert!(serving.ui("/inputs").text().contains("rests since"));
    desk.day(3).run("run").exits(0);
    assert_eq!(
        desk.number("select count(*) from input where refreshed_at = (select min(at) from visit)"),
        1
    );
    // Its sources are visited all the same.
    assert_eq!(desk.number("select count(*) from visit"), 2);
    serving
        .send("/inputs", &[("do", "read"), ("id", "1")])
        .is(409);
    led(serving.send("/inputs", &[("do", "resume"), ("id", "1")]));
    desk.run("run").exits(0);
    assert_eq!(
        desk.number("select count(*) from input where refreshed_at > (select min(at) from visit)"),
        1
    );

    led(serving.send("/inputs", &[("do", "interval"), ("id", "1"), ("hours", "")]));
    assert!(
        !desk
            .rows("select options from input")
            .contains("refresh_hours")
    );
    led(serving.send("/inputs", &[("do", "remove"), ("id", "1")]));
    assert_eq!(
        desk.number("select count(*) from input where removed_at is null"),
        0
    );
    serving
        .send("/inputs", &[("do", "remove"), ("id", "1")])
        .is(404);
    for (fields, status) in [
        (&[("do", "add")][..], 400),
        (&[("input", "ftp://a.test/")], 400),
        (&[("input", "nowhere")], 400),
        (&[("input", "-")], 400),
        (&[("input", "https://a.test/"), ("hours", "0")], 400),
        (&[("do", "pause")], 400),
        (&[("do", "pause"), ("id", "x")], 400),
        (&[("do", "burn"), ("id", "1")], 400),
    ] {
        serving.send("/inputs", fields).is(status);
    }
}

#[test]
fn folders_of_this_machine_are_added_by_who_sits_at_it_only() {
    let desk = Desk::new();
    desk.post("posts/a.md", &["https://a.test/page"]);
    let folder = desk.path("posts");
    let folder = folder.to_str().unwrap();
    let serving = Serving::start(&desk);
    led(serving.send("/inputs", &[("input", folder)]));
    assert_eq!(desk.rows("select kind from input"), "folder\n");
    drop(serving);
    let (token, hash) = sourcekeep::password::TokenHash::make().unwrap();
    desk.file(
        "sourcekeep.toml",
        format!("[token.a]\nhash = \"{hash}\"\nscope = \"write\"\n"),
    );
    let serving = Serving::start(&desk);
    let json = serde_json::json!({ "input": folder }).to_string();
    let token = format!("Authorization: Bearer {token}\r\n");
    let said = posted(
        &serving.ui,
        "/api/v1/inputs",
        "application/json",
        &token,
        json.as_bytes(),
    )
    .is(400);
    assert!(said.text().contains("command line"), "{}", said.text());
}

#[test]
fn sources_that_are_chosen_are_visited_captured_marked_and_held() {
    let desk = desk();
    let (one, gone) = (
        id(&desk, "https://a.test/one"),
        id(&desk, "https://c.test/gone"),
    );
    let serving = Serving::start(&desk);
    let both = [
        ("id", one.as_str()),
        ("id", gone.as_str()),
        ("id", one.as_str()),
    ];
    let with = |more: &[(&'static str, &'static str)]| {
        let mut fields = both.to_vec();
        fields.extend(more);
        serving.send("/sources", &fields)
    };
    let back = "/sources?of=dead&done=due.9";
    assert_eq!(
        led(with(&[("do", "check"), ("back", back)])),
        "/sources?of=dead&done=due.2"
    );
    assert!(
        serving
            .ui("/sources?done=due.2")
            .text()
            .contains("2 sources are visited by the next run")
    );
    let visits = desk.number("select count(*) from visit");
    desk.run("check").exits(0);
    assert_eq!(desk.number("select count(*) from visit"), visits + 2);
    led(with(&[
        ("do", "mark"),
        ("mark", "dead"),
        ("note", "seen by hand"),
        ("until", "90d"),
    ]));
    assert_snapshot!(desk.rows("select mark, note, until is not null from mark"), @r"
    dead | seen by hand | 1
    dead | seen by hand | 1
    ");
    led(with(&[("do", "mark"), ("mark", "none")]));
    assert_eq!(desk.number("select count(*) from mark"), 0);
    led(with(&[("do", "hold"), ("note", "case 12")]));
    assert_eq!(desk.number("select count(*) from hold"), 2);
    led(with(&[("do", "let-go")]));
    assert_eq!(desk.number("select count(*) from hold"), 0);
    let csv = led(with(&[("do", "export")]));
    let text = serving.ui(&csv).is(200).text();
    assert_eq!(text.lines().count(), 3, "{text}");
    for (fields, status) in [
        (&[("do", "check")][..], 400),
        (&[("do", "check"), ("id", "999")], 404),
        (&[("do", "check"), ("id", "1;2")], 400),
        (&[("id", "1")], 400),
        (&[("do", "mark"), ("id", "1"), ("mark", "odd")], 400),
        (
            &[
                ("do", "mark"),
                ("id", "1"),
                ("mark", "dead"),
                ("until", "2020-01-01"),
            ],
            400,
        ),
    ] {
        serving.send("/sources", fields).is(status);
    }
    let json = format!("{{\"do\": \"mark\", \"mark\": \"ignore\", \"id\": [{one}, \"{gone}\"]}}");
    let said = posted(
        &serving.ui,
        "/api/v1/sources",
        "application/json",
        "",
        json.as_bytes(),
    )
    .is(200);
    let said: Value = serde_json::from_str(&said.text()).unwrap();
    assert_eq!(
        (said["done"].as_str(), said["many"].as_u64()),
        (Some("marked"), Some(2))
    );
}

#[test]
fn a_copy_that_is_asked_for_is_made_by_the_next_run_though_robots_forbid_it() {
    let desk = Desk::new();
    desk.web.page(
        "a.test",
        "/robots.txt",
        Page::text("User-agent: *\nDisallow: /\n"),
    );
    desk.page("a.test", "/page", "Wells of the old town");
    desk.post("posts/a.md", &["https://a.test/page"]);
    desk.run("run posts").exits(0);
    assert_eq!(desk.number("select count(*) from capture"), 0);
    let serving = Serving::start(&desk);
    led(serving.send("/sources", &[("do", "capture"), ("id", "1")]));
    assert!(
        serving
            .ui("/sources/1")
            .text()
            .contains("a copy, by the next visit")
    );
    desk.day(1).run("run").exits(0);
    assert_eq!(desk.number("select count(*) from capture"), 1);
    assert_eq!(desk.number("select count(*) from wanted"), 0);
}

#[test]
fn what_is_broken_is_worked_off() {
    let desk = desk();
    let (gone, old) = (
        id(&desk, "https://c.test/gone"),
        id(&desk, "https://b.test/old"),
    );
    let serving = Serving::start(&desk);
    let page = serving.ui("/repairs").is(200).text();
    assert!(page.contains("2 sources are broken"), "{page}");
    assert!(page.contains("https://b.test/new"), "{page}");
    let left = |of: &str| -> Vec<(String, u64)> {
        let said: Value = serde_json::from_str(&serving.ui(of).is(200).text()).unwrap();
        let left = said["left"].as_array().unwrap();
        let one = |one: &Value| {
            (
                one["work"].as_str().unwrap().to_owned(),
                one["sources"].as_u64().unwrap(),
            )
        };
        left.iter().map(one).collect()
    };
    assert_eq!(
        left("/api/v1/repairs"),
        [("dead".to_owned(), 1), ("moved".to_owned(), 1)]
    );

    // Of two posts, one is decided on; the other is left.
    let posts = desk.rows("select post_id from citation where source_id = 2 order by post_id");
    let posts: Vec<&str> = posts.lines().collect();
    assert_eq!(posts.len(), 2);
    let decide = |fields: &[(&str, &str)]| serving.send("/repairs", fields);
    led(decide(&[
        ("source", &gone),
        ("action", "copy"),
        ("post", posts[0]),
        ("chosen", "1"),
        ("note", "=the old one"),
    ]));
    assert_eq!(
        left("/api/v1/repairs"),
        [("dead".to_owned(), 1), ("moved".to_owned(), 1)]
    );
    led(decide(&[
        ("source", &gone),
        ("action", "unlink"),
        ("post", posts[1]),
    ]));
    assert_eq!(left("/api/v1/repairs"), [("moved".to_owned(), 1)]);
    led(decide(&[
        ("source", &old),
        ("action", "address"),
        ("address", "https://b.test/new"),
    ]));
    assert!(left("/api/v1/repairs").is_empty());
    assert!(serving.ui("/repairs").text().contains("Nothing is left"));

    let csv = serving.ui("/decisions.csv").is(200).text();
    // Which of two copies of one instant came first is nobody's matter.
    let number = Regex::new(r"([,-])\d+(,2026|/https)").unwrap();
    let csv = number.replace_all(&desk.tidy(&csv), "$1[n]$2").into_owned();
    assert_snapshot!(csv, @r"
    url,post,action,new_url,capture,capture_at,copy,note,work,verdict,decided_at,decided_by,is_cited
    https://b.test/old,[desk]/posts/a.md,address,https://b.test/new,,,,,moved,moved,2026-02-01T08:00:00Z,local,true
    https://c.test/gone,[desk]/posts/b.md,unlink,,,,,,dead,gone,2026-02-01T08:00:00Z,local,true
    https://c.test/gone,[desk]/posts/a.md,copy,,[n],2026-01-05T08:00:00Z,/web/20260105080000-[n]/https://c.test/gone,'=the old one,dead,gone,2026-02-01T08:00:00Z,local,true
    ");
    let json: Value =
        serde_json::from_str(&serving.ui("/api/v1/decisions").is(200).text()).unwrap();
    assert_eq!(json["decisions"].as_array().unwrap().len(), 3);
    let told = desk.run("repair --list --format jsonl").exits(0).out;
    assert_eq!(told.lines().count(), 3, "{told}");
    assert_eq!(
        desk.run("repair --list --format csv").exits(0).out,
        desk.tidy(&serving.ui("/decisions.csv").text())
    );

    // What was taken back is left again, and what lives again is not.
    led(decide(&[
        ("source", &gone),
        ("action", "undo"),
        ("post", posts[0]),
    ]));
    assert_eq!(left("/api/v1/repairs"), [("dead".to_owned(), 1)]);
    desk.page("c.test", "/gone", "Lakes of the north");
    desk.day(60).run("check https://c.test/gone").exits(0);
    assert!(left("/api/v1/repairs").is_empty());
}

#[test]
fn what_could_not_be_written_is_told_and_can_be_sent_again() {
    let desk = desk();
    let serving = Serving::start(&desk);
    let mark = [("do", "mark"), ("mark", "dead"), ("id", "1")];
    desk.archive()
        .execute_batch(
            "create trigger no before insert on mark begin select raise(abort, 'not now'); end",
        )
        .unwrap();
    let said = serving.send("/sources", &mark).is(500).text();
    assert!(
        said.contains("Nothing was changed") && said.contains("not now"),
        "{said}"
    );
    let json = br#"{"do": "mark", "mark": "dead", "id": 1}"#;
    let said = posted(&serving.ui, "/api/v1/sources", "application/json", "", json).is(500);
    assert_eq!(said.header("content-type"), "application/problem+json");
    desk.archive().execute_batch("drop trigger no").unwrap();
    led(serving.send("/sources", &mark));
    assert_eq!(desk.number("select count(*) from mark"), 1);
}

#[test]
fn what_cannot_be_decided_is_refused() {
    let desk = desk();
    let old = id(&desk, "https://b.test/old");
    let serving = Serving::start(&desk);
    let decide = |fields: &[(&str, &str)]| serving.send("/repairs", fields);
    for (fields, status) in [
        (&[("action", "leave")][..], 400),
        (&[("source", "999"), ("action", "leave")], 404),
        (&[("source", "1"), ("action", "leave")], 409),
        (
            &[("source", &old), ("action", "copy"), ("capture", "999")],
            400,
        ),
        (&[("source", &old), ("action", "address")], 400),
        (
            &[
                ("source", &old),
                ("action", "address"),
                ("address", "javascript:alert(1)"),
            ],
            400,
        ),
        (
            &[
                ("source", &old),
                ("action", "address"),
                ("address", "https://b.test/old"),
            ],
            400,
        ),
        (
            &[("source", &old), ("action", "leave"), ("chosen", "1")],
            400,
        ),
    ] {
        decide(fields).is(status);
    }
}

#[test]
fn what_goes_wrong_in_another_way_is_to_be_decided_again() {
    let desk = desk();
    let serving = Serving::start(&desk);
    let old = id(&desk, "https://b.test/old");
    led(serving.send("/repairs", &[("source", &old), ("action", "leave")]));
    desk.web.page("b.test", "/old", Page::empty(410));
    for day in [60, 64, 70, 80] {
        desk.day(day).run("check --all").exits(0);
    }
    let page = serving.ui("/repairs?of=dead").is(200).text();
    assert!(page.contains("https://b.test/old"), "{page}");
}

#[test]
fn a_post_is_read_again() {
    let desk = desk();
    let serving = Serving::start(&desk);
    let input = "select next_refresh_at > (select max(at) from visit) from input";
    let before = desk.number(input);
    led(serving.send("/posts/1/check", &[]));
    desk.post("posts/a.md", &["https://a.test/one"]);
    desk.run("run").exits(0);
    assert_eq!(
        desk.number("select count(*) from citation where post_id = 1 and gone_at is null"),
        1
    );
    assert!(before == 0 || before == 1);
    serving.send("/posts/999/check", &[]).is(404);
    serving.ui("/posts/1/check").is(302);
}

#[test]
fn a_copy_made_by_hand_is_sent() {
    let desk = desk();
    let serving = Serving::start(&desk);
    let key = serving.form_key("/inputs", "");
    let send = |fields: &[(&str, &str)], name: &str, file: &[u8]| {
        let mut body = Vec::new();
        let mut all = vec![("csrf", key.as_str())];
        all.extend(fields);
        for (name, value) in all {
            body.extend(
                format!(
                    "--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
                )
                .bytes(),
            );
        }
        body.extend(
            format!(
                "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n"
            )
            .bytes(),
        );
        body.extend(file);
        body.extend(b"\r\n--x--\r\n");
        posted(
            &serving.ui,
            "/sources/1/copy",
            "multipart/form-data; boundary=x",
            "",
            &body,
        )
    };
    let html = b"<!doctype html><title>By hand</title><p>Wells, as a subscriber sees them.";
    let to = led(send(
        &[
            ("made_at", "2026-01-06"),
            ("by", "Jane"),
            ("note", "logged in"),
        ],
        "C:\\x\\page.html",
        html,
    ));
    assert_eq!(to, "/sources/1?done=copy-kept.1#copies");
    assert_snapshot!(
        desk.rows("select made_by, file, dated_by, note from capture_by_hand"),
        @"Jane | page.html | said | logged in"
    );
    assert!(
        serving
            .ui("/search?q=subscriber")
            .text()
            .contains("By hand")
    );
    let other = b"<!-- saved from url=(0021)https://other.test/x --><html><p>Words";
    send(&[], "page.html", other).is(400);
    led(send(&[("other_page", "1")], "page.html", other));
    for (file, status) in [(&b""[..], 400), (b"\x7fELF\x02\x01\x01\0\0\0", 400)] {
        send(&[], "a.bin", file).is(status);
    }
    send(&[("made_at", "2036-01-01")], "page.html", html).is(400);
    send(&[("made_at", "soon")], "page.html", html).is(400);
    sent(&serving.ui, "/sources/1/copy", "", &[("csrf", &key)]).is(400);
    assert_eq!(desk.number("select count(*) from capture_by_hand"), 2);
}

#[test]
fn what_is_taken_down_is_shown_nowhere_until_it_is_shown_again() {
    let desk = desk();
    let one = id(&desk, "https://a.test/one");
    let serving = Serving::start(&desk);
    let place = serving
        .ui("/web/https://a.test/one")
        .is(302)
        .header("location")
        .to_owned();
    serving.ui(&place).is(200);
    serving.replay(&place).is(200);
    assert!(
        serving
            .ui("/search?q=wells")
            .text()
            .contains("https://a.test/one")
    );
    let path = format!("/sources/{one}/takedown");
    for (kind, status) in [("hidden", 404), ("blocked", 451)] {
        led(serving.send(
            &path,
            &[("kind", kind), ("note", "asked for by the author")],
        ));
        for path in [
            &place,
            "/web/https://a.test/one",
            "/web/*/https://a.test/one",
        ] {
            let said = serving.ui(path).is(status);
            assert!(!said.text().contains("asked for by"), "{path}");
        }
        serving.replay(&place).is(status);
        serving
            .replay(&place.replacen("/https", "id_/https", 1))
            .is(status);
        serving
            .replay(&place.replacen("/https", "tx_/https", 1))
            .is(status);
        serving
            .replay(&place.replacen("/https", "fr_/https", 1))
            .is(404);
        let found = serving.ui("/search?q=wells").is(200).text();
        assert!(!found.contains("https://a.test/one"), "{found}");
        assert!(
            !serving.ui("/").text().contains("Wells of the old town ·"),
            "{kind}"
        );
        let page = serving.ui(&format!("/sources/{one}")).is(200).text();
        assert!(page.contains("asked for by the author"), "{page}");
    }
    // What is kept is not touched, and who has the file finds it.
    assert!(
        desk.run("search wells")
            .exits(0)
            .out
            .contains("https://a.test/one")
    );
    led(serving.send(&path, &[("kind", "none")]));
    serving.ui(&place).is(200);
    serving.send(&path, &[("kind", "odd")]).is(400);
    serving
        .send("/sources/999/takedown", &[("kind", "hidden")])
        .is(404);
}
