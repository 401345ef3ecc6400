//! SURT, the Sort-friendly URI Reordering Transform: `http://www.example.com/a?b` becomes `com,example)/a?b`.
//!
//! The field's key for looking up captures (CDX, CDXJ): the host reversed, so that a site's pages sort together. The
//! form is the Internet Archive's, in which lookups at the Wayback Machine and in pywb are made: escapes undone as
//! often as they were made and then made once, lower case, no `www.`, no session ids, no closing slash, the query
//! sorted. It is a key and no address: nothing can be fetched by it. Held by a test to keys that the `surt` package made.

use url::{Host, Url};

/// The SURT key of an address, without its scheme.
///
/// Linear in the length of the address, but for the sorting of its parameters.
pub fn surt(url: &Url) -> String {
    let mut key = reversed_host(url);
    if let Some(port) = url.port() {
        key.push(':');
        key.push_str(&port.to_string());
    }
    key.push(')');
    key.push_str(&path_key(url.path()));
    if let Some(query) = url.query() {
        let query = query_key(query);
        if !query.is_empty() {
            key.push('?');
            key.push_str(&query);
        }
    }
    key
}

/// `www2.news.example.com` gives `com,example,news`; an IPv6 address stands as it is, without its brackets.
fn reversed_host(url: &Url) -> String {
    if let Some(Host::Ipv6(address)) = url.host() {
        return address.to_string();
    }
    let host = url.host_str().unwrap_or_default().to_ascii_lowercase();
    let host = host.trim_matches('.');
    let mut labels: Vec<&str> = host.split('.').filter(|label| !label.is_empty()).collect();
    let is_www = labels.first().is_some_and(|label| {
        label
            .strip_prefix("www")
            .is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit()))
    });
    if is_www && labels.len() > 1 {
        labels.remove(0);
    }
    labels.reverse();
    labels.join(",")
}

fn path_key(path: &str) -> String {
    let segments = folded_segments(&unescaped(path.as_bytes()));
    let path = escaped(&segments).to_ascii_lowercase();
    let mut path = without_path_session(&path);
    if path.len() > 1 && path.ends_with('/') {
        path.pop();
    }
    path
}

/// Resolves `.` and `..` and drops empty segments; `..` above the root stays, as archives have it.
fn folded_segments(path: &[u8]) -> Vec<u8> {
    let mut kept: Vec<&[u8]> = Vec::new();
    for segment in path.split(|&b| b == b'/').skip(1) {
        match segment {
            b"." => {}
            b".." => {
                if kept.pop().is_none() {
                    kept.push(segment);
                }
            }
            _ => kept.push(segment),
        }
    }
    let mut folded = vec![b'/'];
    let Some((last, before)) = kept.split_last() else {
        return folded;
    };
    for segment in before.iter().filter(|segment| !segment.is_empty()) {
        folded.extend_from_slice(segment);
        folded.push(b'/');
    }
    folded.extend_from_slice(last);
    folded
}

fn query_key(query: &str) -> String {
    let mut query = escaped(&unescaped(query.as_bytes()));
    for rule in QUERY_SESSIONS {
        query = without_query_session(&query, rule);
    }
    let query = query.to_ascii_lowercase();
    if query.len() <= 1 {
        return query;
    }
    let mut pairs: Vec<(&str, Option<&str>)> = query
        .split('&')
        .map(|pair| match pair.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (pair, None),
        })
        .collect();
    pairs.sort_unstable();
    let mut sorted = String::with_capacity(query.len());
    for (position, (name, value)) in pairs.into_iter().enumerate() {
        if position > 0 {
            sorted.push('&');
        }
        sorted.push_str(name);
        if let Some(value) = value {
            sorted.push('=');
            sorted.push_str(value);
        }
    }
    sorted
}

/// Undoes percent-escapes until there are none: an escape that comes to light by undoing another is undone too.
///
/// Escapes never overlap, so that undoing each as soon as it is complete gives the same as passing over the whole
/// again and again, in linear time.
fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut plain: Vec<u8> = Vec::with_capacity(text.len());
    for &byte in text {
        plain.push(byte);
        while let [.., b'%', high, low] = plain[..] {
            let (Some(high), Some(low)) = (hex_value(high), hex_value(low)) else {
                break;
            };
            plain.truncate(plain.len() - 3);
            plain.push(high * 16 + low);
        }
    }
    plain
}

fn hex_value(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|value| value as u8)
}

/// Escapes what is not printable ASCII, and `#`, `%` and the space.
fn escaped(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for &byte in bytes {
        if byte.is_ascii_graphic() && !matches!(byte, b'#' | b'%') {
            text.push(char::from(byte));
        } else {
            text.push('%');
            for half in [byte >> 4, byte & 15] {
                let digit = char::from_digit(u32::from(half), 16).unwrap_or('0');
                text.push(digit.to_ascii_uppercase());
            }
        }
    }
    text
}

/// ASP.NET's session segments before a page: `/(s(24 letters or digits))/page.aspx` and `/(24 letters or digits)/`.
fn without_path_session(path: &str) -> String {
    let mut start = path.len();
    while let Some(slash) = path[..start].rfind('/') {
        let rest = &path[slash + 1..];
        if let Some((segment, after)) = rest.split_once('/')
            && is_session_segment(segment)
            && names_aspx_page(after)
        {
            return format!("{}{after}", &path[..=slash]);
        }
        start = slash;
    }
    path.to_owned()
}

fn is_session_segment(segment: &str) -> bool {
    const ID_CHARS: usize = 24;
    let Some(inner) = segment
        .strip_prefix('(')
        .and_then(|inner| inner.strip_suffix(')'))
    else {
        return false;
    };
    let is_id = |id: &[u8]| id.iter().all(u8::is_ascii_alphanumeric);
    if inner.len() == ID_CHARS && is_id(inner.as_bytes()) {
        return true;
    }
    let parts = inner.as_bytes().chunks_exact(ID_CHARS + 3);
    !inner.is_empty()
        && parts.remainder().is_empty()
        && parts.into_iter().all(|part| {
            part[0].is_ascii_alphabetic()
                && part[1] == b'('
                && part[ID_CHARS + 2] == b')'
                && is_id(&part[2..ID_CHARS + 2])
        })
}

fn names_aspx_page(path: &str) -> bool {
    let before_query = path.split('?').next().unwrap_or(path);
    before_query.find(".aspx").is_some_and(|at| at > 0)
}

/// A session parameter: the letters its name ends in, how many letters its name goes on for, and its value's length.
struct QuerySession {
    name: &'static str,
    more_name_letters: usize,
    value_chars: usize,
}

const fn query_session(name: &'static str, more: usize, value_chars: usize) -> QuerySession {
    QuerySession {
        name,
        more_name_letters: more,
        value_chars,
    }
}

/// In the order in which archives take them out. `cfid` stands for the pair `cfid=..&cftoken=..`.
const QUERY_SESSIONS: &[QuerySession] = &[
    query_session("jsessionid", 0, 32),
    query_session("phpsessid", 0, 32),
    query_session("sid", 0, 32),
    query_session("aspsessionid", 8, 24),
    query_session("cfid", 0, 0),
];

/// Takes the last parameter that fits the rule out of a query, with the `&` that follows it.
fn without_query_session(query: &str, rule: &QuerySession) -> String {
    let lower = query.to_ascii_lowercase();
    for (at, _) in lower.rmatch_indices(rule.name) {
        let rest = &lower[at + rule.name.len()..];
        let Some(taken) = session_value_len(rest, rule) else {
            continue;
        };
        let end = at + rule.name.len() + taken;
        let after = query[end..].strip_prefix('&').unwrap_or_default();
        return format!("{}{after}", &query[..at]);
    }
    query.to_owned()
}

/// How many bytes after the name belong to the session parameter, if it is one; the query's end or `&` follows.
fn session_value_len(rest: &str, rule: &QuerySession) -> Option<usize> {
    let bytes = rest.as_bytes();
    if rule.value_chars == 0 {
        let token = rest.find("&cftoken=")?;
        let value = bytes.strip_prefix(b"=")?;
        let is_one_value = token > 1 && !value[..token - 1].contains(&b'&');
        let token_value = token + "&cftoken=".len();
        let end = rest[token_value..]
            .find('&')
            .map_or(rest.len(), |more| token_value + more);
        return (is_one_value && end > token_value).then_some(end);
    }
    let equals = rule.more_name_letters;
    let end = equals + 1 + rule.value_chars;
    let fits = bytes.len() >= end
        && bytes[..equals].iter().all(u8::is_ascii_alphabetic)
        && bytes[equals] == b'='
        && bytes[equals + 1..end].iter().all(u8::is_ascii_alphanumeric)
        && bytes.get(end).is_none_or(|&b| b == b'&');
    fits.then_some(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_as_archives_have_them() {
        for (address, expected) in [
            ("http://www.example.com/a?b", "com,example)/a?b"),
            ("http://[::1]:8080/a", "::1:8080)/a"),
            ("http://127.0.0.1/", "1,0,0,127)/"),
            (
                "http://www2.example.com:8080/A//b/?",
                "com,example:8080)/a/b",
            ),
            (
                "http://example.com/(S(abcdefghijklmnopqrstuvwx))/a.aspx?x",
                "com,example)/a.aspx?x",
            ),
            (
                "http://example.com/?a=1&PHPSESSID=0123456789abcdef0123456789abcdef&b=2",
                "com,example)/?a=1&b=2",
            ),
            (
                "http://example.com/?a=1&sid=0123456789abcdef0123456789abcdef",
                "com,example)/?&a=1",
            ),
            (
                "http://example.com/?b=2&a&a=&a=1",
                "com,example)/?a&a=&a=1&b=2",
            ),
            ("http://www.example.com./", "com,example)/"),
            ("http://example.com/%25%34%31", "com,example)/a"),
            (
                "http://example.com/?cfid=1&cftoken=2&x=3",
                "com,example)/?x=3",
            ),
            ("http://xn--bcher-kva.example/", "example,xn--bcher-kva)/"),
            ("http://www.com/", "com)/"),
            ("https://example.com:80/", "com,example:80)/"),
            ("http://example.com/a#b", "com,example)/a"),
        ] {
            assert_eq!(surt(&Url::parse(address).unwrap()), expected, "{address}");
        }
    }
}
