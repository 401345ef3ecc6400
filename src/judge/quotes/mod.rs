//! Whether a page still says what was quoted of it, word for word.
//!
//! Words are compared as [`super::wording`] reads them: case, typography and punctuation are no change, one other word
//! is. Nothing is altered by what a quoting author may do (`asked`): leave something out, put an edit into brackets, say
//! who said it; nor by what a page may do: set words apart or run them together, mark footnotes, put a picture's caption
//! between two paragraphs. A quote may run over paragraphs, list items and links, as it is looked for in words.
//!
//! First each passage is looked for as it is (`exact`), in the main text and then in the whole text. Where it is in
//! neither, the place that has most of its words, the rare ones above all, is aligned with it word by word (`near`). A
//! passage of which less than half is there counts as missing, so does one of up to three words that does not stand as
//! it is: of so few words, any page has two.
//!
//! Time is linear in the text, and memory too.

mod asked;
mod differences;
mod exact;
mod near;

use std::cell::OnceCell;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::text::Text;
use super::wording::{self, Word, words};
use asked::{Asked, Passage};

/// What became of a quote in one text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It stands, word for word.
    Verbatim,
    /// It stands with other words.
    Altered,
    /// It does not stand there.
    Missing,
}

/// Which of a page's texts a quote was found in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// [`Text::main`].
    Main,
    /// [`Text::whole`].
    Whole,
}

/// How much a difference weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weight {
    /// Some other words.
    Plain,
    /// Another number, or another sign at one.
    Number,
    /// One of the two says no where the other does not.
    Negation,
}

/// Words of a quote, and what the page has in their place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// The quote's words; empty where the page has more.
    pub was: String,
    /// The page's words; empty where it has none.
    pub now: String,
    /// How much it weighs.
    pub weight: Weight,
}

/// Where a quote was found, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Whether it stands.
    pub state: State,
    /// In which text it was found.
    pub place: Option<Place>,
    /// Where its passages stand in that text, in bytes, in the quote's order.
    pub at: Vec<Range<usize>>,
    /// What differs, the weightiest first, at most [`MAX_DIFFERENCES`].
    pub differences: Vec<Difference>,
}

/// How many differences are told.
pub const MAX_DIFFERENCES: usize = 32;

/// How much of a quote's weight has to be there for it to be altered and not missing: with less than half, what was
/// found is another passage.
const LEAST_SHARE: f64 = 0.5;

impl Found {
    const MISSING: Self = Self {
        state: State::Missing,
        place: None,
        at: Vec::new(),
        differences: Vec::new(),
    };
}

/// A text in which quotes are looked for, read into words once.
#[derive(Debug)]
struct Read<'a> {
    text: &'a str,
    words: Vec<Word>,
}

/// The texts of a page, read into words once for any number of quotes.
#[derive(Debug)]
pub struct Texts<'a> {
    main: Read<'a>,
    /// `None` where it is the same as the main text.
    whole: Option<(&'a str, OnceCell<Read<'a>>)>,
}

impl<'a> Texts<'a> {
    /// Reads the texts of a page.
    pub fn new(text: &'a Text) -> Self {
        Self::of(&text.main, &text.whole)
    }

    /// Reads a main text and a whole text.
    pub fn of(main: &'a str, whole: &'a str) -> Self {
        Self {
            main: Read::new(main),
            whole: (main != whole).then(|| (whole, OnceCell::new())),
        }
    }

    /// Looks for a quote. One without a word in it is missing.
    pub fn find(&self, quote: &str) -> Found {
        let asked = Asked::read(quote);
        if asked.passages.is_empty() {
            return Found::MISSING;
        }
        let places = || {
            std::iter::once((Place::Main, &self.main)).chain(
                self.whole
                    .iter()
                    .map(|(text, whole)| (Place::Whole, whole.get_or_init(|| Read::new(text)))),
            )
        };
        for (place, read) in places() {
            if let Some(at) = exact::all(&asked.passages, &read.words) {
                return Found {
                    state: State::Verbatim,
                    place: Some(place),
                    at: at.into_iter().map(|at| read.bytes(at)).collect(),
                    differences: Vec::new(),
                };
            }
        }
        let mut best: Option<(f64, Found)> = None;
        for (place, read) in places() {
            let Some((share, found)) = read.nearly(&asked, place) else {
                continue;
            };
            if found.state == State::Verbatim {
                return found;
            }
            if best.as_ref().is_none_or(|(most, _)| share > *most) {
                best = Some((share, found));
            }
        }
        best.map_or(Found::MISSING, |(_, found)| found)
    }
}

/// Looks for one quote. For several in one text, see [`Texts`].
pub fn find(quote: &str, text: &Text) -> Found {
    Texts::new(text).find(quote)
}

impl<'a> Read<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            text,
            words: words(text),
        }
    }

    /// The bytes of some of its words.
    fn bytes(&self, at: Range<usize>) -> Range<usize> {
        let start = self.words.get(at.start).map_or(0, |word| word.start);
        let end = self.words[..at.end].last().map_or(start, |word| word.end);
        start as usize..(end as usize).max(start as usize)
    }

    /// Looks for what is nearly a quote's words, and says how much of its weight is there.
    fn nearly(&self, asked: &Asked, place: Place) -> Option<(f64, Found)> {
        let (mut there, mut all) = (0.0, 0.0);
        let mut at = Vec::new();
        let mut differences = Vec::new();
        let mut last = 0;
        for passage in &asked.passages {
            let weight = passage.words.len() as f64;
            all += weight;
            let stands = exact::one(passage, &self.words, last);
            if let Some(found) = stands {
                there += weight;
                last = found.end;
                at.push(self.bytes(found));
                continue;
            }
            let near = near::nearest(passage, self, last)
                // A short one has to stand by the others.
                .filter(|near| passage.words.len() > exact::SHORT || near.range().start >= last);
            if let Some(near) = near {
                there += weight * near.share;
                if let Some(end) = near.pairs.last() {
                    last = end.1 + 1;
                }
                at.push(self.bytes(near.range()));
                differences.extend(differences::between(passage, self, &near.pairs));
            } else {
                differences.push(differences::gone(passage));
            }
        }
        let share = there / all;
        if at.is_empty() || share < LEAST_SHARE {
            return None;
        }
        differences.sort_by_key(|one| std::cmp::Reverse(one.weight));
        differences.truncate(MAX_DIFFERENCES);
        let state = if differences.is_empty() {
            State::Verbatim
        } else {
            State::Altered
        };
        let found = Found {
            state,
            place: Some(place),
            at,
            differences,
        };
        Some((share, found))
    }
}

#[cfg(test)]
mod tests;
