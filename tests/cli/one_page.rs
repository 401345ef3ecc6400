//! A copy as one page that needs nothing else, and tables of the archive.

use crate::support::Desk;
use crate::web::Page;

const ARTICLE: &str = "<!doctype html><html lang=en><head><title>On wells</title><link rel=stylesheet href=/style.css>\
    <link rel=preload href=/late.css><script src=/script.js></script></head>\
    <body onload=run()><h1>On wells</h1><p style=\"background:url('wall.png')\">The wells of the valley are deeper than the \
    church is high, and older than its oldest stone, says <a href=/other>the other page</a>.\
    <img src=/well.png alt=Well><img src=/dot.png><img src=/dot.png><img src=/gone.png>\
    <img src=/well.png srcset='/dot.png 1x, /gone.png 2x'>\
    <iframe src=/frame.html></iframe><a href='javascript:run()'>run</a></body></html>";

fn desk() -> Desk {
    let desk = Desk::new();
    let web = &desk.web;
    web.page("a.test", "/article", Page::html(ARTICLE));
    let style = "@import url(more.css); p { background: url(/wall.png) }";
    web.page("a.test", "/style.css", Page::bytes("text/css", style));
    let more = "@import 'style.css'; h1 { background: url(dot.png) }";
    web.page("a.test", "/more.css", Page::bytes("text/css", more));
    let framed = "<p>Framed<img src=/well.png><script>run()</script>";
    web.page("a.test", "/frame.html", Page::html(framed));
    web.page(
        "a.test",
        "/script.js",
        Page::bytes("text/javascript", "run()"),
    );
    for path in ["/wall.png", "/well.png", "/dot.png"] {
        let picture = format!("\u{89}PNG picture of {path}");
        web.page("a.test", path, Page::bytes("image/png", picture));
    }
    web.page(
        "a.test",
        "/list.csv",
        Page::bytes("text/csv", "place,wells\n<b>Upper valley,3\n"),
    );
    desk.post(
        "posts/a.md",
        &["https://a.test/article", "https://a.test/list.csv"],
    );
    desk.run("run posts").exits(0);
    desk
}

/// All addresses in a page that a browser would ask for.
fn asked_for(html: &str) -> Vec<&str> {
    html.match_indices("http")
        .map(|(at, _)| &html[at..html.len().min(at + 60)])
        .filter(|address| address.starts_with("http://") || address.starts_with("https://"))
        // (Which says what a drawing is, and is no address.)
        .filter(|address| !address.starts_with("http://www.w3.org/2000/svg"))
        .collect()
}

fn unpacked(html: &str, media_type: &str) -> Vec<String> {
    use base64::Engine;
    let mark = format!("data:{media_type};base64,");
    html.split(&mark)
        .skip(1)
        .map(|rest| {
            let end = rest.find(['"', ')', '\'', '&']).unwrap_or(rest.len());
            let bytes = base64::engine::general_purpose::STANDARD.decode(&rest[..end]);
            String::from_utf8_lossy(&bytes.unwrap()).into_owned()
        })
        .collect()
}

#[test]
fn a_copy_is_written_as_one_page_that_asks_nobody() {
    let desk = desk();
    let done = desk
        .run("export html https://a.test/article -o a.html")
        .exits(0);
    assert!(
        done.err.contains("1 more that it asks for not kept"),
        "{}",
        done.err
    );
    let html = std::fs::read_to_string(desk.path("a.html")).unwrap();
    assert!(html.starts_with("<!doctype html><"), "{html}");
    for never in [
        "<script",
        "onload",
        "javascript:",
        "run()",
        "preload",
        "refresh",
        "/away",
        "srcset=\"data:image/svg",
    ] {
        assert!(!html.contains(never), "{never} in {html}");
    }
    // The comment at its head, the link to the other page, the line below, which is a link.
    let asked = asked_for(&html);
    assert_eq!(asked.len(), 4, "{asked:?}");
    assert!(asked[1].starts_with("https://a.test/other"), "{asked:?}");
    assert!(html.contains("Content-Security-Policy"));
    // Once each, though it is shown three times.
    let pictures = unpacked(&html, "image/png");
    let dots = pictures
        .iter()
        .filter(|one| one.ends_with("/dot.png"))
        .count();
    assert_eq!(dots, 1, "{pictures:?}");
    let styles = unpacked(&html, "text/css;charset=utf-8");
    assert_eq!(styles.len(), 1);
    let within = unpacked(&styles[0], "text/css;charset=utf-8");
    assert!(within[0].contains("var(--sourcekeep-"), "{within:?}");
    let frames = unpacked(&html, "text/html;charset=utf-8");
    assert!(
        frames[0].starts_with("<p>Framed<img src=\"data:image/png;base64,"),
        "{frames:?}"
    );
    assert!(!frames[0].contains("run"), "{frames:?}");
    // The same again is the same again.
    let again = desk.run("export html https://a.test/article").exits(0);
    assert_eq!(again.out, html);
}

#[test]
fn a_page_that_sends_its_readers_on_stays_where_it_is() {
    let desk = desk();
    let page = "<title>Moved</title><meta http-equiv=Refresh content='0; url=https://live.example/'><p>We have moved.";
    desk.file("saved.html", page);
    desk.day(1);
    desk.run("capture https://a.test/article --file saved.html")
        .exits(0);
    let html = desk.run("export html https://a.test/article").exits(0).out;
    assert!(html.contains("We have moved."), "{html}");
    assert!(!html.contains("live.example"), "{html}");
}

#[test]
fn a_table_is_written_as_a_table() {
    let desk = desk();
    let html = desk.run("export html https://a.test/list.csv").exits(0).out;
    assert!(
        html.contains("<td>&lt;b&gt;Upper valley</td><td>3</td>"),
        "{html}"
    );
}

#[test]
fn what_cannot_be_written_as_a_page_is_said() {
    let desk = desk();
    let done = desk.run("export html https://a.test/nothing").exits(3);
    assert!(
        done.err.contains("no post cites this address"),
        "{}",
        done.err
    );
    desk.web.page("b.test", "/down", Page::empty(500));
    desk.post("posts/b.md", &["https://b.test/down"]);
    desk.run("run posts").exits(0);
    let done = desk.run("export html https://b.test/down").exits(3);
    assert!(done.err.contains("there is no copy of it"), "{}", done.err);
}

#[test]
fn tables_of_the_archive_are_written() {
    let desk = desk();
    desk.post("posts/c.md", &["https://a.test/=1+1"]);
    desk.run("run posts").exits(0);
    let out = desk.run("export csv sources").exits(0).out;
    let mut lines = out.lines();
    assert!(
        lines
            .next()
            .unwrap()
            .starts_with("id,address,host,site,standing,")
    );
    assert_eq!(lines.count(), 3);
    let done = desk.run("export csv citations -o c.csv").exits(0);
    assert!(
        done.err.contains("3 citations written to c.csv"),
        "{}",
        done.err
    );
    let visits = desk.run("export csv visits").exits(0).out;
    assert!(visits.starts_with("id,source,at,verdict,"), "{visits}");
    assert_eq!(
        visits.lines().count(),
        1 + desk.number("select count(*) from visit") as usize
    );
}
