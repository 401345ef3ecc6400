//! What a text said that another does not say any more.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;

use super::words::words;

/// Words that have to stand together to be the same place.
const TOGETHER: usize = 3;

/// What a text says, to look up whether it says something: every run of up to three words.
pub struct Said(HashSet<u64>);

impl Said {
    /// What is said by these texts.
    pub fn new<'t>(texts: impl IntoIterator<Item = &'t str>) -> Self {
        let mut said = HashSet::new();
        for text in texts {
            let mut last = [0; TOGETHER];
            for (count, word) in words(text).enumerate() {
                last.rotate_left(1);
                last[TOGETHER - 1] = hash(&word.folded);
                for many in 1..=TOGETHER.min(count + 1) {
                    said.insert(run(&last[TOGETHER - many..]));
                }
            }
        }
        Self(said)
    }

    /// Whether it says this sentence. Where lines and sentences end is of no matter, and neither are their marks.
    pub fn says(&self, sentence: &str) -> bool {
        let all: Vec<u64> = words(sentence).map(|word| hash(&word.folded)).collect();
        let many = TOGETHER.min(all.len());
        many == 0 || all.windows(many).all(|words| self.0.contains(&run(words)))
    }
}

/// The passages of a text that another does not say any more: where they stand, sentences that follow each other
/// together. Linear in the text.
pub fn vanished(before: &str, now: &Said) -> Vec<Range<usize>> {
    let mut gone: Vec<Range<usize>> = Vec::new();
    for line in split(before, |c| c == '\n') {
        let mut is_open = false;
        for sentence in sentences(&before[line.clone()]) {
            let sentence = line.start + sentence.start..line.start + sentence.end;
            if now.says(&before[sentence.clone()]) {
                is_open = false;
                continue;
            }
            match gone.last_mut() {
                Some(last) if is_open => last.end = sentence.end,
                _ => gone.push(sentence),
            }
            is_open = true;
        }
    }
    gone
}

fn split(text: &str, at: impl Fn(char) -> bool) -> impl Iterator<Item = Range<usize>> {
    let mut start = 0;
    text.split(at).map(move |part| {
        let range = start..start + part.len();
        // The line break is one byte.
        start = range.end + 1;
        range
    })
}

/// Where a line may be taken apart: behind what ends a sentence. Taking it apart once too often does no harm.
fn sentences(line: &str) -> Vec<Range<usize>> {
    let mut all = Vec::new();
    let mut start = 0;
    let mut is_over = false;
    for (at, c) in line.char_indices() {
        if is_over && c.is_whitespace() {
            all.push(start..at);
            start = at;
        }
        is_over = matches!(c, '.' | '!' | '?' | '…' | ';')
            || (is_over && matches!(c, '"' | '\'' | '”' | '’' | '»' | ')'));
        if matches!(c, '。' | '！' | '？' | '．') {
            all.push(start..at + c.len_utf8());
            start = at + c.len_utf8();
        }
    }
    if start < line.len() {
        all.push(start..line.len());
    }
    all
}

fn hash(word: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    word.hash(&mut hasher);
    hasher.finish()
}

fn run(words: &[u64]) -> u64 {
    let mut hasher = DefaultHasher::new();
    words.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn gone<'t>(before: &'t str, now: &str) -> Vec<&'t str> {
        let said = Said::new([now]);
        let all = vanished(before, &said).into_iter();
        all.map(|range| before[range].trim()).collect()
    }

    #[test]
    fn sentences_that_are_gone_are_found_whatever_became_of_the_lines() {
        let before =
            "The well is deep. It was dug in 1820. Nobody knows by whom.\nA second paragraph.";
        let now = "The well is deep.\nNobody knows by whom. A second paragraph";
        assert_eq!(gone(before, now), ["It was dug in 1820."]);
        assert_eq!(gone(before, before), [""; 0]);
        let all = [
            "The well is deep. It was dug in 1820. Nobody knows by whom.",
            "A second paragraph.",
        ];
        assert_eq!(gone(before, ""), all);
        assert_eq!(
            gone("Price: 12 euros.", "Price: 13 euros."),
            ["Price: 12 euros."]
        );
        assert_eq!(
            gone("井戸は深い。1820年に掘られた。", "井戸は深い。"),
            ["1820年に掘られた。"]
        );
        assert_eq!(gone("One", "Two"), ["One"]);
        assert_eq!(gone("One two", "Two one"), ["One two"]);
    }

    proptest! {
        #[test]
        fn passages_stand_in_the_text_and_none_is_gone_from_itself(
            before in "[a-d .!。\n漢é]{0,80}", now in "[a-d .!。\n漢é]{0,80}"
        ) {
            prop_assert!(gone(&before, &before).is_empty());
            for range in vanished(&before, &Said::new([now.as_str()])) {
                prop_assert!(before.get(range).is_some());
            }
        }
    }
}
