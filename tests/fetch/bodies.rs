//! Content codings, bombs, bodies cut short.

use sourcekeep::fetch::{Family, Fetcher, Request};

use super::web::{Act, Page, Web};
use super::{family, get, impatient, settings, text, url, visit};

fn long_text() -> String {
    (0..20_000).map(|n| format!("<p>line {n}</p>\n")).collect()
}

#[tokio::test]
async fn every_content_coding() {
    let web = Web::start();
    let page = long_text();
    for codings in [
        &["gzip"][..],
        &["deflate"],
        &["deflate-raw"],
        &["br"],
        &["zstd"],
        &["gzip", "br"],
        &["zstd", "gzip", "deflate"],
    ] {
        let coded = codings
            .iter()
            .fold(Page::html(page.clone()), |page, coding| page.coded(coding));
        web.page("news.test", "/", coded);
        for scheme in ["http", "https"] {
            let fetched = get(&web, &format!("{scheme}://news.test/")).await;
            assert_eq!(family(&fetched), None, "{codings:?}");
            assert!(text(&fetched) == page, "{codings:?}");
            let facts = fetched.facts.body.unwrap();
            assert_eq!(facts.size, page.len() as u64);
            assert!(facts.served_size < facts.size / 2);
            assert_ne!(facts.sha256, facts.served_sha256);
            assert_eq!(facts.truncated, None);
        }
    }
}

#[tokio::test]
async fn codings_that_cannot_be_undone() {
    let web = Web::start();
    for (path, page, kept) in [
        (
            "/unknown",
            Page::html("text").header("content-encoding", "compress"),
            "text",
        ),
        (
            "/four",
            Page::html("text").header("content-encoding", "br, br, br, br"),
            "text",
        ),
        (
            "/lie",
            Page::html("this is no gzip").header("content-encoding", "gzip"),
            "",
        ),
    ] {
        web.page("news.test", path, page);
        let fetched = get(&web, &format!("http://news.test{path}")).await;
        assert_eq!(family(&fetched), Some(Family::Protocol), "{path}");
        assert_eq!(text(&fetched), kept, "{path}");
    }
}

#[tokio::test]
async fn bombs_stop_at_the_limit() {
    let web = Web::start();
    let zeros = vec![0_u8; 100 << 20];
    let mut settings = settings(&web);
    settings.limits.body_decoded_bytes = 4 << 20;
    for coding in ["gzip", "deflate", "br", "zstd"] {
        web.page("news.test", "/", Page::html(zeros.clone()).coded(coding));
        let fetched = visit(&settings, "http://news.test/").await;
        assert_eq!(family(&fetched), Some(Family::TooLarge), "{coding}");
        let body = fetched.body.unwrap();
        assert!(body.truncated && body.bytes.len() <= 4 << 20, "{coding}");
        assert_eq!(
            fetched.facts.body.unwrap().truncated.as_deref(),
            Some("length")
        );
    }
}

#[tokio::test]
async fn large_and_endless_bodies_stop_at_the_limit() {
    let web = Web::start();
    let mut settings = settings(&web);
    settings.limits.body_served_bytes = 1 << 20;
    let endless = Act::Endless(vec![b'x'; 64 * 1024]);
    let head = |text: &str| Act::Send(text.as_bytes().to_vec());
    for script in [
        vec![head("HTTP/1.1 200 OK\r\n\r\n"), endless.clone()],
        vec![
            head("HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n"),
            endless.clone(),
        ],
        vec![
            head("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
            Act::Endless([b"4000\r\n".as_slice(), &[b'y'; 0x4000], b"\r\n"].concat()),
        ],
    ] {
        web.page("news.test", "/", Page::script(script));
        let fetched = visit(&settings, "http://news.test/").await;
        assert_eq!(family(&fetched), Some(Family::TooLarge));
        let facts = fetched.facts.body.unwrap();
        assert_eq!(
            (facts.served_size, facts.truncated.as_deref()),
            (1 << 20, Some("length"))
        );
    }
    // A request's own limit counts before the ordinary one.
    web.page("news.test", "/", Page::html("0123456789"));
    let fetcher = Fetcher::new(&settings).unwrap();
    let request = Request {
        body_limit: Some(4),
        ..Request::page(url("http://news.test/"))
    };
    let fetched = fetcher.get(&request).await.unwrap();
    assert_eq!(text(&fetched), "0123");
    // Just as large as is taken is not too large.
    let request = Request {
        body_limit: Some(10),
        ..request
    };
    assert_eq!(family(&fetcher.get(&request).await.unwrap()), None);
}

#[tokio::test]
async fn cut_short_keeps_what_came() {
    let web = Web::start();
    let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (path, page, expected) in [
        (
            "/length",
            Page::raw("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"),
            Family::Protocol,
        ),
        (
            "/chunks",
            Page::raw([chunked.as_slice(), b"4\r\nhalf\r\n"].concat()),
            Family::Protocol,
        ),
        (
            "/bad",
            Page::raw([chunked.as_slice(), b"4\r\nhalf\r\nxyz\r\n"].concat()),
            Family::Protocol,
        ),
        (
            "/reset",
            Page::script(vec![
                Act::Send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf".to_vec()),
                Act::Wait(std::time::Duration::from_millis(50)),
                Act::Reset,
            ]),
            Family::Connection,
        ),
        (
            "/hang",
            Page::script(vec![
                Act::Send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf".to_vec()),
                Act::Hang,
            ]),
            Family::Timeout,
        ),
    ] {
        web.page("news.test", path, page);
        let fetched = visit(&impatient(&web), &format!("http://news.test{path}")).await;
        assert_eq!(
            family(&fetched),
            Some(expected),
            "{path}: {:?}",
            fetched.facts.failure
        );
        assert_eq!(text(&fetched), "half", "{path}");
        let why = if expected == Family::Timeout {
            "time"
        } else {
            "disconnect"
        };
        assert_eq!(
            fetched.facts.body.unwrap().truncated.as_deref(),
            Some(why),
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_coding_cut_short_keeps_what_came() {
    let web = Web::start();
    let page = long_text();
    for coding in ["gzip", "deflate", "br", "zstd"] {
        let whole = Page::html(page.clone()).coded(coding);
        web.page("news.test", "/", whole.cut(8000));
        let fetched = get(&web, "http://news.test/").await;
        assert_eq!(family(&fetched), Some(Family::Protocol), "{coding}");
        let kept = text(&fetched);
        assert!(page.starts_with(&kept), "{coding}");
        assert!(
            kept.len() > 1000 || coding == "zstd",
            "{coding}: {}",
            kept.len()
        );
    }
}

#[tokio::test]
async fn a_body_that_ends_with_its_connection_is_whole() {
    let web = Web::start();
    web.page("news.test", "/", Page::raw("HTTP/1.1 200 OK\r\n\r\nwhole"));
    assert_eq!(family(&get(&web, "http://news.test/").await), None);
    // Without the TLS farewell too: that is how many servers end.
    web.tls("news.test", super::web::Tls::Http1);
    web.page(
        "news.test",
        "/rude",
        Page::script(vec![
            Act::Send(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nwhole".to_vec()),
            Act::Wait(std::time::Duration::from_millis(20)),
            Act::CloseRudely,
        ]),
    );
    let fetched = get(&web, "https://news.test/rude").await;
    assert_eq!(family(&fetched), None, "{:?}", fetched.facts.failure);
    assert_eq!(text(&fetched), "whole");
}

#[tokio::test]
async fn more_than_was_announced_is_not_read() {
    let web = Web::start();
    web.page(
        "news.test",
        "/",
        Page::raw("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhalf and more"),
    );
    let fetched = get(&web, "http://news.test/").await;
    assert_eq!((text(&fetched).as_str(), family(&fetched)), ("half", None));
}
