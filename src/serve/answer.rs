//! What is answered, and under which headers: none is taken over from what was captured, all are ours.

use axum::body::Body;
use axum::http::header::{
    self, ACCEPT_RANGES, ALLOW, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE,
    CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderMap, HeaderName, HeaderValue, IF_NONE_MATCH,
    IF_RANGE, LOCATION, RANGE, REFERRER_POLICY, RETRY_AFTER, SET_COOKIE, WWW_AUTHENTICATE,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{Method, Response, StatusCode};
use bytes::Bytes;

use crate::store::{hex, sha256};

/// What the browser that shows an answer may do with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Policy {
    /// A page of ours, around a copy.
    Ours,
    /// A page of ours that shows what is known, and no copy.
    Ui,
    /// What such pages need.
    Asset,
    /// Somebody else's page.
    Copy,
    /// The same, in a frame of such a page.
    Framed,
    /// A page of ours that stands where a copy would.
    Inside,
    /// What a page needs.
    Piece,
    /// Bytes to be saved.
    Bytes,
}

/// Where the two listeners are, as policies name them.
#[derive(Debug, Clone, Default)]
pub(super) struct Named {
    /// The pages.
    pub(super) ui: String,
    /// The copies.
    pub(super) replay: String,
}

/// An answer, before it is known what of it was asked for.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) media_type: Box<str>,
    pub(super) policy: Policy,
    pub(super) body: Bytes,
    /// The name under which it is to be saved.
    pub(super) save_as: Option<String>,
    /// Where it is instead.
    pub(super) location: Option<Box<str>>,
    /// What the browser is to remember.
    pub(super) cookie: Option<Box<str>>,
    /// After how many seconds it may be asked for again.
    pub(super) retry_after: Option<u32>,
    /// Whether forms are taken there, beside what is only read.
    pub(super) takes_forms: bool,
}

impl Answer {
    /// A page.
    pub(super) fn page(policy: Policy, html: String) -> Self {
        Self::of(policy, "text/html; charset=utf-8", html)
    }

    /// Anything.
    pub(super) fn of(policy: Policy, media_type: &str, body: impl Into<Bytes>) -> Self {
        Self {
            status: StatusCode::OK,
            media_type: media_type.into(),
            policy,
            body: body.into(),
            save_as: None,
            location: None,
            cookie: None,
            retry_after: None,
            takes_forms: false,
        }
    }

    /// A few words, and why.
    pub(super) fn words(status: StatusCode, words: &str) -> Self {
        Self::of(
            Policy::Bytes,
            "text/plain; charset=utf-8",
            format!("{words}\n"),
        )
        .with(status)
    }

    /// What was sent is done; what came of it is seen there, by reading (RFC 9110, 15.4.4).
    pub(super) fn see(path: String) -> Self {
        Self::elsewhere(path).with(StatusCode::SEE_OTHER)
    }

    /// It is elsewhere, on the same origin.
    pub(super) fn elsewhere(path: String) -> Self {
        let mut answer = Self::words(StatusCode::FOUND, "see there");
        answer.location = Some(path.into());
        answer
    }

    pub(super) fn with(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// The response whose body comes as it is made; it has no length and no tag.
    pub(super) fn streamed(self, named: &Named, body: Body) -> Response<Body> {
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        *response.headers_mut() = headers(&self, named);
        response
    }

    /// The response to a request.
    pub(super) fn to(self, method: &Method, asked: &HeaderMap, named: &Named) -> Response<Body> {
        let mut headers = headers(&self, named);
        let mut status = self.status;
        let mut body = self.body;
        if status == StatusCode::OK {
            let tag = format!("\"{}\"", &hex(&sha256(&body))[..24]);
            set(&mut headers, ETAG, &tag);
            if is_known(asked, &tag) {
                status = StatusCode::NOT_MODIFIED;
                headers.remove(CONTENT_TYPE);
                body = Bytes::new();
            } else if matches!(self.policy, Policy::Bytes | Policy::Piece) {
                headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
                match range(asked, &tag, body.len() as u64) {
                    Part::Whole => {}
                    Part::From(from, to) => {
                        status = StatusCode::PARTIAL_CONTENT;
                        let says = format!("bytes {from}-{}/{}", to - 1, body.len());
                        set(&mut headers, CONTENT_RANGE, &says);
                        body = body.slice(from as usize..to as usize);
                    }
                    Part::None => {
                        status = StatusCode::RANGE_NOT_SATISFIABLE;
                        set(
                            &mut headers,
                            CONTENT_RANGE,
                            &format!("bytes */{}", body.len()),
                        );
                        body = Bytes::new();
                    }
                }
            }
        }
        if status != StatusCode::NOT_MODIFIED {
            headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len() as u64));
        }
        if *method == Method::HEAD {
            body = Bytes::new();
        }
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        response
    }
}

/// Puts in a header; a value that is none leaves it out.
fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

fn headers(answer: &Answer, named: &Named) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let mut fixed = |name: HeaderName, value: &'static str| {
        headers.insert(name, HeaderValue::from_static(value));
    };
    fixed(X_CONTENT_TYPE_OPTIONS, "nosniff");
    // Without any, browsers send forms as if nobody had (`Origin: null`), as other pages' forms in a sandbox are sent.
    let referrer = match answer.policy {
        Policy::Ui => "same-origin",
        _ => "no-referrer",
    };
    fixed(REFERRER_POLICY, referrer);
    fixed(
        HeaderName::from_static("x-robots-tag"),
        "noindex, nofollow, noarchive",
    );
    fixed(header::X_DNS_PREFETCH_CONTROL, "off");
    fixed(
        HeaderName::from_static("cross-origin-resource-policy"),
        // What stands in a sandbox is of no origin, so nothing is of its own.
        if answer.policy == Policy::Piece {
            "cross-origin"
        } else {
            "same-origin"
        },
    );
    // What is kept stays as it is, but may be pruned, and what is kept beside it may become more.
    fixed(CACHE_CONTROL, "private, no-cache");
    if answer.policy == Policy::Piece {
        // Fonts are asked for by pages of no origin.
        fixed(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
    }
    if matches!(answer.policy, Policy::Ours | Policy::Ui) {
        fixed(
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        );
    }
    if answer.status == StatusCode::METHOD_NOT_ALLOWED {
        let allowed = if answer.takes_forms {
            "GET, HEAD, POST"
        } else {
            "GET, HEAD"
        };
        fixed(ALLOW, allowed);
    }
    if answer.status == StatusCode::UNAUTHORIZED {
        fixed(WWW_AUTHENTICATE, "Bearer realm=\"sourcekeep\"");
    }
    if answer.status == StatusCode::SERVICE_UNAVAILABLE {
        fixed(RETRY_AFTER, "30");
    }
    let policy = content_policy(answer.policy, named);
    set(&mut headers, CONTENT_SECURITY_POLICY, &policy);
    set(&mut headers, CONTENT_TYPE, &answer.media_type);
    if let Some(location) = &answer.location {
        set(&mut headers, LOCATION, location);
    }
    if let Some(cookie) = &answer.cookie {
        set(&mut headers, SET_COOKIE, cookie);
    }
    if let Some(seconds) = answer.retry_after {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    if let Some(name) = &answer.save_as {
        set(&mut headers, CONTENT_DISPOSITION, &attachment(name));
    }
    headers
}

fn content_policy(policy: Policy, named: &Named) -> String {
    const SHOWN: &str = "default-src 'none'; img-src 'self' data:; media-src 'self' data:; font-src 'self' data:; \
         style-src 'self' 'unsafe-inline' data:; frame-src 'self'; form-action 'none'; base-uri 'none'";
    let Named { ui, replay } = named;
    match policy {
        Policy::Ours => format!(
            "default-src 'none'; style-src 'self'; img-src 'self'; frame-src {replay}; form-action 'self'; \
             base-uri 'none'; frame-ancestors 'none'"
        ),
        Policy::Ui => "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
             form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
            .to_owned(),
        Policy::Copy => format!("sandbox; {SHOWN}; frame-ancestors {ui}"),
        // What stands around it is a copy, in its sandbox, which is of no origin and so none that could be named. It has the key.
        Policy::Framed => format!("sandbox; {SHOWN}"),
        Policy::Inside => format!(
            "sandbox allow-downloads allow-top-navigation-by-user-activation; default-src 'none'; \
             style-src 'self' 'unsafe-inline'; img-src 'self'; media-src 'self'; form-action 'none'; base-uri 'none'; \
             frame-ancestors {ui}"
        ),
        Policy::Piece | Policy::Bytes | Policy::Asset => {
            "sandbox; default-src 'none'; frame-ancestors 'none'".to_owned()
        }
    }
}

/// `attachment`, with a name that every browser reads the same way.
fn attachment(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|c| match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | '-' | '_' => c,
            _ => '_',
        })
        .collect();
    let plain = plain.trim_start_matches('.');
    let plain = if plain.is_empty() { "copy" } else { plain };
    format!("attachment; filename=\"{plain}\"")
}

/// Whether who asks has this already.
fn is_known(asked: &HeaderMap, tag: &str) -> bool {
    let values = asked.get_all(IF_NONE_MATCH).iter();
    values.filter_map(|value| value.to_str().ok()).any(|value| {
        value
            .split(',')
            .map(|one| one.trim().trim_start_matches("W/"))
            .any(|one| one == tag || one == "*")
    })
}

/// Which part of a body is asked for, in bytes.
#[derive(Debug, PartialEq, Eq)]
enum Part {
    Whole,
    From(u64, u64),
    None,
}

/// Reads `Range`: one range. Several at once, and what is none, are answered with the whole, as is allowed (RFC 9110, 14.2).
fn range(asked: &HeaderMap, tag: &str, size: u64) -> Part {
    if asked.get(IF_RANGE).is_some_and(|of| of != tag) {
        return Part::Whole;
    }
    let value = asked.get(RANGE).and_then(|value| value.to_str().ok());
    let spec = value.and_then(|value| value.trim().strip_prefix("bytes="));
    let Some((from, to)) = spec.and_then(|spec| spec.trim().split_once('-')) else {
        return Part::Whole;
    };
    let number = |text: &str| text.parse::<u64>().ok();
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(from) || !is_number(to) || from.is_empty() && to.is_empty() {
        return Part::Whole;
    }
    let (from, to) = if from.is_empty() {
        let last = number(to).unwrap_or(u64::MAX);
        if last == 0 {
            return Part::None;
        }
        (size.saturating_sub(last), size)
    } else {
        let to = match number(to) {
            Some(to) => to.saturating_add(1),
            None => u64::MAX,
        };
        let from = number(from).unwrap_or(u64::MAX);
        if to <= from {
            return if from >= size {
                Part::None
            } else {
                Part::Whole
            };
        }
        (from, to.min(size))
    };
    if from >= size {
        return Part::None;
    }
    Part::From(from, to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read() {
        let of = |value: &str| {
            let mut asked = HeaderMap::new();
            set(&mut asked, RANGE, value);
            range(&asked, "\"t\"", 100)
        };
        for (value, part) in [
            ("bytes=0-9", Part::From(0, 10)),
            ("bytes=90-", Part::From(90, 100)),
            ("bytes=90-1000", Part::From(90, 100)),
            ("bytes=-10", Part::From(90, 100)),
            ("bytes=-1000", Part::From(0, 100)),
            ("bytes=-0", Part::None),
            ("bytes=100-", Part::None),
            ("bytes=99999999999999999999999-", Part::None),
            ("bytes=9-5", Part::Whole),
            ("bytes=0-1,5-6", Part::Whole),
            ("bytes=-", Part::Whole),
            ("bytes=+1-2", Part::Whole),
            ("lines=1-2", Part::Whole),
        ] {
            assert_eq!(of(value), part, "{value}");
        }
    }

    #[test]
    fn names_to_save_under_are_plain() {
        assert_eq!(
            attachment("../a\"b\r\nc.html"),
            "attachment; filename=\"_a_b__c.html\""
        );
        assert_eq!(attachment("…"), "attachment; filename=\"_\"");
        assert_eq!(attachment(""), "attachment; filename=\"copy\"");
    }
}
