//! One family for each way to fail, in the same words each time.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use sourcekeep::fetch::{Family, Fault, Fetcher, Lookup, Request, ResolveError, Settings};

use super::web::{Act, Page, Tls, Web};
use super::{family, get, impatient, url, visit};

/// A name server that answers what it is told.
struct Fake(Result<Vec<IpAddr>, ResolveError>);

impl Lookup for Fake {
    fn lookup<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Vec<IpAddr>, ResolveError>> {
        Box::pin(async { self.0.clone() })
    }
}

#[tokio::test]
async fn connections_that_fail() {
    let web = Web::start();
    web.page("a.test", "/empty", Page::raw(""));
    web.page("a.test", "/reset", Page::script(vec![Act::Reset]));
    for path in ["/empty", "/reset"] {
        let fetched = get(&web, &format!("http://a.test{path}")).await;
        assert_eq!(family(&fetched), Some(Family::Connection), "{path}");
        assert!(fetched.facts.hops.is_empty());
        assert_eq!(web.count("a.test", path), 1, "asked once");
    }
    // Nobody listens on the port of a web that has ended.
    let port = Web::start().port();
    let refused = get(&web, &format!("http://a.test:{port}/")).await;
    let failure = refused.facts.failure.unwrap();
    assert_eq!(
        (failure.family, failure.detail.as_str()),
        (Family::Connection, "connection refused")
    );
}

#[tokio::test]
async fn servers_that_are_too_slow() {
    let web = Web::start();
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n".to_vec();
    let slow = Duration::from_millis(100);
    for (path, page) in [
        ("/mute", Page::script(vec![Act::Hang])),
        (
            "/half-a-head",
            Page::script(vec![Act::Send(b"HTTP/1.1 200 O".to_vec()), Act::Hang]),
        ),
        (
            "/dripping-head",
            Page::script(vec![Act::Drip(head.clone(), slow)]),
        ),
        (
            "/hang-in-body",
            Page::script(vec![Act::Send(head.clone()), Act::Hang]),
        ),
        (
            "/dripping-body",
            Page::script(vec![Act::Send(head), Act::Drip(vec![b'x'; 1000], slow)]),
        ),
    ] {
        web.page("a.test", path, page);
        let begun = std::time::Instant::now();
        let fetched = visit(&impatient(&web), &format!("http://a.test{path}")).await;
        assert_eq!(family(&fetched), Some(Family::Timeout), "{path}");
        assert!(begun.elapsed() < Duration::from_secs(3), "{path}");
    }
}

#[tokio::test]
async fn answers_that_are_not_http() {
    let web = Web::start();
    let many: String = (0..5000).map(|n| format!("X-{n}: y\r\n")).collect();
    let huge = format!("X: {}\r\n", "y".repeat(300_000));
    for (path, page) in [
        ("/ssh", Page::raw("SSH-2.0-OpenSSH_9.9\r\n")),
        ("/noise", Page::raw(vec![0xff; 400])),
        (
            "/many",
            Page::raw(format!("HTTP/1.1 200 OK\r\n{many}\r\nx")),
        ),
        (
            "/huge",
            Page::raw(format!("HTTP/1.1 200 OK\r\n{huge}\r\nx")),
        ),
        (
            "/endless",
            Page::script(vec![
                Act::Send(b"HTTP/1.1 200 OK\r\n".to_vec()),
                Act::Endless(b"X-A: b\r\n".repeat(512)),
            ]),
        ),
    ] {
        web.page("a.test", path, page);
        let fetched = get(&web, &format!("http://a.test{path}")).await;
        assert_eq!(
            family(&fetched),
            Some(Family::Protocol),
            "{path}: {:?}",
            fetched.facts.failure
        );
    }
}

#[tokio::test]
async fn a_stream_that_is_reset() {
    let web = Web::start();
    web.page("a.test", "/", Page::script(vec![Act::Reset]));
    let failure = get(&web, "https://a.test/").await.facts.failure.unwrap();
    assert_eq!(failure.family, Family::Protocol, "{failure:?}");
    assert!(
        failure.detail.starts_with("the stream was reset: "),
        "{failure:?}"
    );
}

#[tokio::test]
async fn tls_says_which() {
    let web = Web::start();
    for (tls, expected) in [
        (Tls::Expired, Family::TlsExpired),
        (Tls::NotYet, Family::TlsExpired),
        (Tls::WrongName, Family::TlsName),
        (Tls::SelfSigned, Family::TlsIssuer),
        (Tls::UnknownIssuer, Family::TlsIssuer),
        (Tls::IncompleteChain, Family::TlsIssuer),
        (Tls::OldVersion, Family::TlsOther),
        (Tls::Closes, Family::Connection),
    ] {
        web.tls("a.test", tls);
        let fetched = get(&web, "https://a.test/").await;
        let failure = fetched.facts.failure.as_ref();
        assert_eq!(family(&fetched), Some(expected), "{tls:?}: {failure:?}");
        assert!(fetched.facts.hops.is_empty());
        assert_eq!(
            fetched.facts,
            get(&web, "https://a.test/").await.facts,
            "{tls:?}"
        );
    }
    assert!(
        web.requests().is_empty(),
        "nothing was asked without a handshake"
    );
}

#[tokio::test]
async fn plain_http_where_tls_should_be() {
    let web = Web::start();
    let mute = super::web::Proxy::answering("HTTP/1.1 400 Bad Request\r\n\r\n");
    let port = mute.url().rsplit(':').next().unwrap().to_owned();
    let fetched = visit(&impatient(&web), &format!("https://a.test:{port}/")).await;
    // It waits for the end of a request that never comes.
    assert!(matches!(
        family(&fetched),
        Some(Family::Timeout | Family::TlsOther)
    ));
}

#[tokio::test]
async fn names_that_cannot_be_found() {
    let settings = Settings::default();
    for (error, expected) in [
        (ResolveError::NoSuchName, Family::NoSuchHost),
        (ResolveError::NoAddress, Family::NoSuchHost),
        (ResolveError::ServerFailure, Family::DnsTrouble),
        (ResolveError::Timeout, Family::DnsTrouble),
        (ResolveError::Private, Family::Forbidden),
    ] {
        let fetcher = Fetcher::with_lookup(&settings, Arc::new(Fake(Err(error.clone())))).unwrap();
        let fetched = fetcher
            .get(&Request::page(url("http://gone.test/")))
            .await
            .unwrap();
        let failure = fetched.facts.failure.unwrap();
        assert_eq!(
            (failure.family, failure.detail),
            (expected, error.to_string())
        );
    }
}

#[tokio::test]
async fn failures_of_ours_are_no_facts() {
    let settings = Settings::default();
    for error in [
        ResolveError::NoServers,
        ResolveError::Ours,
        ResolveError::NoIpv6,
    ] {
        let fetcher = Fetcher::with_lookup(&settings, Arc::new(Fake(Err(error)))).unwrap();
        let fault = fetcher
            .get(&Request::page(url("http://a.test/")))
            .await
            .unwrap_err();
        assert!(
            matches!(fault, Fault::Ours(_) | Fault::NoNetwork(_)),
            "{fault}"
        );
    }
}

#[tokio::test]
async fn a_dropped_visit_closes_its_connection() {
    let web = Web::start();
    web.page("a.test", "/", Page::script(vec![Act::Hang]));
    let fetcher = Fetcher::new(&super::settings(&web)).unwrap();
    let request = Request::page(url("http://a.test/"));
    for _ in 0..20 {
        let visit = fetcher.get(&request);
        assert!(
            tokio::time::timeout(Duration::from_millis(30), visit)
                .await
                .is_err()
        );
        assert_eq!(fetcher.gate().running(), 0);
    }
    // The places at the host are free again.
    web.page("a.test", "/", Page::html("a"));
    assert_eq!(
        super::statuses(&fetcher.get(&request).await.unwrap()),
        [200]
    );
}
