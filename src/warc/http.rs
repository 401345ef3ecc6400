//! The head of an HTTP message, as archives hold it.

use super::fields::{Fields, latin1};

/// First line and headers of a request or a response.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Head {
    /// The status line, or the request line.
    pub first: String,
    /// Its headers; a byte above 0x7F stands as the Latin-1 character.
    pub headers: Fields,
}

impl Head {
    /// The beginning of a head, if this is the first line of one.
    pub(super) fn begin(line: &[u8]) -> Option<Self> {
        let first = latin1(line.trim_ascii());
        let is_request = || {
            let mut words = first.split_ascii_whitespace();
            let method = words.next().unwrap_or_default();
            !method.is_empty()
                && method.len() <= 32
                && method
                    .bytes()
                    .all(|byte| byte.is_ascii_uppercase() || byte == b'-' || byte == b'_')
                && words.next().is_some()
        };
        let is_head = first.starts_with("HTTP") || first.starts_with("ICY ") || is_request();
        is_head.then(|| Self {
            first,
            headers: Fields::default(),
        })
    }

    /// The status of a response.
    pub fn status(&self) -> Option<u16> {
        if !self.first.starts_with("HTTP") && !self.first.starts_with("ICY") {
            return None;
        }
        let status = self.first.split_ascii_whitespace().nth(1)?;
        let is_status = status.len() == 3 && status.bytes().all(|byte| byte.is_ascii_digit());
        is_status.then(|| status.parse().ok()).flatten()
    }

    /// Method and target of a request.
    pub fn request(&self) -> Option<(&str, &str)> {
        if self.first.starts_with("HTTP") {
            return None;
        }
        let mut words = self.first.split_ascii_whitespace();
        words.next().zip(words.next())
    }

    /// The protocol that is named, such as `HTTP/1.1`.
    pub fn protocol(&self) -> &str {
        let mut words = self.first.split_ascii_whitespace();
        words
            .find(|word| word.starts_with("HTTP/"))
            .unwrap_or("HTTP/1.0")
    }

    /// Whether the body is said to come in chunks.
    pub fn is_chunked(&self) -> bool {
        self.headers
            .all("transfer-encoding")
            .any(|value| value.to_ascii_lowercase().contains("chunked"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_lines() {
        let status = |line: &str| Head::begin(line.as_bytes()).and_then(|head| head.status());
        for (line, expected) in [
            ("HTTP/1.1 200 OK", Some(200)),
            ("HTTP/1.0 404", Some(404)),
            ("HTTP/2 301 ", Some(301)),
            ("HTTP 502 Bad Gateway", Some(502)),
            ("HTTP/1.1 2000 OK", None),
            ("HTTP/1.1", None),
            ("GET / HTTP/1.1", None),
            ("<html>", None),
        ] {
            assert_eq!(status(line), expected, "{line}");
        }
        let head = Head::begin(b"GET /x HTTP/1.1").unwrap();
        assert_eq!(head.request(), Some(("GET", "/x")));
        assert_eq!(head.protocol(), "HTTP/1.1");
        assert!(Head::begin(b"some text").is_none());
    }
}
