//! How people write quotes: ellipses for what is left out, brackets around what is not the source's, `[sic]`.

use crate::gather::quote_parts;
use crate::judge::wording::{Word, words};

/// What may stand between two pieces of a quote, in the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gap {
    /// What was left out.
    Ellipsis,
    /// A few words, for which others stand in brackets.
    Few,
}

/// Words that stand together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    /// What lies between it and the piece before; of the first, nothing.
    pub(super) gap: Gap,
    /// As it is written.
    pub(super) text: String,
    pub(super) words: Vec<Word>,
    pub(super) hashes: Vec<u64>,
}

impl Piece {
    fn new(gap: Gap, text: String) -> Self {
        let words = words(&text);
        let hashes = words.iter().map(|word| word.hash).collect();
        Self {
            gap,
            text,
            words,
            hashes,
        }
    }
}

/// A quote, as it is to be looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern {
    pub(super) pieces: Vec<Piece>,
}

impl Pattern {
    fn of(pieces: Vec<(Gap, String)>) -> Option<Self> {
        let mut read: Vec<Piece> = Vec::new();
        let mut skipped = None;
        for (gap, text) in pieces {
            let mut piece = Piece::new(gap, text);
            if piece.words.is_empty() {
                // What lies before nothing lies before what comes next.
                skipped = widest(skipped, Some(gap));
                continue;
            }
            if let Some(wider) = widest(skipped.take(), Some(piece.gap)) {
                piece.gap = wider;
            }
            read.push(piece);
            if read.len() == MOST_PIECES {
                break;
            }
        }
        (!read.is_empty()).then_some(Self { pieces: read })
    }

    /// How many words it has.
    pub(super) fn len(&self) -> usize {
        self.pieces.iter().map(|piece| piece.words.len()).sum()
    }
}

fn widest(one: Option<Gap>, other: Option<Gap>) -> Option<Gap> {
    match (one, other) {
        (Some(Gap::Ellipsis), _) | (_, Some(Gap::Ellipsis)) => Some(Gap::Ellipsis),
        (one, other) => one.or(other),
    }
}

/// The ways in which a quote may be meant, the likeliest first; none where it has no words.
pub(super) fn read(quote: &str) -> Vec<Pattern> {
    let mut patterns = Vec::with_capacity(3);
    let mut add = |pattern: Option<Pattern>| {
        if let Some(pattern) = pattern
            && !patterns.contains(&pattern)
        {
            patterns.push(pattern);
        }
    };
    add(Pattern::of(without_omissions(quote)));
    // To the letter: the source has these brackets and dots itself.
    add(Pattern::of(vec![(Gap::Ellipsis, quote.to_owned())]));
    if let Some(said) = without_attribution(quote) {
        add(Pattern::of(without_omissions(said)));
    }
    patterns
}

/// What stands before a dash and a few words at the end, that say who said it.
fn without_attribution(quote: &str) -> Option<&str> {
    /// A name, an office and a paper.
    const MOST_WORDS: usize = 10;
    /// Words that are said.
    const FEWEST_WORDS: usize = 4;
    let (said, who) = quote.trim_end().rsplit_once(['—', '–', '―', '~'])?;
    // A dash goes on with the sentence, too.
    let is_said = said
        .trim_end_matches(|c: char| c.is_whitespace() && c != '\n')
        .ends_with(['.', '!', '?', '"', '”', '»', '“', '’', '\n']);
    let is_name = who.trim_start().starts_with(char::is_uppercase);
    let fits = (1..=MOST_WORDS).contains(&words(who).len());
    (is_said && is_name && fits && words(said).len() >= FEWEST_WORDS).then_some(said)
}

/// The longest stretch within brackets that is no part of the quote, in bytes.
const LONGEST_BRACKET: usize = 120;

/// So many pieces are looked for, each for itself; what comes after them counts for nothing.
const MOST_PIECES: usize = 32;

/// The pieces between what was left out.
fn without_omissions(quote: &str) -> Vec<(Gap, String)> {
    quote_parts(quote).into_iter().flat_map(pieces).collect()
}

fn pieces(quote: &str) -> Vec<(Gap, String)> {
    let mut pieces = vec![(Gap::Ellipsis, String::new())];
    let mut at = 0;
    let part = |pieces: &mut Vec<(Gap, String)>, gap| pieces.push((gap, String::new()));
    while let Some(c) = quote[at..].chars().next() {
        let rest = &quote[at..];
        if let Some((inside, len)) = bracket(rest) {
            let before = quote[..at].chars().next_back();
            let after = quote[at + len..].chars().next();
            let is_letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
            let inner = inside.trim();
            if is_remark(inner) || is_footnote(inner) {
                push(&mut pieces, ' ');
            } else if is_letter(after) && !is_letter(before) && inner.chars().count() == 1 {
                // "[T]he": another case, or another letter.
                push(&mut pieces, inner.chars().next().unwrap_or(' '));
            } else {
                // "walk[ed]": the word is not the source's.
                if is_letter(before) {
                    drop_last_word(&mut pieces);
                }
                part(&mut pieces, Gap::Few);
                // "[the company]'s"
                let rest = &quote[at + len..];
                let owns = rest
                    .strip_prefix(['\'', '’'])
                    .and_then(|rest| rest.strip_prefix('s'));
                if owns.is_some_and(|rest| !rest.starts_with(char::is_alphanumeric)) {
                    at += rest.len() - owns.map_or(0, str::len);
                } else if is_letter(after) {
                    at += quote[at + len..]
                        .find(|c: char| !c.is_alphanumeric())
                        .unwrap_or(quote.len() - at - len);
                }
            }
            at += len;
            continue;
        }
        push(&mut pieces, c);
        at += c.len_utf8();
    }
    pieces
}

fn push(pieces: &mut [(Gap, String)], c: char) {
    if let Some((_, text)) = pieces.last_mut() {
        text.push(c);
    }
}

fn drop_last_word(pieces: &mut [(Gap, String)]) {
    if let Some((_, text)) = pieces.last_mut() {
        let end = text.trim_end_matches(char::is_alphanumeric).len();
        text.truncate(end);
    }
}

/// What stands within a bracket at the beginning of a text, and how many bytes that takes with its brackets.
fn bracket(text: &str) -> Option<(&str, usize)> {
    let open = text.chars().next()?;
    let close = match open {
        '[' => ']',
        '［' => '］',
        '【' => '】',
        '(' => ')',
        '<' => '>',
        '{' => '}',
        _ => return None,
    };
    let behind = &text[open.len_utf8()..];
    let within = super::beginning(behind, LONGEST_BRACKET);
    let inside = &within[..within.find(close)?];
    let len = open.len_utf8() + inside.len() + close.len_utf8();
    // Other brackets than square ones are the source's own, but around a remark.
    let is_square = matches!(open, '[' | '［' | '【');
    (is_square || is_remark(inside.trim())).then_some((inside, len))
}

/// Whether this is said of the quote.
fn is_remark(inside: &str) -> bool {
    let said = inside.to_lowercase();
    let said = said.trim_end_matches(['!', '.']);
    said == "sic"
        || [
            "emphasis",
            "emphases",
            "italics",
            "my emphasis",
            "our emphasis",
            "hervorhebung",
            "c'est moi qui souligne",
        ]
        .iter()
        .any(|remark| said.starts_with(remark) && said.len() <= remark.len() + 24)
}

/// Whether this is the mark of a footnote.
fn is_footnote(inside: &str) -> bool {
    !inside.is_empty() && inside.len() <= 3 && inside.bytes().all(|byte| byte.is_ascii_digit())
}
