//! A visit: one request after another until there is an answer that leads nowhere else.
//!
//! The client follows no redirects, so each hop can be guarded, waited for, and recorded. Cookies live as long as one
//! chain: without them, consent and login walls lead in a circle and live pages look dead. A circle is the same
//! address asked with the same cookies twice.

use std::collections::HashSet;

use cookie_store::CookieStore;
use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};
use reqwest::tls::TlsInfo;
use reqwest::{Method, Response, StatusCode, Version};
use sha2::{Digest, Sha256};
use tokio::time::{Duration, Instant, timeout};
use url::Url;

use super::body;
use super::error::{Fault, Trouble, classify, may_be_sent_again};
use super::facts::{Connections, Facts, Failure, Family, Hop, Way};
use super::guard::is_web_port;
use super::headers;
use super::politeness::{LONGEST_WAIT, Permit};
use super::visit::{Body, Exchange, Fetched, Request, Timing};
use super::{Fetcher, Route};
use crate::address;

/// Bytes of cookies that are sent; more than that no browser keeps for one site either.
const COOKIE_BYTES: usize = 8 * 1024;

/// The longest wait within a visit, for the host that a redirect leads to or to ask once more: meanwhile the visit keeps a
/// place that another could use.
const PATIENCE_UNDER_WAY: Duration = Duration::from_secs(15);

/// A chain under way.
struct Chain<'a> {
    fetcher: &'a Fetcher,
    request: &'a Request,
    route: &'a Route,
    redirects: usize,
    facts: Facts,
    exchanges: Vec<Exchange>,
    cookies: Option<CookieStore>,
    /// What was asked already, with which cookies.
    asked: HashSet<(Url, Option<String>)>,
    /// Time spent on requests, without waiting at the gate.
    spent: Duration,
    /// Time that the present request waited at the gate after it had begun.
    waited: Duration,
    first_byte: Option<Duration>,
    /// How long the host that answered last is left alone, because it refused.
    pause: Option<Duration>,
}

enum Step {
    Next(Url),
    Done(Option<Body>),
}

/// Makes a visit, following at most this many redirects.
pub(crate) async fn follow(
    fetcher: &Fetcher,
    request: &Request,
    redirects: usize,
) -> Result<Fetched, Fault> {
    let route = fetcher.route(request);
    let mut chain = Chain {
        fetcher,
        request,
        route,
        redirects,
        facts: Facts {
            way: request.way,
            vantage: route.vantage.clone(),
            hops: Vec::with_capacity(1),
            failure: None,
            body: None,
            robots: None,
            rendered: None,
        },
        exchanges: Vec::with_capacity(1),
        cookies: None,
        asked: HashSet::new(),
        spent: Duration::ZERO,
        waited: Duration::ZERO,
        first_byte: None,
        pause: None,
    };
    // Addresses of sources went through the same parser; this is for those that did not, so that credentials in
    // them are never sent, and other schemes never tried.
    let mut step = match address::parse(request.url.as_str(), None) {
        Ok(url) => Step::Next(url),
        Err(rejected) => chain.reject(&request.url, rejected, "address"),
    };
    let body = loop {
        match step {
            Step::Next(url) => step = chain.step(&url).await?,
            Step::Done(body) => break body,
        }
    };
    Ok(Fetched {
        peer: chain.exchanges.last().and_then(|exchange| exchange.peer),
        timing: Timing {
            elapsed_ms: millis(chain.spent),
            first_byte_ms: chain.first_byte.map(millis),
        },
        facts: chain.facts,
        exchanges: chain.exchanges,
        body,
        pause: chain.pause,
    })
}

impl Chain<'_> {
    async fn step(&mut self, url: &Url) -> Result<Step, Fault> {
        if !self.fetcher.may_ask(self.route, url) {
            return Ok(self.fail(url, Family::Forbidden, "the address is not public"));
        }
        if !is_web_port(url) {
            return Ok(self.fail(url, Family::Forbidden, "the port is not one for pages"));
        }
        // With the root's dot at its end or without, it is the same host.
        let host = url.host_str().unwrap_or_default().trim_end_matches('.');
        let patience = if self.facts.hops.is_empty() {
            LONGEST_WAIT
        } else {
            PATIENCE_UNDER_WAY
        };
        let mut permit = self
            .fetcher
            .gate
            .enter_for(host, self.request.errand, patience)
            .await
            .map_err(|busy| Fault::busy(host, busy))?;
        self.waited = Duration::ZERO;
        let begun = Instant::now();
        let left = self.fetcher.limits.total.saturating_sub(self.spent);
        let step = self.hop(url, &mut permit, begun, begun + left).await;
        self.spent += begun.elapsed().saturating_sub(self.waited);
        step
    }

    async fn hop(
        &mut self,
        url: &Url,
        permit: &mut Permit,
        begun: Instant,
        deadline: Instant,
    ) -> Result<Step, Fault> {
        let headers = self.headers(url);
        let mut response = match self.send(url, &headers, permit, deadline).await? {
            Ok(response) => response,
            Err(trouble) => return Ok(self.fail(url, trouble.family, trouble.detail)),
        };
        let (begun, deadline) = (begun + self.waited, deadline + self.waited);
        if !self.fetcher.may_answer(self.route, url, &response) {
            return Ok(self.fail(
                url,
                Family::Forbidden,
                "the address that answered is not public",
            ));
        }
        self.first_byte = Some(self.spent + begun.elapsed());
        self.record(url, &headers, &response);
        if headers::size(response.headers()) > self.fetcher.limits.header_bytes {
            return Ok(self.fail(url, Family::Protocol, "the head of the answer is too large"));
        }
        if let Some(detail) = self.proxy_trouble(&response) {
            return Ok(self.fail(url, Family::Proxy, detail));
        }
        let asked = self.exchanges.last().and_then(Exchange::retry_after);
        self.pause = permit.answered(response.status().as_u16(), asked);
        self.keep_cookies(url, &response);
        if is_redirect(response.status())
            && let Some(location) = response.headers().get(header::LOCATION)
        {
            return Ok(self.redirect(url, &headers, location));
        }
        if response.status() == StatusCode::NOT_MODIFIED {
            let was_asked = headers.contains_key(header::IF_NONE_MATCH)
                || headers.contains_key(header::IF_MODIFIED_SINCE);
            return Ok(if was_asked {
                Step::Done(None)
            } else {
                self.fail(url, Family::Protocol, "304 to a request without conditions")
            });
        }
        if response.status() == StatusCode::NO_CONTENT {
            return Ok(Step::Done(None));
        }
        self.body(url, &mut response, deadline).await
    }

    /// Sends the request, and once more, on a new connection, where a kept one was closed under it.
    async fn send(
        &mut self,
        url: &Url,
        headers: &HeaderMap,
        permit: &mut Permit,
        deadline: Instant,
    ) -> Result<Result<Response, Trouble>, Fault> {
        let limits = &self.fetcher.limits;
        let by_proxy = self.route.by_proxy;
        let connections = self.request.connections;
        // A connection of its own is no old one.
        let is_warm = permit.is_warm() && connections == Connections::Kept;
        let mut is_again = false;
        loop {
            let mut request = reqwest::Request::new(Method::GET, url.clone());
            *request.headers_mut() = headers.clone();
            let left = (deadline + self.waited).saturating_duration_since(Instant::now());
            let client = self.route.clients.of(connections, is_again);
            match timeout(limits.first_byte.min(left), client.execute(request)).await {
                Ok(Ok(response)) => return Ok(Ok(response)),
                Ok(Err(error)) if !is_again && may_be_sent_again(&error, is_warm) => {
                    is_again = true;
                    // The host may have counted the one that it did not answer.
                    let since = Instant::now();
                    let host = url.host_str().unwrap_or_default();
                    let again = permit.again(PATIENCE_UNDER_WAY).await;
                    again.map_err(|busy| Fault::busy(host, busy))?;
                    self.waited = since.elapsed();
                }
                Ok(Err(error)) => return classify(&error, by_proxy).map(Err),
                Err(_) => {
                    let detail = "no answer in time";
                    return Ok(Err(Trouble::new(Family::Timeout, detail)));
                }
            }
        }
    }

    /// What is sent to this address: the same for each visit, but for validators and the chain's cookies.
    fn headers(&self, url: &Url) -> HeaderMap {
        let request = self.request;
        let mut headers = self
            .fetcher
            .requests
            .of(request.way, request.accept)
            .clone();
        if let Some(held) = &request.validators
            && request.way == Way::Plain
            && without_fragment(&held.url) == without_fragment(url)
        {
            let value = |text: &Option<String>| {
                let text = text.as_deref()?;
                // They came as bytes, each of which is one character here.
                let bytes: Option<Vec<u8>> = text.chars().map(|c| u8::try_from(c).ok()).collect();
                HeaderValue::from_bytes(&bytes?).ok()
            };
            if let Some(etag) = value(&held.etag) {
                headers.insert(header::IF_NONE_MATCH, etag);
            }
            if let Some(date) = value(&held.last_modified) {
                headers.insert(header::IF_MODIFIED_SINCE, date);
            }
        }
        if let Some(page) = &request.needed_by
            && (page.scheme() == url.scheme() || url.scheme() == "https")
            && let Ok(origin) =
                HeaderValue::from_str(&format!("{}/", page.origin().ascii_serialization()))
        {
            headers.insert(header::REFERER, origin);
        }
        if let Some(cookies) = self.cookie_header(url) {
            headers.insert(header::COOKIE, cookies);
        }
        headers
    }

    fn cookie_header(&self, url: &Url) -> Option<HeaderValue> {
        let mut text = String::new();
        for (name, value) in self.cookies.as_ref()?.get_request_values(url) {
            if text.len() + name.len() + value.len() > COOKIE_BYTES {
                break;
            }
            if !text.is_empty() {
                text.push_str("; ");
            }
            text.push_str(name);
            text.push('=');
            text.push_str(value);
        }
        if text.is_empty() {
            return None;
        }
        HeaderValue::from_str(&text).ok()
    }

    fn keep_cookies(&mut self, url: &Url, response: &Response) {
        for cookie in response.headers().get_all(header::SET_COOKIE) {
            if let Ok(text) = std::str::from_utf8(cookie.as_bytes()) {
                let cookies = self.cookies.get_or_insert_with(CookieStore::new);
                // A cookie that a browser would refuse is refused here too, and that is all.
                let _ = cookies.parse(text, url);
            }
        }
    }

    fn record(&mut self, url: &Url, sent: &HeaderMap, response: &Response) {
        let protocol = protocol(response.version());
        let certificate = response
            .extensions()
            .get::<TlsInfo>()
            .and_then(TlsInfo::peer_certificate)
            .map(|der| body::hex(&Sha256::digest(der)));
        self.facts.hops.push(Hop {
            url: url.to_string(),
            status: response.status().as_u16(),
            protocol: protocol.to_owned(),
            headers: headers::kept(response.status().as_u16(), response.headers()),
            certificate,
        });
        let mut request_headers = Vec::with_capacity(sent.len() + 1);
        request_headers.push((header::HOST.as_str().to_owned(), authority(url)));
        request_headers.extend(headers::all(sent));
        self.exchanges.push(Exchange {
            url: url.clone(),
            method: "GET",
            request_headers,
            status: response.status().as_u16(),
            protocol,
            response_headers: headers::all(response.headers()),
            peer: response.remote_addr(),
            offset_ms: millis(self.spent),
        });
    }

    /// What the proxy says of itself where it answers in the place of the source.
    fn proxy_trouble(&self, response: &Response) -> Option<&'static str> {
        if !self.route.by_proxy {
            return None;
        }
        let headers = response.headers();
        let is_own = headers.contains_key(HeaderName::from_static("proxy-status"))
            || headers.contains_key(HeaderName::from_static("x-squid-error"));
        match response.status() {
            StatusCode::PROXY_AUTHENTICATION_REQUIRED => Some("the proxy wants a password"),
            StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT
                if is_own =>
            {
                Some("the proxy could not reach the source")
            }
            _ => None,
        }
    }

    fn redirect(&mut self, url: &Url, sent: &HeaderMap, location: &HeaderValue) -> Step {
        let mut next = match address::parse(&location_text(location), Some(url)) {
            Ok(next) => next,
            Err(rejected) => return self.reject(url, rejected, "redirect"),
        };
        // RFC 9110, section 10.2.2: a fragment is inherited unless the new address has its own.
        if next.fragment().is_none() && url.fragment().is_some() {
            next.set_fragment(url.fragment());
        }
        let cookies = sent.get(header::COOKIE);
        let cookies = cookies.and_then(|value| value.to_str().ok().map(str::to_owned));
        self.asked.insert((without_fragment(url), cookies));
        let next_cookies = self.cookie_header(&next);
        let next_cookies = next_cookies.and_then(|value| value.to_str().ok().map(str::to_owned));
        if self
            .asked
            .contains(&(without_fragment(&next), next_cookies))
        {
            return self.fail(url, Family::RedirectLoop, "redirects lead in a circle");
        }
        if self.facts.hops.len() > self.redirects {
            return self.fail(
                url,
                Family::RedirectLoop,
                "more redirects than are followed",
            );
        }
        Step::Next(next)
    }

    async fn body(
        &mut self,
        url: &Url,
        response: &mut Response,
        deadline: Instant,
    ) -> Result<Step, Fault> {
        let media_type = response
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|value| media_type(value.as_bytes()));
        let fetcher = self.fetcher;
        let limit = self.request.body_limit;
        let taken = body::take(
            response,
            &fetcher.limits,
            limit,
            deadline,
            self.route.by_proxy,
        )
        .await?;
        if let Some(trouble) = taken.trouble {
            self.fail(url, trouble.family, trouble.detail);
        }
        let truncated = taken.facts.truncated.is_some();
        self.facts.body = Some(taken.facts);
        Ok(Step::Done(Some(Body {
            bytes: taken.bytes,
            media_type,
            truncated,
        })))
    }

    /// Ends the chain at an address that cannot be taken.
    fn reject(&mut self, url: &Url, rejected: address::Rejected, what: &str) -> Step {
        use address::Rejected as R;
        let detail = match rejected {
            R::Scheme(scheme) => format!("{what} with scheme {scheme}"),
            R::TooLong(_) => format!("{what} that is too long"),
            R::Unparsable(_) | R::NoHost => format!("{what} that cannot be read"),
        };
        self.fail(url, Family::BadRedirect, detail)
    }

    fn fail(
        &mut self,
        url: &Url,
        family: Family,
        detail: impl Into<std::borrow::Cow<'static, str>>,
    ) -> Step {
        self.facts.failure = Some(Failure {
            family,
            url: url.to_string(),
            detail: detail.into().into_owned(),
        });
        Step::Done(None)
    }
}

/// The statuses that the Fetch Standard calls redirects; 300 and 304 are none.
fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// A Location as text. It should be ASCII and often is UTF-8; other bytes are escaped, so that the server gets back
/// what it wrote.
fn location_text(location: &HeaderValue) -> String {
    let bytes = location.as_bytes();
    if let Ok(text) = std::str::from_utf8(bytes) {
        return text.to_owned();
    }
    let mut text = String::with_capacity(bytes.len() + 16);
    for byte in bytes {
        if byte.is_ascii() {
            text.push(char::from(*byte));
        } else {
            text.push('%');
            text.push_str(&body::hex(&[*byte]).to_ascii_uppercase());
        }
    }
    text
}

fn media_type(value: &[u8]) -> Option<String> {
    let essence = value.split(|byte| *byte == b';').next()?.trim_ascii();
    let text = std::str::from_utf8(essence).ok()?;
    (text.contains('/') && text.len() <= 255).then(|| text.to_ascii_lowercase())
}

fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

fn without_fragment(url: &Url) -> Url {
    let mut url = url.clone();
    url.set_fragment(None);
    url
}

fn protocol(version: Version) -> &'static str {
    match version {
        Version::HTTP_09 => "HTTP/0.9",
        Version::HTTP_10 => "HTTP/1.0",
        Version::HTTP_2 => "HTTP/2",
        Version::HTTP_3 => "HTTP/3",
        _ => "HTTP/1.1",
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
