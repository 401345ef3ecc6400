//! What a proxy does is not the source's doing.

use sourcekeep::fetch::{Family, Fetcher, Settings, SetupError};

use super::web::{Page, Proxy, Web};
use super::{family, settings, statuses, text, url, visit};

fn by(web: &Web, proxy: &str) -> Settings {
    Settings {
        proxy: Some(url(proxy)),
        resolve: Vec::new(),
        ..settings(web)
    }
}

#[tokio::test]
async fn requests_and_tunnels_go_through_it() {
    let web = Web::start();
    web.page("a.test", "/", Page::html("a"));
    let proxy = Proxy::to(web.addr());
    let settings = by(&web, &proxy.url());
    for address in ["http://a.test/", "https://a.test/"] {
        let fetched = visit(&settings, address).await;
        assert_eq!(
            statuses(&fetched),
            [200],
            "{address}: {:?}",
            fetched.facts.failure
        );
        assert_eq!(text(&fetched), "a");
    }
    assert_eq!(proxy.connections(), 2);
}

#[tokio::test]
async fn its_own_failures_are_its_own() {
    let web = Web::start();
    let gone = { Web::start().addr() };
    for (proxy, address) in [
        (format!("http://{gone}"), "http://a.test/"),
        (format!("http://{gone}"), "https://a.test/"),
        (format!("socks5h://{gone}"), "http://a.test/"),
    ] {
        let fetched = visit(&by(&web, &proxy), address).await;
        assert_eq!(family(&fetched), Some(Family::Proxy), "{proxy} {address}");
    }
    for response in [
        "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 502 Bad Gateway\r\nProxy-Status: p; error=dns_error\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 504 Gateway Timeout\r\nX-Squid-Error: ERR 0\r\nContent-Length: 0\r\n\r\n",
    ] {
        let proxy = Proxy::answering(response);
        for address in ["http://a.test/", "https://a.test/"] {
            let fetched = visit(&by(&web, &proxy.url()), address).await;
            assert_eq!(
                family(&fetched),
                Some(Family::Proxy),
                "{address} {response}"
            );
        }
    }
    // A source that fails behind a proxy that works has failed itself.
    web.page("a.test", "/", Page::html("down").status(502));
    web.tls("b.test", super::web::Tls::Expired);
    let proxy = Proxy::to(web.addr());
    let settings = by(&web, &proxy.url());
    assert_eq!(statuses(&visit(&settings, "http://a.test/").await), [502]);
    assert_eq!(
        family(&visit(&settings, "https://b.test/").await),
        Some(Family::TlsExpired)
    );
}

#[test]
fn settings_that_cannot_be_used() {
    let proxy = Settings {
        proxy: Some(url("gopher://proxy.test/")),
        ..Settings::default()
    };
    assert!(matches!(
        Fetcher::new(&proxy),
        Err(SetupError::Proxy { .. } | SetupError::Client(_))
    ));
    let agent = Settings {
        user_agent: "a\nb".to_owned(),
        ..Settings::default()
    };
    assert!(matches!(Fetcher::new(&agent), Err(SetupError::Header(_))));
    let authorities = Settings {
        ca_pem: Some(b"no PEM".to_vec()),
        ..Settings::default()
    };
    assert!(matches!(
        Fetcher::new(&authorities),
        Err(SetupError::Authorities(_))
    ));
}
