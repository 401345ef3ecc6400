//! What kind of thing a payload is: by what its bytes begin with, else by what the server named it, else by a look at it.

use crate::charset::essence;

/// A kind of payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Pages.
    Html,
    /// Style sheets.
    Css,
    /// Scripts.
    Script,
    /// JSON, whatever it is for.
    Json,
    /// Any other text: XML, SVG, Markdown, CSV.
    Text,
    /// Pictures that are packed already.
    Image,
    /// Fonts.
    Font,
    /// Sound and films.
    Media,
    /// PDF.
    Pdf,
    /// Archives and whatever else is packed already.
    Packed,
    /// Anything else.
    Other,
}

impl Kind {
    /// All of them, in the order in which they are told.
    pub const ALL: [Self; 11] = [
        Self::Html,
        Self::Css,
        Self::Script,
        Self::Json,
        Self::Text,
        Self::Image,
        Self::Font,
        Self::Media,
        Self::Pdf,
        Self::Packed,
        Self::Other,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Html => "html",
            Self::Css => "css",
            Self::Script => "script",
            Self::Json => "json",
            Self::Text => "text",
            Self::Image => "image",
            Self::Font => "font",
            Self::Media => "media",
            Self::Pdf => "pdf",
            Self::Packed => "packed",
            Self::Other => "other",
        }
    }

    /// Whether it is text, so that payloads of the kind have words in common.
    pub fn is_text(self) -> bool {
        matches!(
            self,
            Self::Html | Self::Css | Self::Script | Self::Json | Self::Text
        )
    }

    /// Whether its own format packs it already, so that packing it again gains nothing.
    pub fn is_packed(self) -> bool {
        matches!(
            self,
            Self::Image | Self::Media | Self::Pdf | Self::Packed | Self::Font
        )
    }
}

/// The kind of a payload of which this is the beginning (all of it, or a few hundred bytes). `media_type` is what the server
/// named it, parameters and all; servers err, so that what the bytes say for certain goes first.
pub fn kind(media_type: Option<&str>, beginning: &[u8]) -> Kind {
    if let Some(kind) = by_magic(beginning) {
        return kind;
    }
    let named = media_type.map_or(Kind::Other, by_media_type);
    if beginning.is_empty() {
        return named;
    }
    let is_text = is_text(beginning);
    match named {
        // A "not found" page often comes where something else was asked for.
        kind if kind.is_text() && is_text => {
            if kind != Kind::Html && kind != Kind::Text && looks_like_html(beginning) {
                Kind::Html
            } else {
                kind
            }
        }
        _ if is_text => by_look(beginning),
        kind if kind.is_text() => Kind::Other,
        kind => kind,
    }
}

/// The kind that a media type names.
pub fn by_media_type(media_type: &str) -> Kind {
    let essence = essence(media_type);
    let (class, sort) = essence.split_once('/').unwrap_or((&essence, ""));
    match (class, sort) {
        (_, "html" | "xhtml+xml" | "vnd.wap.xhtml+xml") => Kind::Html,
        (_, "css") => Kind::Css,
        (_, "pdf" | "x-pdf") => Kind::Pdf,
        (_, sort) if sort.contains("javascript") || sort.contains("ecmascript") => Kind::Script,
        (_, sort) if sort == "json" || sort.ends_with("+json") => Kind::Json,
        (_, sort) if sort == "xml" || sort.ends_with("+xml") => Kind::Text,
        ("image", _) => Kind::Image,
        ("font", _) => Kind::Font,
        (_, sort) if sort.contains("font") => Kind::Font,
        ("audio" | "video", _) => Kind::Media,
        ("text" | "message" | "multipart", _) => Kind::Text,
        ("application", "zip" | "gzip" | "x-gzip" | "x-tar" | "zstd" | "x-bzip2" | "x-xz") => {
            Kind::Packed
        }
        ("application", sort) if sort.starts_with("vnd.openxmlformats") => Kind::Packed,
        ("application", sort) if sort.starts_with("vnd.oasis.opendocument") => Kind::Packed,
        _ => Kind::Other,
    }
}

fn by_magic(bytes: &[u8]) -> Option<Kind> {
    const MAGIC: &[(&[u8], Kind)] = &[
        (b"\xff\xd8\xff", Kind::Image),
        (b"\x89PNG\r\n\x1a\n", Kind::Image),
        (b"GIF87a", Kind::Image),
        (b"GIF89a", Kind::Image),
        (b"\x00\x00\x01\x00", Kind::Image),
        (b"\xff\x0a", Kind::Image),
        (b"wOFF", Kind::Font),
        (b"wOF2", Kind::Font),
        (b"%PDF-", Kind::Pdf),
        (b"PK\x03\x04", Kind::Packed),
        (b"\x1f\x8b", Kind::Packed),
        (b"\x28\xb5\x2f\xfd", Kind::Packed),
        (b"BZh", Kind::Packed),
        (b"\xfd7zXZ\x00", Kind::Packed),
        (b"7z\xbc\xaf\x27\x1c", Kind::Packed),
        (b"Rar!\x1a\x07", Kind::Packed),
        (b"OggS", Kind::Media),
        (b"ID3", Kind::Media),
        (b"\xff\xfb", Kind::Media),
        (b"fLaC", Kind::Media),
        (b"\x1a\x45\xdf\xa3", Kind::Media),
    ];
    let found = MAGIC.iter().find(|(magic, _)| bytes.starts_with(magic));
    if let Some((_, kind)) = found {
        return Some(*kind);
    }
    match (bytes.get(..4)?, bytes.get(4..8)?, bytes.get(8..12)?) {
        (b"RIFF", _, b"WEBP") | (_, b"ftyp", b"avif" | b"avis" | b"heic" | b"heix" | b"mif1") => {
            Some(Kind::Image)
        }
        (b"RIFF", _, b"AVI " | b"WAVE") | (_, b"ftyp", _) => Some(Kind::Media),
        _ => None,
    }
}

/// Whether this begins as text does: no control characters but those of lines, in its first bytes.
fn is_text(bytes: &[u8]) -> bool {
    const LOOKED_AT: usize = 512;
    // UTF-16 has a mark, and zeros.
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return true;
    }
    let looked = &bytes[..bytes.len().min(LOOKED_AT)];
    !looked
        .iter()
        .any(|byte| *byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0c | 0x1b))
}

fn trimmed(bytes: &[u8]) -> &[u8] {
    bytes
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(bytes)
        .trim_ascii_start()
}

fn looks_like_html(bytes: &[u8]) -> bool {
    const LOOKED_AT: usize = 512;
    let text = trimmed(bytes);
    let looked = text[..text.len().min(LOOKED_AT)].to_ascii_lowercase();
    looked.starts_with(b"<!doctype html")
        || looked.starts_with(b"<html")
        || (looked.starts_with(b"<") && memchr::memmem::find(&looked, b"<html").is_some())
}

fn by_look(bytes: &[u8]) -> Kind {
    if looks_like_html(bytes) {
        return Kind::Html;
    }
    match trimmed(bytes).first() {
        Some(b'{' | b'[') => Kind::Json,
        _ => Kind::Text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_bytes_say_goes_before_what_the_server_says() {
        let cases: &[(Option<&str>, &[u8], Kind)] = &[
            (
                Some("text/html; charset=utf-8"),
                b"<!DOCTYPE html><p>",
                Kind::Html,
            ),
            (Some("text/html"), b"\xff\xd8\xff\xe0", Kind::Image),
            (Some("text/css"), b"body { color: red }", Kind::Css),
            (
                Some("text/css"),
                b"\n<!doctype html><title>404</title>",
                Kind::Html,
            ),
            (
                Some("application/x-javascript"),
                b"var a = 1;",
                Kind::Script,
            ),
            (Some("application/ld+json"), b"{}", Kind::Json),
            (Some("application/octet-stream"), b"{\"a\": 1}", Kind::Json),
            (Some("image/svg+xml"), b"<svg xmlns='x'>", Kind::Text),
            (Some("image/x-other"), b"\x00\x01\x02", Kind::Image),
            (Some("font/ttf"), b"\x00\x01\x00\x00\x00", Kind::Font),
            (None, b"RIFF\x00\x00\x00\x00WEBPVP8 ", Kind::Image),
            (None, b"\x00\x00\x00\x20ftypisom", Kind::Media),
            (None, b"plain words", Kind::Text),
            (Some("text/plain"), b"\x00\x01\x02\x03", Kind::Other),
            (Some("text/css"), b"", Kind::Css),
            (None, b"", Kind::Other),
        ];
        for (media_type, bytes, expected) in cases {
            assert_eq!(
                kind(*media_type, bytes),
                *expected,
                "{media_type:?} {bytes:?}"
            );
        }
    }
}
