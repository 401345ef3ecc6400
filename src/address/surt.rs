//! SURT, the Sort-friendly URI Reordering Transform: `http://www.example.com/a?b` becomes `com,example)/a?b`.
//!
//! The field's key for looking up captures (CDX, CDXJ): the host reversed, so that a site's pages sort together. The
//! form is the Internet Archive's, with its canonicalisation, as in the `surt` Python package.

use url::Url;

/// The SURT key of an address.
pub fn surt(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    let host = host.strip_prefix("www.").unwrap_or(host);
    let mut key: Vec<&str> = host.split('.').collect();
    key.reverse();
    let mut key = key.join(",");
    if let Some(port) = url.port() {
        key.push_str(&format!(":{port}"));
    }
    key.push(')');
    key.push_str(url.path());
    if let Some(query) = url.query() {
        key.push('?');
        key.push_str(query);
    }
    key.to_lowercase()
}
