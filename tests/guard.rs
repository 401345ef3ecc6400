//! The guard, attacked: nothing may make us knock on an address that is not public.
//!
//! Wherever an address can be listened at, a trap does, and proves that neither a byte nor a connection came.
//!
//! - `spellings`: every notation of a number, and random ones against an oracle of their own
//! - `registry`: which addresses are public, against Python's `ipaddress`
//! - `names`: what name servers may answer, and names that mean this machine
//! - `redirects`: the way in by an answer
//! - `ways_in`: the way in by posts, inputs, feeds, robots.txt, through the built binary
//! - `opened`: what `--allow-private`, `--resolve` and `--proxy` open, and what stays shut
//! - `everywhere`: a network in which every address of the world is ours

#![expect(
    clippy::unwrap_used,
    clippy::similar_names,
    reason = "tests: a panic is the report, and `fetcher` has `fetched` something"
)]

mod apart;
mod web;

#[path = "guard/everywhere.rs"]
mod everywhere;
#[path = "guard/names.rs"]
mod names;
#[path = "guard/opened.rs"]
mod opened;
#[path = "guard/redirects.rs"]
mod redirects;
#[path = "guard/registry.rs"]
mod registry;
#[path = "guard/spellings.rs"]
mod spellings;
#[path = "guard/ways_in.rs"]
mod ways_in;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use sourcekeep::fetch::{Family, Fetched, Fetcher, Guard, Lookup, Request, ResolveError, Settings};
use url::Url;
use web::{Page, Trap, Web};

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

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

/// One visit by a fetcher of its own.
async fn visit(settings: &Settings, address: &str) -> Fetched {
    let fetcher = Fetcher::new(settings).unwrap();
    fetcher.get(&Request::page(url(address))).await.unwrap()
}

fn family(fetched: &Fetched) -> Option<Family> {
    fetched.facts.failure.as_ref().map(|failure| failure.family)
}

fn statuses(fetched: &Fetched) -> Vec<u16> {
    fetched.facts.hops.iter().map(|hop| hop.status).collect()
}

#[track_caller]
fn assert_refused(fetched: &Fetched, hops: &[u16], what: &str) {
    let failure = &fetched.facts.failure;
    assert_eq!(
        family(fetched),
        Some(Family::Forbidden),
        "{what}: {failure:?}"
    );
    assert_eq!(statuses(fetched), hops, "{what}");
    assert!(fetched.body.is_none(), "{what}");
}

/// A name server that answers what it is told.
struct Fake(Result<Vec<IpAddr>, ResolveError>);

impl Lookup for Fake {
    fn lookup<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Vec<IpAddr>, ResolveError>> {
        Box::pin(async { self.0.clone() })
    }
}

fn answers(ips: &[&str]) -> Arc<Fake> {
    Arc::new(Fake(Ok(ips.iter().map(|ip| ip.parse().unwrap()).collect())))
}

async fn with_lookup(settings: &Settings, lookup: Arc<dyn Lookup>, address: &str) -> Fetched {
    let fetcher = Fetcher::with_lookup(settings, lookup).unwrap();
    fetcher.get(&Request::page(url(address))).await.unwrap()
}
