//! What a page and its baseline say of each other.

use super::Features;

/// How a page relates to what was captured of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Likeness {
    /// How much of the baseline's main text is in the page, 0 to 1.
    pub(super) kept: Option<f64>,
    /// How much of the page's main text is in the baseline, 0 to 1.
    pub(super) known: Option<f64>,
    /// Whether the titles are the same, or one is part of the other.
    pub(super) same_title: Option<bool>,
    /// The page's words for each word of the baseline, in the main text.
    pub(super) size: f64,
}

/// Compares a page with its baseline.
pub(super) fn compare(page: &Features, baseline: &Features) -> Likeness {
    let _ = (page, baseline);
    Likeness {
        kept: None,
        known: None,
        same_title: None,
        size: 1.0,
    }
}
