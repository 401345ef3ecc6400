//! What a body says: its main text and its whole text, whatever it is written in.

use url::Url;

/// What was read from a body.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Text {
    /// The main text: the article without navigation, advertisements and footers; paragraphs stand on lines of their
    /// own. Empty where there is none that can be told from the rest.
    pub main: String,
    /// All that a reader without scripts would see.
    pub whole: String,
    /// The title, as the page gives it.
    pub title: Option<String>,
    /// Who wrote it.
    pub byline: Option<String>,
    /// When it was published, as the page says.
    pub published: Option<String>,
    /// When it was last modified, as the page says.
    pub modified: Option<String>,
}

/// Reads a body that was decoded to text. `media_type` and `final_url` as for [`super::features()`].
pub fn text(body: &str, media_type: Option<&str>, final_url: &Url) -> Text {
    let _ = (media_type, final_url);
    Text {
        whole: body.to_owned(),
        ..Text::default()
    }
}
