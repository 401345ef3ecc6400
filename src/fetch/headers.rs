//! Which headers we send, and which of those that come back are facts.

use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};

use super::facts::Way;
use super::settings::{Settings, SetupError};
use super::visit::Accept;

/// Response headers that a judge or a reader may want and that say the same as long as nothing changes.
///
/// Not kept, because they vary at every request or are nobody's business: `Date`, `Age`, `Set-Cookie` values, request
/// and trace numbers (`CF-Ray`, `X-Request-Id`, `X-Amz-Cf-Id`), `X-Cache` of what is fine, `Via`, `Alt-Svc`, and policies
/// with nonces (`Content-Security-Policy`). `Content-Length` is in the body's facts.
const KEPT: &[&str] = &[
    "akamai-cache-status",
    // marks that bot walls set on their pages, and that say "this is not the site"
    "cf-mitigated",
    "content-disposition",
    "content-encoding",
    // the address that the server calls the real one, and what language and type it chose
    "content-language",
    "content-location",
    "content-type",
    "etag",
    "last-modified",
    // canonical (RFC 6596), memento (RFC 7089), licence, blocked-by (RFC 7725)
    "link",
    "location",
    // says that an answer is an archived one (RFC 7089)
    "memento-datetime",
    "refresh",
    "retry-after",
    // parking companies and bot walls give themselves away here
    "server",
    // the wall's kind: login (RFC 9110), or an API's
    "www-authenticate",
    "x-amzn-waf-action",
    "x-cdn",
    "x-datadome",
    "x-dd-b",
    "x-kasada",
    "x-parking",
    "x-powered-by",
    "x-px-block",
    "x-robots-tag",
    "x-squid-error",
    "x-sucuri-block",
    "x-sucuri-id",
    "x-vercel-mitigated",
];

/// Headers of bot walls of which only counts that they came, for their values vary at every request.
const PRESENT: &[&str] = &[
    "x-akamai-session-info",
    "x-datadome-cid",
    "x-iinfo",
    "x-kasada-challenge",
    "x-kpsdk-ct",
    "x-px-authorization",
    "x-vercel-challenge-token",
];

/// Beginnings of the names of cookies that bot walls set. Of answers that are not fine, it is kept that they came: that
/// names the wall, and says nothing of us.
const COOKIES: &[&str] = &[
    "__ddg",
    "__jsl_clearance",
    "__jsluid",
    "_abck",
    "_fs_ch_st_",
    "_px3",
    "_pxhd",
    "_pxvid",
    "ak_bmsc",
    "aws-waf-token",
    "bm_sz",
    "datadome",
    "incap_ses_",
    "rbzid",
    "rbzsessionid",
    "reese84",
    "visid_incap_",
];

/// Bytes of one kept value; what is longer is cut, for nothing that long is a fact about a source.
const VALUE_BYTES: usize = 2048;

/// The headers that matter of an answer with this status, in lower case, sorted by name.
pub(crate) fn kept(status: u16, headers: &HeaderMap) -> Vec<(String, String)> {
    let mut kept = Vec::with_capacity(6);
    for name in KEPT {
        for value in headers.get_all(*name) {
            // A Retry-After in seconds is the same at each request; as a date it moves with the clock.
            if *name == "retry-after" && !value.as_bytes().iter().all(u8::is_ascii_digit) {
                continue;
            }
            let bytes = value.as_bytes();
            let bytes = &bytes[..bytes.len().min(VALUE_BYTES)];
            kept.push(((*name).to_owned(), text(bytes)));
        }
    }
    for name in PRESENT.iter().filter(|name| headers.contains_key(**name)) {
        kept.push(((*name).to_owned(), String::new()));
    }
    if status >= 400 {
        let error = headers.get("x-cache").map(HeaderValue::as_bytes);
        let error = error.filter(|value| value.to_ascii_lowercase().starts_with(b"error"));
        if let Some(value) = error {
            kept.push(("x-cache".to_owned(), text(&value[..value.len().min(64)])));
        }
        for name in COOKIES {
            let mut set = headers.get_all(header::SET_COOKIE).iter();
            if set.any(|cookie| cookie.as_bytes().starts_with(name.as_bytes())) {
                kept.push(("set-cookie".to_owned(), (*name).to_owned()));
            }
        }
    }
    kept.sort_by(|a, b| a.0.cmp(&b.0));
    kept
}

/// Every header, as it came.
pub(crate) fn all(headers: &HeaderMap) -> Vec<(String, String)> {
    headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), text(value.as_bytes())))
        .collect()
}

/// Header bytes as text: each byte becomes the character of the same number (isomorphic decoding), so none is lost.
pub(crate) fn text(bytes: &[u8]) -> String {
    if bytes.is_ascii() {
        String::from_utf8_lossy(bytes).into_owned()
    } else {
        bytes.iter().map(|byte| char::from(*byte)).collect()
    }
}

/// Bytes of names and values.
pub(crate) fn size(headers: &HeaderMap) -> usize {
    headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + 4)
        .sum()
}

/// The headers of every kind of request, made once.
#[derive(Debug)]
pub(crate) struct Requests {
    plain: [HeaderMap; 3],
    browser: [HeaderMap; 3],
}

impl Requests {
    pub(crate) fn new(settings: &Settings) -> Result<Self, SetupError> {
        let value =
            |name, text: &str| HeaderValue::from_str(text).map_err(|_| SetupError::Header(name));
        let agent = value("the user agent", &settings.user_agent)?;
        let language = value("the languages", &settings.accept_language)?;
        let plain = |accept| {
            let mut map = HeaderMap::with_capacity(12);
            map.insert(header::USER_AGENT, agent.clone());
            map.insert(header::ACCEPT, HeaderValue::from_static(accept));
            map.insert(header::ACCEPT_LANGUAGE, language.clone());
            map.insert(header::ACCEPT_ENCODING, CODINGS);
            map
        };
        Ok(Self {
            plain: [plain(PAGE), plain(FEED), plain(ANY)],
            browser: [browser(PAGE), browser(FEED), browser(ANY)],
        })
    }

    pub(crate) fn of(&self, way: Way, accept: Accept) -> &HeaderMap {
        let maps = match way {
            Way::Plain => &self.plain,
            Way::Browser => &self.browser,
        };
        match accept {
            Accept::Page => &maps[0],
            Accept::Feed => &maps[1],
            Accept::Any => &maps[2],
        }
    }
}

/// Some servers answer 404 or 406 to a client that does not ask for HTML by name.
const PAGE: &str =
    "text/html,application/xhtml+xml,application/xml;q=0.9,application/pdf;q=0.9,*/*;q=0.8";
const FEED: &str = "application/atom+xml,application/rss+xml,application/feed+json,application/xml;q=0.9,\
                    text/xml;q=0.9,text/html;q=0.8,*/*;q=0.7";
const ANY: &str = "*/*";
const CODINGS: HeaderValue = HeaderValue::from_static("gzip, deflate, br, zstd");

/// What an ordinary browser sends when somebody types an address.
fn browser(accept: &'static str) -> HeaderMap {
    let mut map = HeaderMap::with_capacity(12);
    for (name, value) in [
        (
            header::USER_AGENT,
            "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        ),
        (header::ACCEPT, accept),
        (header::ACCEPT_LANGUAGE, "en-US,en;q=0.5"),
        (HeaderName::from_static("upgrade-insecure-requests"), "1"),
        (HeaderName::from_static("sec-fetch-dest"), "document"),
        (HeaderName::from_static("sec-fetch-mode"), "navigate"),
        (HeaderName::from_static("sec-fetch-site"), "none"),
        (HeaderName::from_static("sec-fetch-user"), "?1"),
        (HeaderName::from_static("priority"), "u=0, i"),
    ] {
        map.insert(name, HeaderValue::from_static(value));
    }
    map.insert(header::ACCEPT_ENCODING, CODINGS);
    map
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept() {
        assert!(KEPT.is_sorted());
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("server", "x"),
            ("date", "now"),
            ("content-type", "text/html"),
            ("retry-after", "Mon, 23 Nov 2026 00:00:00 GMT"),
            ("set-cookie", "a=b"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        headers.insert("location", HeaderValue::from_bytes(b"/caf\xe9").unwrap());
        let expected = [
            ("content-type", "text/html"),
            ("location", "/caf\u{e9}"),
            ("server", "x"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(kept(200, &headers), expected);
    }

    #[test]
    fn what_names_a_wall_is_kept() {
        assert!(PRESENT.is_sorted() && COOKIES.is_sorted());
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("set-cookie", "datadome=secret; Path=/"),
            ("set-cookie", "session=secret"),
            ("x-iinfo", "1-2-3"),
            ("x-cache", "Error from cloudfront"),
        ] {
            headers.append(name, HeaderValue::from_static(value));
        }
        let pairs = |status| {
            let kept = kept(status, &headers).into_iter();
            kept.map(|(name, value)| format!("{name}: {value}"))
                .collect::<Vec<_>>()
        };
        assert_eq!(pairs(200), ["x-iinfo: "]);
        assert_eq!(
            pairs(403),
            [
                "set-cookie: datadome",
                "x-cache: Error from cloudfront",
                "x-iinfo: "
            ]
        );
    }
}
