//! What changed in the main text of a page between two looks at it.
//!
//! The words of both texts are aligned ([`super::wording`]), without those that do not count: dates, counters, the numbers of paragraphs
//! (`side`). What stands elsewhere in the page is not gone, and what stood elsewhere in it is not new, wherever a page's main
//! text was seen to begin and end. What is left is weighed (`weigh`): a sentence that says something else, is gone or was put
//! in weighs most, and a number or a negation by itself; what was added around a text that stands weighs little.
//! Banners, share bars and lists of other stories weigh nothing.

mod apart;
mod cut;
mod holds;
mod paired;
mod pieces;
mod side;
mod vocabulary;
mod weigh;

use serde::{Deserialize, Serialize};

use super::Text;
pub use cut::up_to_common_end;
pub use pieces::{Compared, Part, Piece, PieceKind, Said, compare, compare_pages};

/// The version of what [`drift`] says. It rises with each change that can change what it says of two texts.
pub const DRIFT_VERSION: u32 = 2;

/// How much of a text has changed.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default,
)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Nothing, or nothing that counts.
    #[default]
    Same,
    /// A few words, a heading, a list of links; or something was added around a text that stands.
    Touched,
    /// In substance.
    Drifted,
    /// Little of it stands.
    Replaced,
}

impl Level {
    /// Its name, as it is stored and shown.
    pub fn name(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Touched => "touched",
            Self::Drifted => "drifted",
            Self::Replaced => "replaced",
        }
    }
}

impl std::fmt::Display for Level {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

/// Paragraphs, by what became of them. Those without a word that counts are not among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct Counts {
    /// They stand where they stood, word for word.
    pub kept: u32,
    /// They stood in the baseline, and stand nowhere in the page.
    pub gone: u32,
    /// They stand in the page, and stood nowhere in it.
    pub new: u32,
    /// They stand with other words in them.
    pub altered: u32,
    /// They stand elsewhere in the page.
    pub moved: u32,
}

/// What became of a passage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// It has other words.
    Altered,
    /// It is gone.
    Gone,
    /// It was put in.
    New,
}

/// What makes a change weigh more than its words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Weight {
    /// Nothing.
    #[default]
    Plain,
    /// A number is another.
    Number,
    /// A "not" came or went.
    Negation,
    /// It tells of a correction or a retraction.
    Correction,
}

/// A passage that changed, as evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passage {
    /// What became of it.
    pub change: Change,
    /// What the baseline says, at most 160 characters; empty where it says nothing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub was: String,
    /// What the page says, at most 160 characters; empty where it says nothing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub now: String,
    /// What makes it weigh more.
    #[serde(default, skip_serializing_if = "is_plain")]
    pub weight: Weight,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks for a reference"
)]
fn is_plain(weight: &Weight) -> bool {
    *weight == Weight::Plain
}

/// What changed between a baseline and a page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Drift {
    /// How much, in a word.
    pub level: Level,
    /// The share of the baseline's words that stand in the page, 0 to 1, in steps of a ten-thousandth.
    pub kept: f64,
    /// What became of the paragraphs.
    pub paragraphs: Counts,
    /// The weightiest of the passages that changed, at most four, the weightiest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub passages: Vec<Passage>,
}

impl Drift {
    /// Nothing changed in a text of so many paragraphs.
    fn none(paragraphs: usize) -> Self {
        Self {
            level: Level::Same,
            kept: 1.0,
            paragraphs: Counts {
                kept: u32::try_from(paragraphs).unwrap_or(u32::MAX),
                ..Counts::default()
            },
            passages: Vec::new(),
        }
    }
}

/// Says what changed in the main text between a baseline and now.
///
/// The same two texts always give the same answer, in time that grows with their length. A baseline without words has
/// nothing that could be missed: [`Level::Same`].
pub fn drift(before: &Text, now: &Text) -> Drift {
    match cut::in_common(before, now) {
        Some((before, now)) => weigh::drift(&before, &now),
        None => weigh::drift(before, now),
    }
}

#[cfg(test)]
mod tests;
