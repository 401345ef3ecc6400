//! From words that are the same to those that are not.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;

use super::wording::{Kind, Word, words};
use super::{Difference, Passage, Read, Weight};

/// How many words may stand in a page where a quote has an edit in brackets.
const MAX_EDITED: usize = 15;
/// How many words of a page may stand on lines of their own between two lines of a quote: a caption, a heading, an
/// advertisement.
const MAX_BETWEEN: usize = 40;
/// How many words say who said it.
const MAX_ATTRIBUTION: usize = 8;

/// Words from one to another, as they are written.
pub(super) fn written<'a>(text: &'a str, words: &[Word], at: Range<usize>) -> &'a str {
    let (Some(first), Some(last)) = (words.get(at.start), words[..at.end].last()) else {
        return "";
    };
    if at.is_empty() {
        return "";
    }
    let (start, end) = (first.start as usize, last.end as usize);
    text.get(start..end).unwrap_or_default()
}

fn on_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Letters, figures and signs of a text, without what parts them.
fn together(text: &str) -> String {
    let mut all = String::with_capacity(text.len());
    for c in text.nfkc().flat_map(char::to_lowercase).nfc() {
        match c {
            'ß' => all.push_str("ss"),
            'ς' => all.push('σ'),
            c if c.is_alphanumeric() || is_counted(c) => all.push(c),
            _ => {}
        }
    }
    all
}

/// Signs and marks that are read.
fn is_counted(c: char) -> bool {
    unicode_normalization::char::is_combining_mark(c)
        || words(c.encode_utf8(&mut [0; 4]))
            .first()
            .is_some_and(|word| word.kind == Kind::Symbol)
}

/// A part of a passage that has no counterpart, and the part of the text that stands in its place.
type Gap = (Range<usize>, Range<usize>);

/// The gaps between pairs, the edges among them.
fn gaps(passage: &Passage, pairs: &[(usize, usize)]) -> Vec<Gap> {
    let (Some(first), Some(last)) = (pairs.first(), pairs.last()) else {
        return Vec::new();
    };
    let mut gaps = vec![(0..first.0, first.1..first.1)];
    gaps.extend(
        pairs
            .windows(2)
            // What is run together is paired with several.
            .map(|two| {
                let (was, now) = (two[0].0 + 1, two[0].1 + 1);
                (was..two[1].0.max(was), now..two[1].1.max(now))
            }),
    );
    gaps.push((last.0 + 1..passage.words.len(), last.1 + 1..last.1 + 1));
    gaps.retain(|(was, now)| !was.is_empty() || !now.is_empty());
    gaps
}

/// Pairs what is the same but for where words are parted: "web site" and "website", a heading that runs into the next
/// line. Each word of the passage is paired with one of the text's, as far as there are any.
pub(super) fn run_together(passage: &Passage, read: &Read<'_>, pairs: &mut Vec<(usize, usize)>) {
    const MOST: usize = 12;
    let mut more = Vec::new();
    let length = passage.words.len();
    for (was, now) in gaps(passage, pairs) {
        if was.is_empty() || was.len() > MOST || now.len() > MOST {
            continue;
        }
        let wanted = together(passage.written(was.clone()));
        let take = |at: Range<usize>| together(written(read.text, &read.words, at));
        let found = if was.start == 0 {
            (1..=MOST)
                .filter_map(|count| Some(now.end.checked_sub(count)?..now.end))
                .find(|at| {
                    take(at.clone()) == wanted || ends_in_run(&take(at.clone()), &wanted, read, at)
                })
        } else if was.end == length {
            (1..=MOST)
                .map(|count| now.start..now.start + count)
                .filter(|at| at.end <= read.words.len())
                .find(|at| {
                    take(at.clone()) == wanted || begins_run(&take(at.clone()), &wanted, read, at)
                })
        } else {
            (!now.is_empty() && is_set_alike(&take(now.clone()), &wanted)).then_some(now)
        };
        if let Some(at) = found {
            let last = was.end - 1;
            let count = was.len().max(at.len());
            more.extend((0..count).map(|nth| {
                (
                    (was.start + nth).min(last),
                    (at.start + nth).min(at.end - 1),
                )
            }));
        }
    }
    if !more.is_empty() {
        pairs.extend(more);
        pairs.sort_unstable();
    }
}

/// The same, but for the mark of a footnote that runs into a word.
fn is_set_alike(now: &str, wanted: &str) -> bool {
    now == wanted
        || now.strip_prefix(wanted).is_some_and(|mark| {
            wanted.len() > 2
                && wanted.chars().all(char::is_alphabetic)
                && mark.len() <= 2
                && mark.bytes().all(|byte| byte.is_ascii_digit())
        })
}

/// A word of the page that begins with what is wanted and runs into another: `ModifiedMay`.
fn begins_run(now: &str, wanted: &str, read: &Read<'_>, at: &Range<usize>) -> bool {
    is_set_alike(now, wanted)
        || (now.starts_with(wanted)
            && is_run(
                written(read.text, &read.words, at.clone()),
                wanted.chars().count(),
            ))
}

fn ends_in_run(now: &str, wanted: &str, read: &Read<'_>, at: &Range<usize>) -> bool {
    let rest = now.chars().count().saturating_sub(wanted.chars().count());
    now.ends_with(wanted) && is_run(written(read.text, &read.words, at.clone()), rest)
}

/// Whether a word is two that were run together after some letters: a small letter and then a capital, or a letter and a
/// figure.
fn is_run(written: &str, letters: usize) -> bool {
    let mut chars = written.chars().filter(|c| c.is_alphanumeric());
    let before = letters.checked_sub(1).and_then(|nth| chars.nth(nth));
    match (before, chars.next()) {
        (Some(before), Some(after)) => {
            (before.is_lowercase() && after.is_uppercase())
                || (before.is_numeric() && after.is_alphabetic())
        }
        _ => false,
    }
}

/// A passage that is not there at all.
pub(super) fn gone(passage: &Passage) -> Difference {
    difference(passage, 0..passage.words.len(), "", &[])
}

/// What differs between a passage and its place.
pub(super) fn between(
    passage: &Passage,
    read: &Read<'_>,
    pairs: &[(usize, usize)],
) -> Vec<Difference> {
    let length = passage.words.len();
    let mut all = Vec::new();
    for (was, now) in gaps(passage, pairs) {
        let is_open = was.start == 0;
        let is_close = was.end == length && now.is_empty();
        let now = if is_open && !was.is_empty() {
            before(read, now.end, was.len())
        } else if is_close && !was.is_empty() {
            behind(read, now.start, was.len())
        } else {
            now
        };
        if is_harmless(passage, read, &was, &now) {
            continue;
        }
        let words = &read.words[now.clone()];
        let text = written(read.text, &read.words, now);
        all.push(difference(passage, was, text, words));
    }
    all
}

fn is_harmless(passage: &Passage, read: &Read<'_>, was: &Range<usize>, now: &Range<usize>) -> bool {
    let length = passage.words.len();
    if was.is_empty() {
        let is_edit = passage.holes.contains(&was.start) && now.len() <= MAX_EDITED;
        return is_edit || (now.len() <= MAX_BETWEEN && is_lines(read, now));
    }
    if was.len() > MAX_ATTRIBUTION || length - was.len() < 4 {
        return false;
    }
    let part = |from: Option<&Word>, to: Option<&Word>| {
        let from = from.map_or(0, |word| word.end as usize);
        let to = to.map_or(passage.text.len(), |word| word.start as usize);
        passage.text.get(from..to).unwrap_or_default()
    };
    if was.start == 0 {
        // "Smith said: ..."
        return part(passage.words.get(was.end - 1), passage.words.get(was.end)).contains(':');
    }
    if was.end == length {
        // "... — Smith"
        let between = part(
            passage.words.get(was.start - 1),
            passage.words.get(was.start),
        );
        let has_dash = between.contains(['—', '–', '―', '~'])
            || between.contains(" - ")
            || between.contains("--");
        let is_signed =
            has_dash || (between.contains('(') && between.contains(['"', '”', '»', '“']));
        let is_name = passage.written(was.clone()).starts_with(char::is_uppercase);
        return is_signed && is_name && between.contains(['.', '!', '?', '"', '”', '»', '“', '\n']);
    }
    false
}

/// Whether words fill lines of their own.
fn is_lines(read: &Read<'_>, at: &Range<usize>) -> bool {
    let (Some(before), Some(first)) = (
        at.start.checked_sub(1).and_then(|at| read.words.get(at)),
        read.words.get(at.start),
    ) else {
        return false;
    };
    let (Some(last), Some(after)) = (read.words[..at.end].last(), read.words.get(at.end)) else {
        return false;
    };
    let has_line_end = |from: &Word, to: &Word| {
        read.text
            .get(from.end as usize..to.start as usize)
            .is_some_and(|between| between.contains('\n'))
    };
    has_line_end(before, first) && has_line_end(last, after)
}

/// What parts sentences or lines.
fn is_parting(between: &str) -> bool {
    between.contains(['\n', '.', '!', '?', '。', '！', '？', '؟', '।'])
}

/// The text's words behind a place that stand for some of the passage's: as many, in the same sentence.
fn behind(read: &Read<'_>, at: usize, count: usize) -> Range<usize> {
    let mut end = at;
    while end < read.words.len() && end - at < count {
        let from = end
            .checked_sub(1)
            .map_or(0, |last| read.words[last].end as usize);
        let between = read.text.get(from..read.words[end].start as usize);
        if between.is_none_or(is_parting) {
            break;
        }
        end += 1;
    }
    at..end
}

/// The text's words before a place that stand for some of the passage's.
fn before(read: &Read<'_>, at: usize, count: usize) -> Range<usize> {
    let mut start = at;
    while start > 0 && at - start < count {
        let to = read
            .words
            .get(start)
            .map_or(read.text.len(), |word| word.start as usize);
        let between = read.text.get(read.words[start - 1].end as usize..to);
        if between.is_none_or(is_parting) {
            break;
        }
        start -= 1;
    }
    start..at
}

fn difference(passage: &Passage, was: Range<usize>, now: &str, now_words: &[Word]) -> Difference {
    let was_words = &passage.words[was.clone()];
    let of = |words: &[Word], kinds: &[Kind]| {
        let mut all: Vec<u64> = words
            .iter()
            .filter(|word| kinds.contains(&word.kind))
            .map(|word| word.hash)
            .collect();
        all.sort_unstable();
        all
    };
    let negations = |words: &[Word]| of(words, &[Kind::Negation]).len();
    let numbers = |words: &[Word]| of(words, &[Kind::Number, Kind::Symbol]);
    let weight = if negations(was_words) != negations(now_words) {
        Weight::Negation
    } else if numbers(was_words) == numbers(now_words) {
        Weight::Plain
    } else {
        Weight::Number
    };
    Difference {
        was: on_one_line(passage.written(was)),
        now: on_one_line(now),
        weight,
    }
}
