//! What a page needs to be shown: fetched once, kept with it, told where it is missing, asked for again.

use std::time::Duration;

use crate::support::Desk;
use crate::web::{Act, Page};

const ARTICLE: &str = "<!doctype html><title>On wells</title><link rel=stylesheet href=/style.css>\
    <link rel=icon href=//cdn.test/icon.ico><script src=/script.js></script>\
    <h1>On wells</h1><p>The wells of the valley are deeper than the church is high, and older than its oldest stone.\
    <img src=/well.png alt=''><img src=/gone.png alt=''><iframe src=/frame.html></iframe>";

/// A web with a page that needs a few things, one of which is not there.
fn web(desk: &Desk) {
    let web = &desk.web;
    web.page("a.test", "/article", Page::html(ARTICLE).etag("\"1\""));
    let style = "@import 'more.css'; body { background: url(/wall.png) }";
    web.page(
        "a.test",
        "/style.css",
        Page::bytes("text/css", style).etag("\"s\""),
    );
    let font = "@font-face { font-family: a; src: url(//cdn.test/a.woff2) } @import 'style.css';";
    web.page("a.test", "/more.css", Page::bytes("text/css", font));
    web.page(
        "a.test",
        "/frame.html",
        Page::html("<p>Framed<img src=/framed.png>"),
    );
    for (host, path, media_type) in [
        ("a.test", "/wall.png", "image/png"),
        ("a.test", "/well.png", "image/png"),
        ("a.test", "/framed.png", "image/png"),
        ("a.test", "/script.js", "text/javascript"),
        ("cdn.test", "/icon.ico", "image/x-icon"),
        ("cdn.test", "/a.woff2", "font/woff2"),
    ] {
        web.page(
            host,
            path,
            Page::bytes(media_type, format!("bytes of {path}")),
        );
    }
}

fn desk() -> Desk {
    let desk = Desk::new();
    web(&desk);
    desk.post("posts/a.md", &["https://a.test/article"]);
    desk
}

fn manifest(desk: &Desk, capture: i64) -> String {
    desk.rows(&format!(
        "select kind, url, status, missing from requisites where capture_id = {capture} order by position"
    ))
}

#[test]
fn a_page_is_kept_with_what_it_needs_in_the_order_in_which_it_needs_it() {
    let desk = desk();
    let done = desk.run("run posts --format json").exits(0);
    let told: serde_json::Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!(told["run"]["requisites"], 9);
    insta::assert_snapshot!(manifest(&desk, 1), @r"
    style | https://a.test/style.css | 200 | -
    style | https://a.test/more.css | 200 | -
    font | https://cdn.test/a.woff2 | 200 | -
    image | https://a.test/wall.png | 200 | -
    icon | https://cdn.test/icon.ico | 200 | -
    script | https://a.test/script.js | 200 | -
    image | https://a.test/well.png | 200 | -
    image | https://a.test/gone.png | - | not-found
    frame | https://a.test/frame.html | 200 | -
    image | https://a.test/framed.png | 200 | -
    ");
    insta::assert_snapshot!(desk.rows("select needs, has, left_out from manifest"), @"10 | 9 | 0");
    assert_eq!(
        desk.number("select count(*) from exchange where visit_id is null"),
        9
    );
    let said = desk.run("show https://a.test/article").exits(0).out;
    let copies = &said[said.find("Copies").unwrap()..];
    insta::assert_snapshot!(copies, @r"
    Copies (1)
      2026-01-05T08:00:00Z  344 B  sha256:0e1f8cabe0d1  “On wells”
          requisites: 9 of 10: 1 image not found
    ");
    desk.run("verify").exits(0);
}

#[test]
fn what_several_pages_need_is_asked_for_once() {
    let desk = desk();
    let other = ARTICLE
        .replace("On wells", "On towers")
        .replace("valley", "hill");
    desk.web.page("a.test", "/other", Page::html(other));
    desk.post("posts/b.md", &["https://a.test/other"]);
    desk.run("run posts").exits(0);
    for path in [
        "/style.css",
        "/more.css",
        "/well.png",
        "/gone.png",
        "/frame.html",
        "/framed.png",
    ] {
        assert_eq!(desk.web.count("a.test", path), 1, "{path}");
    }
    assert_eq!(desk.web.count("cdn.test", "/a.woff2"), 1);
    // They need the same.
    assert_eq!(desk.number("select count(*) from capture"), 2);
    assert_eq!(desk.number("select count(*) from manifest"), 1);
}

#[test]
fn what_is_missing_is_asked_for_again_and_makes_a_new_copy_once_it_is_there() {
    let desk = desk();
    desk.run("run posts").exits(0);
    desk.day(3);
    desk.web.forget_requests();
    desk.run("check --all").exits(0);
    assert_eq!(desk.web.count("a.test", "/gone.png"), 1);
    // The page was not modified, and nothing more is there: the copy stands.
    assert_eq!(desk.number("select count(*) from capture"), 1);
    desk.web
        .page("a.test", "/gone.png", Page::bytes("image/png", "there now"));
    desk.day(5);
    desk.run("check --all").exits(0);
    insta::assert_snapshot!(
        desk.rows("select c.id, c.at, m.needs, m.has from capture c join manifest m on m.id = c.manifest_id"), @r"
    1 | 1767600000000 | 10 | 9
    2 | 1768032000000 | 10 | 10
    ");
    // What was there already is one with it.
    assert_eq!(
        desk.number("select count(*) from exchange where visit_id is null"),
        10
    );
    assert_eq!(
        desk.number("select count(distinct body_id) from capture"),
        1
    );
    desk.web.forget_requests();
    desk.day(8);
    desk.run("check --all").exits(0);
    assert_eq!(
        desk.web.count("a.test", "/well.png"),
        0,
        "a whole copy is not looked at again"
    );
    desk.run("verify").exits(0);
}

#[test]
fn requisites_are_asked_for_conditionally_and_as_browsers_do() {
    let desk = desk();
    desk.run("run posts").exits(0);
    let asked = desk.web.requests_to("cdn.test");
    let font = asked.iter().find(|one| one.path == "/a.woff2").unwrap();
    assert_eq!(font.header("referer"), Some("https://a.test/"));
    desk.web.forget_requests();
    desk.day(3);
    desk.web.page(
        "a.test",
        "/article",
        Page::html(ARTICLE.replace("older", "much older")),
    );
    desk.run("check --all").exits(0);
    let requests = desk.web.requests_to("a.test");
    let style = requests
        .iter()
        .find(|one| one.path == "/style.css")
        .unwrap();
    assert_eq!(style.header("if-none-match"), Some("\"s\""));
    assert_eq!(desk.number("select count(*) from capture"), 2);
    assert_eq!(
        desk.number("select count(*) from manifest"),
        1,
        "nothing of it is new"
    );
    assert_eq!(
        desk.number("select count(*) from exchange where visit_id is null"),
        9
    );
}

#[test]
fn a_capture_by_name_looks_at_everything_again() {
    let desk = desk();
    desk.run("run posts").exits(0);
    desk.day(3);
    desk.run("capture https://a.test/article").exits(0);
    assert_eq!(
        desk.number("select count(*) from capture"),
        1,
        "nothing is new"
    );
    desk.web.page(
        "a.test",
        "/well.png",
        Page::bytes("image/png", "another picture"),
    );
    desk.day(4);
    desk.run("capture https://a.test/article").exits(0);
    assert_eq!(desk.number("select count(*) from capture"), 2);
    assert_eq!(desk.number("select count(*) from manifest"), 2);
}

#[test]
fn robots_txt_counts_for_what_a_page_needs() {
    let desk = desk();
    desk.web.page(
        "cdn.test",
        "/robots.txt",
        Page::text("User-agent: *\nDisallow: /"),
    );
    desk.run("run posts").exits(0);
    assert_eq!(desk.web.count("cdn.test", "/a.woff2"), 0);
    let missing = "select url from requisites where missing = 'robots' order by url";
    insta::assert_snapshot!(desk.rows(missing), @r"
    https://cdn.test/a.woff2
    https://cdn.test/icon.ico
    ");
    // Who names a page to be captured wants what it needs.
    desk.day(2);
    desk.run("capture https://a.test/article").exits(0);
    assert_eq!(desk.web.count("cdn.test", "/a.woff2"), 1);
}

#[test]
fn nothing_is_fetched_from_private_addresses_or_by_those_who_do_not_want_it() {
    let desk = desk();
    let page = "<p>The wells of the valley are deeper than the church is high.\
        <img src=http://192.0.2.7/a.png><img src=http://10.0.0.1/b.png><img src=data:image/png;base64,AA>";
    desk.web.page("a.test", "/private", Page::html(page));
    desk.run("capture https://a.test/private").exits(0);
    insta::assert_snapshot!(manifest(&desk, 1), @r"
    image | http://192.0.2.7/a.png | - | private-address
    image | http://10.0.0.1/b.png | - | private-address
    ");
    let without = Desk::new();
    web(&without);
    without
        .run("capture https://a.test/article --no-requisites")
        .exits(0);
    assert_eq!(without.web.count("a.test", "/well.png"), 0);
    assert_eq!(
        without.number("select count(*) from capture where manifest_id is null"),
        1
    );
}

#[test]
fn style_sheets_that_name_each_other_and_pages_without_end_are_bounded() {
    let desk = Desk::new();
    desk.web.made("deep.test", "/style.css", |asked| {
        let deep = asked
            .path
            .split_once('?')
            .map_or(0, |(_, deep)| deep.parse::<u32>().unwrap_or(0));
        Page::bytes(
            "text/css",
            format!("@import 'style.css?{}'; @import 'style.css';", deep + 1),
        )
    });
    let many = (0..3000).map(|n| format!("<img src=/{n}.png>"));
    let many = many.collect::<Vec<_>>().concat();
    let page =
        format!("<link rel=stylesheet href=style.css><p>The wells of the valley are deep.{many}");
    desk.web.page("deep.test", "/", Page::html(page));
    desk.file("sourcekeep.toml", "[limits]\nrequisites = 40\n");
    desk.run("capture https://deep.test/").exits(0);
    insta::assert_snapshot!(desk.rows("select needs, has, left_out from manifest"), @"40 | 1 | 2962");
    assert!(desk.web.requests_to("deep.test").len() < 60);
}

#[test]
fn a_slow_picture_keeps_nothing_else_waiting() {
    let desk = desk();
    let never = Page::bytes("image/png", "late").delay(Duration::from_secs(30));
    desk.web.page("a.test", "/well.png", never);
    desk.file("sourcekeep.toml", "[limits]\ncapture_ms = 3000\n");
    desk.run("run posts").exits(0);
    let later = "select url, missing from requisites where missing is not null order by url";
    insta::assert_snapshot!(desk.rows(later), @r"
    https://a.test/gone.png | not-found
    https://a.test/well.png | later
    ");
    assert_eq!(desk.number("select count(*) from capture"), 1);
}

#[test]
fn the_order_in_which_requisites_come_makes_no_other_manifest() {
    let desk = desk();
    let slow = |path: &str| {
        let style = "@import 'more.css'; body { background: url(/wall.png) }";
        let page = Page::bytes("text/css", style);
        desk.web
            .page("a.test", path, page.delay(Duration::from_millis(300)));
    };
    let both = "<link rel=stylesheet href=/one.css><link rel=stylesheet href=/two.css>\
        <p>The wells of the valley are deeper than the church is high.";
    desk.web.page("a.test", "/both", Page::html(both));
    for (day, late, early) in [(2, "/one.css", "/two.css"), (3, "/two.css", "/one.css")] {
        slow(late);
        let style = "@import 'more.css'; body { background: url(/wall.png) }";
        desk.web
            .page("a.test", early, Page::bytes("text/css", style));
        desk.day(day);
        desk.run("capture https://a.test/both").exits(0);
    }
    assert_eq!(desk.number("select count(*) from manifest"), 1);
    assert_eq!(desk.number("select count(*) from capture"), 1);
}

#[test]
fn a_run_that_is_killed_leaves_no_copy_without_what_it_needs() {
    let desk = desk();
    let late = Page::bytes("image/png", "late").delay(Duration::from_secs(30));
    desk.web.page("a.test", "/well.png", late);
    let mut run = desk.start("run posts");
    desk.web.wait_for("a.test", "/style.css");
    desk.until_at_least("select count(*) from exchange where visit_id is null", 1);
    run.kill().unwrap();
    run.wait().unwrap();
    assert_eq!(desk.number("select count(*) from capture"), 0);
    desk.run("verify").exits(0);
    desk.web
        .page("a.test", "/well.png", Page::bytes("image/png", "in time"));
    desk.day(2);
    desk.run("run posts").exits(0);
    insta::assert_snapshot!(desk.rows("select needs, has from capture c join manifest m on m.id = c.manifest_id"), @"10 | 9");
    desk.run("verify").exits(0);
}

#[test]
fn style_sheets_are_not_left_out_because_of_pictures() {
    let desk = Desk::new();
    let many = (0..30).map(|n| format!("<img src=/{n}.png>"));
    let many = many.collect::<Vec<_>>().concat();
    let page =
        format!("<p>The wells of the valley are deep.{many}<link rel=stylesheet href=/style.css>");
    desk.web.page("a.test", "/", Page::html(page));
    desk.web
        .page("a.test", "/style.css", Page::bytes("text/css", "p{}"));
    desk.file("sourcekeep.toml", "[limits]\nrequisites = 10\n");
    desk.run("capture https://a.test/").exits(0);
    insta::assert_snapshot!(desk.rows("select needs, has, left_out from manifest"), @"10 | 1 | 21");
    assert_eq!(desk.web.count("a.test", "/style.css"), 1);
}

#[test]
fn a_page_is_sealed_when_all_that_it_needs_has_come() {
    let desk = Desk::real();
    web(&desk);
    let late = Page::bytes("image/png", "late").delay(Duration::from_millis(700));
    desk.web.page("a.test", "/well.png", late);
    desk.run("capture https://a.test/article").exits(0);
    let took = desk.number("select sealed_at - at from capture");
    assert!(took >= 700, "{took}");
}

#[test]
fn data_that_a_page_offers_is_kept_where_it_is_asked_for() {
    let desk = Desk::new();
    let page = "<p>The wells of the valley, in a table.<a href=/wells.csv>All data (CSV)</a><a href=/about>About</a>\
        <a href=https://elsewhere.test/other.csv>Other data</a>";
    desk.web.page("data.test", "/", Page::html(page));
    desk.web.page(
        "data.test",
        "/wells.csv",
        Page::bytes("text/csv", "well,depth\na,40\n"),
    );
    desk.run("capture https://data.test/ --with-downloads")
        .exits(0);
    insta::assert_snapshot!(manifest(&desk, 1), @"download | https://data.test/wells.csv | 200 | -");
}

#[test]
fn robots_txt_is_not_said_to_refuse_what_nobody_was_asked_about() {
    let desk = desk();
    let page = "<p>The wells of the valley are deeper than the church is high.<img src=http://10.0.0.1/a.png>\
        <link rel=stylesheet href=http://[::1]/a.css><img src=https://failing.test/a.png>";
    desk.web.page("a.test", "/article", Page::html(page));
    let failing = Page::html("later").status(503);
    desk.web.page("failing.test", "/robots.txt", failing);
    desk.run("run posts").exits(0);
    insta::assert_snapshot!(manifest(&desk, 1), @"
    image | http://10.0.0.1/a.png | - | private-address
    style | http://[::1]/a.css | - | private-address
    image | https://failing.test/a.png | - | failed
    ");
}

#[test]
fn bombs_and_what_never_ends_are_missing_for_a_reason() {
    let desk = Desk::new();
    let zeros = vec![0; 100 << 20];
    let answers = [
        ("/bomb.png", Page::bytes("image/png", &*zeros).coded("gzip")),
        ("/bomb.css", Page::bytes("text/css", &*zeros).coded("br")),
        ("/round.png", Page::redirect(302, "/round.png")),
        ("/entities.svg", Page::bytes("image/svg+xml", entities())),
    ];
    for (path, answer) in answers {
        desk.web.page("a.test", path, answer);
    }
    let head = b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n";
    let endless = [Act::Send(head.to_vec()), Act::Endless(vec![b'x'; 65_536])];
    desk.web
        .page("a.test", "/endless.png", Page::script(endless));
    let filled = format!("<p>The wells of the valley.<!--{}-->", "x".repeat(9 << 20));
    let page = format!(
        "<link rel=stylesheet href=/bomb.css><img src=/bomb.png><img src=http://a.test/endless.png><img src=/round.png>\
         <img src=/entities.svg><img src=data:image/png;base64,{}>{filled}<img src=/behind.png>",
        "A".repeat(1 << 20)
    );
    desk.web.page("a.test", "/page", Page::html(page));
    let peak = desk.peak_mb("capture https://a.test/page");
    insta::assert_snapshot!(manifest(&desk, 1), @"
    style | https://a.test/bomb.css | - | too-large
    image | https://a.test/bomb.png | - | too-large
    image | http://a.test/endless.png | - | too-large
    image | https://a.test/round.png | - | failed
    image | https://a.test/entities.svg | 200 | -
    image | https://a.test/in.png | - | not-found
    ");
    // The picture behind what is read of the page.
    insta::assert_snapshot!(desk.rows("select needs, has, left_out from manifest"), @"6 | 1 | 1");
    assert!(peak.is_none_or(|peak| peak < 250.0), "{peak:?} MB");
}

/// A drawing of entities that unfold to ten billion letters.
fn entities() -> String {
    let mut text = "<!DOCTYPE svg [<!ENTITY a 'aaaaaaaaaa'>".to_owned();
    for (one, before) in ('b'..='j').zip('a'..) {
        let more = format!("&{before};").repeat(10);
        text.push_str("<!ENTITY ");
        text.push(one);
        text.push_str(" '");
        text.push_str(&more);
        text.push_str("'>");
    }
    text.push_str(
        "]><svg xmlns='http://www.w3.org/2000/svg'><text>&j;</text><image href='/in.png'/></svg>",
    );
    text
}
