//! Private addresses, by literal and by name: a trap on them proves that no byte arrived.

use std::net::IpAddr;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use sourcekeep::fetch::{Family, Fetched, Fetcher, Lookup, Request, ResolveError, Settings};

use super::web::{Page, Trap, Web};
use super::{family, settings, statuses, url, visit};

/// A name server that answers what it is told.
pub(crate) struct Fake(pub(crate) Result<Vec<IpAddr>, ResolveError>);

impl Lookup for Fake {
    fn lookup<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Vec<IpAddr>, ResolveError>> {
        Box::pin(async { self.0.clone() })
    }
}

async fn with_answer(settings: &Settings, answer: &[&str], address: &str) -> Fetched {
    let answer = Ok(answer.iter().map(|ip| ip.parse().unwrap()).collect());
    let fetcher = Fetcher::with_lookup(settings, Arc::new(Fake(answer))).unwrap();
    fetcher.get(&Request::page(url(address))).await.unwrap()
}

#[tokio::test]
async fn literals_in_every_spelling_are_refused() {
    let (web, trap) = (Web::start(), Trap::start());
    let port = trap.port();
    for host in [
        "127.0.0.1",
        "127.1",
        "127.0.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "017700000001",
        "127.0.0.1.",
        "１２７.0.0.1",
        "0",
        "0.0.0.0",
        "[::1]",
        "[::]",
        "[::127.0.0.1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[0:0:0:0:0:ffff:7f00:0001]",
        "[64:ff9b::127.0.0.1]",
        "[2002:7f00:1::]",
        "user@127.0.0.1",
        "example.com@127.0.0.1",
    ] {
        let address = format!("http://{host}:{port}/");
        let fetched = visit(&settings(&web), &address).await;
        assert_eq!(family(&fetched), Some(Family::Forbidden), "{address}");
        assert!(fetched.facts.hops.is_empty(), "{address}");
        // The same at a redirect's end, over both protocols.
        web.page("a.test", "/", Page::redirect(302, &address));
        for start in ["http://a.test/", "https://a.test/"] {
            let fetched = visit(&settings(&web), start).await;
            assert_eq!(family(&fetched), Some(Family::Forbidden), "{address}");
            assert_eq!(statuses(&fetched), [302], "{address}");
        }
    }
    assert_eq!((trap.connections(), trap.bytes()), (0, 0));
}

#[tokio::test]
async fn names_that_lead_to_private_addresses_are_refused() {
    let trap = Trap::start();
    let settings = Settings::default();
    let address = format!("http://inside.test:{}/", trap.port());
    for answer in [
        &["127.0.0.1"][..],
        &["::1"],
        &["::ffff:127.0.0.1"],
        &["10.0.0.1", "127.0.0.1", "169.254.169.254"],
    ] {
        let fetched = with_answer(&settings, answer, &address).await;
        assert_eq!(family(&fetched), Some(Family::Forbidden), "{answer:?}");
    }
    assert_eq!(trap.connections(), 0);
}

#[tokio::test]
async fn a_private_answer_among_public_ones_is_not_used() {
    let trap = Trap::start();
    let mut settings = Settings::default();
    settings.limits.connect = std::time::Duration::from_millis(300);
    // The public one belongs to a network that is not there; whatever happens, the trap stays shut.
    let address = format!("http://mixed.test:{}/", trap.port());
    let answer = Ok(vec![
        "127.0.0.1".parse().unwrap(),
        "192.31.196.1".parse().unwrap(),
    ]);
    let fetcher = Fetcher::with_lookup(&settings, Arc::new(Fake(answer))).unwrap();
    // Facts of a failure, or a fault where this machine has no network at all.
    let outcome = fetcher.get(&Request::page(url(&address))).await;
    assert!(outcome.is_err() || outcome.is_ok_and(|fetched| fetched.facts.failure.is_some()));
    assert_eq!(trap.connections(), 0);
}

#[tokio::test]
async fn ports_of_other_services_are_refused() {
    let web = Web::start();
    for port in [22, 25, 6667] {
        let address = format!("http://b.test:{port}/");
        web.page("a.test", "/", Page::redirect(302, &address));
        let fetched = visit(&settings(&web), "http://a.test/").await;
        assert_eq!(family(&fetched), Some(Family::Forbidden), "{port}");
        assert_eq!(statuses(&fetched), [302]);
    }
}

#[tokio::test]
async fn the_hosts_file_is_no_way_in() {
    let trap = Trap::start();
    let fetched = visit(
        &Settings::default(),
        &format!("http://localhost:{}/", trap.port()),
    )
    .await;
    assert_eq!(
        family(&fetched),
        Some(Family::Forbidden),
        "{:?}",
        fetched.facts.failure
    );
    assert_eq!(trap.connections(), 0);
}

#[tokio::test]
async fn ranges_can_be_opened() {
    let web = Web::start();
    web.page("127.0.0.1", "/", Page::html("in"));
    web.page("inside.test", "/", Page::html("in"));
    let settings = Settings {
        allow_private: vec!["127.0.0.0/8".parse().unwrap()],
        ..Settings::default()
    };
    let port = web.port();
    let fetched = visit(&settings, &format!("http://127.0.0.1:{port}/")).await;
    assert_eq!(statuses(&fetched), [200]);
    let fetched = with_answer(
        &settings,
        &["127.0.0.1"],
        &format!("http://inside.test:{port}/"),
    )
    .await;
    assert_eq!(statuses(&fetched), [200]);
}

#[tokio::test]
async fn overrides_do_not_apply_to_literals_and_leave_written_ports_alone() {
    let (web, trap) = (Web::start(), Trap::start());
    web.page("a.test", "/", Page::html("a"));
    let settings = settings(&web);
    assert_eq!(statuses(&visit(&settings, "http://a.test/").await), [200]);
    let literal = visit(&settings, &format!("http://127.0.0.1:{}/", web.port())).await;
    assert_eq!(family(&literal), Some(Family::Forbidden));
    // A port in the address wins: this goes to the trap, which the user allowed by naming its address.
    let mut impatient = settings.clone();
    impatient.limits.first_byte = std::time::Duration::from_millis(200);
    let written = visit(&impatient, &format!("http://a.test:{}/", trap.port())).await;
    assert_eq!(family(&written), Some(Family::Timeout));
    assert_eq!(trap.connections(), 1);
}
