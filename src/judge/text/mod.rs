//! What a body says: its main text and its whole text, whatever it is written in.
//!
//! Of a page, the whole text is what one pass over its markup shows to a reader without scripts, and takes no more memory
//! than itself. The main text is the page's one `article`, where nothing in it has to be cleaned away; else what
//! [`dom_smoothie`] takes for the article, from a tree that is only built of pages on which that takes reasonable time
//! ([`tree`]), unless that misses what the page marks as its article ([`marked`]). Of everything else, the main text is the whole text.

mod data;
mod marked;
mod plain;
mod said;
mod tree;

use url::Url;

pub(super) use said::Said;

use super::features::{Kind, kind};
use super::page::Page;

/// What was read from a body.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Text {
    /// The main text: the article without navigation, advertisements and footers; paragraphs stand on lines of their
    /// own. All of it where what is the article cannot be told.
    pub main: String,
    /// All that a reader without scripts would see.
    pub whole: String,
    /// The title, as the page gives it.
    pub title: Option<String>,
    /// The language it is declared to be in (BCP 47), or else the one it seems to be in.
    pub language: Option<String>,
    /// Who wrote it.
    pub byline: Option<String>,
    /// When it was published, as the page says.
    pub published: Option<String>,
    /// When it was last modified, as the page says.
    pub modified: Option<String>,
}

/// Reads a body that was decoded to text. `media_type` and `final_url` as for [`super::features()`].
pub fn text(body: &str, media_type: Option<&str>, final_url: &Url) -> Text {
    let _ = final_url;
    match kind(media_type, body) {
        Kind::Html => of_page(body, &mut Page::read(body)),
        Kind::Text => plain::text(body, media_type),
        Kind::Pdf | Kind::Other => Text::default(),
    }
}

/// The longest title that is taken, in characters.
const MAX_TITLE_CHARS: usize = super::features::MAX_TITLE_CHARS;

/// Reads a page over whose markup one pass was made already.
pub(super) fn of_page(body: &str, page: &mut Page) -> Text {
    let marked = page.plain_article();
    let whole = String::from_utf8(std::mem::take(&mut page.whole))
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
    // A tree takes more than everything else together, and would say the same.
    let marked = marked.and_then(|range| Some(whole.get(range)?.trim().to_owned()));
    let found = match marked {
        Some(text) => Some(tree::Main { text, byline: None }),
        None => tree::main_text(body),
    };
    let said = std::mem::take(&mut page.said).read();
    let (main, byline) = match found {
        Some(found) if !found.text.trim().is_empty() => (found.text, found.byline),
        _ => (whole.clone(), None),
    };
    let own = super::features::folded(&page.title, MAX_TITLE_CHARS);
    let heading = page.headings.first();
    let title = own
        .or(said.title)
        .or_else(|| super::features::folded(heading?, MAX_TITLE_CHARS));
    let declared = page
        .language
        .take()
        .map(|tag| tag.trim().to_owned())
        .filter(|tag| !tag.is_empty() && tag.len() <= super::features::MAX_LANGUAGE_CHARS);
    Text {
        language: declared.or_else(|| language(&main)),
        main,
        whole,
        title,
        byline: said.byline.or(byline),
        published: said.published,
        modified: said.modified,
    }
}

/// The language a text seems to be in, as an ISO 639-3 code; `None` where that is not sure.
fn language(text: &str) -> Option<String> {
    const FEWEST_CHARS: usize = 200;
    const MOST_CHARS: usize = 2000;
    let mut end = text.len();
    let mut chars = 0;
    for (at, _) in text.char_indices() {
        if chars == MOST_CHARS {
            end = at;
            break;
        }
        chars += 1;
    }
    if chars < FEWEST_CHARS {
        return None;
    }
    let found = whatlang::detect(&text[..end])?;
    found.is_reliable().then(|| found.lang().code().to_owned())
}

#[cfg(test)]
mod tests;
