//! Fetching, against a small web on loopback.
//!
//! - `answers`: what comes back from a web that behaves
//! - `bodies`: content codings, bombs, bodies cut short
//! - `redirects`: chains, circles, walls, and where they may not lead
//! - `failures`: one family for each way to fail
//! - `robots`: RFC 9309
//! - `proxies`: what the proxy does is not the source's doing
//! - `vantage`: the second look, by another way
//! - `manners`: how often, and how many at once

#![expect(
    clippy::unwrap_used,
    clippy::similar_names,
    clippy::format_collect,
    reason = "tests: a panic is the report, and `fetcher` has `fetched` something"
)]

mod web;

#[path = "fetch/answers.rs"]
mod answers;
#[path = "fetch/bodies.rs"]
mod bodies;
#[path = "fetch/failures.rs"]
mod failures;
#[path = "fetch/manners.rs"]
mod manners;
#[path = "fetch/proxies.rs"]
mod proxies;
#[path = "fetch/redirects.rs"]
mod redirects;
#[path = "fetch/robots.rs"]
mod robots;
#[path = "fetch/vantage.rs"]
mod vantage;

use std::time::Duration;

use sourcekeep::fetch::{Family, Fetched, Fetcher, Request, Settings};
use url::Url;
use web::Web;

/// Settings that lead every name to the test web, without delays.
fn settings(web: &Web) -> Settings {
    let mut settings = Settings {
        resolve: vec![web.resolve().parse().unwrap()],
        ca_pem: Some(web.ca_pem()),
        ..Settings::default()
    };
    settings.manners.ordinary.delay = Duration::ZERO;
    settings
}

/// The same with time limits so short that a hang is over soon.
fn impatient(web: &Web) -> Settings {
    let mut settings = settings(web);
    settings.limits.connect = Duration::from_millis(400);
    settings.limits.first_byte = Duration::from_millis(400);
    settings.limits.idle = Duration::from_millis(300);
    settings.limits.total = Duration::from_millis(1500);
    settings
}

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

/// One visit by a fetcher of its own.
async fn visit(settings: &Settings, address: &str) -> Fetched {
    let fetcher = Fetcher::new(settings).unwrap();
    fetcher.get(&Request::page(url(address))).await.unwrap()
}

/// One visit to the test web.
async fn get(web: &Web, address: &str) -> Fetched {
    visit(&settings(web), address).await
}

fn family(fetched: &Fetched) -> Option<Family> {
    fetched.facts.failure.as_ref().map(|failure| failure.family)
}

fn statuses(fetched: &Fetched) -> Vec<u16> {
    fetched.facts.hops.iter().map(|hop| hop.status).collect()
}

fn text(fetched: &Fetched) -> String {
    let body = fetched.body.as_ref().expect("a body");
    String::from_utf8_lossy(&body.bytes).into_owned()
}
