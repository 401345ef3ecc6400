//! The place of a text in which what was looked for stands.

use std::collections::VecDeque;

use super::query::Term;
use super::words::{Word, words};

/// So many words are shown.
const SHOWN: usize = 30;
/// So many of them before the first that was looked for.
const BEFORE: usize = 8;
/// The most bytes that are shown; words may be long.
const MAX_BYTES: usize = 400;

/// A piece of a text, with what was looked for in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Snippet {
    /// The piece, in one line and without control characters; with dots where the text goes on.
    pub text: String,
    /// Where in it what was looked for stands, in bytes; in order, apart from each other.
    pub matches: Vec<(usize, usize)>,
}

/// The piece of a text in which most of what is looked for stands; its beginning where nothing does. Linear in the text.
pub fn snippet(text: &str, terms: &[Term]) -> Snippet {
    let mut window: VecDeque<Found> = VecDeque::new();
    let mut best: Option<(usize, Found)> = None;
    for found in matches(text, terms) {
        window.push_back(found);
        while let Some(first) = window.front()
            && found.word >= first.word + SHOWN - BEFORE
        {
            window.pop_front();
        }
        let mut seen = vec![false; terms.len()];
        for found in &window {
            seen[found.term] = true;
        }
        let count = seen.iter().filter(|seen| **seen).count();
        if best.is_none_or(|(most, _)| count > most)
            && let Some(first) = window.front()
        {
            best = Some((count, *first));
        }
        // More than all cannot stand there.
        if count == terms.len() {
            break;
        }
    }
    let first = best.map_or(0, |(_, found)| found.word.saturating_sub(BEFORE));
    cut(text, first, terms)
}

/// A term that stands in a text.
#[derive(Debug, Clone, Copy)]
struct Found {
    term: usize,
    /// Which word of the text it begins with.
    word: usize,
    start: usize,
    end: usize,
}

/// The places where terms stand, in the order in which they end.
fn matches<'a>(text: &'a str, terms: &'a [Term]) -> impl Iterator<Item = Found> + 'a {
    let longest = terms.iter().map(|term| term.words.len()).max().unwrap_or(0);
    let mut last: VecDeque<Word<'a>> = VecDeque::with_capacity(longest + 1);
    words(text).enumerate().flat_map(move |(at, word)| {
        last.push_back(word);
        if last.len() > longest {
            last.pop_front();
        }
        let ends_here = |(number, term): (usize, &Term)| {
            let from = last.len().checked_sub(term.words.len())?;
            let mut pairs = last.iter().skip(from).zip(&term.words).rev();
            let (word, wanted) = pairs.next()?;
            let is_last = if term.is_prefix {
                word.folded.starts_with(wanted.as_str())
            } else {
                word.folded == *wanted
            };
            (is_last && pairs.all(|(word, wanted)| word.folded == *wanted)).then(|| Found {
                term: number,
                word: at + 1 - term.words.len(),
                start: last[from].start,
                end: word.end,
            })
        };
        terms
            .iter()
            .enumerate()
            .filter_map(ends_here)
            .collect::<Vec<_>>()
    })
}

/// What is shown from a word on.
fn cut(text: &str, first: usize, terms: &[Term]) -> Snippet {
    let mut shown = words(text).skip(first);
    let Some(begin) = shown.next() else {
        return Snippet::default();
    };
    let start = if first == 0 { 0 } else { begin.start };
    let mut end = begin.end;
    let mut is_all = true;
    for (count, word) in shown.enumerate() {
        if count + 1 >= SHOWN || word.end - start > MAX_BYTES {
            is_all = false;
            break;
        }
        end = word.end;
    }
    if is_all {
        end = text.len();
    }
    // Marks may follow a word without end, and so may a word be one.
    let (start, end) = (start, floor(text, end.min(start + 2 * MAX_BYTES)));
    let piece = &text[start..end];
    let mut ranges: Vec<(usize, usize)> = matches(piece, terms)
        .map(|found| (found.start, found.end))
        .collect();
    ranges.sort_unstable();
    one_line(piece, &ranges, start > 0, end < text.len())
}

fn floor(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// A piece in one line, and where its matches stand then.
fn one_line(piece: &str, ranges: &[(usize, usize)], is_begun: bool, goes_on: bool) -> Snippet {
    let mut line = String::with_capacity(piece.len() + 8);
    if is_begun {
        line.push_str("… ");
    }
    let mut matches: Vec<(usize, usize)> = Vec::new();
    let mut ranges = ranges.iter().peekable();
    let mut open: Option<(usize, usize)> = None;
    let mut space = false;
    for (at, c) in piece.char_indices() {
        if let Some((from, to)) = open
            && at >= to
        {
            matches.push((from, line.len()));
            open = None;
        }
        if c.is_whitespace() {
            space = !line.is_empty() && !line.ends_with(' ');
            continue;
        }
        if c.is_control() {
            continue;
        }
        if space {
            line.push(' ');
            space = false;
        }
        while let Some((start, end)) = ranges.peek()
            && *start <= at
        {
            match &mut open {
                Some((_, to)) => *to = (*to).max(*end),
                None if *end > at => open = Some((line.len(), *end)),
                None => {}
            }
            ranges.next();
        }
        line.push(c);
    }
    if let Some((from, _)) = open {
        matches.push((from, line.len()));
    }
    if goes_on {
        line.push_str(" …");
    }
    Snippet {
        text: line,
        matches,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Query;
    use super::*;

    fn shown(text: &str, query: &str) -> String {
        let query = Query::parse(query).unwrap();
        let snippet = snippet(text, &query.shown());
        let mut line = snippet.text;
        for (start, end) in snippet.matches.into_iter().rev() {
            line.insert(end, ']');
            line.insert(start, '[');
        }
        line
    }

    #[test]
    fn what_was_looked_for_is_marked() {
        assert_eq!(shown("The  Deep\nWell.", "deep"), "The [Deep] Well.");
        assert_eq!(shown("The deep well.", "\"deep well\""), "The [deep well].");
        assert_eq!(shown("The deepest well.", "deep*"), "The [deepest] well.");
        assert_eq!(
            shown("Ein tiefer Brünnen", "brunnen"),
            "Ein tiefer [Brünnen]"
        );
        assert_eq!(
            shown("東京タワーは高い。", "タワー"),
            "東京[タワー]は高い。"
        );
        assert_eq!(shown("No such thing.", "other"), "No such thing.");
        assert_eq!(shown("", "other"), "");
        assert_eq!(shown("a\u{1b}[31mred", "red"), "a[31mred");
        assert_eq!(shown("x\u{1b} red", "red"), "x [red]");
        assert_eq!(shown("deep deep deep", "\"deep deep\""), "[deep deep deep]");
    }

    #[test]
    fn the_place_with_most_of_it_is_shown() {
        let filler = "word ".repeat(100);
        let text = format!("deep {filler} a deep and cold well {filler}");
        let line = shown(&text, "deep well cold");
        assert!(line.starts_with("… word word"), "{line}");
        assert!(line.contains("a [deep] and [cold] [well] word"), "{line}");
        assert!(line.ends_with("word …"), "{line}");
    }

    #[test]
    fn long_words_do_not_make_long_snippets() {
        let text = format!("deep {} deep", "x".repeat(5 << 20));
        assert!(shown(&text, "deep").len() < 3 * MAX_BYTES);
        let marks = format!("deep a{} deep", "\u{301}".repeat(1 << 20));
        assert!(shown(&marks, "deep").len() < 3 * MAX_BYTES);
    }

    proptest! {
        #[test]
        fn matches_stand_in_the_line_apart_from_each_other(text in "\\PC{0,80}", words in "[a-c漢 ]{1,6}") {
            if let Ok(query) = Query::parse(&words) {
                let snippet = snippet(&text, &query.shown());
                let mut last = 0;
                for (start, end) in snippet.matches {
                    prop_assert!(last <= start && start < end);
                    prop_assert!(snippet.text.get(start..end).is_some());
                    last = end;
                }
            }
        }
    }
}
