//! What a visit saw, as data: written once, never changed, enough to judge again later.
//!
//! Facts hold only what would be the same if nothing had changed: no `Date`, no timings, no request numbers. Equal
//! facts are stored once.

use serde::{Deserialize, Serialize};

/// By which way a source was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// An ordinary visit under our own name.
    #[default]
    Plain,
    /// A second look: the headers of an ordinary browser, a connection of its own, and another version of HTTP where
    /// there is one.
    Browser,
}

/// Everything a visit learned about an address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// By which way.
    pub way: Way,
    /// From where, where that was not the ordinary place: the proxy of the second vantage, without credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vantage: Option<String>,
    /// Each request and what answered it, in order; empty when the first was not answered.
    pub hops: Vec<Hop>,
    /// What went wrong, if anything did; the hop it happened on is `url`. A body that was cut short or could not be
    /// decoded is a failure too, and what came of it is in `body`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// The body of the last hop, if one came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<BodyFacts>,
    /// What robots.txt says of the address that was asked for, where it was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub robots: Option<RobotsFact>,
    /// Of a page that is an empty shell until a script fills it: SHA-256, in hex, of the text that stood in it when a browser
    /// had shown it. The page is judged by that then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rendered: Option<String>,
}

impl Facts {
    /// What tells whether the page says what it said before: a digest of its text where a browser had to show it, else of its
    /// body.
    pub fn says(&self) -> Option<&str> {
        let body = self.body.as_ref().map(|body| body.sha256.as_str());
        self.rendered.as_deref().or(body)
    }

    /// Over which connections to look a second time after a look that saw this.
    ///
    /// Where HTTP/2 answered, or was offered and nobody answered, HTTP/1.1 is another way. Where HTTP/1 answered, it is
    /// a new connection, on which the server may choose HTTP/2.
    pub fn second_look(&self) -> Connections {
        let is_answered = match (&self.failure, self.hops.last()) {
            (Some(failure), Some(last)) => failure.url == last.url,
            (None, Some(_)) => true,
            (_, None) => false,
        };
        if is_answered && self.hops.iter().all(|hop| hop.protocol != "HTTP/2") {
            Connections::Fresh
        } else {
            Connections::FreshHttp1
        }
    }
}

/// Which connections a visit goes over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Connections {
    /// Kept ones where there are any, else new ones; HTTP/2 where the server can.
    #[default]
    Kept,
    /// A new one for each request; HTTP/2 where the server can.
    Fresh,
    /// A new one for each request, and HTTP/1.1 only.
    FreshHttp1,
}

/// One answered request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hop {
    /// What was asked for. A fragment stays here, inherited over redirects (RFC 9110, section 10.2.2), and is not sent.
    pub url: String,
    /// The status code.
    pub status: u16,
    /// `HTTP/1.0`, `HTTP/1.1` or `HTTP/2`.
    pub protocol: String,
    /// Response headers that matter to a judge (RFC 9110 and provider marks), in lower case, sorted by name; bytes
    /// beyond ASCII as Latin-1. A `Retry-After` is here only if it is in seconds: as a date it moves with the clock.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
    /// SHA-256 of the server's certificate, in hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
}

impl Hop {
    /// The first value of a header, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, value)| value.as_str())
    }
}

/// What went wrong on the way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Which family of errors.
    pub family: Family,
    /// The address of the hop on which it happened.
    pub url: String,
    /// In words, the same words for the same cause (no addresses, no numbers that change).
    pub detail: String,
}

/// Families of errors, as a verdict tells them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    /// The name does not exist, or has no address (NXDOMAIN, NODATA).
    NoSuchHost,
    /// The name servers did not answer usefully (SERVFAIL, REFUSED, timeout).
    DnsTrouble,
    /// Refused, reset, unreachable.
    Connection,
    /// Too slow: connecting, answering, or sending.
    Timeout,
    /// The certificate is no longer, or not yet, valid.
    TlsExpired,
    /// The certificate is for another name.
    TlsName,
    /// The certificate's issuer is not trusted, or the chain is incomplete.
    TlsIssuer,
    /// Any other failure of the handshake.
    TlsOther,
    /// Not HTTP, or broken HTTP: bad chunks, a body cut short, a content coding that cannot be undone.
    Protocol,
    /// More redirects than are followed, or a circle.
    RedirectLoop,
    /// A redirect to an address that cannot be taken (or such an address to begin with).
    BadRedirect,
    /// More bytes than are taken.
    TooLarge,
    /// The address, or all that its name resolves to, is not public, or the port is one that no browser asks; no byte
    /// was sent.
    Forbidden,
    /// The proxy failed, not the source.
    Proxy,
}

impl Family {
    /// The stable name, in kebab-case, as facts are stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoSuchHost => "no-such-host",
            Self::DnsTrouble => "dns-trouble",
            Self::Connection => "connection",
            Self::Timeout => "timeout",
            Self::TlsExpired => "tls-expired",
            Self::TlsName => "tls-name",
            Self::TlsIssuer => "tls-issuer",
            Self::TlsOther => "tls-other",
            Self::Protocol => "protocol",
            Self::RedirectLoop => "redirect-loop",
            Self::BadRedirect => "bad-redirect",
            Self::TooLarge => "too-large",
            Self::Forbidden => "forbidden",
            Self::Proxy => "proxy",
        }
    }
}

/// What is known of a body apart from its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BodyFacts {
    /// SHA-256 of the payload after content decoding, in hex: the key of the stored blob.
    pub sha256: String,
    /// Bytes after content decoding.
    pub size: u64,
    /// SHA-256 of the payload as served (transfer coding removed, content coding kept), in hex.
    pub served_sha256: String,
    /// SHA-1 of the payload as served, in base32, as the Wayback Machine's CDX has it.
    pub served_sha1: String,
    /// Bytes as served.
    pub served_size: u64,
    /// Why the rest is missing, if it is: `length`, `time`, `disconnect`, or `unspecified` where the content coding is
    /// broken (WARC 1.1, `WARC-Truncated`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub truncated: Option<String>,
}

/// What robots.txt said (RFC 9309).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RobotsFact {
    /// It allows us, or there is none.
    Allowed,
    /// It does not.
    Disallowed,
    /// It could not be had (5xx, no connection): to be read as "disallowed" for now.
    Unreachable,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(protocols: &[&str], failed_at: Option<&str>) -> Facts {
        let hops = protocols.iter().zip(0..).map(|(protocol, nth)| Hop {
            url: format!("https://a.test/{nth}"),
            status: 404,
            protocol: (*protocol).to_owned(),
            headers: vec![],
            certificate: None,
        });
        Facts {
            way: Way::Plain,
            vantage: None,
            hops: hops.collect(),
            failure: failed_at.map(|url| Failure {
                family: Family::Protocol,
                url: url.to_owned(),
                detail: "broken".to_owned(),
            }),
            body: None,
            robots: None,
            rendered: None,
        }
    }

    #[test]
    fn the_second_look_goes_over_what_the_first_did_not() {
        use Connections::{Fresh, FreshHttp1};
        for (protocols, failed_at, expected) in [
            (&["HTTP/2"][..], None, FreshHttp1),
            (&["HTTP/1.1", "HTTP/2"], None, FreshHttp1),
            (&["HTTP/1.1"], None, Fresh),
            (&["HTTP/1.0", "HTTP/1.1"], None, Fresh),
            // Its body was cut short.
            (&["HTTP/1.1"], Some("https://a.test/0"), Fresh),
            (&["HTTP/2"], Some("https://a.test/0"), FreshHttp1),
            // Nobody answered where the redirect led.
            (&["HTTP/1.1"], Some("https://a.test/1"), FreshHttp1),
            (&[], Some("https://a.test/0"), FreshHttp1),
        ] {
            let found = facts(protocols, failed_at).second_look();
            assert_eq!(found, expected, "{protocols:?} {failed_at:?}");
        }
    }

    /// Facts of before there were vantages are read, and are stored as they were.
    #[test]
    fn facts_without_a_vantage_are_as_before() {
        let old = r#"{"way":"browser","hops":[{"url":"https://a.test/","status":404,"protocol":"HTTP/1.1"}]}"#;
        let facts: Facts = serde_json::from_str(old).unwrap();
        assert_eq!(facts.vantage, None);
        assert_eq!(serde_json::to_string(&facts).unwrap(), old);
    }
}
