//! The site an address belongs to: its registrable domain.
//!
//! The Public Suffix List has an ICANN part (`co.uk`) and a private part (`github.io`). Only the ICANN part counts
//! here: what decides whether a link leads out, and how much one operator is asked at a time, is who runs the name,
//! and all of `github.io` is run by one.

use url::{Host, Url};

/// The registrable domain of a host name (`news.bbc.co.uk` gives `bbc.co.uk`), or the host itself where there is none
/// (IP addresses, bare suffixes, names without a dot).
pub fn site(host: &str) -> &str {
    let host = host.strip_suffix('.').unwrap_or(host);
    if host.starts_with('[') || host.parse::<std::net::Ipv4Addr>().is_ok() {
        return host;
    }
    let mut suffix_len = match psl::suffix(host.as_bytes()) {
        Some(suffix) => suffix.as_bytes().len(),
        None => return host,
    };
    // A private suffix counts as an ordinary name below its own ICANN suffix.
    loop {
        let name = &host[host.len() - suffix_len..];
        let is_private = psl::suffix(name.as_bytes()).is_some_and(|suffix| {
            suffix.typ() == Some(psl::Type::Private) && suffix.as_bytes() == name.as_bytes()
        });
        if !is_private {
            break;
        }
        match name.split_once('.') {
            Some((_, parent)) => {
                suffix_len = psl::suffix(parent.as_bytes())
                    .map_or(parent.len(), |suffix| suffix.as_bytes().len());
            }
            None => break,
        }
    }
    if suffix_len >= host.len() {
        return host;
    }
    let before = &host[..host.len() - suffix_len - 1];
    match before.rfind('.') {
        Some(dot) => &host[dot + 1..],
        None => host,
    }
}

/// Whether two addresses belong to the same site.
pub fn same_site(a: &Url, b: &Url) -> bool {
    match (a.host(), b.host()) {
        (Some(Host::Domain(a)), Some(Host::Domain(b))) => {
            a.eq_ignore_ascii_case(b)
                || (may_share_a_site(a, b) && site(a).eq_ignore_ascii_case(site(b)))
        }
        (a, b) => a == b,
    }
}

fn labels(name: &str) -> std::str::RSplit<'_, char> {
    name.strip_suffix('.').unwrap_or(name).rsplit('.')
}

/// Two different names of one site have its last two labels in common; most that are compared do not, and need not be
/// looked up.
fn may_share_a_site(a: &str, b: &str) -> bool {
    labels(a)
        .zip(labels(b))
        .take(2)
        .all(|(one, other)| one.eq_ignore_ascii_case(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_one_site() {
        let same = |a: &str, b: &str| {
            let url = |host: &str| Url::parse(&format!("http://{host}/")).unwrap();
            same_site(&url(a), &url(b))
        };
        for (a, b, expected) in [
            ("www.example.com", "example.com.", true),
            ("a.example.co.uk", "b.example.co.uk", true),
            ("a.co.uk", "b.co.uk", false),
            ("a.com", "b.com", false),
            ("localhost", "localhost", true),
            ("localhost", "a.localhost", false),
            ("127.0.0.1", "127.0.0.1", true),
            ("127.0.0.1", "127.0.0.2", false),
            ("127.0.0.1", "a.0.1", false),
        ] {
            if Url::parse(&format!("http://{b}/")).is_ok() {
                assert_eq!(same(a, b), expected, "{a} {b}");
                assert_eq!(same(b, a), expected, "{b} {a}");
            }
        }
    }

    #[test]
    fn registrable_domains() {
        for (host, expected) in [
            ("example.com", "example.com"),
            ("www.example.com", "example.com"),
            ("news.bbc.co.uk", "bbc.co.uk"),
            ("alice.github.io", "github.io"),
            ("bucket.s3.amazonaws.com", "amazonaws.com"),
            ("blog.example.com.", "example.com"),
            ("co.uk", "co.uk"),
            ("localhost", "localhost"),
            ("127.0.0.1", "127.0.0.1"),
            ("[::1]", "[::1]"),
        ] {
            assert_eq!(site(host), expected, "{host}");
        }
    }
}
