//! Imported copies: what their pages need, what is known of them, and what is compared with them.

use insta::assert_snapshot;

use crate::support::{Desk, page};
use crate::warc::{record, response};
use crate::web::Page;

const AT: &str = "2025-12-20T10:00:00Z";

fn answer(url: &str, at: &str, media_type: &str, body: &str) -> Vec<u8> {
    let head = format!("200 OK\r\nContent-Type: {media_type}");
    response(url, at, &head, body.as_bytes())
}

const PAGE: &str = "<title>Wells</title><link rel=stylesheet href=/style.css><img src=/well.png><img src=/moved.png>\
    <img src=/gone.png><img src=/nowhere.png><img src=/never.png><img src=/round.png><img src=/long-ago.png>\
    <iframe src=/frame.html></iframe><p>The wells of the valley are deeper than the church is high.";

/// A crawl: the pages come before what they need, and a picture is there in three versions.
fn crawl() -> [Vec<u8>; 2] {
    let png = |name: &str, at: &str, body: &str| {
        answer(&format!("http://a.test/{name}.png"), at, "image/png", body)
    };
    let to = |name: &str, target: &str| {
        let head = format!("302 Found\r\nLocation: {target}");
        response(&format!("http://a.test/{name}.png"), AT, &head, b"")
    };
    let pages = [
        answer("http://a.test/wells", AT, "text/html", PAGE),
        answer(
            "http://a.test/none",
            AT,
            "text/html",
            "<title>None</title><p>Needs nothing.",
        ),
        answer("http://a.test/data.json", AT, "application/json", "{}"),
        answer(
            "http://a.test/wells",
            "2025-12-25T10:00:00Z",
            "text/html",
            PAGE,
        ),
    ];
    let style = "@import 'more.css'; body { background: url(wall.png) }";
    let needed = [
        answer("http://a.test/style.css", AT, "text/css", style),
        answer(
            "http://a.test/more.css",
            AT,
            "text/css",
            "@import 'style.css'; @font-face { font-family: a; src: url(a.woff2) }",
        ),
        png("wall", AT, "wall"),
        png("well", "2025-12-01T10:00:00Z", "first"),
        png("well", "2025-12-20T10:00:09Z", "second"),
        png("well", "2025-12-24T10:00:00Z", "third"),
        to("moved", "/well.png#part"),
        response(
            "http://a.test/gone.png",
            AT,
            "404 Not Found\r\nContent-Type: text/html",
            b"<p>No.",
        ),
        to("round", "http://a.test/round.png"),
        png("long-ago", "2019-12-01T10:00:00Z", "another page's"),
        answer(
            "http://a.test/frame.html",
            AT,
            "text/html",
            "<p>Framed<img src=/wall.png><img src=/framed.png>",
        ),
        png("framed", AT, "framed"),
        response(
            "http://a.test/never.png",
            AT,
            "403 Forbidden\r\nContent-Type: text/html",
            b"",
        ),
    ];
    [pages.concat(), needed.concat()]
}

fn manifest(desk: &Desk, capture: i64) -> String {
    desk.rows(&format!(
        "select kind, url, status, at, missing from requisites where capture_id = {capture} order by position"
    ))
}

#[test]
fn an_imported_page_has_what_was_nearest_to_it() {
    let desk = Desk::new();
    let [pages, needed] = crawl();
    desk.file("crawl/1.warc", pages)
        .file("crawl/2.warc", needed);
    assert_snapshot!(desk.run("import crawl").exits(0), @"
    exit code 0
    --- stdout
    5 captures brought in from 2 files (17 records), 17 exchanges
    ");
    assert_snapshot!(manifest(&desk, 1), @"
    document | http://a.test/wells | 200 | 2025-12-20T10:00:00Z | -
    style | http://a.test/style.css | 200 | 2025-12-20T10:00:00Z | -
    style | http://a.test/more.css | 200 | 2025-12-20T10:00:00Z | -
    font | http://a.test/a.woff2 | - | - | not-archived
    image | http://a.test/wall.png | 200 | 2025-12-20T10:00:00Z | -
    image | http://a.test/well.png | 200 | 2025-12-20T10:00:09Z | -
    image | http://a.test/moved.png | 302 | 2025-12-20T10:00:00Z | -
    image | http://a.test/well.png | 200 | 2025-12-20T10:00:09Z | -
    image | http://a.test/gone.png | - | - | not-found
    image | http://a.test/nowhere.png | - | - | not-archived
    image | http://a.test/never.png | - | - | refused
    image | http://a.test/round.png | - | - | failed
    image | http://a.test/long-ago.png | - | - | not-archived
    frame | http://a.test/frame.html | 200 | 2025-12-20T10:00:00Z | -
    image | http://a.test/framed.png | 200 | 2025-12-20T10:00:00Z | -
    ");
    // Five days later, another picture is the nearest.
    assert_snapshot!(desk.rows("select group_concat(url || ' ' || at, ', ') from requisites
        where capture_id = 4 and url like '%/well.png'"), @"http://a.test/well.png 2025-12-24T10:00:00Z, http://a.test/well.png 2025-12-24T10:00:00Z");
    assert_snapshot!(desk.rows("select i.capture_id, i.looked_for, m.needs, m.has, m.left_out from capture_import i
        join capture c on c.id = i.capture_id join manifest m on m.id = c.manifest_id order by 1"), @"
    1 | 1 | 13 | 7 | 0
    2 | 1 | 0 | 0 | 0
    3 | 0 | 0 | 0 | 0
    4 | 1 | 13 | 7 | 0
    5 | 1 | 2 | 2 | 0
    ");
    let said = desk.run("show http://a.test/wells").exits(0).out;
    assert_snapshot!(&said[said.find("Copies").unwrap()..], @"
    Copies (2)
      2025-12-25T10:00:00Z  295 B  sha256:fe438cc1946c  “Wells”
          requisites: 7 of 13: 2 images and 1 font not in the archive, 1 image not found, 1 image refused by the server, 1 image without a usable answer
      2025-12-20T10:00:00Z  295 B  sha256:fe438cc1946c  “Wells”
          requisites: 7 of 13: 2 images and 1 font not in the archive, 1 image not found, 1 image refused by the server, 1 image without a usable answer
    ");
    let said = desk.run("show http://a.test/data.json").exits(0).out;
    assert!(!said.contains("requisites"), "{said}");
    desk.run("verify").exits(0);

    // As one file, or each on its own, and in again: the same.
    desk.run("export warc -o a.warc").exits(0);
    desk.run("import crawl --db b.db").exits(0);
    desk.run("export warc -o b.warc --db b.db").exits(0);
    desk.run("import a.warc --db c.db").exits(0);
    desk.run("export warc -o c.warc --db c.db").exits(0);
    let read = |name: &str| std::fs::read(desk.path(name)).unwrap();
    assert!(
        read("a.warc") == read("b.warc"),
        "the same files, the same archive"
    );
    assert!(read("a.warc") == read("c.warc"), "out, in, out: the same");
    desk.run("verify --db c.db").exits(0);
    let captures = desk.number("select count(*) from capture");
    desk.run("import crawl").exits(0);
    assert_eq!(desk.number("select count(*) from capture"), captures);
    // What pages need stays when what nobody needs goes.
    let before = manifest(&desk, 1);
    desk.run("prune").exits(0);
    assert_eq!(manifest(&desk, 1), before);
    desk.run("verify").exits(0);
}

#[test]
fn what_an_imported_page_needs_is_bounded() {
    let desk = Desk::new();
    let many: Vec<_> = (0..5_000)
        .map(|nth| format!("<img src=/{nth}.png>"))
        .collect();
    let many = many.concat();
    let ring = |name: &str, next: &str| {
        answer(
            &format!("http://a.test/{name}.html"),
            AT,
            "text/html",
            &format!("<iframe src={next}.html></iframe>"),
        )
    };
    let deep = |nth: u32| {
        let next = format!("<iframe src=/deep/{}.html></iframe>", nth + 1);
        answer(
            &format!("http://a.test/deep/{nth}.html"),
            AT,
            "text/html",
            &next,
        )
    };
    let mut file = [
        answer("http://a.test/many", AT, "text/html", &many),
        ring("one", "two"),
        ring("two", "three"),
        ring("three", "one"),
    ]
    .concat();
    for nth in 0..10 {
        file.extend(deep(nth));
    }
    desk.file("a.warc", file);
    desk.run("import a.warc").exits(0);
    assert_snapshot!(desk.rows("select s.address, m.needs, m.has, m.left_out from capture c join source s on s.id = c.source_id
        join manifest m on m.id = c.manifest_id where s.address not like '%/deep/_.html' or s.address like '%/0.html'
        order by c.id"), @"
    http://a.test/many | 1000 | 0 | 4000
    http://a.test/one.html | 2 | 2 | 0
    http://a.test/two.html | 2 | 2 | 0
    http://a.test/three.html | 2 | 2 | 0
    http://a.test/deep/0.html | 5 | 5 | 1
    ");
}

#[test]
fn long_addresses_and_heads_do_not_fill_memory() {
    let desk = Desk::new();
    let long = "x".repeat(7_500);
    let mut file = Vec::new();
    // Each redirect leads to the next, and requests wait for answers that never come.
    for nth in 0..4_000 {
        let (this, next) = (
            format!("http://a.test/{nth}/{long}"),
            format!("http://a.test/{}/{long}", nth + 1),
        );
        file.extend(response(
            &this,
            AT,
            &format!("302 Found\r\nLocation: {next}"),
            b"",
        ));
    }
    let head: String = vec![format!("x: {}\r\n", "y".repeat(10_000)); 90].concat();
    for nth in 0..100 {
        let fields = format!(
            "WARC-Type: request\r\nWARC-Target-URI: http://b.test/{nth}\r\nWARC-Date: {AT}\r\nContent-Type: application/http"
        );
        file.extend(record(
            &fields,
            format!("GET / HTTP/1.1\r\n{head}\r\n").as_bytes(),
        ));
    }
    desk.file("a.warc", file);
    let peak = desk.peak_mb("import a.warc");
    assert!(peak.is_none_or(|peak| peak < 200.0), "{peak:?} MB");
}

/// What `verify` says of an archive with an imported copy, after a change.
fn altered(sql: &str) -> String {
    let desk = Desk::new();
    let [pages, needed] = crawl();
    desk.file("crawl/1.warc", pages)
        .file("crawl/2.warc", needed);
    desk.run("import crawl").exits(0);
    desk.run("verify").exits(0);
    desk.archive()
        .execute_batch(&format!(
            "pragma foreign_keys = off; drop trigger capture_import_is_sealed; {sql};
             create trigger capture_import_is_sealed before update on capture_import begin select raise(abort, ''); end;"
        ))
        .unwrap();
    let done = desk.run("verify").exits(3);
    let problems: Vec<_> = done
        .out
        .lines()
        .filter(|line| line.starts_with('✗'))
        .collect();
    problems.join("\n")
}

#[test]
fn what_is_known_of_an_imported_copy_cannot_be_changed_unseen() {
    const BROKEN: &str = "✗ capture 2: the hash chain does not hold here: it was changed, or what comes before it was";
    for sql in [
        "update capture_import set file = 'another.warc' where capture_id = 2",
        "update capture_import set record = null where capture_id = 2",
        "update capture_import set kind = 'visit' where capture_id = 2",
        "update capture_import set sealed_at = 1 where capture_id = 2",
        "update capture_import set looked_for = 0 where capture_id = 2",
        "update capture_import set after_visit_id = 7 where capture_id = 2",
        "delete from capture_import where capture_id = 2",
    ] {
        assert_eq!(altered(sql), BROKEN, "{sql}");
    }
}

#[test]
fn visits_are_compared_with_imported_copies_from_the_import_on() {
    let desk = Desk::new();
    let then = "The parish council dug three wells in the valley, and each of them is deeper than the church is high. \
        Water is drawn from them by hand, on Mondays and Fridays, by whoever lives in the valley.";
    let today = "Our shop sells pumps of every size, at low prices, and sends them to wherever you live. Order by \
        telephone or by letter; those who order two of them get the second one for half of the price.";
    desk.web.page("source.test", "/wells", page(today));
    desk.file(
        "posts/a.md",
        "---\ndate: 2019-06-01\n---\n# Wells\n\nSee [the council](https://source.test/wells) on the wells.\n",
    );
    desk.run("run posts").exits(0);
    let judged = "select v.id, j.code, (select detail ->> '$.baseline' from features f where f.outcome_id = v.outcome_id)
        from visit v join verdict j on j.visit_id = coalesce(v.confirms, v.id) order by v.id";
    let baselined = "select baseline_id, last_capture_id from source";
    assert_snapshot!(desk.rows(baselined), @"- | 1");
    let html = format!("<title>Wells</title><h1>Wells</h1><p>{then}");
    desk.file(
        "old.warc",
        answer(
            "https://source.test/wells",
            "2019-06-05T10:00:00Z",
            "text/html",
            &html,
        ),
    );
    desk.day(1).run("import old.warc").exits(0);
    assert_snapshot!(desk.rows(baselined), @"2 | 1");
    let before = desk.rows(judged);
    // What was seen before the import was judged by what was there then.
    desk.run("rejudge").exits(0);
    assert_eq!(desk.rows(judged), before);
    for day in [40, 80] {
        desk.day(day).web.page(
            "source.test",
            "/wells",
            page(&format!("{today} That is all, on day {day}.")),
        );
        desk.run("run").exits(0);
    }
    assert_snapshot!(desk.rows(judged), @"
    1 | alive | -
    2 | drifted | -
    3 | drifted | -
    ");
    let before = desk.rows(judged);
    let said = desk.run("rejudge").exits(0).out;
    assert_eq!(desk.rows(judged), before, "{said}");
    let first = said.lines().next();
    assert_snapshot!(first.unwrap(), @"1 source, 1 visit judged in [time]: 0 sources changed (0 verdicts)");
}

#[test]
fn an_imported_wall_stands_for_nothing() {
    let desk = Desk::new();
    let words = "The parish council dug three wells in the valley, and each of them is deeper than the church is high. \
        Water is drawn from them by hand, on Mondays and Fridays, by whoever lives in the valley.";
    let html = format!("<title>Wells</title><h1>Wells</h1><p>{words}");
    desk.web.page("source.test", "/wells", Page::html(&*html));
    desk.file(
        "posts/a.md",
        "---\ndate: 2019-06-01\n---\n# Wells\n\nSee [the council](https://source.test/wells) on the wells.\n",
    );
    let wall = "<title>Page not found</title><h1>404</h1><p>Sorry, the page you are looking for could not be found. It may have \
        been removed, or its address was changed.";
    let url = "https://source.test/wells";
    let old = [
        answer(url, "2019-06-01T10:00:00Z", "text/html", wall),
        answer(url, "2019-06-05T10:00:00Z", "text/html", &html),
    ];
    desk.file("old.warc", old.concat());
    desk.run("run posts").exits(0);
    desk.day(1).run("import old.warc").exits(0);
    let more = format!("{html} It is so.");
    desk.day(40)
        .web
        .page("source.test", "/wells", Page::html(more));
    desk.run("run").exits(0);
    assert_snapshot!(desk.rows("select baseline_id, verdict from source"), @"3 | alive");
    assert_snapshot!(desk.rows("select capture_id, code from import_verdict order by 1"), @"
    2 | soft-404
    3 | alive
    ");
    let before = desk.rows("select visit_id, code, evidence from verdicts");
    desk.run("rejudge --from-bodies").exits(0);
    assert_eq!(
        desk.rows("select visit_id, code, evidence from verdicts"),
        before
    );
    // A later judge is asked again.
    desk.archive()
        .execute_batch("update import_verdict set judge_version = 0, code = 'alive'")
        .unwrap();
    desk.run("rejudge").exits(0);
    assert_eq!(desk.number("select count(*) from import_verdict"), 0);
    let more = format!("{html} So it is.");
    desk.web.page("source.test", "/wells", Page::html(more));
    desk.day(80).run("run").exits(0);
    assert_snapshot!(desk.rows("select baseline_id, verdict from source"), @"3 | alive");
    desk.run("verify").exits(0);
}
