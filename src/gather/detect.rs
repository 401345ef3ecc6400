//! Which format a document is in: by its media type, its name, and what it looks like, in this order of trust.
//!
//! Servers send feeds as `text/xml` or `text/html` and Markdown as `text/plain`, so that a media type decides alone
//! only where it is specific. What is no text at all is refused with its reason rather than scanned for addresses.

use super::Format;
use super::list::looks_like_a_list;
use crate::charset;

/// How far into a document is looked.
const SNIFF_BYTES: usize = 64 * 1024;

/// How far into a document a feed may begin.
const JUNK_BYTES: usize = 1024;

/// Why a document cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It is in a format that has no text to read.
    #[error("{0}: this is no text that could cite anything")]
    Binary(&'static str),
    /// Its media type says that it is no text.
    #[error("media type {0}: this is no text that could cite anything")]
    MediaType(String),
}

/// How files begin that are no text.
const MAGIC: &[(&[u8], &str)] = &[
    (b"%PDF-", "a PDF document"),
    (b"PK\x03\x04", "a zip archive or office document"),
    (b"\x89PNG\r\n\x1a\n", "a PNG image"),
    (b"\xFF\xD8\xFF", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"\x1F\x8B", "a gzip file"),
    (b"BZh", "a bzip2 file"),
    (b"\xFD7zXZ", "an xz file"),
    (b"\x28\xB5\x2F\xFD", "a zstd file"),
    (b"7z\xBC\xAF", "a 7z archive"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"\x7FELF", "a program"),
    (b"OggS", "an Ogg file"),
    (b"ID3", "an MP3 file"),
    (b"fLaC", "a FLAC file"),
    (b"wOF", "a font"),
];

/// Finds out how to read a document. `name` is its address or path; `media_type` may carry parameters.
pub fn detect(bytes: &[u8], media_type: Option<&str>, name: &str) -> Result<Format, Unreadable> {
    if let Some(why) = not_text(bytes) {
        return Err(why);
    }
    let essence = media_type
        .map(|full| {
            full.split(';')
                .next()
                .unwrap_or(full)
                .trim()
                .to_ascii_lowercase()
        })
        .unwrap_or_default();
    if let Some(format) = by_media_type(&essence)? {
        // A server that calls a feed a page is common; the reverse is not.
        let is_feed = format == Format::Html && by_content(bytes, media_type) == Some(Format::Feed);
        return Ok(if is_feed { Format::Feed } else { format });
    }
    if let Some(format) = by_extension(name) {
        return Ok(format);
    }
    Ok(by_content(bytes, media_type).unwrap_or(Format::Text))
}

/// Why these bytes cannot be text, if they cannot.
pub(super) fn not_text(bytes: &[u8]) -> Option<Unreadable> {
    binary(bytes).map(Unreadable::Binary)
}

fn binary(bytes: &[u8]) -> Option<&'static str> {
    if let Some((_, what)) = MAGIC.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return Some(what);
    }
    if bytes.get(4..8) == Some(b"ftyp") {
        return Some("a video");
    }
    if bytes.starts_with(b"RIFF") {
        return Some("an image, sound or video");
    }
    let head = &bytes[..bytes.len().min(1024)];
    let zeros = memchr::memchr_iter(0, head).count();
    // UTF-16 text is full of zeros; it begins with a mark, or with the `<` of its markup.
    let is_wide = encoding_rs::Encoding::for_bom(bytes).is_some()
        || bytes.starts_with(b"<\0")
        || bytes.starts_with(b"\0<");
    (zeros > head.len() / 32 && !is_wide).then_some("binary data")
}

fn by_media_type(essence: &str) -> Result<Option<Format>, Unreadable> {
    Ok(match essence {
        "text/html" | "application/xhtml+xml" => Some(Format::Html),
        "text/markdown" | "text/x-markdown" => Some(Format::Markdown),
        "application/rss+xml"
        | "application/atom+xml"
        | "application/rdf+xml"
        | "application/feed+json" => Some(Format::Feed),
        "text/uri-list" => Some(Format::List),
        _ => {
            let kind = essence.split('/').next().unwrap_or_default();
            let is_text = essence.ends_with("+xml") || essence == "image/svg+xml";
            if matches!(kind, "image" | "audio" | "video" | "font") && !is_text {
                return Err(Unreadable::MediaType(essence.to_owned()));
            }
            None
        }
    })
}

fn by_extension(name: &str) -> Option<Format> {
    let path = name.split(['?', '#']).next().unwrap_or(name);
    let file = path.rsplit(['/', '\\']).next().unwrap_or(path);
    let (_, extension) = file.rsplit_once('.')?;
    match extension.to_ascii_lowercase().as_str() {
        "html" | "htm" | "xhtml" | "xht" => Some(Format::Html),
        "md" | "markdown" | "mdown" | "mkd" | "mdx" => Some(Format::Markdown),
        "rss" | "atom" | "rdf" => Some(Format::Feed),
        _ => None,
    }
}

/// What it looks like; `None` is plain text.
fn by_content(bytes: &[u8], media_type: Option<&str>) -> Option<Format> {
    let head = &bytes[..bytes.len().min(SNIFF_BYTES)];
    let decoded = charset::decode(head, media_type);
    let text = decoded.text.trim_start();
    if text.starts_with('{') {
        let is_feed = text.contains("\"https://jsonfeed.org/version/")
            || text.contains("\"http://jsonfeed.org/version/")
            || text.contains("jsonfeed.org\\/version\\/");
        return is_feed.then_some(Format::Feed);
    }
    if is_feed_behind_junk(text) {
        return Some(Format::Feed);
    }
    if let Some(root) = first_element(text) {
        let local = root.rsplit(':').next().unwrap_or(&root);
        if is_feed_root(&root) {
            return Some(Format::Feed);
        }
        if matches!(local, "html" | "head" | "body") || text.starts_with("<!DOCTYPE html") {
            return Some(Format::Html);
        }
        let is_xml = text.starts_with("<?xml");
        if !is_xml && HTML_ELEMENTS.contains(&local) {
            return Some(Format::Html);
        }
    }
    // The whole of it: one line that is no address makes it a text.
    looks_like_a_list(&charset::decode(bytes, media_type).text).then_some(Format::List)
}

/// Whether a program's warning stands before the feed that it made. A text that shows how a feed begins goes on after it.
fn is_feed_behind_junk(text: &str) -> bool {
    let head = &text.as_bytes()[..text.len().min(JUNK_BYTES)];
    let Some(at) = memchr::memmem::find(head, b"<?xml").filter(|at| *at > 0) else {
        return false;
    };
    let end = text.trim_end();
    first_element(&text[at..]).is_some_and(|root| {
        is_feed_root(&root)
            && end
                .strip_suffix('>')
                .is_some_and(|end| ends_with_name(end, &root))
    })
}

fn ends_with_name(text: &str, name: &str) -> bool {
    let start = text.len().saturating_sub(name.len());
    text.get(start..)
        .is_some_and(|end| end.eq_ignore_ascii_case(name))
}

fn is_feed_root(name: &str) -> bool {
    let local = name.rsplit(':').next().unwrap_or(name);
    matches!(local, "rss" | "rdf" | "feed" | "channel")
}

/// What a fragment of HTML begins with.
const HTML_ELEMENTS: &[&str] = &[
    "a",
    "article",
    "blockquote",
    "br",
    "center",
    "div",
    "dl",
    "font",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "header",
    "img",
    "link",
    "main",
    "meta",
    "nav",
    "ol",
    "p",
    "pre",
    "script",
    "section",
    "span",
    "style",
    "table",
    "title",
    "ul",
];

/// The name of the first element, in lower case, if the text begins with markup.
fn first_element(text: &str) -> Option<String> {
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        if let Some(comment) = rest.strip_prefix("<!--") {
            rest = &comment[comment.find("-->")? + 3..];
        } else if rest.starts_with("<?") || rest.starts_with("<!") {
            rest = &rest[rest.find('>')? + 1..];
            // What is left of a document type with an internal subset.
            if let Some(subset) = rest.trim_start().strip_prefix("]>") {
                rest = subset;
            }
        } else {
            let name = rest.strip_prefix('<')?;
            let end = name
                .find(|character: char| {
                    !character.is_ascii_alphanumeric() && !"-_:.".contains(character)
                })
                .unwrap_or(name.len());
            return (end > 0).then(|| name[..end].to_ascii_lowercase());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats() {
        for (bytes, media_type, name, expected) in [
            ("x", Some("text/html; charset=utf-8"), "", Format::Html),
            (
                "<?xml version='1.0'?><rss version='2.0'>",
                Some("text/html"),
                "",
                Format::Feed,
            ),
            ("# Title", None, "post.md", Format::Markdown),
            (
                "# Title",
                Some("text/plain"),
                "https://a.example/readme.md?raw=1",
                Format::Markdown,
            ),
            (
                "<?xml version='1.0'?><!-- c --><rdf:RDF>",
                Some("text/xml"),
                "x.xml",
                Format::Feed,
            ),
            (
                "<feed xmlns='http://www.w3.org/2005/Atom'>",
                None,
                "x",
                Format::Feed,
            ),
            (
                "{\"version\": \"https://jsonfeed.org/version/1.1\"}",
                None,
                "feed.json",
                Format::Feed,
            ),
            (
                "Warning: no cache\n<?xml version='1.0'?><rss version='2.0'></rss>\n",
                None,
                "x",
                Format::Feed,
            ),
            (
                "A feed begins so: <?xml version='1.0'?><rss> and so on.",
                None,
                "x",
                Format::Text,
            ),
            ("\u{feff}<!DOCTYPE html><html>", None, "x", Format::Html),
            ("<!doctype html>\n<!-- x --><p>", None, "x", Format::Html),
            ("<html lang=en>", None, "x", Format::Html),
            (
                "# all\nhttp://a.example/\n\nhttps://b.example/x\n",
                None,
                "urls.txt",
                Format::List,
            ),
            (
                "see http://a.example/\nhttps://b.example/x\n",
                None,
                "urls.txt",
                Format::Text,
            ),
            ("", None, "empty", Format::Text),
            ("1 < 2", None, "x", Format::Text),
        ] {
            assert_eq!(
                detect(bytes.as_bytes(), media_type, name),
                Ok(expected),
                "{bytes}"
            );
        }
    }

    #[test]
    fn what_is_no_text() {
        for bytes in [
            &b"%PDF-1.7"[..],
            b"PK\x03\x04aaaa",
            b"\x89PNG\r\n\x1a\n",
            b"\0\0\0\x18ftypmp42",
            b"a\0b\0c\0d",
        ] {
            assert!(
                matches!(detect(bytes, None, "x"), Err(Unreadable::Binary(_))),
                "{bytes:?}"
            );
        }
        assert!(matches!(
            detect(b"x", Some("image/webp"), "x"),
            Err(Unreadable::MediaType(_))
        ));
        assert_eq!(detect(b"\xFF\xFE<\0p\0>\0", None, "x"), Ok(Format::Html));
    }
}
