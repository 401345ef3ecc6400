//! What a stored body says, whatever it is: a page, a page saved with all that belongs to it, a PDF, plain text.
//!
//! One way from bytes to text for everything that reads a copy again, so that a quote is found in a copy made by hand
//! as it is in one that a visit left.

use std::borrow::Cow;

use url::Url;

use super::documents::pdf_text;
use crate::charset;
use crate::judge::{self, Features, Rules, Text};
use crate::mhtml;

/// So much of a body is read, in bytes, pictures inside of it not counted. What is longer is judged by its beginning.
const READ_BYTES: usize = 8 << 20;

/// The text of a body that came from this address. `media_type` is that of the capture, parameters and all.
///
/// `None` where it has no text that can be read: a picture, a PDF of scanned pages, one that is locked. A PDF is read by a
/// process of its own, which may take seconds; nothing here may be called where others wait.
pub fn text_of(body: &[u8], media_type: Option<&str>, url: &Url) -> Option<Text> {
    let text = if is_pdf(body) {
        pdf_text(body)?
    } else {
        let page = Page::of(body, media_type, url);
        let decoded = charset::decode(&page.body, page.media_type.as_deref());
        judge::text(&decoded.text, page.media_type.as_deref(), &page.url)
    };
    (!text.whole.trim().is_empty()).then_some(text)
}

/// The features of a body that came from this address.
pub(super) fn features_of(
    body: &[u8],
    media_type: Option<&str>,
    url: &Url,
    rules: &Rules,
) -> Features {
    read_of(body, media_type, url, rules).features
}

/// What is read of a body.
#[derive(Debug, Clone, Default)]
pub(super) struct Read {
    pub(super) features: Features,
    /// Its text, where it has any.
    pub(super) text: Option<Text>,
    /// Whether that is all of it, so that what is not in it is not there.
    pub(super) is_whole: bool,
}

/// What is read of a body that came from this address: the features, and the text they are drawn from.
pub(super) fn read_of(body: &[u8], media_type: Option<&str>, url: &Url, rules: &Rules) -> Read {
    /// A text that is longer may have been cut where it was drawn, in bytes.
    const CUT_AT: usize = 3 << 20;
    let mut is_whole = true;
    let (features, text) = if is_pdf(body) {
        // What cannot be read has features all the same, without text.
        let text = pdf_text(body).unwrap_or_default();
        (judge::features_of_pdf(&text), text)
    } else {
        let page = Page::of(body, media_type, url);
        is_whole = page.body.len() < READ_BYTES;
        let media_type = page.media_type.as_deref();
        let decoded = charset::decode(&page.body, media_type);
        judge::features_and_text(&decoded.text, media_type, &page.url, rules)
    };
    Read {
        features,
        is_whole: is_whole && text.whole.len() < CUT_AT,
        text: (!text.whole.trim().is_empty()).then_some(text),
    }
}

/// What is read of a body that is no PDF: itself, or the page in it.
struct Page<'a> {
    body: Cow<'a, [u8]>,
    media_type: Option<String>,
    url: Url,
}

impl<'a> Page<'a> {
    fn of(body: &'a [u8], media_type: Option<&str>, url: &Url) -> Self {
        if media_type.is_some_and(mhtml::is_media_type)
            && let Some(saved) = mhtml::read(body)
        {
            let address = saved.address.as_deref().and_then(|it| Url::parse(it).ok());
            return Self {
                body: match saved.page {
                    Cow::Borrowed(page) => readable(page),
                    Cow::Owned(page) => Cow::Owned(readable(&page).into_owned()),
                },
                media_type: saved.media_type,
                url: address.unwrap_or_else(|| url.clone()),
            };
        }
        Self {
            body: readable(body),
            media_type: media_type.map(str::to_owned),
            url: url.clone(),
        }
    }
}

/// Whether a body is read by a process of its own, which takes time.
pub(super) fn is_pdf(body: &[u8]) -> bool {
    body.starts_with(b"%PDF-")
}

/// What is read of a body: its beginning, and of a page that holds its own pictures what is between them.
fn readable(body: &[u8]) -> Cow<'_, [u8]> {
    if body.len() <= READ_BYTES {
        return Cow::Borrowed(body);
    }
    let mut read = without_pictures(body);
    read.truncate(READ_BYTES);
    Cow::Owned(read)
}

/// A page without the contents of `data:` addresses, of which one that was saved as a single file mostly consists.
fn without_pictures(body: &[u8]) -> Vec<u8> {
    const MARK: &[u8] = b";base64,";
    let mut rest = body;
    let mut read = Vec::new();
    while read.len() < READ_BYTES {
        let Some(found) = memchr::memmem::find(rest, MARK) else {
            read.extend_from_slice(&rest[..rest.len().min(READ_BYTES)]);
            break;
        };
        let (before, behind) = rest.split_at(found + MARK.len());
        read.extend_from_slice(before);
        let is_inside =
            |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'%');
        let end = behind.iter().position(|byte| !is_inside(byte));
        rest = &behind[end.unwrap_or(behind.len())..];
    }
    read
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url() -> Url {
        Url::parse("https://a.test/page").unwrap()
    }

    #[test]
    fn pictures_inside_a_page_do_not_keep_its_text_from_being_read() {
        let picture = "QUJD".repeat(3 << 20);
        let page = format!(
            "<title>Wells</title><p>Before.<img src='data:image/png;base64,{picture}'><p>Behind it."
        );
        let text = text_of(page.as_bytes(), Some("text/html"), &url()).unwrap();
        assert!(text.whole.contains("Behind it."), "{}", text.whole);
        assert_eq!(text.title.as_deref(), Some("Wells"));
    }

    #[test]
    fn what_is_no_text_has_none() {
        let picture = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
        assert_eq!(text_of(picture, Some("image/png"), &url()), None);
        assert_eq!(text_of(b"", None, &url()), None);
        assert_eq!(text_of(b" \n ", Some("text/plain"), &url()), None);
        let plain = text_of("Brunnen\u{a0}tief".as_bytes(), Some("text/plain"), &url());
        assert_eq!(plain.unwrap().whole.trim(), "Brunnen\u{a0}tief");
    }
}
