//! Every socket to a stranger.
//!
//! One path for every byte from outside. A [`Fetcher`] follows redirects by its own loop and records each hop, decodes
//! content under limits, keeps to the guard (only public addresses), and is polite: every request passes the gate of
//! its host. What comes back is facts and bytes; what they mean is the judge's business. A failure of ours is a
//! [`Fault`] and never a fact.

pub mod facts;

mod body;
mod client;
mod decode;
mod error;
mod guard;
mod headers;
mod limits;
mod politeness;
mod redirect;
mod resolve;
mod robots;
mod settings;
mod undo;
mod visit;

use std::sync::Arc;

use url::Url;

pub use error::Fault;
pub use facts::{BodyFacts, Connections, Facts, Failure, Family, Hop, RobotsFact, Way};
pub use guard::{Guard, is_public};
pub use limits::Limits;
pub use politeness::{
    Busy, Errand, Gate, HostPace, LONGEST_WAIT, Manners, Memory, Pace, Permit, Promise,
    REQUISITE_DELAY, Remembered,
};
pub use resolve::{Lookup, Names, NotAnOverride, ResolveError, ResolveOverride, name_servers};
pub use robots::{Access, Robots};
pub use settings::{PRODUCT, Settings, SetupError, user_agent};
pub use undo::{Undone, undo};
pub use visit::{Accept, Body, Exchange, Fetched, Request, Timing, Validators};

/// Fetches: one for a whole run, shared by all workers.
#[derive(Debug)]
pub struct Fetcher {
    guard: Guard,
    /// The ordinary way out.
    ordinary: Route,
    /// The second vantage.
    vantage: Option<Route>,
    gate: Gate,
    requests: headers::Requests,
    robots: robots::Cache,
    limits: Limits,
    warnings: Vec<String>,
}

/// A way out.
#[derive(Debug)]
struct Route {
    clients: client::Clients,
    resolver: Arc<resolve::Guarded>,
    by_proxy: bool,
    /// The name of the proxy, where names of sources are looked up here on its behalf.
    own_proxy_name: Option<String>,
    /// What it is called in facts, where it is not the ordinary one.
    vantage: Option<String>,
}

impl Route {
    fn new(
        settings: &Settings,
        tls: &rustls::ClientConfig,
        lookup: Arc<dyn Lookup>,
        proxy: Option<&Url>,
    ) -> Result<Self, SetupError> {
        let resolver = Arc::new(resolve::Guarded {
            lookup,
            guard: Guard::new(settings.allow_private.clone()),
            overrides: settings.resolve.clone(),
            proxy_host: proxy.and_then(settings::host_name),
            timeout: settings.limits.resolve,
            at_most: settings.limits.addresses,
        });
        Ok(Self {
            clients: client::build(settings, tls, &resolver, proxy)?,
            resolver,
            by_proxy: proxy.is_some(),
            own_proxy_name: proxy
                .filter(|proxy| proxy.scheme() == "socks5")
                .and_then(settings::host_name),
            vantage: None,
        })
    }
}

impl Fetcher {
    /// A fetcher that asks the machine's own name servers.
    pub fn new(settings: &Settings) -> Result<Self, SetupError> {
        let system =
            resolve::System::new().map_err(|error| SetupError::Resolver(error.to_string()))?;
        Self::with_lookup(settings, Arc::new(system))
    }

    /// A fetcher that looks names up by other means.
    pub fn with_lookup(settings: &Settings, lookup: Arc<dyn Lookup>) -> Result<Self, SetupError> {
        let mut warnings = Vec::new();
        let tls = client::tls(settings, &mut warnings)?;
        let ordinary = Route::new(settings, &tls, Arc::clone(&lookup), settings.proxy.as_ref())?;
        let vantage = match &settings.second_vantage {
            Some(proxy) => Some(Route {
                vantage: Some(settings::vantage_name(proxy)),
                ..Route::new(settings, &tls, lookup, Some(proxy))?
            }),
            None => None,
        };
        Ok(Self {
            guard: Guard::new(settings.allow_private.clone()),
            ordinary,
            vantage,
            gate: Gate::new(settings.manners.clone()),
            requests: headers::Requests::new(settings)?,
            robots: robots::Cache::default(),
            limits: settings.limits.clone(),
            warnings,
        })
    }

    /// What the user should be told about how this fetcher was set up.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// What the second vantage is called, where there is one; without credentials.
    pub fn vantage(&self) -> Option<&str> {
        self.vantage.as_ref()?.vantage.as_deref()
    }

    /// The way out of a request.
    fn route(&self, request: &Request) -> &Route {
        let vantage = self.vantage.as_ref().filter(|_| request.by_vantage);
        vantage.unwrap_or(&self.ordinary)
    }

    /// The gate that every request of this fetcher passes.
    pub fn gate(&self) -> &Gate {
        &self.gate
    }

    /// Makes one visit, with all its redirects. The future may be dropped at any time; its connections are closed then.
    pub async fn get(&self, request: &Request) -> Result<Fetched, Fault> {
        redirect::follow(self, request, self.limits.redirects).await
    }

    /// The robots.txt rules that apply to an address, fetched at most once a day for each origin. A crawl delay in
    /// them is set at the gate.
    pub async fn robots(&self, url: &Url) -> Result<Arc<Robots>, Fault> {
        robots::of(self, url).await
    }

    /// How many addresses a name leads to that may be asked, given by hand or by the name servers.
    ///
    /// # Errors
    /// When there is none, or nobody could be asked.
    pub async fn look_up(&self, name: &str) -> Result<usize, ResolveError> {
        Ok(self.ordinary.resolver.addresses(name).await?.len())
    }

    /// Who serves the name of an address's host. `None` where that is not known: nothing is asked under a proxy, or where
    /// addresses are given by hand.
    pub async fn names(&self, url: &Url) -> Option<Names> {
        if self.ordinary.by_proxy {
            return None;
        }
        let host = url.domain()?.to_ascii_lowercase();
        let host = host.trim_end_matches('.');
        let site = crate::address::site(host);
        self.ordinary.resolver.names(host, site).await
    }

    /// Whether an address may be asked as far as it can be known without a resolver: the first of the guard's three
    /// places.
    fn may_ask(&self, route: &Route, url: &Url) -> bool {
        let Some(name) = url.domain() else {
            return self.guard.allows_literal(url);
        };
        if route.resolver.override_for(name).is_some() {
            return true;
        }
        // The proxy's own name passes the resolver, or there would be no proxy; so it must not be a source's too.
        let is_own_proxy = route.own_proxy_name.as_deref() == Some(name.trim_end_matches('.'));
        self.guard.allows_literal(url) && !is_own_proxy
    }

    /// Whether the one who answered may have been asked: the last of the guard's three places.
    fn may_answer(&self, route: &Route, url: &Url, response: &reqwest::Response) -> bool {
        if route.by_proxy {
            return true;
        }
        let Some(peer) = response.remote_addr() else {
            return true;
        };
        self.guard.allows(peer.ip())
            || url.domain().is_some_and(|name| {
                route
                    .resolver
                    .override_for(name)
                    .is_some_and(|given| given.ip == peer.ip())
            })
    }
}
