//! What an export says of captures and exchanges beside what WARC has fields for, so that an import can make them again
//! as they were.

use serde::{Deserialize, Serialize};
use url::Url;

use crate::browser::Refused;
use crate::store::{ByHand, WholeExchange, hex};
use crate::warc::record_id;

/// The version of what is written.
pub(super) const VERSION: u32 = 1;

/// What a `metadata` record says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Metadata {
    /// [`VERSION`].
    pub(super) sourcekeep: u32,
    /// The capture; none where exchanges belong to none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) capture: Option<Captured>,
    /// What the records before this one are, where they were not told before.
    pub(super) exchanges: Vec<Exchanged>,
}

/// A capture.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Captured {
    pub(super) source: String,
    pub(super) kind: String,
    pub(super) at: i64,
    pub(super) sealed_at: i64,
    pub(super) url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) media_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) title: Option<String>,
    /// SHA-256 of the body, and its length.
    pub(super) sha256: String,
    pub(super) size: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) served_sha256: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) served_sha1: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) truncated: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) by_hand: Option<HandMade>,
    /// Its own exchanges, hop by hop.
    pub(super) document: Vec<Named>,
    /// What it needs; none where that was not looked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) requisites: Option<Vec<Needed>>,
    /// How many more it needs that are not listed.
    pub(super) left_out: u64,
    /// What a browser made of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) rendering: Option<RenderedAs>,
}

/// What a browser made of a page. Its payloads are `resource` records before this one, or before that of an earlier capture.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct RenderedAs {
    pub(super) at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) browser: Option<String>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) failed: Option<String>,
    pub(super) is_cut_short: bool,
    pub(super) stands: bool,
    /// SHA-256 of the document, the picture and the PDF.
    pub(super) payloads: [Option<String>; 3],
    pub(super) width: u32,
    pub(super) height: u32,
    /// What the page asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) asked: Option<Vec<Needed>>,
    pub(super) refused: Refused,
}

/// What stands before the address of a page in those of the records of its rendering (the second as other archives write it),
/// and the media types of these.
pub(super) const RENDERED: [(&str, &str); 3] = [
    ("urn:dom:", "text/html"),
    ("urn:view:", "image/webp"),
    ("urn:pdf:", "application/pdf"),
];

/// What is known of a copy that was made by hand.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct HandMade {
    made_by: String,
    file: String,
    dated_by: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    named_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

impl From<&ByHand> for HandMade {
    fn from(hand: &ByHand) -> Self {
        Self {
            made_by: hand.made_by.clone(),
            file: hand.file.clone(),
            dated_by: hand.dated_by.clone(),
            named_url: hand.named_url.clone(),
            note: hand.note.clone(),
        }
    }
}

impl From<HandMade> for ByHand {
    fn from(hand: HandMade) -> Self {
        // Each stands in one line; and there are only these ways to know.
        let line = |text: String| crate::report::one_line(&text, 2000);
        Self {
            made_by: line(hand.made_by),
            file: line(hand.file),
            dated_by: match hand.dated_by.as_str() {
                known @ ("said" | "page" | "file") => known,
                _ => "now",
            }
            .to_owned(),
            named_url: hand.named_url.map(line),
            note: hand.note.map(line),
        }
    }
}

/// An exchange by its name: its record, and where it can be looked up.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Named {
    pub(super) record: String,
    pub(super) url: String,
    pub(super) at: i64,
}

/// A line of a manifest.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Needed {
    pub(super) kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) exchange: Option<Named>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) missing: Option<String>,
}

/// Of an exchange, what its records do not say, or say in another way.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Exchanged {
    /// The record of the response.
    pub(super) record: String,
    pub(super) hop: u32,
    pub(super) method: String,
    pub(super) protocol: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) peer: Option<String>,
    pub(super) request_headers: Pairs,
    pub(super) response_headers: Pairs,
    /// SHA-256 of the body, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sha256: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) served_sha256: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) served_sha1: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) served_size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) truncated: Option<String>,
}

/// Names and values, in order.
pub(super) type Pairs = Vec<(String, String)>;

/// Headers as the archive keeps them.
pub(super) fn pairs(json: &str) -> Pairs {
    serde_json::from_str(json).unwrap_or_default()
}

/// Headers as the archive keeps them.
pub(super) fn json(pairs: &Pairs) -> String {
    // Lists of pairs of strings always serialise.
    serde_json::to_string(pairs).unwrap_or_default()
}

impl Exchanged {
    pub(super) fn of(exchange: &WholeExchange) -> Self {
        Self {
            record: response_id(exchange),
            hop: exchange.hop,
            method: exchange.method.clone(),
            protocol: exchange.protocol.clone(),
            peer: exchange.peer.clone(),
            request_headers: pairs(&exchange.request_headers),
            response_headers: pairs(&exchange.response_headers),
            sha256: exchange.body.map(|body| hex(&body.sha256)),
            served_sha256: exchange.served_sha256.as_ref().map(|sha| hex(sha)),
            served_sha1: exchange.served_sha1.clone(),
            served_size: exchange.served_size,
            truncated: exchange.truncated.clone(),
        }
    }
}

impl Named {
    pub(super) fn of(exchange: &WholeExchange) -> Self {
        Self {
            record: response_id(exchange),
            url: exchange.url.clone(),
            at: exchange.at,
        }
    }
}

/// The identifier of the record of a response. It follows from what was exchanged, wherever that is kept.
pub(super) fn response_id(exchange: &WholeExchange) -> String {
    let body = exchange.body.map(|body| hex(&body.sha256));
    record_id(&[
        "response",
        &exchange.method,
        &exchange.url,
        &exchange.at.to_string(),
        &exchange.hop.to_string(),
        &exchange.protocol,
        &exchange.request_headers,
        &exchange.status.to_string(),
        &exchange.response_headers,
        body.as_deref().unwrap_or("-"),
        exchange.truncated.as_deref().unwrap_or("-"),
    ])
}

/// The prefix of headers that do not hold for a body as it is kept.
const AS_IT_WAS: &str = "X-Archive-Orig-";

/// The head of a response, as it holds for the body that is kept: without codings, with its length.
pub(super) fn response_head(exchange: &WholeExchange) -> Vec<u8> {
    let status = exchange.status;
    let reason = hyper::StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason())
        .unwrap_or_default();
    let version = if exchange.protocol == "HTTP/1.0" {
        "1.0"
    } else {
        "1.1"
    };
    let mut head = format!("HTTP/{version} {status:03} {reason}\r\n").into_bytes();
    let length = exchange.body.map_or(0, |body| body.size).to_string();
    // An answer that has no body may say how long it would be.
    let has_no_body = exchange.method == "HEAD" || matches!(status, 100..=199 | 204 | 304);
    let mut says_length = has_no_body;
    for (name, value) in pairs(&exchange.response_headers) {
        let is = |other: &str| name.eq_ignore_ascii_case(other);
        let is_right_length = is("content-length") && (value == length || has_no_body);
        if is_right_length && (has_no_body || !says_length) {
            says_length = true;
        } else if is("content-length") || is("content-encoding") || is("transfer-encoding") {
            head.extend_from_slice(AS_IT_WAS.as_bytes());
        }
        push_header(&mut head, &name, &value);
    }
    if !says_length {
        push_header(&mut head, "Content-Length", &length);
    }
    head.extend_from_slice(b"\r\n");
    head
}

/// The head of a request. The archive leaves `Host` out, for it stands in the address, and the conditions of requests that
/// were answered in full, for which this is the request that gets the same answer.
pub(super) fn request_head(exchange: &WholeExchange) -> Vec<u8> {
    let (target, host) = match Url::parse(&exchange.url) {
        Ok(url) => {
            let mut target = url.path().to_owned();
            if let Some(query) = url.query() {
                target.push('?');
                target.push_str(query);
            }
            let mut host = url.host_str().unwrap_or_default().to_owned();
            if let Some(port) = url.port() {
                host = format!("{host}:{port}");
            }
            (target, host)
        }
        Err(_) => (exchange.url.clone(), String::new()),
    };
    let mut head = Vec::new();
    push_line(&mut head, &format!("{} {target} HTTP/1.1", exchange.method));
    push_header(&mut head, "Host", &host);
    for (name, value) in pairs(&exchange.request_headers) {
        push_header(&mut head, &name, &value);
    }
    head.extend_from_slice(b"\r\n");
    head
}

fn push_header(head: &mut Vec<u8>, name: &str, value: &str) {
    push_line(head, &format!("{name}: {value}"));
}

/// What stands above 0x7F stands for one byte; a character that is no byte comes from no server.
fn push_line(head: &mut Vec<u8>, line: &str) {
    head.extend(line.chars().map(|c| match u8::try_from(u32::from(c)) {
        Ok(b'\r' | b'\n' | 0) => b' ',
        Ok(byte) => byte,
        Err(_) => b'?',
    }));
    head.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::PayloadRow;

    fn exchange(headers: &str, status: u16, size: Option<u64>) -> WholeExchange {
        WholeExchange {
            id: 1,
            hop: 0,
            method: "GET".to_owned(),
            url: "https://a.test:8443/x?y=1".to_owned(),
            at: 1,
            peer: None,
            protocol: "HTTP/2".to_owned(),
            request_headers: r#"[["accept","*/*"]]"#.to_owned(),
            status,
            response_headers: headers.to_owned(),
            body: size.map(|size| PayloadRow {
                id: 1,
                sha256: [0; 32],
                size,
            }),
            served_sha256: None,
            served_sha1: None,
            served_size: None,
            truncated: None,
        }
    }

    #[test]
    fn heads_hold_for_the_body_that_is_kept() {
        let head = |headers: &str, status, size| {
            let head = response_head(&exchange(headers, status, size));
            head.iter()
                .map(|byte| char::from(*byte))
                .collect::<String>()
        };
        assert_eq!(
            head(
                r#"[["content-type","text/html"],["content-length","7"]]"#,
                200,
                Some(7)
            ),
            "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 7\r\n\r\n"
        );
        assert_eq!(
            head(
                r#"[["content-encoding","gzip"],["content-length","5"],["x","caf\u00e9\r\nY: z"]]"#,
                200,
                Some(7)
            ),
            "HTTP/1.1 200 OK\r\nX-Archive-Orig-content-encoding: gzip\r\nX-Archive-Orig-content-length: 5\r\n\
             x: caf\u{e9}  Y: z\r\nContent-Length: 7\r\n\r\n"
        );
        assert_eq!(
            head(r#"[["content-length","5"]]"#, 304, None),
            "HTTP/1.1 304 Not Modified\r\ncontent-length: 5\r\n\r\n"
        );
        assert_eq!(
            head("[]", 302, None),
            "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n"
        );
        let request = request_head(&exchange("[]", 200, None));
        assert_eq!(
            String::from_utf8(request).unwrap(),
            "GET /x?y=1 HTTP/1.1\r\nHost: a.test:8443\r\naccept: */*\r\n\r\n"
        );
    }
}
