//! Who may ask, for what, and under which headers it is answered; words of strangers.

use insta::assert_snapshot;

use crate::serving::{Serving, asked, raw};
use crate::support::Desk;
use crate::web::Page;

const WHEN: &str = "20260105080000";

/// An archive of one page whose server sent every header that could do harm.
fn desk() -> Desk {
    let desk = Desk::new();
    let page = "<title>\"><script>run()</script></title><p>Words of a page, and a few more<img src=/a.png>";
    let mut page = Page::html(page);
    let mut picture = Page::bytes("image/png", "\u{89}PNG");
    for (name, value) in [
        ("Set-Cookie", "a=b"),
        ("Refresh", "0; url=https://live.example/"),
        ("Strict-Transport-Security", "max-age=1000"),
        ("Clear-Site-Data", "\"*\""),
        ("Link", "</x>; rel=preload"),
        ("Content-Location", "https://live.example/"),
        ("Content-Security-Policy", "default-src *"),
        ("Access-Control-Allow-Origin", "https://evil.example"),
        ("Report-To", "{}"),
        ("NEL", "{}"),
        ("Service-Worker-Allowed", "/"),
        ("X-Other", "1"),
    ] {
        page = page.header(name, value);
        picture = picture.header(name, value);
    }
    desk.web.page("a.test", "/page", page);
    desk.web.page("a.test", "/a.png", picture);
    desk.post("posts/a.md", &["https://a.test/page"]);
    desk.run("run posts").exits(0);
    desk
}

#[test]
fn all_headers_are_ours() {
    let desk = desk();
    let serving = Serving::start(&desk);
    let head = |said: crate::serving::Said| serving.tidy(&said.head());
    assert_snapshot!(head(serving.ui("/")), @r"
    200
    cache-control: private, no-cache
    content-security-policy: default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'
    content-type: text/html; charset=utf-8
    cross-origin-opener-policy: same-origin
    cross-origin-resource-policy: same-origin
    referrer-policy: same-origin
    set-cookie: sourcekeep-seen-19b8d2b8c00=0.1767600000000.0.1767600000000; Path=/; Max-Age=34560000; HttpOnly; SameSite=Strict
    x-content-type-options: nosniff
    x-dns-prefetch-control: off
    x-robots-tag: noindex, nofollow, noarchive
    ");
    assert_snapshot!(head(serving.replay(&format!("/web/{WHEN}/https://a.test/page"))), @r"
    200
    cache-control: private, no-cache
    content-security-policy: sandbox; default-src 'none'; img-src 'self' data:; media-src 'self' data:; font-src 'self' data:; style-src 'self' 'unsafe-inline' data:; frame-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors http://[ui]
    content-type: text/html; charset=utf-8
    cross-origin-resource-policy: same-origin
    referrer-policy: no-referrer
    x-content-type-options: nosniff
    x-dns-prefetch-control: off
    x-robots-tag: noindex, nofollow, noarchive
    ");
    assert_snapshot!(head(serving.replay(&format!("/web/{WHEN}-1im_/https://a.test/a.png"))), @r"
    200
    accept-ranges: bytes
    access-control-allow-origin: *
    cache-control: private, no-cache
    content-security-policy: sandbox; default-src 'none'; frame-ancestors 'none'
    content-type: image/png
    cross-origin-resource-policy: cross-origin
    referrer-policy: no-referrer
    x-content-type-options: nosniff
    x-dns-prefetch-control: off
    x-robots-tag: noindex, nofollow, noarchive
    ");
    assert_snapshot!(head(serving.replay(&format!("/web/{WHEN}-1fr_/https://a.test/none"))), @r"
    404
    cache-control: private, no-cache
    content-security-policy: sandbox; default-src 'none'; img-src 'self' data:; media-src 'self' data:; font-src 'self' data:; style-src 'self' 'unsafe-inline' data:; frame-src 'self'; form-action 'none'; base-uri 'none'
    content-type: text/html; charset=utf-8
    cross-origin-resource-policy: same-origin
    referrer-policy: no-referrer
    x-content-type-options: nosniff
    x-dns-prefetch-control: off
    x-robots-tag: noindex, nofollow, noarchive
    ");
    assert_snapshot!(head(serving.replay(&format!("/web/{WHEN}to_/https://a.test/page"))), @r"
    200
    cache-control: private, no-cache
    content-security-policy: sandbox allow-downloads allow-top-navigation-by-user-activation; default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self'; media-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors http://[ui]
    content-type: text/html; charset=utf-8
    cross-origin-resource-policy: same-origin
    referrer-policy: no-referrer
    x-content-type-options: nosniff
    x-dns-prefetch-control: off
    x-robots-tag: noindex, nofollow, noarchive
    ");
    assert_snapshot!(head(serving.replay("/web/2026/https://a.test/page")), @r"
    302
    cache-control: private, no-cache
    content-security-policy: sandbox; default-src 'none'; frame-ancestors 'none'
    content-type: text/plain; charset=utf-8
    cross-origin-resource-policy: same-origin
    location: /web/20260105080000/https://a.test/page
    referrer-policy: no-referrer
    x-content-type-options: nosniff
    x-dns-prefetch-control: off
    x-robots-tag: noindex, nofollow, noarchive
    ");
}

#[test]
fn only_what_names_it_rightly_is_answered() {
    let desk = desk();
    let serving = Serving::start(&desk);
    let (ui_port, replay_port) = (
        serving.ui.rsplit(':').next().unwrap(),
        serving.replay.rsplit(':').next().unwrap(),
    );
    let request = |target: &str, host: &str| {
        raw(
            &serving.ui,
            &format!("GET {target} HTTP/1.1\r\n{host}Connection: close\r\n\r\n"),
        )
        .status
    };
    assert_eq!(request("/", &format!("Host: localhost:{ui_port}\r\n")), 200);
    assert_eq!(request("/", &format!("Host: 127.0.0.1:{ui_port}\r\n")), 200);
    for host in [
        String::new(),
        "Host:\r\n".to_owned(),
        "Host: localhost\r\n".to_owned(),
        "Host: evil.test\r\n".to_owned(),
        format!("Host: evil.test:{ui_port}\r\n"),
        format!("Host: 127.0.0.1:{replay_port}\r\n"),
        format!("Host: 127.0.0.1:{ui_port}\r\nHost: evil.test\r\n"),
        format!("Host: evil.test\r\nHost: 127.0.0.1:{ui_port}\r\n"),
    ] {
        assert_eq!(request("/", &host), 421, "{host}");
    }
    let host = format!("Host: 127.0.0.1:{ui_port}\r\n");
    assert_eq!(request("http://evil.test/", &host), 421);
    assert_eq!(
        asked(
            &serving.replay,
            "/web/2026/https://a.test/page",
            "Service-Worker: script\r\n"
        )
        .status,
        403
    );
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"] {
        for host in [&serving.ui, &serving.replay] {
            let request = format!(
                "{method} / HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            );
            let said = raw(host, &request);
            assert_eq!(
                (said.status, said.header("allow")),
                (405, "GET, HEAD"),
                "{method}"
            );
        }
    }
    // Too much, or nothing that is a request.
    let long = format!("X: {}\r\n", "x".repeat(100_000));
    assert_eq!(request("/", &format!("{host}{long}")), 431);
    let many = "X: y\r\n".repeat(100);
    assert_eq!(request("/", &format!("{host}{many}")), 431);
    assert_eq!(request("no path", &host), 400);
    // By the name that was asked with, the other one is named too.
    let named = format!("localhost:{ui_port}");
    let page = raw(
        &serving.ui,
        &format!(
            "GET /web/{WHEN}/https://a.test/page HTTP/1.1\r\nHost: {named}\r\nConnection: close\r\n\r\n"
        ),
    );
    assert!(
        page.text()
            .contains(&format!("src=\"http://localhost:{replay_port}/web/")),
        "{}",
        page.text()
    );
}

#[test]
fn numbers_of_the_new_kind_are_told_by_name() {
    if std::net::TcpListener::bind("[::1]:0").is_err() {
        return;
    }
    let desk = desk();
    let serving = Serving::of(&mut desk.command("serve --listen [::1]:0 --format json"));
    assert!(serving.ui.starts_with("localhost:") && serving.replay.starts_with("localhost:"));
    let number = serving.ui.replace("localhost", "[::1]");
    let page = format!("/web/{WHEN}/https://a.test/page");
    let said = asked(&number, &page, "");
    let there = format!("http://{}{page}", serving.ui);
    assert_eq!(
        (said.status, said.header("location")),
        (302, there.as_str())
    );
    let request = format!(
        "GET {page} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
        serving.ui
    );
    let said = raw(&number, &request).is(200).text();
    assert!(
        said.contains(&format!("src=\"http://{}/web/", serving.replay)),
        "{said}"
    );
}

#[test]
fn words_of_strangers_are_words() {
    let desk = desk();
    desk.post(
        "posts/b.md",
        &["https://a.test/'%22%3E%3Cscript%3Erun()%3C/script%3E?%22onload=run()"],
    );
    desk.web.anywhere(|_| Page::html("<title>&lt;/title&gt;<b>\u{202e}</title><p>Words that are long enough to be a page of its own"));
    desk.run("run posts").exits(0);
    let serving = Serving::start(&desk);
    let mut paths = vec!["/".to_owned()];
    let front = serving.ui("/").is(200).text();
    paths.extend(front.split("<a href=\"/web/").skip(1).map(|rest| {
        let path = rest.split('"').next().unwrap();
        format!("/web/{path}")
            .replace("&#39;", "'")
            .replace("&#38;", "&")
    }));
    assert_eq!(paths.len(), 3, "{front}");
    paths.push("/web/2026/https://x.test/<script>run()</script>".to_owned());
    paths.push("/web/*/https://x.test/\"><script>run()</script>".to_owned());
    for path in paths {
        for page in [serving.ui(&path), serving.replay(&path)] {
            let ours = "<script src=\"/ui.js\" defer></script>";
            let text = page.text().replace(ours, "");
            assert!(
                !text.contains("<script") && !text.contains("\"onload"),
                "{path}: {text}"
            );
            assert!(page.header("location").len() < 200);
        }
    }
}

#[test]
fn a_drawing_that_is_opened_on_its_own_is_a_picture_of_a_page_of_ours() {
    let desk = Desk::new();
    let drawing = "<svg xmlns='http://www.w3.org/2000/svg'><foreignObject>\
                   <iframe xmlns='http://www.w3.org/1999/xhtml' src='http://live.test/'/></foreignObject></svg>";
    let drawing = Page::bytes("image/svg+xml", drawing);
    desk.web.page("a.test", "/drawn.svg", drawing);
    let page = "<p>Words of a page, and a few more<img src=/drawn.svg>";
    desk.web.page("a.test", "/page", Page::html(page));
    desk.post("posts/a.md", &["https://a.test/page"]);
    desk.run("run posts").exits(0);
    let serving = Serving::start(&desk);
    let path = format!("/web/{WHEN}-1im_/https://a.test/drawn.svg");
    let shown = serving.replay(&path).is(200);
    assert_eq!(shown.header("content-type"), "image/svg+xml");
    // A browser would connect to the hosts of frames in it before it looks at the policy.
    let opened = serving
        .replay_with(&path, "Sec-Fetch-Mode: navigate\r\n")
        .is(200);
    assert_eq!(opened.header("content-type"), "text/html; charset=utf-8");
    let text = opened.text();
    let (_, picture) = text.split_once("<img src=\"").unwrap();
    let picture = picture.split('"').next().unwrap();
    let of_page = "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\n";
    let picture = serving.replay_with(picture, of_page).is(200);
    assert_eq!(picture.bytes, shown.bytes);
}

#[test]
fn pages_of_other_tabs_cannot_try_out_what_is_kept() {
    let desk = desk();
    let serving = Serving::start(&desk);
    let page = format!("/web/{WHEN}/https://a.test/page");
    let html = serving.replay(&page).is(200).text();
    let (_, picture) = html.split_once("<img src=\"").unwrap();
    let with_key = picture.split('"').next().unwrap();
    let without = format!("/web/{WHEN}-1im_/https://a.test/a.png");
    let wrong = with_key.replace('~', "~0").replacen("im_", "", 1);
    let of_others = |path: &str, site: &str, mode: &str| {
        let headers = format!("Sec-Fetch-Site: {site}\r\nSec-Fetch-Mode: {mode}\r\n");
        serving.replay_with(path, &headers).status
    };
    for site in ["cross-site", "same-site"] {
        assert_eq!(of_others(with_key, site, "no-cors"), 200);
        assert_eq!(of_others(&without, site, "no-cors"), 403);
        assert_eq!(of_others(&wrong, site, "no-cors"), 403);
        // As a part of another page, and as a page of its own.
        assert_eq!(of_others(&page, site, "no-cors"), 403);
        assert_eq!(of_others(&page, site, "navigate"), 200);
        assert_eq!(
            of_others(&without.replace("im_", "fr_"), site, "navigate"),
            403
        );
        let headers = format!("Sec-Fetch-Site: {site}\r\nSec-Fetch-Mode: no-cors\r\n");
        assert_eq!(asked(&serving.ui, "/", &headers).status, 403);
    }
    assert_eq!(of_others(&without, "none", "navigate"), 200);
    // Each start has another key.
    let again = Serving::start(&desk);
    assert_ne!(again.replay(&page).text(), html);
}
