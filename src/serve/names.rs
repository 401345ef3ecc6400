//! By which names the two listeners may be asked, and what each calls the other.
//!
//! Whoever is asked by a name that is not its own was led there by somebody (DNS rebinding): a page of theirs whose name now leads to this
//! machine, and which may read what it gets. Numbers lead nowhere else than they say, so they are no danger.

use std::net::{IpAddr, SocketAddr};

use crate::config::WebOrigin;

/// Where one of the two is heard, and what it is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Origin {
    at: SocketAddr,
    /// What browsers call it, where something stands before it.
    named: Option<WebOrigin>,
}

impl Origin {
    pub(super) fn new(at: SocketAddr, named: Option<WebOrigin>) -> Self {
        Self { at, named }
    }

    /// Where it is heard.
    pub(super) fn at(&self) -> SocketAddr {
        self.at
    }

    /// Its address with the port, and the name of this machine where it is heard there.
    fn hosts(&self) -> [String; 2] {
        let port = self.at.port();
        let (number, name) = (self.at.to_string(), format!("localhost:{port}"));
        // What a page may load can only be said of names, and of numbers of the old kind.
        if self.at.is_ipv6() {
            [name, number]
        } else {
            [number, name]
        }
    }

    /// Whether a request for this host is meant for it.
    pub(super) fn is(&self, host: &str) -> bool {
        if self.is_named(host) {
            return true;
        }
        let port = self.at.port();
        let host = if port == 80 && !has_port(host) {
            format!("{host}:80")
        } else {
            host.to_owned()
        };
        let ip = self.at.ip();
        if ip.is_loopback() {
            return self
                .hosts()
                .iter()
                .any(|own| own.eq_ignore_ascii_case(&host));
        }
        let is_number = host.parse::<SocketAddr>().is_ok_and(|at| at.port() == port);
        let is_here = host.eq_ignore_ascii_case(&format!("localhost:{port}"));
        is_number || ip.is_unspecified() && is_here
    }

    fn is_named(&self, host: &str) -> bool {
        let named = self.named.as_ref();
        named.is_some_and(|named| named.host.eq_ignore_ascii_case(host))
    }

    /// How it is told.
    pub(super) fn told(&self) -> String {
        match &self.named {
            Some(named) => named.to_string(),
            None => format!("http://{}", self.hosts()[0]),
        }
    }

    /// Its own origin, as a browser calls it that asks it by this host.
    pub(super) fn called(&self, host: &str) -> String {
        match &self.named {
            Some(named) if self.is_named(host) => named.to_string(),
            _ => format!("http://{}", host.to_ascii_lowercase()),
        }
    }

    /// How it is called by who calls `other` by this host.
    pub(super) fn beside(&self, other: &Self, host: &str) -> String {
        if let Some(named) = &self.named
            && (other.is_named(host) || other.named.is_none())
        {
            return named.to_string();
        }
        let name = match host.rsplit_once(':') {
            Some((name, _)) if has_port(host) => name,
            _ => host,
        };
        let is_name = name.eq_ignore_ascii_case("localhost");
        let is_loopback = name
            .trim_start_matches('[')
            .trim_end_matches(']')
            .parse::<IpAddr>()
            .is_ok_and(|ip| ip.is_loopback());
        if self.at.ip().is_loopback() && (is_name || is_loopback) {
            let [told, beside] = self.hosts();
            let is_told = is_name == told.starts_with("localhost") || self.at.is_ipv6();
            return format!("http://{}", if is_told { told } else { beside });
        }
        if self.at.ip().is_loopback() {
            return self.told();
        }
        format!("http://{name}:{}", self.at.port())
    }

    /// Whether its cookies are only to be sent over TLS, when it is asked by this host.
    pub(super) fn is_secure(&self, host: &str) -> bool {
        let named = self.named.as_ref();
        self.is_named(host) && named.is_some_and(|named| named.is_tls)
    }
}

/// Whether a host names a port.
fn has_port(host: &str) -> bool {
    let end = host.rsplit_once(':').map(|(_, end)| end);
    end.is_some_and(|end| !end.is_empty() && end.bytes().all(|byte| byte.is_ascii_digit()))
        && (!host.starts_with('[') || host.contains("]:"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(at: &str) -> Origin {
        Origin::new(at.parse().unwrap(), None)
    }

    fn named(place: &str, name: &str) -> Origin {
        Origin::new(place.parse().unwrap(), Some(name.parse().unwrap()))
    }

    #[test]
    fn names_of_this_machine_are_told_from_all_others() {
        let origin = at("127.0.0.1:8627");
        for own in ["127.0.0.1:8627", "localhost:8627", "LocalHost:8627"] {
            assert!(origin.is(own), "{own}");
        }
        for other in [
            "",
            "localhost",
            "127.0.0.1",
            "127.0.0.1:8628",
            "localhost.:8627",
            "evil.test:8627",
            "127.0.0.1:8627.evil.test",
            "[::1]:8627",
        ] {
            assert!(!origin.is(other), "{other}");
        }
        assert!(at("127.0.0.1:80").is("localhost"));
    }

    #[test]
    fn whoever_listens_to_all_is_asked_by_numbers_and_by_the_name_that_was_given() {
        let origin = named("0.0.0.0:8627", "https://archive.example");
        for own in [
            "archive.example",
            "Archive.Example",
            "10.1.2.3:8627",
            "localhost:8627",
            "[fd00::1]:8627",
        ] {
            assert!(origin.is(own), "{own}");
        }
        for other in [
            "",
            "evil.test",
            "evil.test:8627",
            "10.1.2.3:80",
            "10.1.2.3",
            "archive.example:8627",
        ] {
            assert!(!origin.is(other), "{other}");
        }
        assert!(!at("192.0.2.1:8627").is("localhost:8627"));
    }

    #[test]
    fn one_is_called_as_the_other_is() {
        let (old, new) = (at("127.0.0.1:1"), at("[::1]:2"));
        assert_eq!(old.beside(&new, "localhost:2"), "http://localhost:1");
        assert_eq!(old.beside(&new, "127.0.0.1:2"), "http://127.0.0.1:1");
        assert_eq!(new.beside(&old, "127.0.0.1:1"), "http://localhost:2");
        assert_eq!(new.told(), "http://localhost:2");
        let (ui, copies) = (at("0.0.0.0:1"), at("0.0.0.0:2"));
        assert_eq!(copies.beside(&ui, "10.1.2.3:1"), "http://10.1.2.3:2");
        let ui = named("127.0.0.1:1", "https://archive.example");
        let copies = named("127.0.0.1:2", "https://copies.example");
        assert_eq!(
            copies.beside(&ui, "archive.example"),
            "https://copies.example"
        );
        assert_eq!(copies.beside(&ui, "127.0.0.1:1"), "http://127.0.0.1:2");
        assert_eq!(
            ui.beside(&copies, "copies.example"),
            "https://archive.example"
        );
        assert!(ui.is_secure("archive.example") && !ui.is_secure("127.0.0.1:1"));
        assert_eq!(ui.called("Archive.example"), "https://archive.example");
    }
}
