//! The sentence that a link stands in.
//!
//! A block's text is cut into sentences once (Unicode Standard Annex 29), and each link takes those that its anchor
//! touches. The annex knows no abbreviations, so that a cut after "U.S." or "Dr." is undone. What is taken is bounded:
//! a page without a full stop is no sentence.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

/// The longest context, in bytes.
pub(super) const MAX_CONTEXT_BYTES: usize = 1000;

/// Words after which a full stop ends no sentence, though a capital follows.
const ABBREVIATIONS: &[&str] = &[
    "mr", "mrs", "ms", "dr", "prof", "st", "rev", "gen", "gov", "sen", "rep", "lt", "col", "sgt",
    "capt", "jr", "sr", "vs", "no", "vol", "fig", "art", "cf", "e.g", "i.e", "approx", "inc",
    "ltd", "jan", "feb", "aug", "sept", "oct", "nov", "dec", "hr", "fr", "bzw", "z.b", "u.s",
    "u.k", "u.n", "op", "ed", "eds", "p", "pp", "al",
];

/// The contexts of anchors, given as ranges of `text` that begin in ascending order. White space is folded.
pub(super) fn contexts(text: &str, anchors: &[Range<usize>]) -> Vec<String> {
    let mut contexts = Vec::with_capacity(anchors.len());
    if anchors.is_empty() {
        return contexts;
    }
    let ends = sentence_ends(text);
    for anchor in anchors {
        let first = ends
            .partition_point(|end| *end <= anchor.start)
            .min(ends.len().saturating_sub(1));
        let start = if first == 0 { 0 } else { ends[first - 1] };
        let last_byte = anchor.end.saturating_sub(1).max(anchor.start);
        let last = ends.partition_point(|end| *end <= last_byte);
        let end = ends.get(last).copied().unwrap_or(text.len());
        contexts.push(bounded(text, start..end.max(start), anchor));
    }
    contexts
}

/// The sentences of a text.
pub(super) fn sentences(text: &str) -> Vec<Range<usize>> {
    let mut start = 0;
    sentence_ends(text)
        .into_iter()
        .map(|end| std::mem::replace(&mut start, end)..end)
        .collect()
}

fn sentence_ends(text: &str) -> Vec<usize> {
    let mut ends: Vec<usize> = Vec::new();
    let mut at = 0;
    for sentence in text.split_sentence_bounds() {
        at += sentence.len();
        if !ends_in_abbreviation(sentence) || at == text.len() {
            ends.push(at);
        }
    }
    ends
}

fn ends_in_abbreviation(sentence: &str) -> bool {
    let Some(before) = sentence
        .strip_suffix(' ')
        .unwrap_or(sentence)
        .strip_suffix('.')
    else {
        return false;
    };
    let word = before
        .rsplit([' ', '(', '\u{201c}', '"'])
        .next()
        .unwrap_or(before);
    if word.chars().count() == 1 {
        return word.chars().all(char::is_uppercase);
    }
    // The longest of the list has six letters.
    word.len() <= 6 && ABBREVIATIONS.contains(&word.to_lowercase().as_str())
}

/// The range cut to [`MAX_CONTEXT_BYTES`] around the anchor, trimmed, its lines joined.
fn bounded(text: &str, mut range: Range<usize>, anchor: &Range<usize>) -> String {
    if range.len() > MAX_CONTEXT_BYTES {
        let around = MAX_CONTEXT_BYTES.saturating_sub(anchor.len()) / 2;
        let start = range.start.max(anchor.start.saturating_sub(around));
        range = ceil(text, start)..floor(text, range.end.min(start + MAX_CONTEXT_BYTES));
    }
    text.get(range)
        .unwrap_or_default()
        .trim()
        .replace('\n', " ")
}

/// The text cut to at most so many bytes, at a character.
pub(super) fn cut(text: &str, bytes: usize) -> &str {
    &text[..floor(text, bytes)]
}

fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn ceil(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(text: &str, anchor: Range<usize>) -> String {
        contexts(text, std::slice::from_ref(&anchor)).remove(0)
    }

    fn context(text: &str, anchor: &str) -> String {
        let start = text.find(anchor).unwrap();
        only(text, start..start + anchor.len())
    }

    #[test]
    fn sentences() {
        let text = "First one. The U.S. Navy said so, as Dr. Smith wrote. Third?";
        assert_eq!(
            context(text, "Smith"),
            "The U.S. Navy said so, as Dr. Smith wrote."
        );
        assert_eq!(context(text, "First"), "First one.");
        assert_eq!(
            context(text, "wrote. Third"),
            "The U.S. Navy said so, as Dr. Smith wrote. Third?"
        );
        assert_eq!(
            context("一つ目。二つ目のリンク。三つ目。", "リンク"),
            "二つ目のリンク。"
        );
        assert_eq!(only("", 0..0), "");
        assert_eq!(only("word", 4..4), "word");
    }

    #[test]
    fn a_text_without_a_full_stop_is_bounded() {
        let text = "é ".repeat(5000);
        let context = only(&text, 6000..6010);
        assert!(context.len() <= MAX_CONTEXT_BYTES && context.len() > 900);
    }
}
