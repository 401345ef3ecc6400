//! What a copy says, as far as somebody waits for it.

use url::Url;

use super::ReportError;
use crate::judge::Text;
use crate::store::Store;

/// Reads the text of a body: its bytes, media type and address.
pub type ReadBody<'r> = &'r dyn Fn(&[u8], Option<&str>, &Url) -> Option<Text>;

/// How much of a copy is read where somebody waits for what it says. In bytes.
#[derive(Debug, Clone, Copy)]
pub struct Bound {
    /// A copy that is larger is not read at all.
    pub copy: u64,
    /// The same of a PDF, of which nothing can be read before its end.
    pub pdf: u64,
    /// So much of the body of a page is read.
    pub page: usize,
    /// So much of its text.
    pub text: usize,
}

/// What was read of a copy.
#[derive(Debug)]
pub(crate) enum Said {
    /// Its text, and whether it goes on behind that.
    Text(Box<Text>, bool),
    /// There is none that can be read.
    Nothing,
    /// It is too large to wait for.
    TooLarge,
}

/// Reads what a copy says: all of it, or as much as is bounded. `size` is that of its body.
pub(crate) fn said(
    store: &Store,
    (capture_id, size): (i64, u64),
    (url, media_type): (&str, Option<&str>),
    read: ReadBody<'_>,
    bound: Option<Bound>,
) -> Result<Said, ReportError> {
    if bound.is_some_and(|bound| size > bound.copy) {
        return Ok(Said::TooLarge);
    }
    let body = store.read("read a copy", |r| r.capture_text(capture_id))?;
    let (Some(body), Ok(url)) = (body, Url::parse(url)) else {
        return Ok(Said::Nothing);
    };
    let mut end = body.len();
    if let Some(bound) = bound {
        if !body.starts_with(b"%PDF-") {
            end = end.min(bound.page);
        } else if body.len() as u64 > bound.pdf {
            return Ok(Said::TooLarge);
        }
    }
    let Some(mut text) = read(&body[..end], media_type, &url) else {
        return Ok(Said::Nothing);
    };
    let mut is_cut = end < body.len();
    if let Some(bound) = bound {
        is_cut |= cut(&mut text.main, bound.text);
        is_cut |= cut(&mut text.whole, bound.text);
    }
    Ok(Said::Text(Box::new(text), is_cut))
}

/// Cuts a text at the end of a line, or of a word, where it is too long. Gives whether it was.
fn cut(text: &mut String, most: usize) -> bool {
    if text.len() <= most {
        return false;
    }
    let mut end = most;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let whole = text[..end].rfind('\n');
    let whole = whole.filter(|at| *at > end / 2);
    let end = whole
        .or_else(|| text[..end].rfind(char::is_whitespace))
        .unwrap_or(end);
    text.truncate(end);
    true
}
