//! A copy that somebody made by hand: what the file is, and what it says of itself.
//!
//! Pure. What a file is, is told by its first bytes and its content; its name's ending only says which kind of text a text
//! is. What a file says of itself (of which page it is, and when it was saved) is as good as whoever made it.

use std::borrow::Cow;

use jiff::Timestamp;
use url::Url;

use crate::{address, mhtml};

/// The largest file that is kept as a copy made by hand, in bytes.
pub const MAX_BYTES: u64 = 100 << 20;

/// How much of a page is looked through for what the program that saved it wrote there, in bytes.
const HEAD_BYTES: usize = 64 * 1024;
/// How long that may be, in bytes.
const COMMENT_BYTES: usize = 16 * 1024;

/// What a file says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Claims {
    /// The address it was saved from.
    pub address: Option<String>,
    /// When it was saved, in milliseconds since the epoch.
    pub saved_at: Option<i64>,
}

/// The media type of a file. `None` where it is no page, no PDF, no picture and no text. `name` is the file's.
pub fn media_type(bytes: &[u8], name: &str) -> Option<&'static str> {
    let ending = name
        .rsplit_once('.')
        .map(|(_, ending)| ending.to_ascii_lowercase());
    let ending = ending.as_deref();
    if bytes.starts_with(b"%PDF-") {
        return Some("application/pdf");
    }
    if let Some(picture) = picture(bytes) {
        return Some(picture);
    }
    if mhtml::is_mhtml(bytes) {
        return Some("multipart/related");
    }
    if !is_text(bytes) {
        return None;
    }
    let start = start(bytes);
    if start.starts_with("<svg") {
        return Some("image/svg+xml");
    }
    let is_named_page = matches!(ending, Some("html" | "htm" | "xhtml" | "xht" | "shtml"));
    if begins_as_page(&start) || is_named_page && memchr::memchr(b'<', bytes).is_some() {
        return Some("text/html");
    }
    Some(match ending {
        Some("json") => "application/json",
        Some("csv") => "text/csv",
        Some("md" | "markdown") => "text/markdown",
        Some("xml") => "application/xml",
        _ => "text/plain",
    })
}

/// By the signatures of WHATWG MIME Sniffing, 6.1, and those of AVIF and TIFF.
fn picture(bytes: &[u8]) -> Option<&'static str> {
    let is_container = bytes.get(4..8) == Some(b"ftyp");
    Some(match bytes {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => "image/png",
        [0xff, 0xd8, 0xff, ..] => "image/jpeg",
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => "image/gif",
        [
            b'R',
            b'I',
            b'F',
            b'F',
            _,
            _,
            _,
            _,
            b'W',
            b'E',
            b'B',
            b'P',
            ..,
        ] => "image/webp",
        [b'I', b'I', b'*', 0, ..] | [b'M', b'M', 0, b'*', ..] => "image/tiff",
        _ if is_container && matches!(bytes.get(8..12), Some(b"avif" | b"avis")) => "image/avif",
        _ => return None,
    })
}

/// Whether these are the bytes of a text: no byte that no text has, but for UTF-16, which says so.
fn is_text(bytes: &[u8]) -> bool {
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return true;
    }
    let is_binary = |byte: &u8| matches!(byte, 0..=8 | 0x0e..=0x1a | 0x1c..=0x1f | 0x7f);
    !bytes.iter().take(HEAD_BYTES).any(is_binary)
}

/// The beginning of a text in lower case, behind what may stand before a page: white space, comments, declarations.
fn start(bytes: &[u8]) -> String {
    const SHOWN: usize = 24;
    let head = head(bytes);
    let mut rest = head.trim_start_matches('\u{feff}').trim_start();
    loop {
        let end = if rest.starts_with("<!--") {
            rest.find("-->").map(|end| end + 3)
        } else if rest.starts_with("<?") {
            rest.find("?>").map(|end| end + 2)
        } else {
            None
        };
        let Some(end) = end else { break };
        rest = rest[end..].trim_start();
    }
    rest.chars().take(SHOWN).collect::<String>().to_lowercase()
}

/// The beginnings of WHATWG MIME Sniffing, 7.1, and what else pages begin with.
fn begins_as_page(start: &str) -> bool {
    const TAGS: &[&str] = &[
        "!doctype html",
        "html",
        "head",
        "body",
        "title",
        "script",
        "iframe",
        "h1",
        "h2",
        "div",
        "font",
        "table",
        "a",
        "style",
        "b",
        "br",
        "p",
        "meta",
        "link",
        "base",
        "article",
        "main",
        "section",
        "header",
        "noscript",
        "pre",
    ];
    let Some(tag) = start.strip_prefix('<') else {
        return false;
    };
    TAGS.iter().any(|known| {
        tag.strip_prefix(known).is_some_and(|rest| {
            rest.is_empty() || rest.starts_with(|c: char| c == '>' || c.is_whitespace())
        })
    })
}

fn head(bytes: &[u8]) -> Cow<'_, str> {
    let head = &bytes[..bytes.len().min(HEAD_BYTES)];
    // What is looked for is ASCII.
    if bytes.starts_with(b"\xff\xfe") {
        encoding_rs::UTF_16LE.decode(head).0
    } else if bytes.starts_with(b"\xfe\xff") {
        encoding_rs::UTF_16BE.decode(head).0
    } else {
        String::from_utf8_lossy(head)
    }
}

/// What a file of this media type says of itself, by what the program wrote into it that saved it.
pub fn claims(bytes: &[u8], media_type: &str) -> Claims {
    if media_type == "multipart/related" {
        return mhtml::read(bytes).map_or_else(Claims::default, |saved| Claims {
            address: saved.address.filter(|address| is_web(address)),
            saved_at: saved.saved_at,
        });
    }
    if media_type != "text/html" {
        return Claims::default();
    }
    let head = head(bytes);
    let of_single_file = single_file(&head);
    if of_single_file != Claims::default() {
        return of_single_file;
    }
    Claims {
        address: mark_of_the_web(&head),
        saved_at: None,
    }
}

fn is_web(address: &str) -> bool {
    address.starts_with("http://") || address.starts_with("https://")
}

/// The comment of `SingleFile`: a line that says so, and one each for the address and the time.
fn single_file(head: &str) -> Claims {
    let marks = [
        "Page saved with SingleFile",
        "Archive processed by SingleFile",
    ];
    let Some(at) = marks.iter().find_map(|mark| head.find(mark)) else {
        return Claims::default();
    };
    if !head[..at].trim_end().ends_with("<!--") {
        return Claims::default();
    }
    let comment = &head[at..];
    let comment = &comment[..comment.find("-->").unwrap_or(comment.len())];
    let mut claims = Claims::default();
    let mut read = 0;
    for line in comment.lines() {
        read += line.len() + 1;
        if read > COMMENT_BYTES {
            break;
        }
        let Some((name, value)) = line.trim().split_once(':') else {
            continue;
        };
        let value = value.trim();
        match name {
            "url" if is_web(value) => claims.address = Some(value.to_owned()),
            "saved date" => claims.saved_at = date(value),
            _ => {}
        }
    }
    claims
}

/// A time as JavaScript writes it (`Wed Sep 24 2025 10:11:12 GMT+0200 (…)`), or as RFC 3339.
fn date(text: &str) -> Option<i64> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at.as_millisecond());
    }
    let (date, zone) = text.split_once(" GMT")?;
    let zone = zone.get(..5)?;
    // Its day of the week says nothing more.
    let date = date.split_once(' ').map_or(date, |(_, rest)| rest);
    jiff::fmt::strtime::parse("%b %d %Y %H:%M:%S %z", format!("{date} {zone}"))
        .and_then(|parsed| parsed.to_timestamp())
        .ok()
        .map(Timestamp::as_millisecond)
}

/// The comment by which Internet Explorer and after it all browsers say where a page was saved from; it stands at the
/// beginning. Templates of other people's pages bear it too.
fn mark_of_the_web(head: &str) -> Option<String> {
    const WITHIN: usize = 2048;
    const MARK: &str = "<!-- saved from url=(";
    let at = head.find(MARK).filter(|at| *at < WITHIN)? + MARK.len();
    let (digits, rest) = head[at..].split_once(')')?;
    if digits.len() > 5 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let end = rest.find(|c: char| c.is_whitespace() || c == '>')?;
    let address = rest[..end].trim_end_matches("--");
    is_web(address).then(|| address.to_owned())
}

/// Whether an address that a file names is that of the page it is to be a copy of: one of these, but for what does not
/// matter.
pub fn is_of(named: &str, addresses: &[&str]) -> bool {
    let Ok(named) = address::parse(named, None) else {
        return false;
    };
    addresses
        .iter()
        .filter_map(|known| address::parse(known, None).ok())
        .any(|known: Url| address::trivially_same(&named, &known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_told_by_what_is_in_them() {
        for (bytes, name, expected) in [
            (&b"%PDF-1.4\n"[..], "a.html", Some("application/pdf")),
            (b"\x89PNG\r\n\x1a\n\0", "a.txt", Some("image/png")),
            (b"\xff\xd8\xff\xe0", "a", Some("image/jpeg")),
            (b"GIF89a\0", "a", Some("image/gif")),
            (b"RIFF\0\0\0\0WEBPVP8 ", "a", Some("image/webp")),
            (b"\0\0\0\x1cftypavif", "a", Some("image/avif")),
            (b"\0\0\0\x1cftypisom", "a.mp4", None),
            (b"PK\x03\x04\x14\0", "a.html", None),
            (b"\x1f\x8b\x08\0", "a.html.gz", None),
            (b"<!DOCTYPE HTML>\n<p>", "a", Some("text/html")),
            (
                b"\xef\xbb\xbf <!-- x --> <?xml version='1.0'?><html xmlns='y'>",
                "a.txt",
                Some("text/html"),
            ),
            (b"\xff\xfe<\0h\0t\0m\0l\0>\0", "a", Some("text/html")),
            (b"words < words", "a.htm", Some("text/html")),
            (b"only words", "a.html", Some("text/plain")),
            (b"<svg xmlns='x'>", "a.svg", Some("image/svg+xml")),
            (b"<pizza>", "a.xml", Some("application/xml")),
            (b"# Title", "a.md", Some("text/markdown")),
            (b"{}", "a.json", Some("application/json")),
            (b"caf\xe9 au lait", "a.txt", Some("text/plain")),
            (
                b"MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=x\r\n\r\n",
                "a.txt",
                Some("multipart/related"),
            ),
            (b"\x01\x02\x03", "a.txt", None),
        ] {
            assert_eq!(media_type(bytes, name), expected, "{name}: {bytes:?}");
        }
    }

    #[test]
    fn what_programs_write_into_pages_is_read() {
        let of = |text: &str| claims(text.as_bytes(), "text/html");
        let saved = of(
            "<!DOCTYPE html> <html lang=en><!--\n Page saved with SingleFile \n url: https://a.test/x?y=1 \n \
             saved date: Wed Sep 24 2025 10:11:12 GMT+0200 (Central European Summer Time)\n--><meta charset=utf-8>",
        );
        assert_eq!(saved.address.as_deref(), Some("https://a.test/x?y=1"));
        assert_eq!(saved.saved_at, Some(1_758_701_472_000));
        let other = of(
            "<!--\n Page saved with SingleFile\n url: file:///home/a.html\n saved date: yesterday\n-->",
        );
        assert_eq!(other, Claims::default());
        let told = of("<p>Page saved with SingleFile\n url: https://b.test/\n");
        assert_eq!(told, Claims::default());
        let marked =
            of("<!DOCTYPE html>\n<!-- saved from url=(0019)https://a.test/y--z -->\n<html>");
        assert_eq!(marked.address.as_deref(), Some("https://a.test/y--z"));
        assert_eq!(
            of("<!-- saved from url=(0014)about:internet -->"),
            Claims::default()
        );
        let iso =
            of("<!--\n Page saved with SingleFile\n saved date: 2025-09-24T08:11:12.000Z\n-->");
        assert_eq!(iso.saved_at, Some(1_758_701_472_000));
    }

    #[test]
    fn an_address_is_that_of_the_page_but_for_what_does_not_matter() {
        let known = ["https://a.test/x", "https://new.test/y"];
        for (named, expected) in [
            ("http://www.a.test/x/#part", true),
            ("https://a.test/x?utm_source=z", true),
            ("https://new.test/y", true),
            ("https://a.test/other", false),
            ("https://a.test/", false),
            ("nonsense", false),
        ] {
            assert_eq!(is_of(named, &known), expected, "{named}");
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in "(<!--|-->|Page saved with SingleFile|\n|url: |saved date: |saved from url=\\(|\\)|GMT|<\\?|\\?>|.{0,9}){0,20}") {
            let media = media_type(text.as_bytes(), &text);
            let _ = media.map(|media| claims(text.as_bytes(), media));
            let _ = date(&text);
            let _ = is_of(&text, &[&text]);
        }
    }
}
