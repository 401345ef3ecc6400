//! What a user decides about fetching.

use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;
use url::Url;

use super::limits::Limits;
use super::politeness::{Manners, Pace};
use super::resolve::ResolveOverride;

/// The name by which robots.txt files may address us (RFC 9309, section 2.2.1).
pub const PRODUCT: &str = "sourcekeep";

/// The User-Agent header under which we go, with an address under which somebody can be reached, where there is one.
pub fn user_agent(contact: Option<&str>) -> String {
    let version = env!("CARGO_PKG_VERSION");
    match contact {
        Some(contact) => format!("Mozilla/5.0 (compatible; {PRODUCT}/{version}; +{contact})"),
        None => format!("Mozilla/5.0 (compatible; {PRODUCT}/{version})"),
    }
}

/// Settings of a [`super::Fetcher`].
#[derive(Debug, Clone)]
pub struct Settings {
    /// The User-Agent header.
    pub user_agent: String,
    /// The Accept-Language header, the same at every visit: a page in another language is another page.
    pub accept_language: String,
    /// How many requests may run at once, and how far apart they start.
    pub manners: Manners,
    /// Ranges of addresses that may be asked although they are not public.
    pub allow_private: Vec<IpNet>,
    /// Answers that are given by hand instead of by name servers.
    pub resolve: Vec<ResolveOverride>,
    /// A proxy: `http`, `https`, `socks5` (names are looked up here) or `socks5h` (names are looked up there).
    pub proxy: Option<Url>,
    /// A proxy as a second vantage: requests that ask for it go through this one and not through the other.
    pub second_vantage: Option<Url>,
    /// Certificates of authorities that are trusted besides the platform's, as PEM.
    pub ca_pem: Option<Vec<u8>>,
    /// How much is taken from strangers.
    pub limits: Limits,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            user_agent: user_agent(None),
            accept_language: "en;q=0.9, *;q=0.5".to_owned(),
            manners: Manners::ordinary(
                64,
                Pace {
                    concurrency: 2,
                    delay: Duration::from_secs(1),
                },
            ),
            allow_private: Vec::new(),
            resolve: Vec::new(),
            proxy: None,
            second_vantage: None,
            ca_pem: None,
            limits: Limits::default(),
        }
    }
}

/// Why a fetcher could not be made.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The proxy's address cannot be used.
    #[error("cannot use the proxy {proxy}: {reason}")]
    Proxy {
        /// The address, without credentials.
        proxy: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The file with additional authorities is not what it should be.
    #[error("cannot use the additional certificate authorities: {0}")]
    Authorities(String),
    /// A value cannot be sent as a header.
    #[error("the value of {0} cannot be sent as a header: only visible ASCII and spaces can")]
    Header(&'static str),
    /// The TLS library or the client could not be started.
    #[error("cannot set up the HTTP client: {0}")]
    Client(String),
    /// The resolver could not be started.
    #[error("cannot set up the resolver: {0}")]
    Resolver(String),
}

/// What a vantage is called: its proxy's address, without credentials and whatever else may be secret in it.
pub(crate) fn vantage_name(proxy: &Url) -> String {
    let (scheme, host) = (proxy.scheme(), proxy.host_str().unwrap_or_default());
    match proxy.port_or_known_default() {
        Some(port) => format!("{scheme}://{host}:{port}"),
        None => format!("{scheme}://{host}"),
    }
}

/// A proxy's own host in lower case and without the root's dot, unless it is an IP literal.
pub(crate) fn host_name(proxy: &Url) -> Option<String> {
    let host = proxy.host_str()?.trim_end_matches('.');
    (host.parse::<IpAddr>().is_err() && !host.starts_with('[')).then(|| host.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_vantage_holds_no_secret() {
        for (address, name) in [
            (
                "socks5h://me:secret@127.0.0.1:9050",
                "socks5h://127.0.0.1:9050",
            ),
            ("socks5://vantage.test", "socks5://vantage.test"),
            (
                "http://secret@vantage.test/secret?secret#secret",
                "http://vantage.test:80",
            ),
            ("https://[::1]:8443/", "https://[::1]:8443"),
        ] {
            assert_eq!(vantage_name(&Url::parse(address).unwrap()), name);
        }
    }
}
