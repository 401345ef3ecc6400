//! Whether two addresses differ only in what does not matter: the scheme, `www.`, a closing slash and the like.
//!
//! Used where a server itself led from the one to the other, or where the one is wanted under the name of the other;
//! never to guess that two addresses which nobody connected are one.

use url::{Host, Url};

use super::canonical;

/// Names of the file that a folder is shown by, without extension.
const INDEX_NAMES: &[&str] = &["index", "default"];

/// Extensions of such a file.
const INDEX_EXTENSIONS: &[&str] = &[
    "html", "htm", "xhtml", "shtml", "php", "php5", "asp", "aspx", "jsp", "jspx", "cfm", "cgi",
    "pl",
];

/// Whether two addresses are the same but for scheme, port 80 or 443, `www.`, a dot behind the host's name, a closing
/// slash, the name of the folder's index file, the writing of percent-escapes, tracking parameters and the fragment.
pub fn trivially_same(a: &Url, b: &Url) -> bool {
    plain_form(a) == plain_form(b)
}

/// Whether a path is that of a host's front page: `/`, or its index file.
pub fn is_front_path(path: &str) -> bool {
    without_index(path).trim_matches('/').is_empty()
}

fn plain_form(url: &Url) -> (String, Option<u16>, String, Option<String>) {
    let canonical = canonical(url);
    let url = canonical.url();
    let host = match url.host() {
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.').to_ascii_lowercase();
            match name.strip_prefix("www.") {
                Some(rest) if rest.contains('.') => rest.to_owned(),
                _ => name,
            }
        }
        Some(address) => address.to_string(),
        None => String::new(),
    };
    let port = url.port().filter(|port| !matches!(port, 80 | 443));
    let path = with_plain_escapes(without_index(url.path()).trim_end_matches('/'));
    let query = url
        .query()
        .filter(|query| !query.is_empty())
        .map(with_plain_escapes);
    (host, port, path, query)
}

/// The path up to and with the last slash if what follows is an index file, else the whole path.
fn without_index(path: &str) -> &str {
    let Some(slash) = path.rfind('/') else {
        return path;
    };
    let Some((name, extension)) = path[slash + 1..].rsplit_once('.') else {
        return path;
    };
    let is_one_of = |list: &[&str], word: &str| list.iter().any(|w| w.eq_ignore_ascii_case(word));
    if is_one_of(INDEX_NAMES, name) && is_one_of(INDEX_EXTENSIONS, extension) {
        &path[..=slash]
    } else {
        path
    }
}

/// Escapes of unreserved characters undone, the others in upper case (RFC 3986, 6.2.2).
fn with_plain_escapes(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut plain = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(percent) = text[at..].find('%').map(|found| at + found) {
        plain.push_str(&text[at..percent]);
        let escape = bytes.get(percent + 1..percent + 3);
        let value = escape
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match value {
            Some(byte) if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => {
                plain.push(char::from(byte));
                at = percent + 3;
            }
            Some(_) => {
                plain.push('%');
                for digit in [bytes[percent + 1], bytes[percent + 2]] {
                    plain.push(char::from(digit.to_ascii_uppercase()));
                }
                at = percent + 3;
            }
            None => {
                plain.push('%');
                at = percent + 1;
            }
        }
    }
    plain.push_str(&text[at..]);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(a: &str, b: &str) -> bool {
        trivially_same(&Url::parse(a).unwrap(), &Url::parse(b).unwrap())
    }

    #[test]
    fn what_does_not_matter() {
        for (a, b) in [
            ("http://example.com/a", "https://www.example.com/a/"),
            ("http://example.com:80/", "https://example.com:443/"),
            ("http://example.com./a", "http://example.com/a"),
            ("http://example.com", "http://example.com/index.html"),
            ("http://example.com/a/Default.aspx", "https://example.com/a"),
            ("http://example.com/%c3%bc%7e", "http://example.com/%C3%BC~"),
            (
                "http://example.com/a?utm_source=x",
                "http://example.com/a#top",
            ),
            ("http://example.com/a?", "http://example.com/a"),
        ] {
            assert!(same(a, b), "{a} {b}");
            assert!(same(b, a), "{b} {a}");
        }
    }

    #[test]
    fn what_does() {
        for (a, b) in [
            ("http://example.com/a", "http://example.com/b"),
            ("http://example.com/a", "http://example.com/A"),
            ("http://example.com/a?id=1", "http://example.com/a?id=2"),
            ("http://example.com/", "http://example.org/"),
            ("http://example.com/", "http://m.example.com/"),
            ("http://example.com:8080/", "http://example.com/"),
            ("http://www.com/", "http://com/"),
            ("http://example.com/%2F", "http://example.com//"),
        ] {
            assert!(!same(a, b), "{a} {b}");
        }
    }

    #[test]
    fn front_paths() {
        for path in ["/", "", "/index.html", "/Default.ASPX", "//"] {
            assert!(is_front_path(path), "{path}");
        }
        for path in ["/a", "/index", "/de/", "/a/index.html"] {
            assert!(!is_front_path(path), "{path}");
        }
    }
}
