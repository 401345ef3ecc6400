//! The one string form of each of this room's words, as command lines, JSON and the store spell them.

use std::fmt;
use std::str::FromStr;

use super::{Format, Kind, Place, Reason, Tie};

/// A word that is none of those known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{word:?} is no {what}; known are {known}")]
pub struct UnknownWord {
    /// What was expected.
    pub what: &'static str,
    /// What was written.
    pub word: String,
    /// All that would have been understood.
    pub known: String,
}

macro_rules! words {
    ($type:ident, $what:literal, $($variant:ident => $word:literal),+ $(,)?) => {
        impl $type {
            /// All of them, in their natural order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stable word for it.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word),+
                }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $type {
            type Err = UnknownWord;

            fn from_str(word: &str) -> Result<Self, UnknownWord> {
                Self::ALL
                    .iter()
                    .copied()
                    .find(|one| one.as_str() == word)
                    .ok_or_else(|| UnknownWord {
                        what: $what,
                        word: word.to_owned(),
                        known: [$($word),+].join(", "),
                    })
            }
        }
    };
}

words!(Format, "format",
    Html => "html",
    Markdown => "markdown",
    Text => "text",
    Feed => "feed",
    List => "list",
    Wikitext => "wikitext",
    Wxr => "wxr",
    Bookmarks => "bookmarks",
    Opml => "opml",
    Csv => "csv",
    Sitemap => "sitemap",
    Pdf => "pdf",
    Wordpress => "wordpress",
);

words!(Place, "place",
    Body => "body",
    Comment => "comment",
    Navigation => "navigation",
    Footer => "footer",
    Aside => "aside",
);

words!(Kind, "kind",
    Anchor => "anchor",
    Area => "area",
    Embed => "embed",
    Cite => "cite",
    Bare => "bare",
    Shortcode => "shortcode",
    JsonLd => "json-ld",
    Reference => "reference",
    Author => "author",
);

words!(Tie, "tie",
    Cite => "cite",
    Attribution => "attribution",
    Introduction => "introduction",
    Around => "around",
    Sentence => "sentence",
    Adjoining => "adjoining",
    Declared => "declared",
);

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Internal => f.write_str("internal link"),
            Self::Place(place) => write!(f, "in the {place}"),
            Self::Author => f.write_str("commenter's own site"),
            Self::Share => f.write_str("share button"),
            Self::Excluded(rule) => write!(f, "excluded by {rule}"),
            Self::Ignored => f.write_str("ignore comment"),
            Self::Rejected(rejected) => write!(f, "{rejected}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_reads_back() {
        for format in Format::ALL {
            assert_eq!(format.as_str().parse::<Format>().unwrap(), *format);
        }
        for place in Place::ALL {
            assert_eq!(place.as_str().parse::<Place>().unwrap(), *place);
        }
        for tie in Tie::ALL {
            assert_eq!(tie.as_str().parse::<Tie>().unwrap(), *tie);
        }
        for kind in Kind::ALL {
            assert_eq!(kind.as_str().parse::<Kind>().unwrap(), *kind);
        }
        assert_eq!(
            "docx".parse::<Format>().unwrap_err().to_string(),
            "\"docx\" is no format; known are html, markdown, text, feed, list, wikitext, wxr, bookmarks, opml, csv, \
             sitemap, pdf, wordpress"
        );
    }

    #[test]
    fn reasons_in_words() {
        assert_eq!(Reason::Place(Place::Footer).to_string(), "in the footer");
        let excluded = Reason::Excluded("host twitter.com".to_owned());
        assert_eq!(excluded.to_string(), "excluded by host twitter.com");
    }
}
