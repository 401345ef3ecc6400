//! What comes back from a web that behaves.

use std::time::Duration;

use sourcekeep::fetch::{Accept, Fetcher, Request, Validators, Way};

use super::web::{Page, Web};
use super::{family, get, settings, statuses, text, url};

#[tokio::test]
async fn plain_get_over_http1() {
    let web = Web::start();
    web.page(
        "news.test",
        "/a?b=1",
        Page::html("<p>A</p>").header("X-Request-Id", "7"),
    );
    let fetched = get(&web, "http://news.test/a?b=1#there").await;
    assert_eq!(family(&fetched), None);
    let hop = &fetched.facts.hops[0];
    assert_eq!((hop.status, hop.protocol.as_str()), (200, "HTTP/1.1"));
    assert_eq!(hop.header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(hop.header("server"), Some("test-web"));
    assert_eq!(hop.header("date"), None, "varies at every request");
    assert_eq!(hop.header("x-request-id"), None, "varies at every request");
    let body = fetched.facts.body.as_ref().unwrap();
    // By sha256sum and by Python's hashlib and base64.
    assert_eq!(
        body.sha256,
        "88f8e72647fda6eedd96d8678131dd1b6320185127612942a7c7e184c516f626"
    );
    assert_eq!(body.served_sha256, body.sha256);
    assert_eq!((body.size, body.served_size), (8, 8));
    assert_eq!(body.served_sha1, "OJIMCYIOZQ35IM6IEDBZJJ7OXD4TTIV6");
    assert_eq!(text(&fetched), "<p>A</p>");
    let taken = fetched.body.as_ref().unwrap();
    assert_eq!(taken.media_type.as_deref(), Some("text/html"));
    assert!(!taken.truncated);

    let exchange = &fetched.exchanges[0];
    assert_eq!(exchange.response_header("x-request-id"), Some("7"));
    assert_eq!(exchange.peer, Some(web.addr()));
    assert_eq!(fetched.peer, Some(web.addr()));

    let asked = &web.requests()[0];
    assert_eq!(asked.path, "/a?b=1");
    let agent = asked.header("user-agent").unwrap();
    assert!(
        agent.starts_with("Mozilla/5.0 (compatible; sourcekeep/"),
        "{agent}"
    );
    assert_eq!(
        asked.header("accept-encoding"),
        Some("gzip, deflate, br, zstd")
    );
    for absent in ["referer", "cookie", "authorization", "if-none-match"] {
        assert_eq!(asked.header(absent), None, "{absent}");
    }
    // What is recorded is what was sent.
    let sent = &exchange.request_headers;
    for (name, value) in sent {
        assert_eq!(asked.header(name), Some(value.as_str()), "{name}");
    }
    assert_eq!(sent.len(), asked.headers.len());
}

#[tokio::test]
async fn the_same_facts_twice() {
    let web = Web::start();
    web.made("news.test", "/", |asked| {
        Page::html("same")
            .header("x-trace", format!("{:?}", asked.at))
            .header("set-cookie", "a=b")
    });
    let first = get(&web, "https://news.test/").await;
    let second = get(&web, "https://news.test/").await;
    assert_eq!(first.facts, second.facts);
}

#[tokio::test]
async fn http2_over_tls() {
    let web = Web::start();
    web.page("news.test", "/", Page::html("two"));
    let fetched = get(&web, "https://news.test/").await;
    assert_eq!(family(&fetched), None, "{:?}", fetched.facts.failure);
    let hop = &fetched.facts.hops[0];
    assert_eq!(hop.protocol, "HTTP/2");
    assert_eq!(hop.certificate.as_ref().map(String::len), Some(64));
    assert_eq!(web.requests()[0].protocol, "HTTP/2");
    assert_eq!(text(&fetched), "two");
}

#[tokio::test]
async fn conditions_go_to_their_hop_only() {
    let web = Web::start();
    web.page("a.test", "/", Page::redirect(302, "http://b.test/"));
    web.page(
        "b.test",
        "/",
        Page::html("b")
            .etag("W/\"1\"")
            .last_modified("Mon, 02 Nov 2026 00:00:00 GMT"),
    );
    let fetcher = Fetcher::new(&settings(&web)).unwrap();
    let mut request = Request::page(url("http://a.test/"));
    request.validators = Some(Validators {
        url: url("http://b.test/"),
        etag: Some("W/\"1\"".to_owned()),
        last_modified: Some("Mon, 02 Nov 2026 00:00:00 GMT".to_owned()),
    });
    let fetched = fetcher.get(&request).await.unwrap();
    assert_eq!(statuses(&fetched), [302, 304]);
    assert_eq!(family(&fetched), None);
    assert!(fetched.body.is_none() && fetched.facts.body.is_none());
    assert_eq!(web.requests_to("a.test")[0].header("if-none-match"), None);
    assert_eq!(
        web.requests_to("b.test")[0].header("if-none-match"),
        Some("W/\"1\"")
    );

    // A browser never asks so, and gets the whole page.
    request.way = Way::Browser;
    let fetched = fetcher.get(&request).await.unwrap();
    assert_eq!(statuses(&fetched), [302, 200]);
    let asked = web.requests_to("b.test").pop().unwrap();
    assert_eq!(asked.header("if-none-match"), None);
    assert!(!asked.header("user-agent").unwrap().contains("sourcekeep"));
    assert_eq!(asked.header("sec-fetch-mode"), Some("navigate"));
}

#[tokio::test]
async fn error_pages_have_bodies() {
    let web = Web::start();
    for status in [
        401, 402, 403, 404, 407, 408, 410, 425, 429, 451, 500, 503, 999,
    ] {
        let path = format!("/{status}");
        web.page(
            "news.test",
            &path,
            Page::html(format!("page {status}")).status(status),
        );
        let fetched = get(&web, &format!("http://news.test{path}")).await;
        assert_eq!(statuses(&fetched), [status]);
        assert_eq!(family(&fetched), None, "{status}");
        assert_eq!(text(&fetched), format!("page {status}"));
    }
}

#[tokio::test]
async fn empty_answers() {
    let web = Web::start();
    web.page("news.test", "/204", Page::empty(204));
    web.page("news.test", "/200", Page::empty(200));
    web.page(
        "news.test",
        "/300",
        Page::html("choose").status(300).header("location", "/200"),
    );
    web.page("news.test", "/302", Page::html("nowhere").status(302));
    assert!(get(&web, "http://news.test/204").await.body.is_none());
    assert_eq!(text(&get(&web, "http://news.test/200").await), "");
    assert_eq!(text(&get(&web, "http://news.test/300").await), "choose");
    assert_eq!(text(&get(&web, "http://news.test/302").await), "nowhere");
}

#[tokio::test]
async fn retry_after_counts_from_the_answers_date() {
    let web = Web::start();
    // The test web's Date is noon, whatever the time.
    for (value, seconds) in [
        ("120", Some(120)),
        ("Mon, 23 Nov 2026 13:00:00 GMT", Some(3600)),
        ("Mon, 23 Nov 2026 11:00:00 GMT", None),
        ("18446744073709551615", Some(30 * 24 * 3600)),
        ("soon", None),
    ] {
        web.page(
            "news.test",
            "/",
            Page::html("later").status(503).header("retry-after", value),
        );
        let fetched = get(&web, "http://news.test/").await;
        assert_eq!(
            fetched.exchanges[0]
                .retry_after()
                .map(|wait| wait.as_secs()),
            seconds,
            "{value}"
        );
    }
}

#[tokio::test]
async fn what_is_asked_for_can_be_told() {
    let web = Web::start();
    web.made("news.test", "/", |asked| {
        let status = if asked
            .header("accept")
            .is_some_and(|v| v.contains("text/html"))
        {
            200
        } else {
            404
        };
        Page::html("x").status(status)
    });
    assert_eq!(statuses(&get(&web, "http://news.test/").await), [200]);
    let fetcher = Fetcher::new(&settings(&web)).unwrap();
    let request = Request {
        accept: Accept::Any,
        ..Request::page(url("http://news.test/"))
    };
    assert_eq!(statuses(&fetcher.get(&request).await.unwrap()), [404]);
}

#[tokio::test]
async fn odd_headers_do_not_matter() {
    let web = Web::start();
    web.page(
        "news.test",
        "/",
        Page::raw(b"HTTP/1.0 200 OK\r\nX-Caf\xe9: bad name\r\nX-Latin: caf\xe9\r\nX-Space : x\r\nX-Long: a\r\n b\r\n\r\nbody".to_vec()),
    );
    let fetched = get(&web, "http://news.test/").await;
    assert_eq!(family(&fetched), None, "{:?}", fetched.facts.failure);
    assert_eq!(fetched.facts.hops[0].protocol, "HTTP/1.0");
    assert_eq!(
        fetched.exchanges[0].response_header("x-latin"),
        Some("caf\u{e9}")
    );
    assert_eq!(text(&fetched), "body");
}

#[tokio::test]
async fn early_hints_are_no_answer() {
    let web = Web::start();
    web.page(
        "news.test",
        "/",
        Page::raw("HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 200 OK\r\n\r\nbody"),
    );
    let fetched = get(&web, "http://news.test/").await;
    assert_eq!(
        (statuses(&fetched), text(&fetched).as_str()),
        (vec![200], "body")
    );
}

#[tokio::test]
async fn a_kept_connection_that_was_closed_is_opened_again() {
    let web = Web::start();
    let fetcher = Fetcher::new(&settings(&web)).unwrap();
    let request = Request::page(url("http://news.test/"));
    web.page("news.test", "/", Page::html("one"));
    assert_eq!(statuses(&fetcher.get(&request).await.unwrap()), [200]);
    // The next request arrives on the kept connection and finds it dead; the one after that is answered.
    let count = std::sync::atomic::AtomicUsize::new(0);
    web.made("news.test", "/", move |_| {
        match count.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
            0 => Page::raw(""),
            _ => Page::html("two"),
        }
    });
    let fetched = fetcher.get(&request).await.unwrap();
    assert_eq!(text(&fetched), "two");
    assert_eq!(web.connections(), 2);
}

#[tokio::test]
async fn all_kept_connections_may_have_been_closed() {
    let web = Web::start();
    let mut settings = settings(&web);
    settings.manners.ordinary.concurrency = 3;
    let fetcher = Fetcher::new(&settings).unwrap();
    let request = Request::page(url("http://news.test/"));
    let slow = Page::html("one").delay(Duration::from_millis(300));
    web.page("news.test", "/", slow);
    let (first, second, third) = tokio::join!(
        fetcher.get(&request),
        fetcher.get(&request),
        fetcher.get(&request)
    );
    for fetched in [first, second, third] {
        assert_eq!(statuses(&fetched.unwrap()), [200]);
    }
    assert_eq!(web.connections(), 3);
    // One of them is found dead, and the next would be too.
    let count = std::sync::atomic::AtomicUsize::new(0);
    web.made("news.test", "/", move |_| {
        match count.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
            0 => Page::raw(""),
            _ => Page::html("two"),
        }
    });
    let fetched = fetcher.get(&request).await.unwrap();
    assert_eq!(text(&fetched), "two");
    assert_eq!(web.connections(), 4);
}
