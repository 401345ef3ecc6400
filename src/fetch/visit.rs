//! What is asked of a [`super::Fetcher`], and what it answers.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use url::Url;

use super::facts::{Connections, Facts, Way};
use super::politeness::Errand;

/// A server that wants more than this is taken to want this: 30 days, the longest pause between two visits.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(30 * 24 * 3600);

/// What sort of answer is preferred.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Accept {
    /// A page.
    #[default]
    Page,
    /// A feed.
    Feed,
    /// Whatever there is: requisites, robots.txt, files.
    Any,
}

/// What we hold of an earlier body, so that the server need not send it again (RFC 9110, section 13).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Validators {
    /// The address of the hop that sent the body; they are sent on that hop and on no other.
    pub url: Url,
    /// Its `ETag` as it came, quotes and `W/` included.
    pub etag: Option<String>,
    /// Its `Last-Modified` as it came.
    pub last_modified: Option<String>,
}

/// One visit to be made.
#[derive(Debug, Clone)]
pub struct Request {
    /// The address; a fragment is never sent.
    pub url: Url,
    /// Validators of the last fine body; never sent by [`Way::Browser`].
    pub validators: Option<Validators>,
    /// By which way.
    pub way: Way,
    /// Over which connections.
    pub connections: Connections,
    /// Whether it goes by the second vantage; by the ordinary way where there is none.
    pub by_vantage: bool,
    /// What sort of answer is preferred.
    pub accept: Accept,
    /// Bytes of the body as sent that are taken, twice as many once decoded; the limit for visits where there is none.
    pub body_limit: Option<u64>,
    /// What the host is asked for.
    pub errand: Errand,
    /// The page that needs it. Its origin is told to those who are asked (`Referer`), as browsers do: some hosts show their
    /// pictures to nobody else.
    pub needed_by: Option<Url>,
}

impl Request {
    /// An ordinary, unconditional visit to a page.
    pub fn page(url: Url) -> Self {
        Self {
            url,
            validators: None,
            way: Way::Plain,
            connections: Connections::Kept,
            by_vantage: false,
            accept: Accept::Page,
            body_limit: None,
            errand: Errand::Visit,
            needed_by: None,
        }
    }

    /// What a page needs to be shown.
    pub fn requisite(url: Url, page: Url) -> Self {
        Self {
            accept: Accept::Any,
            errand: Errand::Requisite,
            needed_by: Some(page),
            ..Self::page(url)
        }
    }
}

/// What came of a visit.
#[derive(Debug, Clone)]
pub struct Fetched {
    /// What does not change as long as the source does not: stored with the visit.
    pub facts: Facts,
    /// Every request that was answered, in order.
    pub exchanges: Vec<Exchange>,
    /// The body of the last hop, decoded; what came of it where it was cut short.
    pub body: Option<Body>,
    /// How long it took.
    pub timing: Timing,
    /// Who answered last; the proxy's address under a proxy.
    pub peer: Option<SocketAddr>,
    /// How long the host of the last answer is left alone from now on, because it refused (429, 503).
    pub pause: Option<Duration>,
}

impl Fetched {
    /// The address of the last hop, where there was one.
    pub fn final_url(&self) -> Option<&str> {
        self.facts.hops.last().map(|hop| hop.url.as_str())
    }
}

/// One request and the head of its response, as far as the client shows them: the case and the order of header names
/// are lost in it.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// What was asked for.
    pub url: Url,
    /// The method.
    pub method: &'static str,
    /// The headers that were sent, in lower case.
    pub request_headers: Vec<(String, String)>,
    /// The status code.
    pub status: u16,
    /// `HTTP/1.0`, `HTTP/1.1` or `HTTP/2`.
    pub protocol: &'static str,
    /// All headers that came, in lower case; bytes beyond ASCII as Latin-1.
    pub response_headers: Vec<(String, String)>,
    /// Who answered.
    pub peer: Option<SocketAddr>,
    /// When the request began, in milliseconds since the visit did.
    pub offset_ms: u64,
}

impl Exchange {
    /// How long the server wants to be left alone (`Retry-After`, RFC 9110, section 10.2.3). A date counts from the
    /// response's own `Date`, so that nobody's clock matters. At most 30 days.
    pub fn retry_after(&self) -> Option<Duration> {
        let wanted = self.response_header("retry-after")?.trim();
        if let Ok(seconds) = wanted.parse::<u64>() {
            return Some(Duration::from_secs(seconds).min(LONGEST_RETRY_AFTER));
        }
        let date = |text: &str| jiff::fmt::rfc2822::parse(text).ok();
        let until = date(wanted)?.timestamp();
        let now = date(self.response_header("date")?)?.timestamp();
        let wait = Duration::try_from(until.duration_since(now)).ok()?;
        Some(wait.min(LONGEST_RETRY_AFTER))
    }

    /// The first value of a response header, by its name in lower case.
    pub fn response_header(&self, name: &str) -> Option<&str> {
        self.response_headers
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, value)| value.as_str())
    }
}

/// A body after content decoding.
#[derive(Debug, Clone)]
pub struct Body {
    /// The bytes.
    pub bytes: Bytes,
    /// What the server calls it, in lower case, without parameters: `text/html`.
    pub media_type: Option<String>,
    /// Whether the rest is missing; why stands in the facts.
    pub truncated: bool,
}

/// How long a visit took, in milliseconds; waiting at the gate does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Timing {
    /// All of it.
    pub elapsed_ms: u64,
    /// Until the head of the last response.
    pub first_byte_ms: Option<u64>,
}
