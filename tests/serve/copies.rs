//! Pages as they were, what they need, what is no page, and bytes as stored.

use std::fmt::Write;

use insta::assert_snapshot;

use crate::serving::Serving;
use crate::support::Desk;
use crate::web::Page;

const ARTICLE: &str = "<!doctype html><html lang=en><head><title>On wells</title><link rel=stylesheet href=/style.css>\
    <link rel=preload href=/late.css><script src=/script.js></script></head>\
    <body onload=run()><h1 id=top>On wells</h1><p style=\"background:url('wall.png')\">The wells of the valley are deeper than the \
    church is high, and older than its oldest stone, says <a href=/other#there target=_blank>the other page</a>.\
    <a href=/article#top>up</a><a href='javascript:run()'>run</a>\
    <img src=/well.png srcset='/well.png 1x, /gone.png 2x' alt=Well><img src=/gone.png width=20 height=10>\
    <iframe src=/frame.html></iframe><iframe src=/table.csv></iframe><iframe src=/none.html></iframe><video src=/film.webm></video></body></html>";

const WHEN: &str = "20260105080000";

fn desk() -> Desk {
    let desk = Desk::new();
    let web = &desk.web;
    web.page("a.test", "/article", Page::html(ARTICLE));
    let style =
        "@import url(more.css); @font-face { src: url(/f.woff2) } p { background: url(/wall.png) }";
    web.page("a.test", "/style.css", Page::bytes("text/css", style));
    let more = "h1 { background: url(dot.png) }";
    web.page(
        "a.test",
        "/more.css",
        Page::redirect(302, "/styles/more.css"),
    );
    web.page("a.test", "/styles/more.css", Page::bytes("text/css", more));
    let framed = "<p>Framed<img src=/well.png><script>run()</script><a href=/deep>deeper</a>";
    web.page("a.test", "/frame.html", Page::html(framed));
    web.page(
        "a.test",
        "/table.csv",
        Page::bytes("text/csv", "a,b\n1,<2>\n"),
    );
    web.page(
        "a.test",
        "/script.js",
        Page::bytes("text/javascript", "run()"),
    );
    web.page("a.test", "/f.woff2", Page::bytes("font/woff2", "wOF2 font"));
    web.page(
        "a.test",
        "/film.webm",
        Page::bytes("video/webm", vec![b'f'; 1000]),
    );
    for path in ["/wall.png", "/well.png", "/styles/dot.png"] {
        let picture = format!("\u{89}PNG picture of {path}");
        web.page("a.test", path, Page::bytes("image/png", picture));
    }
    desk.post("posts/a.md", &["https://a.test/article"]);
    desk.run("run posts").exits(0);
    desk
}

/// The path at which what stands behind `mark` in a text is shown.
fn path_behind<'t>(text: &'t str, mark: &str) -> &'t str {
    let (_, rest) = text
        .split_once(mark)
        .unwrap_or_else(|| panic!("no {mark:?} in {text}"));
    let end = rest.find(['"', ')', '\'', ' ']).unwrap();
    &rest[..end]
}

#[test]
fn a_page_and_all_it_needs_come_from_the_archive() {
    let desk = desk();
    let serving = Serving::start(&desk);
    let asked_before = desk.web.requests().len();
    let page = serving
        .replay(&format!("/web/{WHEN}/https://a.test/article"))
        .is(200);
    assert_snapshot!(serving.tidy(&page.text()), @r##"<!doctype html><html lang=en><head><title>On wells</title><link rel=stylesheet href="/web/20260105080000-1~[key]cs_/https://a.test/style.css"></head><body><h1 id=top>On wells</h1><p style="background:url(&quot;/web/20260105080000-1~[key]im_/https://a.test/wall.png&quot;)">The wells of the valley are deeper than the church is high, and older than its oldest stone, says <a href="/web/20260105080000to_/https://a.test/other#there">the other page</a>.<a href="#top">up</a><a>run</a><img src="/web/20260105080000-1~[key]im_/https://a.test/well.png" srcset="/web/20260105080000-1~[key]im_/https://a.test/well.png 1x" alt=Well><img src="/web/20260105080000-1~[key]im_/https://a.test/gone.png" width=20 height=10><iframe src="/web/20260105080000-1~[key]fr_/https://a.test/frame.html"></iframe><iframe src="/web/20260105080000-1~[key]fr_/https://a.test/table.csv"></iframe><iframe src="/web/20260105080000-1~[key]fr_/https://a.test/none.html"></iframe><video src="/web/20260105080000-1~[key]oe_/https://a.test/film.webm"></video></body></html>"##);
    let html = page.text();
    let style = path_behind(&html, "rel=stylesheet href=\"");
    let style = serving.replay(style).is(200);
    assert_eq!(style.header("content-type"), "text/css; charset=utf-8");
    assert_snapshot!(serving.tidy(&style.text()), @r#"@import url("/web/20260105080000-1~[key]cs_/https://a.test/more.css"); @font-face { src: url("/web/20260105080000-1~[key]oe_/https://a.test/f.woff2") } p { background: url("/web/20260105080000-1~[key]im_/https://a.test/wall.png") }"#);
    let more = serving
        .replay(path_behind(&style.text(), "@import url(\""))
        .is(200)
        .text();
    // It stands where the redirect led.
    assert_snapshot!(serving.tidy(&more), @r#"h1 { background: url("/web/20260105080000-1~[key]im_/https://a.test/styles/dot.png") }"#);
    let dot = serving.replay(path_behind(&more, "url(\"")).is(200);
    assert_eq!(dot.text(), "\u{89}PNG picture of /styles/dot.png");
    assert_eq!(dot.header("content-type"), "image/png");
    let font = serving
        .replay(path_behind(&style.text(), "src: url(\""))
        .is(200);
    assert_eq!(
        (font.header("content-type"), font.text().as_str()),
        ("font/woff2", "wOF2 font")
    );
    let framed = serving.replay(path_behind(&html, "<iframe src=\"")).is(200);
    assert_snapshot!(serving.tidy(&framed.text()), @r#"<p>Framed<img src="/web/20260105080000-1~[key]im_/https://a.test/well.png"><a href="/web/20260105080000-1~[key]fr_/https://a.test/deep">deeper</a>"#);
    let table = html.split("<iframe src=\"").nth(2).unwrap();
    let table = serving
        .replay(table.split('"').next().unwrap())
        .is(200)
        .text();
    assert!(table.contains("<td>1</td><td>&lt;2&gt;</td>"), "{table}");
    // Nobody on the web was asked for anything.
    assert_eq!(desk.web.requests().len(), asked_before);
}

#[test]
fn what_is_not_kept_has_something_of_its_kind_in_its_place() {
    let desk = desk();
    let serving = Serving::start(&desk);
    for (form, media_type, bytes) in [
        ("im_", "image/gif", 0..1),
        ("cs_", "text/css; charset=utf-8", 0..1),
        ("js_", "text/javascript; charset=utf-8", 0..1),
        ("oe_", "application/octet-stream", 0..1),
        ("fr_", "text/html; charset=utf-8", 100..1000),
    ] {
        for copy in ["", "-1", "-99"] {
            let said = serving
                .replay(&format!(
                    "/web/{WHEN}{copy}{form}/https://a.test/none?%3Cb%3E"
                ))
                .is(404);
            assert_eq!(said.header("content-type"), media_type);
            assert!(bytes.contains(&said.bytes.len()), "{form}: {}", said.text());
            assert!(!said.text().contains("<b>"), "{}", said.text());
        }
    }
}

#[test]
fn what_a_page_needs_is_that_of_its_own_time() {
    let desk = desk();
    desk.day(3);
    let style = "p { color: red }";
    desk.web
        .page("a.test", "/style.css", Page::bytes("text/css", style));
    desk.page("a.test", "/two", "Two");
    desk.web.page("a.test", "/two", Page::html("<title>Two</title><link rel=stylesheet href=/style.css><p>Two is another page of some words"));
    desk.post("posts/b.md", &["https://a.test/two"]);
    desk.run("run posts").exits(0);
    let serving = Serving::start(&desk);
    let style = |path: &str| serving.replay(path).is(200).text();
    let url = "https://a.test/style.css";
    // Of the first copy; of the second; of no copy, by the instant alone.
    assert!(style(&format!("/web/{WHEN}-1cs_/{url}")).contains("@import"));
    let two = serving
        .replay("/web/20260108080000/https://a.test/two")
        .is(200)
        .text();
    assert_eq!(
        style(path_behind(&two, "rel=stylesheet href=\"")),
        "p { color: red }"
    );
    assert!(style(&format!("/web/20260106cs_/{url}")).contains("@import"));
    assert_eq!(
        style(&format!("/web/20270106cs_/{url}")),
        "p { color: red }"
    );
}

#[test]
fn bytes_are_those_that_were_stored() {
    let desk = desk();
    let serving = Serving::start(&desk);
    let path = format!("/web/{WHEN}id_/https://a.test/article");
    let said = serving.replay(&path).is(200);
    assert_eq!(said.text(), ARTICLE);
    assert_snapshot!(serving.tidy(&said.head()), @r#"
    200
    accept-ranges: bytes
    cache-control: private, no-cache
    content-disposition: attachment; filename="article.html"
    content-security-policy: sandbox; default-src 'none'; frame-ancestors 'none'
    content-type: application/octet-stream
    cross-origin-resource-policy: same-origin
    referrer-policy: no-referrer
    x-content-type-options: nosniff
    x-dns-prefetch-control: off
    x-robots-tag: noindex, nofollow, noarchive
    "#);
    // Parts of it, and whether it is still the same.
    let tag = said.header("etag").to_owned();
    let known = serving
        .replay_with(&path, &format!("If-None-Match: W/\"x\", {tag}\r\n"))
        .is(304);
    assert_eq!((known.bytes.len(), known.header("etag")), (0, tag.as_str()));
    let part = serving.replay_with(&path, "Range: bytes=2-8\r\n").is(206);
    assert_eq!(part.text(), "doctype");
    assert_eq!(
        part.header("content-range"),
        format!("bytes 2-8/{}", ARTICLE.len())
    );
    let last = serving.replay_with(&path, "Range: bytes=-7\r\n").is(206);
    assert_eq!(last.text(), "</html>");
    serving
        .replay_with(&path, "Range: bytes=100000-\r\n")
        .is(416);
    serving
        .replay_with(&path, "Range: bytes=0-1\r\nIf-Range: \"other\"\r\n")
        .is(200);
    let film = format!("/web/{WHEN}-1oe_/https://a.test/film.webm");
    let part = serving.replay_with(&film, "Range: bytes=990-\r\n").is(206);
    assert_eq!(
        (part.bytes.len(), part.header("content-type")),
        (10, "video/webm")
    );
    let head = crate::serving::raw(
        &serving.replay,
        &format!(
            "HEAD {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
            serving.replay
        ),
    );
    assert_eq!(head.header("content-length"), ARTICLE.len().to_string());
    assert_eq!((head.bytes.len(), head.head()), (0, said.head()));
}

#[test]
fn what_is_no_page_is_shown_in_a_fitting_way() {
    let desk = Desk::new();
    let web = &desk.web;
    web.page(
        "a.test",
        "/t.csv",
        Page::bytes("text/csv", "name,n\n\"<b>\",2\n"),
    );
    web.page(
        "a.test",
        "/t.json",
        Page::bytes("application/json", "{\"a\":\"<script>\"}"),
    );
    web.page(
        "a.test",
        "/t.txt",
        Page::bytes("text/plain", "line <one>\nline two\n"),
    );
    web.page(
        "a.test",
        "/t.svg",
        Page::bytes(
            "image/svg+xml",
            "<svg xmlns='http://www.w3.org/2000/svg'><script>run()</script></svg>",
        ),
    );
    web.page(
        "a.test",
        "/t.png",
        Page::bytes("image/png", "\u{89}PNG picture"),
    );
    web.page("a.test", "/t.mp4", Page::bytes("video/mp4", "film"));
    web.page(
        "a.test",
        "/t.pdf",
        Page::bytes("application/pdf", pdf("Wells of 1999")),
    );
    let names = [
        "t.csv", "t.json", "t.txt", "t.svg", "t.png", "t.mp4", "t.pdf",
    ];
    let sources: Vec<_> = names
        .iter()
        .map(|name| format!("https://a.test/{name}"))
        .collect();
    let sources: Vec<_> = sources.iter().map(String::as_str).collect();
    desk.post("posts/a.md", &sources);
    desk.run("run posts").exits(0);
    let serving = Serving::start(&desk);
    let shown = |name: &str| {
        let said = serving
            .replay(&format!("/web/{WHEN}/https://a.test/{name}"))
            .is(200);
        assert_eq!(said.header("content-type"), "text/html; charset=utf-8");
        assert!(
            said.header("content-security-policy")
                .starts_with("sandbox")
        );
        said.text()
    };
    assert!(shown("t.csv").contains("<tr><td>&lt;b&gt;</td><td>2</td></tr>"));
    assert!(shown("t.json").contains("<pre>{\n  \"a\": \"&lt;script&gt;\"\n}</pre>"));
    assert!(shown("t.txt").contains("<pre>line &lt;one&gt;\nline two"));
    assert!(shown("t.svg").contains("&lt;script&gt;run()"));
    let picture = shown("t.png");
    let picture = serving.replay(path_behind(&picture, "<img src=\"")).is(200);
    assert_eq!(
        (picture.header("content-type"), picture.text().as_str()),
        ("image/png", "\u{89}PNG picture")
    );
    let film = shown("t.mp4");
    let film = serving
        .replay(path_behind(&film, "preload=\"metadata\" src=\""))
        .is(200);
    assert_eq!(
        (film.header("content-type"), film.text().as_str()),
        ("video/mp4", "film")
    );
    // No browser opens a PDF in a sandbox.
    let offer = shown("t.pdf");
    let save = path_behind(&offer, "<p><a href=\"");
    let saved = serving.replay(save).is(200);
    assert_eq!(saved.header("content-type"), "application/pdf");
    assert_eq!(
        saved.header("content-disposition"),
        "attachment; filename=\"t.pdf\""
    );
    assert_eq!(saved.bytes, pdf("Wells of 1999"));
    let text = serving
        .replay(path_behind(&offer, " · <a href=\""))
        .is(200)
        .text();
    assert!(text.contains("Wells of 1999"), "{text}");
}

/// A PDF of one line.
fn pdf(line: &str) -> Vec<u8> {
    let content = format!("BT /F1 10 Tf 50 700 Td ({line}) Tj ET");
    let objects = [
        "<</Type/Catalog/Pages 2 0 R>>".to_owned(),
        "<</Type/Pages/Kids[3 0 R]/Count 1>>".to_owned(),
        "<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>".to_owned(),
        format!(
            "<</Length {}>>\nstream\n{content}\nendstream",
            content.len()
        ),
        "<</Type/Font/Subtype/Type1/BaseFont/Courier/Encoding/WinAnsiEncoding>>".to_owned(),
    ];
    let mut text = "%PDF-1.4\n".to_owned();
    let mut table = "0000000000 65535 f \n".to_owned();
    for (object, number) in objects.iter().zip(1..) {
        writeln!(table, "{:010} 00000 n ", text.len()).unwrap();
        write!(text, "{number} 0 obj\n{object}\nendobj\n").unwrap();
    }
    let (xref, size) = (text.len(), objects.len() + 1);
    write!(
        text,
        "xref\n0 {size}\n{table}trailer\n<</Size {size}/Root 1 0 R>>\nstartxref\n{xref}\n%%EOF\n"
    )
    .unwrap();
    text.into_bytes()
}

#[test]
fn pages_of_every_make_are_shown() {
    let desk = Desk::new();
    let old = b"<html><meta charset=windows-1251><title>x</title><p>\xcf\xf0\xe8\xe2\xe5\xf2, \xec\xe8\xf0";
    desk.web
        .page("a.test", "/old", Page::bytes("text/html", old.to_vec()));
    // Only its header says what it is in; by its bytes alone, anybody would take it for something else.
    let header = Page::bytes(
        "text/html; charset=koi8-r",
        b"<title>x</title><p>\xcd\xc9\xd2".to_vec(),
    );
    desk.web.page("a.test", "/header", header);
    desk.page("a.test", "/page", "Page");
    let sources = [
        "https://a.test/old",
        "https://a.test/page",
        "https://a.test/header",
    ];
    desk.post("posts/a.md", &sources);
    desk.run("run posts").exits(0);
    desk.file(
        "by-hand.html",
        "<title>By hand</title><p>As a subscriber saw it.<img src=/well.png><script>run()</script>",
    );
    desk.day(1);
    let mut command = desk.command("capture https://a.test/page --file by-hand.html --by=<Jane>");
    command.args(["--note", "as a \"subscriber\""]);
    desk.finish(&mut command).exits(0);
    let saved = "From: <Saved by Blink>\r\nSnapshot-Content-Location: https://a.test/page\r\nMIME-Version: 1.0\r\n\
        Content-Type: multipart/related; type=\"text/html\"; boundary=\"--b\"\r\n\r\n----b\r\nContent-Type: text/html\r\n\
        Content-Transfer-Encoding: quoted-printable\r\nContent-Location: https://a.test/page\r\n\r\n\
        <p>Saved =E2=80=9Cwhole=E2=80=9D<script>run()</script><img src=3D\"cid:a1@blink\"><img src=3Dhttps://a.test/b.png>\r\n----b\r\n\
        Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\nContent-ID: <a1@blink>\r\n\r\niVBORw0KGgo=\r\n----b\r\n\
        Content-Type: image/gif\r\nContent-Location: https://a.test/b.png\r\n\r\nGIF89a of the file\r\n----b--\r\n";
    desk.file("saved.mhtml", saved);
    desk.day(2)
        .run("capture https://a.test/page --file saved.mhtml")
        .exits(0);
    let serving = Serving::start(&desk);
    let shown = |path: &str| serving.replay(path).is(200);
    let old = shown(&format!("/web/{WHEN}/https://a.test/old"));
    assert_eq!(old.header("content-type"), "text/html; charset=utf-8");
    assert!(
        old.text().contains("<meta charset=\"utf-8\">") && old.text().contains("Привет, мир"),
        "{}",
        old.text()
    );
    let header = shown(&format!("/web/{WHEN}/https://a.test/header")).text();
    assert!(header.ends_with("<p>мир"), "{header}");
    let list = serving.ui("/web/*/https://a.test/page").is(200).text();
    let paths: Vec<_> = list
        .split("<a href=\"")
        .skip(2)
        .map(|rest| rest.split('"').next().unwrap())
        .collect();
    let [mhtml, by_hand, _] = paths[..] else {
        panic!("{list}");
    };
    assert!(shown(mhtml).text().contains("<p>Saved “whole”"));
    assert!(!shown(mhtml).text().contains("run()"));
    // Its pictures stand in the same file.
    let html = shown(mhtml).text();
    let [by_id, by_address] = [1, 2].map(|n| {
        let rest = html.split("<img src=\"").nth(n).unwrap();
        shown(rest.split('"').next().unwrap())
    });
    assert_eq!(by_id.bytes, b"\x89PNG\r\n\x1a\n");
    assert_eq!(
        (
            by_address.header("content-type"),
            by_address.text().as_str()
        ),
        ("image/gif", "GIF89a of the file")
    );
    let one = desk.run("export html https://a.test/page").exits(0).out;
    assert!(
        one.contains("data:image/png;base64,iVBORw0KGgo=")
            && one.contains("data:image/gif;base64,R0lG"),
        "{one}"
    );
    let html = shown(by_hand).text();
    assert!(
        html.contains("As a subscriber saw it.") && !html.contains("run()"),
        "{html}"
    );
    let banner = serving.ui(by_hand).is(200).text();
    assert!(
        banner.contains("made by hand by &#60;Jane&#62;, from by-hand.html"),
        "{banner}"
    );
    assert!(banner.contains("as a &#34;subscriber&#34;"), "{banner}");
}
