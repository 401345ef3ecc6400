//! Which format a document is in: by its media type, its name, and what it looks like, in this order of trust.
//!
//! Servers send feeds as `text/xml` or `text/html` and Markdown as `text/plain`, so that a media type decides alone
//! only where it is specific. What is no text at all is refused with its reason rather than scanned for addresses.

use std::sync::LazyLock;

use regex::Regex;

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
    /// It is a PDF document, and damaged, locked, or made to be unreadable.
    #[error("a PDF document that cannot be read: {0}")]
    Pdf(String),
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
    if is_pdf(bytes) {
        return Ok(Format::Pdf);
    }
    if let Some(why) = not_text(bytes) {
        return Err(why);
    }
    let essence = media_type.map(charset::essence).unwrap_or_default();
    if let Some(format) = by_media_type(&essence)? {
        return Ok(more_exactly(format, bytes, media_type, true));
    }
    if let Some(format) = by_extension(name) {
        return Ok(more_exactly(format, bytes, media_type, false));
    }
    Ok(by_content(bytes, media_type).unwrap_or(Format::Text))
}

/// What a page or a feed turns out to be when it is looked at.
fn more_exactly(format: Format, bytes: &[u8], media_type: Option<&str>, is_served: bool) -> Format {
    let content = match format {
        Format::Html | Format::Feed => by_content(bytes, media_type),
        _ => None,
    };
    match (format, content) {
        // An export of WordPress is RSS, and is often called so; bookmarks are a kind of HTML.
        (Format::Feed, Some(Format::Wxr)) => Format::Wxr,
        (Format::Html, Some(Format::Bookmarks)) => Format::Bookmarks,
        // A server that calls XML a page is common; the reverse is not.
        (
            Format::Html,
            Some(found @ (Format::Feed | Format::Wxr | Format::Opml | Format::Sitemap)),
        ) if is_served => found,
        (format, _) => format,
    }
}

/// Whether a file that is called and begins like this is nothing to gather from, as a picture is. What is called a post and
/// is none is broken, which is another thing.
pub fn is_binary(head: &[u8], name: &str) -> bool {
    !is_pdf(head) && not_text(head).is_some() && by_extension(name).is_none()
}

fn is_pdf(bytes: &[u8]) -> bool {
    bytes.starts_with(b"%PDF-")
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
    let foreign = head.iter().filter(|byte| is_foreign(**byte)).count();
    // UTF-16 text is full of zeros; it begins with a mark, or with the `<` of its markup.
    let is_wide = encoding_rs::Encoding::for_bom(bytes).is_some()
        || bytes.starts_with(b"<\0")
        || bytes.starts_with(b"\0<");
    (foreign > head.len() / 32 && !is_wide).then_some("binary data")
}

/// Whether text has no such byte: control characters that neither move the cursor nor switch the character set.
fn is_foreign(byte: u8) -> bool {
    byte < b' ' && !matches!(byte, 0x08..=0x0F | 0x1A | 0x1B) || byte == 0x7F
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
        "text/csv"
        | "application/csv"
        | "text/x-csv"
        | "application/x-csv"
        | "text/comma-separated-values"
        | "text/tab-separated-values" => Some(Format::Csv),
        "text/x-opml"
        | "text/x-opml+xml"
        | "text/opml"
        | "application/xml+opml"
        | "application/x-opml+xml" => Some(Format::Opml),
        "text/x-wiki" | "text/mediawiki" | "text/x-mediawiki" => Some(Format::Wikitext),
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
    let (stem, last) = file.rsplit_once('.')?;
    let extension = if last.eq_ignore_ascii_case("gz") {
        stem.rsplit_once('.')?.1
    } else {
        last
    };
    match extension.to_ascii_lowercase().as_str() {
        "html" | "htm" | "xhtml" | "xht" => Some(Format::Html),
        "md" | "markdown" | "mdown" | "mkd" | "mdx" => Some(Format::Markdown),
        "rss" | "atom" | "rdf" => Some(Format::Feed),
        "csv" | "tsv" | "tab" => Some(Format::Csv),
        "opml" => Some(Format::Opml),
        "wiki" | "wikitext" | "mediawiki" => Some(Format::Wikitext),
        _ => None,
    }
}

/// What it looks like; `None` is plain text.
fn by_content(bytes: &[u8], media_type: Option<&str>) -> Option<Format> {
    let head = &bytes[..bytes.len().min(SNIFF_BYTES)];
    let decoded = charset::decode(head, media_type);
    let text = decoded.text.trim_start();
    // Wikitext begins with a template more often than not.
    if text.starts_with('{') && !text.starts_with("{{") {
        let is_feed = text.contains("\"https://jsonfeed.org/version/")
            || text.contains("\"http://jsonfeed.org/version/")
            || text.contains("jsonfeed.org\\/version\\/");
        return is_feed.then_some(Format::Feed);
    }
    if is_bookmarks(text) {
        return Some(Format::Bookmarks);
    }
    if has_front_matter(text) {
        return Some(Format::Markdown);
    }
    if is_feed_behind_junk(text) {
        return Some(Format::Feed);
    }
    if let Some(root) = first_element(text) {
        let local = root.rsplit(':').next().unwrap_or(&root);
        match local {
            "rss" | "channel" if is_export(text) => return Some(Format::Wxr),
            _ if is_feed_root(&root) => return Some(Format::Feed),
            "urlset" | "sitemapindex" => return Some(Format::Sitemap),
            "opml" => return Some(Format::Opml),
            _ => {}
        }
        if matches!(local, "html" | "head" | "body") || text.starts_with("<!DOCTYPE html") {
            return Some(Format::Html);
        }
        let is_xml = text.starts_with("<?xml");
        if !is_xml && HTML_ELEMENTS.contains(&local) {
            return Some(Format::Html);
        }
    }
    if wiki_signs(text) >= ENOUGH_SIGNS {
        return Some(Format::Wikitext);
    }
    // The whole of it: one line that is no address makes it a text.
    looks_like_a_list(&charset::decode(bytes, media_type).text).then_some(Format::List)
}

/// Whether a text begins as posts of static sites do: with `key: value` between two lines of dashes.
fn has_front_matter(text: &str) -> bool {
    let mut lines = text.lines();
    let is_key = |line: &str| {
        line.split_once(':').is_some_and(|(key, _)| {
            !key.is_empty()
                && key
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
        })
    };
    lines.next().is_some_and(|line| line.trim_end() == "---")
        && lines.next().is_some_and(is_key)
        && lines.any(|line| line.trim_end() == "---")
}

/// Whether it begins with the document type of bookmarks.
fn is_bookmarks(text: &str) -> bool {
    const TYPE: &str = "<!DOCTYPE NETSCAPE-Bookmark-file-1";
    let mut rest = text;
    while let Some(comment) = rest.strip_prefix("<!--") {
        let Some(end) = comment.find("-->") else {
            return false;
        };
        rest = comment[end + 3..].trim_start();
    }
    rest.get(..TYPE.len())
        .is_some_and(|begins| begins.eq_ignore_ascii_case(TYPE))
}

/// Whether RSS is an export of WordPress: feeds have no use for the vocabulary of its exports.
fn is_export(text: &str) -> bool {
    [
        "//wordpress.org/export/",
        "<wp:wxr_version",
        "<wp:post_type",
    ]
    .iter()
    .any(|sign| text.contains(sign))
}

/// How many signs of wikitext make a text wikitext.
const ENOUGH_SIGNS: usize = 3;

#[expect(
    clippy::unwrap_used,
    reason = "the patterns are constants that the tests compile"
)]
static WIKI_SIGNS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    // Each is rare in other texts; that several kinds of them stand in one is not met elsewhere.
    [
        r"(?i)\{\{ ?(?:cite|citation|citar?|citeer|cytuj|lien|internetquelle|literatur|webarchive|dead link|reflist)\b",
        r"\{\{[\p{L}][\p{L}\d _-]{1,60}(?:\||\}\}|\n ?\|)",
        r"\[\[[^\[\]\n|{}<>]{1,200}(?:\|[^\[\]\n]{1,300})?\]\]",
        r"(?m)^={2,5}[^=\n][^\n]{0,200}[^=\n]={2,5}[ \t\r]*$",
        r"'''[^'\n]{1,200}'''",
        r"(?i)<ref(?:\s+name\s*=[^<>\n]{1,100})?\s*/?>",
        r"\[https?://[^\s\[\]]{3,1000} [^\[\]\n]{1,300}\]",
        r"(?m)^\{\|[^\n]{0,300}$",
        r"(?i)\[\[(?:category|file|image|kategorie|datei|catégorie|fichier|categoría|archivo|categoria|categorie|bestand|категория|файл|kategoria|plik):",
    ]
    .iter()
    .map(|pattern| Regex::new(pattern).unwrap())
    .collect()
});

/// How many kinds of signs of wikitext stand in a text.
fn wiki_signs(text: &str) -> usize {
    let has = |sign| memchr::memmem::find(text.as_bytes(), sign).is_some();
    if !has(b"[[") && !has(b"{{") {
        return 0;
    }
    WIKI_SIGNS.iter().filter(|sign| sign.is_match(text)).count()
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
            ("x", None, "post.MD.gz", Format::Markdown),
            ("%PDF-1.7", None, "x", Format::Pdf),
            (
                "---\ntitle: x\n---\n\n![i](http://a.example/i.png)",
                None,
                "-",
                Format::Markdown,
            ),
            ("---\nNo key here\n---\n", None, "-", Format::Text),
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
    fn exports_and_lists() {
        let wxr = "<?xml version='1.0'?>\n<!-- an export -->\n<rss version='2.0' xmlns:wp='http://wordpress.org/export/1.2/'>";
        let bookmarks = "<!-- a comment -->\n<!doctype netscape-bookmark-file-1>\n<TITLE>B</TITLE>";
        let wiki =
            "'''It''' is [[here]].<ref>{{cite web|url=http://a.example/}}</ref>\n== See also ==\n";
        for (text, media_type, name, expected) in [
            (wxr, None, "export.xml", Format::Wxr),
            (wxr, Some("application/rss+xml"), "", Format::Wxr),
            (wxr, Some("text/xml; charset=utf-8"), "", Format::Wxr),
            (wxr, None, "export.rss", Format::Wxr),
            (bookmarks, None, "bookmarks.html", Format::Bookmarks),
            (bookmarks, Some("text/html"), "", Format::Bookmarks),
            (bookmarks, None, "-", Format::Bookmarks),
            (
                "<?xml version='1.0'?><urlset>",
                None,
                "sitemap.xml",
                Format::Sitemap,
            ),
            (
                "<s:sitemapindex xmlns:s='x'>",
                Some("text/html"),
                "",
                Format::Sitemap,
            ),
            ("<opml version='1.0'>", None, "feeds.xml", Format::Opml),
            (
                "<opml version='1.0'>",
                Some("text/x-opml"),
                "",
                Format::Opml,
            ),
            ("x", None, "feeds.OPML", Format::Opml),
            ("a,b", None, "sources.csv", Format::Csv),
            (
                "a\tb",
                None,
                "https://a.example/sources.tsv?x=1",
                Format::Csv,
            ),
            ("a,b", Some("text/csv; header=present"), "", Format::Csv),
            ("x", None, "page.wiki", Format::Wikitext),
            ("x", Some("text/x-wiki"), "", Format::Wikitext),
            (wiki, None, "page.txt", Format::Wikitext),
            (wiki, Some("text/plain"), "", Format::Wikitext),
            (wiki, None, "page.md", Format::Markdown),
            // Each has something of wikitext, and is none.
            (
                "[[anchor]]\n== Title\n{{< youtube x >}} See [[x]].",
                None,
                "x",
                Format::Text,
            ),
            (
                "Hello {{ name }}, {{name}} [[1, 2], [3]]",
                None,
                "x.txt",
                Format::Text,
            ),
        ] {
            assert_eq!(
                detect(text.as_bytes(), media_type, name),
                Ok(expected),
                "{name} {media_type:?} {text}"
            );
        }
    }

    #[test]
    fn a_text_made_to_be_slow_is_not() {
        for text in [
            "[[",
            "{{cite",
            "== a",
            "'''a",
            "[http://aaa ",
            "<!--",
            "{{aaa ",
        ] {
            let text = text.repeat(1_000_000);
            let before = std::time::Instant::now();
            let _ = detect(text.as_bytes(), None, "x");
            assert!(before.elapsed().as_secs() < 20);
        }
    }

    #[test]
    fn what_is_no_text() {
        for bytes in [
            &b"PK\x03\x04aaaa"[..],
            b"\x89PNG\r\n\x1a\n",
            b"\0\0\0\x18ftypmp42",
            b"a\0b\0c\0d",
            b"\x01\x02abc\x7F\x90\xFE",
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
