//! The second look: another version of HTTP, a browser's headers, another place.

use std::net::IpAddr;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use sourcekeep::fetch::{
    Connections, Family, Fetched, Fetcher, Lookup, Request, ResolveError, Settings, Way,
};

use super::web::{Page, Proxy, Tls, Web};
use super::{family, settings, statuses, text, url};

/// Names that nobody knows here.
struct Nobody;

impl Lookup for Nobody {
    fn lookup<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Vec<IpAddr>, ResolveError>> {
        Box::pin(async { Err(ResolveError::NoSuchName) })
    }
}

fn by(web: &Web, vantage: &str) -> Settings {
    Settings {
        second_vantage: Some(url(vantage)),
        ..settings(web)
    }
}

fn second(address: &str, connections: Connections) -> Request {
    Request {
        way: Way::Browser,
        connections,
        by_vantage: true,
        ..Request::page(url(address))
    }
}

/// A first look, and the second one that follows from it.
async fn both(fetcher: &Fetcher, address: &str) -> (Fetched, Fetched) {
    let first = fetcher.get(&Request::page(url(address))).await.unwrap();
    let again = second(address, first.facts.second_look());
    let second = fetcher.get(&again).await.unwrap();
    (first, second)
}

fn protocols(fetched: &Fetched) -> Vec<&str> {
    let hops = fetched.facts.hops.iter();
    hops.map(|hop| hop.protocol.as_str()).collect()
}

/// A server that answers 404 over HTTP/2 only.
#[tokio::test]
async fn what_one_protocol_hides_the_other_shows() {
    let web = Web::start();
    web.page("a.test", "/old", Page::redirect(302, "https://b.test/"));
    web.made("b.test", "/", |asked| match asked.protocol {
        "HTTP/2" => Page::html("not here").status(404),
        _ => Page::html("here"),
    });
    let fetcher = Fetcher::new(&settings(&web)).unwrap();
    let (first, second) = both(&fetcher, "http://a.test/old").await;
    assert_eq!(
        (protocols(&first), statuses(&first)),
        (vec!["HTTP/1.1", "HTTP/2"], vec![302, 404])
    );
    assert_eq!(
        (protocols(&second), statuses(&second)),
        (vec!["HTTP/1.1"; 2], vec![302, 200])
    );
    assert_eq!(second.facts.vantage, None, "there is none");

    // Nor is an answer that breaks off over HTTP/2 the last word.
    web.made("c.test", "/", |asked| match asked.protocol {
        "HTTP/2" => Page::script(vec![]),
        _ => Page::html("here"),
    });
    let (first, second) = both(&fetcher, "https://c.test/").await;
    assert_eq!(
        (family(&first), statuses(&first)),
        (Some(Family::Protocol), vec![])
    );
    assert_eq!(statuses(&second), [200]);
}

#[tokio::test]
async fn where_http1_answered_all_versions_are_offered_on_a_new_connection() {
    let web = Web::start();
    web.tls("a.test", Tls::Http1);
    web.page("a.test", "/", Page::empty(404));
    let fetcher = Fetcher::new(&settings(&web)).unwrap();
    let first = fetcher
        .get(&Request::page(url("https://a.test/")))
        .await
        .unwrap();
    assert_eq!(first.facts.second_look(), Connections::Fresh);
    // The same server with a better mind.
    web.tls("a.test", Tls::Good);
    let again = second("https://a.test/", Connections::Fresh);
    let before = web.connections();
    for n in 1..=2 {
        let fetched = fetcher.get(&again).await.unwrap();
        assert_eq!(web.connections(), before + n, "each has its own");
        assert!(!protocols(&fetched).is_empty());
    }
}

#[tokio::test]
async fn a_page_that_is_for_browsers_only_is_found() {
    let web = Web::start();
    web.made("a.test", "/", |asked| {
        let is_browser = ["sec-fetch-mode", "upgrade-insecure-requests"]
            .iter()
            .all(|name| asked.header(name).is_some());
        let is_bot = asked
            .header("user-agent")
            .is_none_or(|agent| agent.contains("sourcekeep"));
        Page::html("a page").status(if is_browser && !is_bot { 200 } else { 404 })
    });
    let fetcher = Fetcher::new(&settings(&web)).unwrap();
    for address in ["http://a.test/", "https://a.test/"] {
        let (first, second) = both(&fetcher, address).await;
        assert_eq!(
            (statuses(&first), statuses(&second)),
            (vec![404], vec![200])
        );
    }
}

#[tokio::test]
async fn the_vantage_sees_what_cannot_be_seen_from_here() {
    let web = Web::start();
    web.made("a.test", "/", |asked| match asked.header("cookie") {
        None => Page::redirect(302, "/").header("set-cookie", "a=b"),
        Some(_) => Page::html("a"),
    });
    let proxies = [
        (Proxy::to(web.addr()), "http"),
        (Proxy::socks(web.addr()), "socks5h"),
    ];
    for (proxy, scheme) in &proxies {
        let vantage = format!("{scheme}://me:secret@{}", proxy.addr());
        let settings = Settings {
            resolve: Vec::new(),
            ..by(&web, &vantage)
        };
        let fetcher = Fetcher::with_lookup(&settings, Arc::new(Nobody)).unwrap();
        for address in ["http://a.test/", "https://a.test/"] {
            let (first, second) = both(&fetcher, address).await;
            assert_eq!(family(&first), Some(Family::NoSuchHost), "{address}");
            assert_eq!(first.facts.vantage, None);
            let failure = &second.facts.failure;
            assert_eq!(
                statuses(&second),
                [302, 200],
                "{vantage} {address}: {failure:?}"
            );
            assert_eq!(protocols(&second), ["HTTP/1.1"; 2]);
            assert_eq!(text(&second), "a");
            let name = format!("{scheme}://{}", proxy.addr());
            assert_eq!(second.facts.vantage.as_ref(), Some(&name));
            assert_eq!(fetcher.vantage(), Some(name.as_str()));
            let told = format!("{fetcher:?} {first:?} {second:?}");
            assert!(!told.contains("secret"), "{told}");
        }
    }
    let asked = proxies[1].0.asked();
    assert_eq!(
        asked,
        vec!["me:secret@a.test"; 4],
        "by its name, with what it wants"
    );
}

#[tokio::test]
async fn only_what_is_asked_for_goes_by_the_vantage() {
    let web = Web::start();
    web.page("a.test", "/", Page::html("a"));
    let proxy = Proxy::to(web.addr());
    let fetcher = Fetcher::new(&by(&web, &proxy.url())).unwrap();
    fetcher
        .get(&Request::page(url("http://a.test/")))
        .await
        .unwrap();
    fetcher.robots(&url("http://a.test/")).await.unwrap();
    assert_eq!(proxy.connections(), 0);
    // Nor does it go through the ordinary proxy as well.
    let ordinary = Proxy::to(web.addr());
    let settings = Settings {
        proxy: Some(url(&ordinary.url())),
        ..by(&web, &proxy.url())
    };
    let fetcher = Fetcher::new(&settings).unwrap();
    let again = second("http://a.test/", Connections::Fresh);
    fetcher.get(&again).await.unwrap();
    assert_eq!((proxy.connections(), ordinary.connections()), (1, 0));
}

#[tokio::test]
async fn a_vantage_that_fails_says_so_and_nothing_of_the_source() {
    let web = Web::start();
    let gone = { Web::start().addr() };
    for vantage in [
        format!("http://{gone}"),
        format!("socks5h://me:secret@{gone}"),
    ] {
        let fetcher = Fetcher::new(&by(&web, &vantage)).unwrap();
        for address in ["http://a.test/", "https://a.test/"] {
            let again = second(address, Connections::FreshHttp1);
            let fetched = fetcher.get(&again).await.unwrap();
            assert_eq!(family(&fetched), Some(Family::Proxy), "{vantage} {address}");
            let facts = serde_json::to_string(&fetched.facts).unwrap();
            assert!(
                facts.contains(&gone.to_string()) && !facts.contains("secret"),
                "{facts}"
            );
        }
    }
}

/// By the vantage too, nothing that is not public is asked for.
#[tokio::test]
async fn the_guard_stands_before_the_vantage() {
    let web = Web::start();
    web.page("a.test", "/", Page::redirect(302, "http://10.0.0.1/"));
    for (proxy, scheme) in [
        (Proxy::to(web.addr()), "http"),
        (Proxy::socks(web.addr()), "socks5h"),
    ] {
        let vantage = format!("{scheme}://{}", proxy.addr());
        let settings = Settings {
            resolve: Vec::new(),
            ..by(&web, &vantage)
        };
        let fetcher = Fetcher::with_lookup(&settings, Arc::new(Nobody)).unwrap();
        for address in [
            "http://127.0.0.1/",
            "http://[::1]/",
            "http://localhost/",
            "http://a.test:25/",
        ] {
            let again = second(address, Connections::Fresh);
            let fetched = fetcher.get(&again).await.unwrap();
            assert_eq!(family(&fetched), Some(Family::Forbidden), "{address}");
        }
        assert_eq!(proxy.connections(), 0);
        let again = second("http://a.test/", Connections::Fresh);
        let fetched = fetcher.get(&again).await.unwrap();
        assert_eq!(
            (family(&fetched), statuses(&fetched)),
            (Some(Family::Forbidden), vec![302])
        );
        assert_eq!(proxy.connections(), 1);
    }
}
