//! A page saved with all that belongs to it: MHTML (RFC 2557), as browsers write it (`.mhtml`, `.mht`).
//!
//! A mail message whose parts are the page and what it shows. Pure, one pass over the
//! bytes for each level of nesting, and these are bounded; what does not hold what it should is read as far as it goes.

use std::borrow::Cow;
use std::ops::Range;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use mail_parser::{Message, MessageParser, MimeHeaders};
use memchr::memmem;

use crate::charset::essence;

/// How much of a part is looked through for the end of its headers, in bytes.
const MAX_HEADERS: usize = 64 * 1024;
/// How deep parts may stand within parts. Browsers need one level, mail programs up to three.
const MAX_DEPTH: usize = 5;
/// Parts that are looked at in search of the page.
const MAX_PARTS: usize = 10_000;

/// A page that was saved, and what the file says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved<'a> {
    /// The page, after transfer encoding was removed, as it was before in its charset.
    pub page: Cow<'a, [u8]>,
    /// Its media type with parameters, where the part has one.
    pub media_type: Option<String>,
    /// The address that it was saved from, as written.
    pub address: Option<String>,
    /// When it was saved, in milliseconds since the epoch.
    pub saved_at: Option<i64>,
    /// The title that the file gives it.
    pub title: Option<String>,
}

/// Whether a file begins as such a page does: with headers, of which one says that parts follow.
pub fn is_mhtml(bytes: &[u8]) -> bool {
    // Nearly everything else is told by its first line.
    let first = bytes.iter().position(|byte| matches!(byte, b':' | b'\n'));
    let is_header = first.is_some_and(|at| {
        at > 0
            && bytes[at] == b':'
            && bytes[..at]
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
    });
    if !is_header {
        return false;
    }
    let Some((headers, _)) = headers_of(bytes) else {
        return false;
    };
    let is_multipart = headers
        .content_type()
        .is_some_and(|content_type| content_type.ctype().eq_ignore_ascii_case("multipart"));
    is_multipart && headers.header("MIME-Version").is_some()
}

/// Whether a media type is that of such a page.
pub fn is_media_type(media_type: &str) -> bool {
    matches!(
        essence(media_type).as_str(),
        "multipart/related" | "message/rfc822" | "application/x-mimearchive"
    )
}

/// Finds the page in a file. `None` where there is none.
pub fn read(bytes: &[u8]) -> Option<Saved<'_>> {
    let (headers, _) = headers_of(bytes)?;
    let own = |name: &str| {
        let value = headers.header_raw(name)?.trim();
        (!value.is_empty()).then(|| unfolded(value))
    };
    let (address, title) = (
        own("Snapshot-Content-Location").or_else(|| own("Content-Location")),
        headers.subject().map(str::trim).filter(|s| !s.is_empty()),
    );
    let saved_at = headers
        .date()
        .filter(|date| date.is_valid())
        .and_then(|date| date.to_timestamp().checked_mul(1000));
    let mut left = MAX_PARTS;
    let page = find(bytes, 0, &mut left)?;
    Some(Saved {
        address: address.or_else(|| page.location.clone()),
        saved_at,
        title: title.map(str::to_owned),
        page: decoded(page.body, &page.encoding),
        media_type: page.media_type,
    })
}

/// Where something that belongs to the page stands in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beside {
    /// What pages call it: its address (`https:`), and its id (`cid:`), as far as it has them.
    pub names: Vec<String>,
    /// Its media type with parameters.
    pub media_type: Option<String>,
    at: Range<usize>,
    encoding: String,
}

impl Beside {
    /// It, of the file in which it was found, after transfer encoding was removed.
    pub fn body<'a>(&self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        decoded(
            bytes.get(self.at.clone()).unwrap_or_default(),
            &self.encoding,
        )
    }
}

/// All that a file holds and that pages can call, in the order in which it stands there.
pub fn beside(bytes: &[u8]) -> Vec<Beside> {
    let (mut found, mut left) = (Vec::new(), MAX_PARTS);
    look_beside(bytes, bytes, 0, &mut left, &mut found);
    found
}

fn look_beside(
    whole: &[u8],
    bytes: &[u8],
    depth: usize,
    left: &mut usize,
    found: &mut Vec<Beside>,
) {
    let Some(still) = left.checked_sub(1) else {
        return;
    };
    *left = still;
    let Some((headers, body)) = headers_of(bytes) else {
        return;
    };
    if let Some(boundary) = boundary_of(&headers) {
        if depth < MAX_DEPTH {
            for part in parts(body, boundary) {
                if *left == 0 {
                    return;
                }
                look_beside(whole, part, depth + 1, left, found);
            }
        }
        return;
    }
    let id = headers.content_id();
    let id = id.map(|id| format!("cid:{}", id.trim().trim_matches(['<', '>'])));
    let part = part_of(&headers, body);
    let names: Vec<_> = part.location.into_iter().chain(id).collect();
    if !names.is_empty() {
        // It is a part of the file.
        let from = body.as_ptr().addr() - whole.as_ptr().addr();
        found.push(Beside {
            names,
            media_type: part.media_type,
            at: from..from + body.len(),
            encoding: part.encoding,
        });
    }
}

/// What parts the parts of a message.
fn boundary_of<'m>(headers: &'m Message<'_>) -> Option<&'m str> {
    headers
        .content_type()
        .filter(|value| value.ctype().eq_ignore_ascii_case("multipart"))
        .and_then(|value| value.attribute("boundary"))
        .filter(|boundary| !boundary.is_empty())
}

/// A part that may be the page.
struct Part<'a> {
    body: &'a [u8],
    encoding: String,
    media_type: Option<String>,
    location: Option<String>,
    is_page: bool,
}

/// The page in a part: itself, or the one of its parts that is it.
fn find<'a>(bytes: &'a [u8], depth: usize, left: &mut usize) -> Option<Part<'a>> {
    *left = left.checked_sub(1)?;
    let (headers, body) = headers_of(bytes)?;
    let Some(boundary) = boundary_of(&headers) else {
        return Some(part_of(&headers, body));
    };
    if depth == MAX_DEPTH {
        return None;
    }
    let content_type = headers.content_type();
    let start = content_type.and_then(|value| value.attribute("start"));
    let start = start.map(|id| id.trim().trim_matches(['<', '>']).to_owned());
    let mut first = None;
    for part in parts(body, boundary) {
        if *left == 0 {
            break;
        }
        let is_start = start.is_some()
            && headers_of(part).is_some_and(|(headers, _)| {
                headers.content_id().map(|id| id.trim_matches(['<', '>'])) == start.as_deref()
            });
        let Some(found) = find(part, depth + 1, left) else {
            continue;
        };
        // What `start` names is the page, where it can be one; else the first that is one, or else the first part.
        if is_start || start.is_none() && found.is_page {
            return Some(found);
        }
        match &first {
            None => first = Some(found),
            Some(earlier) if !earlier.is_page && found.is_page => first = Some(found),
            Some(_) => {}
        }
    }
    first
}

/// A part without parts of its own.
fn part_of<'a>(headers: &Message<'_>, body: &'a [u8]) -> Part<'a> {
    let content_type = headers.content_type();
    let name = content_type.map(|value| {
        let subtype = value.subtype().unwrap_or_default();
        format!("{}/{subtype}", value.ctype()).to_ascii_lowercase()
    });
    let charset = content_type.and_then(|value| value.attribute("charset"));
    Part {
        body,
        encoding: headers
            .content_transfer_encoding()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase(),
        is_page: matches!(name.as_deref(), Some("text/html" | "application/xhtml+xml")),
        location: headers
            .header_raw("Content-Location")
            .map(|value| unfolded(value.trim())),
        media_type: name.map(|name| match charset {
            Some(charset) => format!("{name}; charset={charset}"),
            None => name,
        }),
    }
}

/// The headers of a part, and what follows them.
fn headers_of(bytes: &[u8]) -> Option<(Message<'_>, &[u8])> {
    let head = &bytes[..bytes.len().min(MAX_HEADERS)];
    let end = if head.starts_with(b"\n") || head.starts_with(b"\r\n") {
        memchr::memchr(b'\n', head)? + 1
    } else {
        let crlf = memmem::find(head, b"\r\n\r\n").map(|at| at + 4);
        let lf = memmem::find(head, b"\n\n").map(|at| at + 2);
        match (crlf, lf) {
            (Some(crlf), Some(lf)) => crlf.min(lf),
            (found, None) | (None, found) => found?,
        }
    };
    let headers = MessageParser::default()
        .parse_headers(&bytes[..end])
        // One without any has nothing that could be asked.
        .filter(|headers| !headers.parts.is_empty());
    let without = || Message {
        parts: vec![mail_parser::MessagePart::default()],
        ..Message::default()
    };
    Some((headers.unwrap_or_else(without), &bytes[end..]))
}

/// The parts between the lines that are a boundary.
fn parts<'a>(body: &'a [u8], boundary: &str) -> impl Iterator<Item = &'a [u8]> {
    let line = format!("--{boundary}");
    let finder = memmem::Finder::new(line.as_bytes()).into_owned();
    let length = line.len();
    let mut at = 0;
    // Where the part that is open begins.
    let mut open: Option<usize> = None;
    std::iter::from_fn(move || {
        while at < body.len() {
            let Some(found) = finder.find(&body[at..]).map(|found| at + found) else {
                break;
            };
            let behind = found + length;
            at = behind;
            let is_line_start = found == 0 || body[found - 1] == b'\n';
            let end_of_line =
                memchr::memchr(b'\n', &body[behind..]).map_or(body.len(), |end| behind + end);
            let rest = body[behind..end_of_line].trim_ascii();
            if !is_line_start || !(rest.is_empty() || rest == b"--") {
                continue;
            }
            at = end_of_line;
            let begins = (end_of_line + 1).min(body.len());
            let before = open.replace(begins);
            let is_last = rest == b"--";
            if is_last {
                open = None;
                at = body.len();
            }
            if let Some(from) = before {
                let part = &body[from.min(found)..found];
                let part = part.strip_suffix(b"\n").unwrap_or(part);
                return Some(part.strip_suffix(b"\r").unwrap_or(part));
            }
        }
        // One that is cut off has no line that ends it.
        at = body.len();
        open.take().map(|from| &body[from..])
    })
}

/// A header's value in one line.
fn unfolded(value: &str) -> String {
    // Addresses are folded anywhere, and hold no white space.
    value.split_whitespace().collect()
}

fn decoded<'a>(body: &'a [u8], encoding: &str) -> Cow<'a, [u8]> {
    match encoding {
        "quoted-printable" => Cow::Owned(from_quoted_printable(body)),
        "base64" => from_base64(body).map_or(Cow::Borrowed(body), Cow::Owned),
        _ => Cow::Borrowed(body),
    }
}

/// RFC 2045, 6.7. What is no escape stands for itself.
fn from_quoted_printable(body: &[u8]) -> Vec<u8> {
    let mut read = Vec::with_capacity(body.len());
    let mut rest = body;
    while let Some(at) = memchr::memchr(b'=', rest) {
        read.extend_from_slice(&rest[..at]);
        rest = &rest[at + 1..];
        if let [high, low, behind @ ..] = rest
            && let (Some(high), Some(low)) = (hex(*high), hex(*low))
        {
            read.push(high << 4 | low);
            rest = behind;
            continue;
        }
        // A line that goes on; white space may have come between.
        let blank = rest
            .iter()
            .position(|byte| !matches!(byte, b' ' | b'\t' | b'\r'))
            .unwrap_or(rest.len());
        match rest.get(blank) {
            Some(b'\n') => rest = &rest[blank + 1..],
            None => rest = &[],
            Some(_) => read.push(b'='),
        }
    }
    read.extend_from_slice(rest);
    read
}

fn hex(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).map(|digit| digit as u8)
}

fn from_base64(body: &[u8]) -> Option<Vec<u8>> {
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &STANDARD,
        GeneralPurposeConfig::new()
            .with_decode_padding_mode(DecodePaddingMode::Indifferent)
            .with_decode_allow_trailing_bits(true),
    );
    let letters: Vec<u8> = body
        .iter()
        .copied()
        .filter(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
        .collect();
    // One letter alone at the end holds nothing.
    let whole = letters.len() - usize::from(letters.len() % 4 == 1);
    LENIENT.decode(&letters[..whole]).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As Blink writes it.
    const BLINK: &str = "From: <Saved by Blink>\r\nSnapshot-Content-Location: https://a.test/wells?id=3\r\n\
        Subject: =?utf-8?Q?Wells=20and=20=C3=A4pples?=\r\nDate: Mon, 5 Jan 2026 07:30:00 -0000\r\nMIME-Version: 1.0\r\n\
        Content-Type: multipart/related;\r\n\ttype=\"text/html\";\r\n\
        \tboundary=\"----MultipartBoundary--Ab1----\"\r\n\r\n\r\n------MultipartBoundary--Ab1----\r\n\
        Content-Type: text/html\r\nContent-ID: <frame-1@mhtml.blink>\r\n\
        Content-Transfer-Encoding: quoted-printable\r\nContent-Location: https://a.test/wells?id=3\r\n\r\n\
        <html><head><meta charset=3D\"utf-8\"></head><p>The wells are d=\r\neep. =C3=A4 = b\r\n\
        ------MultipartBoundary--Ab1----\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n\
        iVBORw0KGgo=\r\n------MultipartBoundary--Ab1------\r\n";

    #[test]
    fn a_page_saved_by_a_browser() {
        assert!(is_mhtml(BLINK.as_bytes()));
        let saved = read(BLINK.as_bytes()).unwrap();
        assert_eq!(
            std::str::from_utf8(&saved.page).unwrap(),
            "<html><head><meta charset=\"utf-8\"></head><p>The wells are deep. ä = b"
        );
        assert_eq!(saved.media_type.as_deref(), Some("text/html"));
        assert_eq!(saved.address.as_deref(), Some("https://a.test/wells?id=3"));
        assert_eq!(saved.title.as_deref(), Some("Wells and äpples"));
        assert_eq!(saved.saved_at, Some(1_767_598_200_000));
    }

    #[test]
    fn the_page_is_found_wherever_it_stands() {
        let outer = |parameters: &str, parts: &[&str]| {
            let parts = format!("--x\n{}\n", parts.join("\n--x\n"));
            format!(
                "MIME-Version: 1.0\nContent-Type: multipart/related; boundary=x{parameters}\n\n{parts}--x--\n"
            )
        };
        let page = |id: &str, words: &str| {
            format!(
                "Content-Type: text/html; charset=windows-1252\nContent-ID: <{id}>\n\n<p>{words}"
            )
        };
        let of = |text: &str| {
            let saved = read(text.as_bytes()).unwrap();
            String::from_utf8(saved.page.into_owned()).unwrap()
        };
        let (a, b) = (page("a@x", "first"), page("b@x", "second"));
        let style = "Content-Type: text/css\n\np {}";
        assert_eq!(of(&outer("", &[style, &a, &b])), "<p>first");
        assert_eq!(
            of(&outer("; start=\"<b@x>\"", &[style, &a, &b])),
            "<p>second"
        );
        assert_eq!(
            of(&outer("; start=\"<c@x>\"", &[style, &a, &b])),
            "<p>first"
        );
        assert_eq!(of(&outer("", &[style])), "p {}");
        let inner = outer("", &[style, &b])
            .replace("=x", "=y")
            .replace("--x", "--y");
        assert_eq!(of(&outer("", &[&inner, &a])), "<p>second");
        let cut = outer("", &[&a]).replace("--x--\n", "");
        assert_eq!(of(&cut).trim_end(), "<p>first");
        let like = outer("", &[&page("a@x", "--xy\n--x y\n -- --x\n")]);
        assert_eq!(of(&like), "<p>--xy\n--x y\n -- --x\n");
        let base64 = outer(
            "",
            &["Content-Type: text/html\nContent-Transfer-Encoding: BASE64\n\nPHA+\n eA"],
        );
        assert_eq!(of(&base64), "<p>x");
    }

    #[test]
    fn what_is_none_is_told() {
        for text in [
            "",
            "<html>",
            "Note: nothing\n\nat all",
            "a:b",
            "MIME-Version: 1.0\n\nx",
            "MIME-Version: 1.0\nContent-Type: text/plain\n\nx",
        ] {
            assert!(!is_mhtml(text.as_bytes()), "{text:?}");
        }
        assert_eq!(
            read(b"MIME-Version: 1.0\nContent-Type: multipart/related; boundary=x\n\n"),
            None
        );
    }

    #[test]
    fn parts_within_parts_without_end_are_read_in_one_pass_each() {
        let level = "Content-Type: multipart/related; boundary=x\n\n--x\n";
        let deep = format!("MIME-Version: 1.0\n{}", level.repeat(100_000));
        assert_eq!(read(deep.as_bytes()), None);
        let many = format!(
            "MIME-Version: 1.0\nContent-Type: multipart/related; boundary=x\n\n{}",
            "--x\nA: b\n\nc\n".repeat(1_000_000)
        );
        assert!(read(many.as_bytes()).is_some());
    }

    proptest::proptest! {
        #[test]
        fn never_panics(
            text in "(MIME-Version: 1.0\n|Content-Type: multipart/related; boundary=\"?x\"?\r?\n|Content-[A-Z][a-z-]{0,5}: .{0,9}\n|--x(--)?\r?\n|\r?\n|=[0-9A-F]{0,2}|[a-z<>:;= ]{0,9}|.){0,30}"
        ) {
            let _ = is_mhtml(text.as_bytes());
            let _ = read(text.as_bytes());
            let _ = from_quoted_printable(text.as_bytes());
            let _ = from_base64(text.as_bytes());
        }
    }
}
