//! From what somebody wrote to the address that names a source.

use url::Url;

/// The longest address that is taken, in bytes of its WHATWG serialisation.
pub const MAX_ADDRESS_BYTES: usize = 8 * 1024;

/// Query parameters that carry no content, only who sent the reader. Names, or prefixes where they end in `*`.
const TRACKING: &[&str] = &[
    "utm_*",
    "fbclid",
    "gclid",
    "gclsrc",
    "dclid",
    "gbraid",
    "wbraid",
    "msclkid",
    "twclid",
    "ttclid",
    "igshid",
    "igsh",
    "yclid",
    "ysclid",
    "mc_cid",
    "mc_eid",
    "_hsenc",
    "_hsmi",
    "__hssc",
    "__hstc",
    "__hsfp",
    "hsctatracking",
    "mkt_tok",
    "oly_anon_id",
    "oly_enc_id",
    "vero_id",
    "wickedid",
    "s_cid",
    "_openstat",
    "at_medium",
    "at_campaign",
    "at_custom1",
    "at_custom2",
    "at_custom3",
    "at_custom4",
];

/// Why an address was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// It cannot be parsed as a URL (WHATWG URL Standard).
    #[error("not an address: {0}")]
    Unparsable(#[from] url::ParseError),
    /// Its scheme is not `http` or `https`.
    #[error("scheme {0}: only http and https can be visited")]
    Scheme(String),
    /// It is longer than [`MAX_ADDRESS_BYTES`].
    #[error("address of {0} bytes: more than {MAX_ADDRESS_BYTES} are not taken")]
    TooLong(usize),
    /// It has no host.
    #[error("address without a host")]
    NoHost,
}

/// A source's name: absolute, `http` or `https`, no fragment (but `#!` and `#/`), no credentials, no tracking.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Canonical(Url);

impl Canonical {
    /// The address.
    pub fn url(&self) -> &Url {
        &self.0
    }
    /// The address as text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
    /// The host name, in lower case; IDN as punycode, IPv6 in brackets.
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }
}

impl std::fmt::Display for Canonical {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Parses an address as a browser would, and takes it if it can be a source: `http` or `https`, a host, at most
/// [`MAX_ADDRESS_BYTES`]. Credentials are dropped; the fragment is kept.
pub fn parse(text: &str, base: Option<&Url>) -> Result<Url, Rejected> {
    if text.len() > 4 * MAX_ADDRESS_BYTES {
        return Err(Rejected::TooLong(text.len()));
    }
    let mut url = Url::options().base_url(base).parse(text)?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(Rejected::Scheme(url.scheme().to_owned()));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(Rejected::NoHost);
    }
    if !url.username().is_empty() || url.password().is_some() {
        // Neither can fail for an http address with a host.
        let _ = url.set_username("");
        let _ = url.set_password(None);
    }
    if url.as_str().len() > MAX_ADDRESS_BYTES {
        return Err(Rejected::TooLong(url.as_str().len()));
    }
    Ok(url)
}

/// The canonical form of an address that [`parse`] took. Idempotent.
pub fn canonical(url: &Url) -> Canonical {
    let mut url = url.clone();
    let keeps_fragment = url
        .fragment()
        .is_some_and(|f| f.starts_with('!') || f.starts_with('/'));
    if !keeps_fragment {
        url.set_fragment(None);
    }
    if let Some(query) = url.query() {
        let kept: Vec<&str> = query.split('&').filter(|pair| !is_tracking(pair)).collect();
        if kept.iter().all(|pair| pair.is_empty()) {
            url.set_query(None);
        } else if kept.len() != query.split('&').count() {
            let kept = kept.join("&");
            url.set_query(Some(&kept));
        }
    }
    Canonical(url)
}

fn is_tracking(pair: &str) -> bool {
    let name = pair.split('=').next().unwrap_or(pair);
    TRACKING
        .iter()
        .any(|tracking| match tracking.strip_suffix('*') {
            Some(prefix) => name
                .get(..prefix.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(prefix)),
            None => name.eq_ignore_ascii_case(tracking),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> String {
        canonical(&parse(text, None).unwrap()).to_string()
    }

    #[test]
    fn canonical_forms() {
        for (written, expected) in [
            ("HTTP://Example.COM:80/a/../b#frag", "http://example.com/b"),
            ("https://example.com", "https://example.com/"),
            ("https://example.com/?", "https://example.com/"),
            (
                "https://example.com/a?utm_source=x&id=7&fbclid=q",
                "https://example.com/a?id=7",
            ),
            (
                "https://example.com/a?utm_source=x",
                "https://example.com/a",
            ),
            (
                "https://example.com/a?b=1&&c=2",
                "https://example.com/a?b=1&&c=2",
            ),
            ("https://example.com/#!/page", "https://example.com/#!/page"),
            (
                "https://example.com/app#/route",
                "https://example.com/app#/route",
            ),
            ("https://user:pw@example.com/", "https://example.com/"),
            (
                "http://bücher.example/ü",
                "http://xn--bcher-kva.example/%C3%BC",
            ),
            ("http://0x7f.1/", "http://127.0.0.1/"),
            ("http://example.com:/a", "http://example.com/a"),
            ("https://example.com:443/a", "https://example.com/a"),
            ("http://example.com:8080", "http://example.com:8080/"),
            ("http://[2001:DB8:0:0::1]:80/", "http://[2001:db8::1]/"),
            // A server may tell these apart, so they stay as they are.
            ("http://example.com./", "http://example.com./"),
            ("http://example.com/%c3%bc", "http://example.com/%c3%bc"),
            ("http://example.com/a//b/", "http://example.com/a//b/"),
            (
                "https://example.com/?b=1&a=2",
                "https://example.com/?b=1&a=2",
            ),
            ("http://example.com/a b\t", "http://example.com/a%20b"),
            (
                "https://example.com/a?UTM_Source=x",
                "https://example.com/a",
            ),
            ("https://example.com/a?ref=x", "https://example.com/a?ref=x"),
            ("https://example.com/#:~:text=a", "https://example.com/"),
        ] {
            assert_eq!(of(written), expected, "{written}");
            assert_eq!(of(expected), expected, "idempotent on {expected}");
        }
    }

    #[test]
    fn what_is_not_taken() {
        assert!(matches!(
            parse("mailto:a@b.c", None),
            Err(Rejected::Scheme(_))
        ));
        assert!(matches!(
            parse("http://", None),
            Err(Rejected::Unparsable(_))
        ));
        let long = format!("http://example.com/{}", "a".repeat(10_000));
        assert!(matches!(parse(&long, None), Err(Rejected::TooLong(_))));
    }
}
