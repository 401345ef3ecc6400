//! Bytes to text, with a way back.
//!
//! A citation's span counts bytes of the document as stored, but everything that reads a document reads text. So the
//! decoded text comes with a map from its offsets to those of the bytes. Most documents are UTF-8 and their map is the
//! identity; for the others a checkpoint is kept every kilobyte, and what lies between is decoded once more on demand.
//!
//! The encoding is chosen as a browser would (WHATWG HTML, "determining the character encoding"): byte order mark,
//! `Content-Type`, `<meta>` prescan, XML declaration, then guessing. One deviation: bytes that are valid UTF-8 and not
//! plain ASCII are UTF-8, whatever a `<meta>` inside them says, because pages are saved anew more often than their
//! markup is corrected.

pub(crate) mod markup;

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, ISO_2022_JP, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252, X_USER_DEFINED};

/// How far into a document a `<meta>` that declares a charset is looked for (WHATWG: the first 1024 bytes).
const PRESCAN_BYTES: usize = 1024;
/// How many bytes are shown to the detector; what follows rarely changes its mind.
const DETECT_BYTES: usize = 256 * 1024;
/// The least distance, in bytes of the document, between two checkpoints.
const CHECKPOINT_BYTES: usize = 1024;

/// A decoded document.
#[derive(Debug, Clone)]
pub struct Decoded<'a> {
    /// The text, without a byte order mark; what could not be decoded is U+FFFD.
    pub text: Cow<'a, str>,
    /// The encoding it was decoded from.
    pub encoding: &'static Encoding,
    bytes: &'a [u8],
    map: Map,
}

/// Where both sides were at the same character boundary, with nothing held back by the decoder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Checkpoint {
    text: usize,
    byte: usize,
}

#[derive(Debug, Clone)]
enum Map {
    /// Text offset plus this.
    Identity(usize),
    /// Sorted by both members; the first stands at the text's beginning.
    Checkpoints(Vec<Checkpoint>),
}

impl Decoded<'_> {
    /// The offset in the document's bytes of the character at this offset of the text. Past the end it is the
    /// document's length; inside a character it is where that character begins.
    pub fn origin(&self, text_offset: usize) -> usize {
        if text_offset >= self.text.len() {
            return self.bytes.len();
        }
        let checkpoints = match &self.map {
            Map::Identity(skipped) => return text_offset + skipped,
            Map::Checkpoints(checkpoints) => checkpoints,
        };
        let mut target = text_offset;
        while !self.text.is_char_boundary(target) {
            target -= 1;
        }
        let after = checkpoints.partition_point(|checkpoint| checkpoint.text <= target);
        let Some(from) = after.checked_sub(1).and_then(|at| checkpoints.get(at)) else {
            return 0;
        };
        from.byte + self.bytes_of(*from, target)
    }

    /// The bytes of the document, from a checkpoint on, that make the text up to an offset.
    fn bytes_of(&self, from: Checkpoint, target: usize) -> usize {
        let between = &self.text[from.text..target];
        if self.encoding.is_single_byte() {
            return between.chars().count();
        }
        if self.encoding == UTF_16LE || self.encoding == UTF_16BE {
            return 2 * between.chars().map(char::len_utf16).sum::<usize>();
        }
        let bytes = &self.bytes[from.byte..];
        if self.encoding == UTF_8 {
            return utf8_bytes_of(bytes, between.len());
        }
        // Byte by byte: a character's first byte is the one after which all text before it had come out.
        let mut decoder = self.encoding.new_decoder_without_bom_handling();
        let mut out = [0_u8; 32];
        let mut produced = 0;
        for (at, byte) in bytes.iter().enumerate() {
            if produced >= between.len() {
                return at;
            }
            let (_, _, written, _) =
                decoder.decode_to_utf8(std::slice::from_ref(byte), &mut out, false);
            produced += written;
        }
        bytes.len()
    }
}

/// How many bytes of broken UTF-8 make this much text, each maximal broken part being one U+FFFD.
fn utf8_bytes_of(bytes: &[u8], text_len: usize) -> usize {
    const REPLACEMENT_LEN: usize = '\u{FFFD}'.len_utf8();
    let (mut text, mut byte) = (0, 0);
    for chunk in bytes.utf8_chunks() {
        let valid = chunk.valid().len();
        if text + valid >= text_len {
            return byte + (text_len - text);
        }
        text += valid + REPLACEMENT_LEN;
        byte += valid + chunk.invalid().len();
        if text >= text_len {
            return byte;
        }
    }
    byte
}

/// Decodes a document. `media_type` is the `Content-Type` it came with, parameters and all.
pub fn decode<'a>(bytes: &'a [u8], media_type: Option<&str>) -> Decoded<'a> {
    let (encoding, skipped) = encoding_of(bytes, media_type);
    let body = &bytes[skipped..];
    if encoding == UTF_8
        && let Ok(text) = std::str::from_utf8(body)
    {
        return Decoded {
            text: Cow::Borrowed(text),
            encoding,
            bytes,
            map: Map::Identity(skipped),
        };
    }
    let (text, checkpoints) = decode_with_checkpoints(bytes, skipped, encoding);
    Decoded {
        text: Cow::Owned(text),
        encoding,
        bytes,
        map: Map::Checkpoints(checkpoints),
    }
}

/// The encoding of a document, and the length of its byte order mark.
fn encoding_of(bytes: &[u8], media_type: Option<&str>) -> (&'static Encoding, usize) {
    if let Some((encoding, length)) = Encoding::for_bom(bytes) {
        return (encoding, length);
    }
    if let Some(encoding) = media_type.and_then(charset_parameter) {
        return (encoding, 0);
    }
    let valid_utf8 = std::str::from_utf8(bytes).is_ok();
    if valid_utf8 && !bytes.is_ascii() {
        return (UTF_8, 0);
    }
    if let Some(encoding) = xml_without_mark(bytes)
        .or_else(|| meta_charset(bytes))
        .or_else(|| xml_declaration(bytes))
        .or_else(|| style_declaration(bytes))
    {
        return (encoding, 0);
    }
    if valid_utf8 {
        return (UTF_8, 0);
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    detector.feed(&bytes[..bytes.len().min(DETECT_BYTES)], true);
    (detector.guess(None, Utf8Detection::Allow), 0)
}

/// A media type without its parameters, in lower case (WHATWG MIME Sniffing, "essence").
pub fn essence(media_type: &str) -> String {
    let essence = media_type.split(';').next().unwrap_or_default();
    essence.trim().to_ascii_lowercase()
}

/// The encoding that a `Content-Type` names in its `charset` parameter.
fn charset_parameter(media_type: &str) -> Option<&'static Encoding> {
    media_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        if !name.trim().eq_ignore_ascii_case("charset") {
            return None;
        }
        let label = value.trim().trim_matches(['"', '\'']);
        Encoding::for_label(label.as_bytes())
    })
}

/// UTF-16 without a byte order mark shows by how `<?` begins (WHATWG, "xml encoding sniffing").
fn xml_without_mark(bytes: &[u8]) -> Option<&'static Encoding> {
    if bytes.starts_with(b"<\0?\0x\0") {
        Some(UTF_16LE)
    } else if bytes.starts_with(b"\0<\0?\0x") {
        Some(UTF_16BE)
    } else {
        None
    }
}

/// What a declaration inside of ASCII-compatible bytes can mean: it is no UTF-16, or it could not have been read.
fn declared(label: &[u8]) -> Option<&'static Encoding> {
    let encoding = Encoding::for_label(label)?;
    if encoding == UTF_16LE || encoding == UTF_16BE {
        Some(UTF_8)
    } else if encoding == X_USER_DEFINED {
        Some(WINDOWS_1252)
    } else {
        Some(encoding)
    }
}

/// The encoding named at the very beginning of a style sheet, in just this form (CSS Syntax, "the input byte stream").
fn style_declaration(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = &bytes[..bytes.len().min(PRESCAN_BYTES)];
    let rest = head.strip_prefix(b"@charset \"")?;
    let end = memchr::memchr(b'"', rest)?;
    let is_whole = rest.get(end + 1) == Some(&b';');
    is_whole.then(|| declared(&rest[..end])).flatten()
}

/// The encoding named in the XML declaration at the very beginning.
fn xml_declaration(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = &bytes[..bytes.len().min(PRESCAN_BYTES)];
    if !head.starts_with(b"<?xml") {
        return None;
    }
    let head = &head[..memchr::memchr(b'>', head)?];
    let at = memchr::memmem::find(head, b"encoding")? + b"encoding".len();
    let rest = head[at..].trim_ascii_start().strip_prefix(b"=")?;
    let rest = rest.trim_ascii_start();
    let (quote, rest) = rest.split_first()?;
    let end = memchr::memchr(*quote, rest)?;
    declared(&rest[..end])
}

/// The `<meta>` prescan: `charset=`, or `http-equiv=content-type` with `content=...charset=`, outside of comments.
fn meta_charset(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = &bytes[..bytes.len().min(PRESCAN_BYTES)];
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'<', &head[at..]) {
        at += found;
        let rest = &head[at..];
        if rest.starts_with(b"<!--") {
            // The two hyphens may be the opening ones.
            at += 2 + memchr::memmem::find(&rest[2..], b"-->")? + 3;
            continue;
        }
        let is_meta = rest.len() > 6
            && rest[1..5].eq_ignore_ascii_case(b"meta")
            && (rest[5].is_ascii_whitespace() || rest[5] == b'/');
        if is_meta {
            let end = memchr::memchr(b'>', rest).unwrap_or(rest.len());
            if let Some(encoding) = charset_in_tag(&rest[5..end]) {
                return Some(encoding);
            }
            at += end;
        }
        at += 1;
        if at >= head.len() {
            break;
        }
    }
    None
}

/// Both ways of naming a charset in a `<meta>` have `charset`, perhaps white space, `=`, perhaps a quote, the label.
fn charset_in_tag(tag: &[u8]) -> Option<&'static Encoding> {
    let lower = tag.to_ascii_lowercase();
    let mut at = 0;
    while let Some(found) = memchr::memmem::find(&lower[at..], b"charset") {
        at += found + b"charset".len();
        let Some(rest) = lower[at..].trim_ascii_start().strip_prefix(b"=") else {
            continue;
        };
        let rest = rest.trim_ascii_start();
        let rest = rest
            .strip_prefix(b"\"")
            .or_else(|| rest.strip_prefix(b"'"))
            .unwrap_or(rest);
        let end = rest
            .iter()
            .position(|byte| {
                byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b';' | b'/')
            })
            .unwrap_or(rest.len());
        if let Some(encoding) = declared(&rest[..end]) {
            return Some(encoding);
        }
    }
    None
}

/// Decodes piece by piece, cutting only where a decoder that starts anew would go on in the same state.
fn decode_with_checkpoints(
    bytes: &[u8],
    skipped: usize,
    encoding: &'static Encoding,
) -> (String, Vec<Checkpoint>) {
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let mut text = String::with_capacity(bytes.len() + bytes.len() / 2);
    let mut checkpoints = Vec::with_capacity(bytes.len() / CHECKPOINT_BYTES + 1);
    let mut at = skipped;
    let mut japanese = false;
    loop {
        checkpoints.push(Checkpoint {
            text: text.len(),
            byte: at,
        });
        let end = neutral_cut(bytes, at, skipped, encoding, &mut japanese);
        let last = end == bytes.len();
        let mut piece = &bytes[at..end];
        loop {
            // `decode_to_string` fills what is reserved and never grows the string.
            text.reserve(
                decoder
                    .max_utf8_buffer_length(piece.len())
                    .unwrap_or(3 * piece.len() + 16),
            );
            let (result, read, _) = decoder.decode_to_string(piece, &mut text, last);
            piece = &piece[read..];
            if result == encoding_rs::CoderResult::InputEmpty {
                break;
            }
        }
        at = end;
        if last {
            break;
        }
    }
    (text, checkpoints)
}

/// Where the piece that begins at `at` ends: at least a checkpoint's distance on, between two characters.
fn neutral_cut(
    bytes: &[u8],
    at: usize,
    skipped: usize,
    encoding: &'static Encoding,
    japanese: &mut bool,
) -> usize {
    let mut end = at + CHECKPOINT_BYTES;
    if end >= bytes.len() {
        return bytes.len();
    }
    if encoding == UTF_16LE || encoding == UTF_16BE {
        end -= (end - skipped) % 2;
        let high = if encoding == UTF_16LE {
            end - 1
        } else {
            end - 2
        };
        let is_high_surrogate = bytes[high] & 0xFC == 0xD8;
        return (end + if is_high_surrogate { 2 } else { 0 }).min(bytes.len());
    }
    if encoding == ISO_2022_JP {
        return ascii_state_cut(bytes, at, end, japanese);
    }
    // In every other encoding a byte below 0x30 is never part of a longer sequence.
    bytes[end..]
        .iter()
        .position(|byte| *byte < 0x30)
        .map_or(bytes.len(), |found| end + found + 1)
}

/// ISO-2022-JP switches its state by escape sequences; a cut must not fall into any but the ASCII state.
fn ascii_state_cut(bytes: &[u8], at: usize, least: usize, japanese: &mut bool) -> usize {
    let mut here = at;
    while here < bytes.len() {
        if bytes[here] == 0x1B {
            *japanese = !bytes[here..].starts_with(b"\x1B(B");
            here += 3;
            continue;
        }
        here += 1;
        if here >= least && !*japanese && bytes[here - 1] < 0x30 {
            return here;
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use encoding_rs::{BIG5, EUC_JP, EUC_KR, GB18030, GBK, KOI8_R, SHIFT_JIS, WINDOWS_1251};
    use proptest::prelude::*;

    const MARKER: &str = "<a href=\"http://example.org/marker\">";

    /// The bytes that the map gives for the marker must be the marker again.
    fn check_marker(bytes: &[u8], media_type: Option<&str>, encoding: &'static Encoding) {
        let decoded = decode(bytes, media_type);
        assert_eq!(decoded.encoding, encoding);
        let mut seen = 0;
        for (at, _) in decoded.text.match_indices(MARKER) {
            seen += 1;
            let span = decoded.origin(at)..decoded.origin(at + MARKER.len());
            let again = encoding
                .decode_without_bom_handling(&bytes[span.clone()])
                .0
                .into_owned();
            assert_eq!(again, MARKER, "{} {span:?}", encoding.name());
        }
        assert!(seen > 0, "{}", encoding.name());
        assert_eq!(decoded.origin(decoded.text.len()), bytes.len());
    }

    fn encoded(text: &str, encoding: &'static Encoding) -> Vec<u8> {
        if encoding == UTF_16LE {
            return text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        }
        if encoding == UTF_16BE {
            return text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        }
        encoding.encode(text).0.into_owned()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn the_way_back_leads_to_the_marker(
            before in "[a-zA-Z0-9 .\u{430}-\u{44f}\u{3042}-\u{3090}\u{4e00}-\u{4e40}\u{ac00}-\u{ac20}é&;\n]{0,2500}",
            after in "[a-z \u{3042}-\u{3050}]{0,1500}",
        ) {
            let text = format!("{before}{MARKER}{after}{MARKER}");
            for encoding in [
                UTF_8, UTF_16LE, UTF_16BE, WINDOWS_1252, WINDOWS_1251, KOI8_R, SHIFT_JIS, EUC_JP, EUC_KR, GBK,
                GB18030, BIG5, ISO_2022_JP,
            ] {
                let bytes = encoded(&text, encoding);
                let media_type = format!("text/html; charset={}", encoding.name());
                check_marker(&bytes, Some(&media_type), encoding);
            }
        }

        #[test]
        fn broken_utf8_keeps_its_way_back(
            noise in proptest::collection::vec(any::<u8>(), 0..3000),
        ) {
            let mut bytes = b"x".to_vec();
            bytes.extend(&noise);
            bytes.extend(b" ");
            bytes.extend(MARKER.as_bytes());
            bytes.extend(&noise);
            check_marker(&bytes, Some("text/html; charset=utf-8"), UTF_8);
        }

        #[test]
        fn the_map_never_runs_backwards(noise in proptest::collection::vec(any::<u8>(), 0..2000)) {
            for label in ["gb18030", "shift_jis", "iso-2022-jp", "utf-16le", "big5", "euc-jp", "utf-8"] {
                let media_type = format!("text/plain; charset={label}");
                let decoded = decode(&noise, Some(&media_type));
                let mut last = 0;
                for at in 0..=decoded.text.len() {
                    let origin = decoded.origin(at);
                    prop_assert!(origin >= last && origin <= noise.len(), "{label} at {at}");
                    last = origin;
                }
            }
        }
    }

    #[test]
    fn marks_count() {
        let mut bytes = b"\xEF\xBB\xBF".to_vec();
        bytes.extend(MARKER.as_bytes());
        check_marker(&bytes, Some("text/html; charset=koi8-r"), UTF_8);
        assert_eq!(decode(&bytes, None).origin(0), 3);
        let mut wide = b"\xFF\xFE".to_vec();
        wide.extend(encoded(&format!("😀{MARKER}"), UTF_16LE));
        check_marker(&wide, None, UTF_16LE);
    }

    #[test]
    fn declarations() {
        for (bytes, media_type, expected) in [
            (&b"<meta charset=shift_jis>\x82\xa0"[..], None, SHIFT_JIS),
            (
                b"<META http-equiv='Content-Type' content='text/html; charset=koi8-r'>\xc1",
                None,
                KOI8_R,
            ),
            (b"<meta charset=\"utf-16\">\xc3\xa9", None, UTF_8),
            (b"<meta charset=x-user-defined>\xff", None, WINDOWS_1252),
            (
                b"<!-- <meta charset=koi8-r> --><meta charset=big5>\xa4\x40",
                None,
                BIG5,
            ),
            (
                b"<meta charset=big5>\xff",
                Some("text/html; Charset=\"KOI8-R\""),
                KOI8_R,
            ),
            (
                b"<?xml version='1.0' encoding='windows-1251'?><a>\xe0</a>",
                None,
                WINDOWS_1251,
            ),
            (
                b"@charset \"koi8-r\"; a{b:'\xc1'}",
                Some("text/css"),
                KOI8_R,
            ),
            (b"plain", None, UTF_8),
            ("<meta charset=iso-8859-1>é".as_bytes(), None, UTF_8),
            (
                b"caf\xe9 et th\xe9 pour tous les \xe9l\xe8ves de l'\xe9cole",
                None,
                WINDOWS_1252,
            ),
            (
                b"<meta charset=nonsense>\xe9t\xe9 fran\xe7ais",
                None,
                WINDOWS_1252,
            ),
        ] {
            assert_eq!(
                decode(bytes, media_type).encoding,
                expected,
                "{}",
                String::from_utf8_lossy(bytes)
            );
        }
    }

    #[test]
    fn a_long_legacy_page_stays_linear() {
        let mut text = String::new();
        for _ in 0..30_000 {
            text.push_str("日本語の文章がここにあります。");
            text.push_str(MARKER);
        }
        let bytes = encoded(&text, SHIFT_JIS);
        check_marker(&bytes, Some("text/html; charset=shift_jis"), SHIFT_JIS);
    }
}
