//! Whether a page still says what was quoted from it.
//!
//! A quote is read as people write quotes (`pattern`): with ellipses, brackets and `[sic]`. It is first looked for word for
//! word (`exact`), in the main text and then in the whole one; where it does not stand, for the passage that is nearest to
//! it (`near`), and told by the words in which they differ. How a text is set is no difference: see [`super::wording`].

mod exact;
mod near;
mod pattern;

use std::cell::OnceCell;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::text::Text;
use super::wording::{Word, words};

/// What became of a quote in one text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It stands, word for word.
    Verbatim,
    /// It stands with other words.
    Altered,
    /// It does not stand.
    Missing,
}

/// In which text a quote was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// In the main text.
    Main,
    /// In the whole text, beside the main one: in a comment, a side bar, a caption.
    Whole,
}

/// What weighs in a difference, the weightiest last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weight {
    /// Other words.
    Plain,
    /// Another number.
    Number,
    /// What turns the sentence into its opposite is there, or is not.
    Negation,
}

/// Words in which a quote and the page differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// The quote's words; empty where the page has more.
    pub was: String,
    /// The page's words; empty where it has fewer.
    pub now: String,
    /// What weighs in it.
    pub weight: Weight,
}

/// What was found of a quote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// What became of it.
    pub state: State,
    /// In which text; `None` where it is missing.
    pub place: Option<Place>,
    /// Where its passages stand in that text, in bytes.
    pub at: Vec<Range<usize>>,
    /// In what the page differs, the weightiest first; at most [`MOST_DIFFERENCES`].
    pub differences: Vec<Difference>,
}

/// So many differences are told.
pub const MOST_DIFFERENCES: usize = 16;
/// So many characters of a difference are told, on either side.
pub const MOST_CHARS: usize = 300;

/// The longest quote that is looked for, in bytes; of longer ones, so much.
const LONGEST_QUOTE: usize = 1 << 20;

impl Found {
    const MISSING: Self = Self {
        state: State::Missing,
        place: None,
        at: Vec::new(),
        differences: Vec::new(),
    };
}

/// So many bytes of a text, or a few less.
fn beginning(text: &str, bytes: usize) -> &str {
    let mut end = text.len().min(bytes);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// A text and its words.
struct Side<'a> {
    text: &'a str,
    words: Vec<Word>,
    hashes: Vec<u64>,
}

impl<'a> Side<'a> {
    fn new(text: &'a str) -> Self {
        let words = words(text);
        let hashes = words.iter().map(|word| word.hash).collect();
        Self {
            text,
            words,
            hashes,
        }
    }

    /// The bytes of a range of words.
    fn bytes(&self, range: &Range<usize>) -> Range<usize> {
        match self.words.get(range.clone()) {
            Some([first, .., last]) => first.start as usize..last.end as usize,
            Some([one]) => one.start as usize..one.end as usize,
            _ => 0..0,
        }
    }

    /// What a range of words says.
    fn said(&self, range: &Range<usize>) -> &'a str {
        self.text.get(self.bytes(range)).unwrap_or_default()
    }
}

/// A text in which quotes are looked for: read once, however many they are.
pub struct Texts<'a> {
    main: Side<'a>,
    /// None where it is the same as the main text.
    whole: Option<(&'a str, OnceCell<Side<'a>>)>,
}

impl<'a> Texts<'a> {
    /// Reads the texts of a page.
    pub fn new(text: &'a Text) -> Self {
        Self::of(&text.main, &text.whole)
    }

    /// Reads a main text and a whole text.
    pub fn of(main: &'a str, whole: &'a str) -> Self {
        Self {
            main: Side::new(main),
            whole: (main != whole).then(|| (whole, OnceCell::new())),
        }
    }

    fn side(&self, place: Place) -> Option<&Side<'a>> {
        match place {
            Place::Main => Some(&self.main),
            Place::Whole => {
                let (text, side) = self.whole.as_ref()?;
                Some(side.get_or_init(|| Side::new(text)))
            }
        }
    }

    /// Looks for a quote. Its passages may be joined by ellipses; of a quote without words, nothing is found.
    ///
    /// Takes time in proportion to the text and the quote.
    pub fn find(&self, quote: &str) -> Found {
        let quote = beginning(quote, LONGEST_QUOTE);
        let patterns = pattern::read(quote);
        for place in [Place::Main, Place::Whole] {
            let Some(side) = self.side(place) else {
                continue;
            };
            for pattern in &patterns {
                if let Some(found) = exact::find(pattern, side) {
                    return Found {
                        state: State::Verbatim,
                        place: Some(place),
                        at: found.iter().map(|range| side.bytes(range)).collect(),
                        differences: Vec::new(),
                    };
                }
            }
        }
        // As people write quotes; the reading to the letter is for texts that have such brackets themselves.
        let Some(pattern) = patterns.first() else {
            return Found::MISSING;
        };
        let near = |place| Some((near::find(pattern, self.side(place)?)?, place));
        let main = near(Place::Main);
        // What lacks hardly anything is not looked for elsewhere.
        let whole = match &main {
            Some((found, _)) if found.is_close() => None,
            _ => near(Place::Whole),
        };
        let best = match (main, whole) {
            (Some(main), Some(whole)) if whole.0.is_better_than(&main.0) => Some(whole),
            (main, whole) => main.or(whole),
        };
        best.and_then(|(near, place)| Some(near.told(place, self.side(place)?)))
            .unwrap_or(Found::MISSING)
    }
}

/// Looks for one quote in a text. Whoever has several reads the text once: [`Texts`].
pub fn find(quote: &str, text: &Text) -> Found {
    Texts::new(text).find(quote)
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod writing_tests;
