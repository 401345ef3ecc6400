//! The passage that is nearest to a quote, where the quote itself does not stand.
//!
//! Words of the quote, and pairs of them, that are rare in the text say where it may stand (seeds); there, the words of both
//! are aligned. A passage is near if enough of the quote stands in it, in its order and together.

use std::ops::Range;

use foldhash::HashMap;
use unicode_normalization::char::is_combining_mark;

use super::pattern::{Pattern, Piece};
use super::{Difference, Found, MOST_CHARS, MOST_DIFFERENCES, Place, Side, State, Weight};
use crate::judge::wording::align::{Row, Run, align};
use crate::judge::wording::{Kind, Word, words};

/// A quote of fewer words has to stand word for word: what is like three words may be anything.
const FEWEST_WORDS: usize = 4;
/// So much of a quote's words has to stand.
const ENOUGH: f64 = 0.5;
/// Less is enough where so many of them stand in a row.
const LONG_RUN: usize = 12;
/// With so much, at least.
const ENOUGH_WITH_RUN: f64 = 0.25;
/// Words in a row that stand together by no accident.
const SOLID: usize = 3;
/// So many words more may stand before and behind a passage than are missing there.
const BESIDE: usize = 4;
/// A seed that stands more often in the text says nothing.
const MOST_PLACES: usize = 64;
/// So many lines of words may stand between two paragraphs of a quote, as words: an advertisement, a caption.
const MOST_BETWEEN: usize = 80;

/// The nearest passage.
#[derive(Debug, Clone)]
pub(super) struct Near {
    /// Words of the quote that stand, and how many it has.
    kept: usize,
    of: usize,
    at: Vec<Range<usize>>,
    differences: Vec<Difference>,
}

impl Near {
    fn share(&self) -> f64 {
        self.kept as f64 / self.of.max(1) as f64
    }

    /// Whether there cannot be a much nearer passage.
    pub(super) fn is_close(&self) -> bool {
        self.differences.is_empty() || self.of - self.kept <= 2
    }

    pub(super) fn is_better_than(&self, other: &Self) -> bool {
        self.kept > other.kept
            || (self.kept == other.kept && self.differences.len() < other.differences.len())
    }

    pub(super) fn told(mut self, place: Place, side: &Side<'_>) -> Found {
        self.differences
            .sort_by_key(|difference| std::cmp::Reverse(difference.weight));
        self.differences.truncate(MOST_DIFFERENCES);
        Found {
            state: if self.differences.is_empty() {
                State::Verbatim
            } else {
                State::Altered
            },
            place: Some(place),
            at: self.at.iter().map(|range| side.bytes(range)).collect(),
            differences: self.differences,
        }
    }
}

/// The passages of a text that are nearest to a quote's pieces, if they are near enough.
pub(super) fn find(pattern: &Pattern, side: &Side<'_>) -> Option<Near> {
    let of = pattern.len();
    if of < FEWEST_WORDS {
        return None;
    }
    let mut near = Near {
        kept: 0,
        of,
        at: Vec::new(),
        differences: Vec::new(),
    };
    let mut longest = 0;
    for piece in &pattern.pieces {
        let Some(found) = passage(piece, side) else {
            near.differences
                .push(difference(&piece.text, &piece.words, "", &[]));
            continue;
        };
        near.kept += found.kept;
        near.at.push(found.at);
        near.differences.extend(found.differences);
        longest = longest.max(found.longest);
    }
    let is_near = longest >= SOLID
        && (near.share() >= ENOUGH || (longest >= LONG_RUN && near.share() >= ENOUGH_WITH_RUN));
    is_near.then_some(near)
}

struct Passage {
    kept: usize,
    longest: usize,
    at: Range<usize>,
    differences: Vec<Difference>,
}

fn passage(piece: &Piece, side: &Side<'_>) -> Option<Passage> {
    if let Some(start) = super::exact::all(&piece.hashes, &side.hashes).first() {
        let len = piece.hashes.len();
        return Some(Passage {
            kept: len,
            longest: len,
            at: *start..start + len,
            differences: Vec::new(),
        });
    }
    windows(&piece.hashes, &side.hashes)
        .into_iter()
        .filter_map(|window| aligned(piece, side, &window))
        .max_by_key(|passage| (passage.kept, std::cmp::Reverse(passage.differences.len())))
}

/// A seed: where it stands in the quote, and how often and where in the text.
struct Seed {
    in_quote: usize,
    count: usize,
    places: Vec<usize>,
}

fn pair(one: u64, other: u64) -> u64 {
    one.rotate_left(17)
        .wrapping_add(other)
        .wrapping_mul(0xff51_afd7_ed55_8ccd)
}

/// Parts of the text in which the quote may stand, at most three.
fn windows(quote: &[u64], text: &[u64]) -> Vec<Range<usize>> {
    const MOST_WINDOWS: usize = 3;
    let mut seeds: HashMap<u64, Seed> = HashMap::default();
    let mut plant = |hash, in_quote| {
        // What stands twice in the quote says where less clearly; its first place will do.
        seeds.entry(hash).or_insert(Seed {
            in_quote,
            count: 0,
            places: Vec::new(),
        });
    };
    for (at, word) in quote.iter().enumerate() {
        plant(*word, at);
        if let Some(next) = quote.get(at + 1) {
            plant(pair(*word, *next), at);
        }
    }
    let mut sow = |hash, at| {
        if let Some(seed) = seeds.get_mut(&hash) {
            seed.count += 1;
            if seed.places.len() < MOST_PLACES {
                seed.places.push(at);
            }
        }
    };
    for (at, word) in text.iter().enumerate() {
        sow(*word, at);
        if let Some(next) = text.get(at + 1) {
            sow(pair(*word, *next), at);
        }
    }
    // Where the quote would begin, by each seed; the rarer a seed, the more it says.
    let mut votes: Vec<(isize, f64)> = Vec::new();
    for seed in seeds
        .values()
        .filter(|seed| (1..=MOST_PLACES).contains(&seed.count))
    {
        let weight = 1.0 / seed.count as f64;
        let begins = |at: &usize| *at as isize - seed.in_quote as isize;
        votes.extend(seed.places.iter().map(|at| (begins(at), weight)));
    }
    votes.sort_unstable_by_key(|(at, _)| *at);
    let slack = quote.len() / 3 + 12;
    let mut heaps = heaps(&votes, slack);
    let mut windows: Vec<Range<usize>> = Vec::new();
    heaps.sort_by(|one, other| {
        other
            .1
            .total_cmp(&one.1)
            .then(one.0.start.cmp(&other.0.start))
    });
    for (begins, _) in heaps.into_iter().take(MOST_WINDOWS) {
        let start = begins
            .start
            .saturating_sub_unsigned(slack)
            .max(0)
            .unsigned_abs();
        let end = begins
            .end
            .saturating_add_unsigned(quote.len() + slack)
            .max(0)
            .unsigned_abs();
        windows.push(start.min(text.len())..end.min(text.len()));
    }
    windows
}

/// Votes that lie together: from the first to the last place at which the quote would begin, and what they weigh.
fn heaps(votes: &[(isize, f64)], width: usize) -> Vec<(Range<isize>, f64)> {
    let width = isize::try_from(width).unwrap_or(isize::MAX);
    let mut heaps: Vec<(Range<isize>, f64)> = Vec::new();
    for (at, weight) in votes {
        match heaps.last_mut() {
            // A heap is no wider than thrice what a passage may be off, or a long text were one heap.
            Some((range, sum)) if at - range.end <= width && at - range.start <= 3 * width => {
                range.end = *at;
                *sum += weight;
            }
            _ => heaps.push((*at..*at, *weight)),
        }
    }
    heaps
}

/// Words that stand in both, with what is between.
fn aligned(piece: &Piece, side: &Side<'_>, window: &Range<usize>) -> Option<Passage> {
    let text = &side.hashes[window.clone()];
    let row = |hashes| Row {
        hashes,
        starts: &[0],
    };
    let runs = align(row(&piece.hashes), row(text));
    let runs = solid(&runs);
    // Once more, where it stands: of words that are the same, those nearest by are meant.
    let (first, last) = (runs.first()?, runs.last()?);
    let (head, tail) = (first.before, piece.hashes.len() - last.before - last.len);
    let from = window.start + first.now.saturating_sub(head + BESIDE);
    let to = (window.start + last.now + last.len + tail + BESIDE).min(window.end);
    let window = &(from..to);
    let runs = align(row(&piece.hashes), row(&side.hashes[window.clone()]));
    let runs = solid(&runs);
    let (first, last) = (runs.first()?, runs.last()?);
    let at = window.start + first.now..window.start + last.now + last.len;
    let kept: usize = runs.iter().map(|run| run.len).sum();
    let longest = runs.iter().map(|run| run.len).max()?;
    let mut differences = Differences {
        piece,
        side,
        found: Vec::new(),
        kept: 0,
        is_other: false,
    };
    let len = piece.hashes.len();
    let before = differences.before(0..first.before, at.start);
    let behind = differences.behind(last.before + last.len..len, at.end);
    if let Some(before) = before.clone() {
        differences.add(0..first.before, before);
    }
    for pair in runs.windows(2) {
        let [one, other] = pair else { continue };
        let was = one.before + one.len..other.before;
        let now = window.start + one.now + one.len..window.start + other.now;
        differences.add(was, now);
    }
    if let Some(behind) = behind.clone() {
        differences.add(last.before + last.len..len, behind);
    }
    // How words are parted is told beside what else differs.
    if !differences.is_other {
        differences.found.clear();
    }
    let at =
        before.map_or(at.start, |before| before.start)..behind.map_or(at.end, |behind| behind.end);
    Some(Passage {
        kept: kept + differences.kept,
        longest,
        at,
        differences: differences.found,
    })
}

/// The runs that are one passage: those from one to another of which the most words stand with the fewest between. What
/// else is the same is so by accident.
fn solid(runs: &[Run]) -> &[Run] {
    /// What a word that stands between two runs takes away.
    const APART: f64 = 0.4;
    let far = |one: &Run, other: &Run| {
        let before = other.before - (one.before + one.len);
        let now = other.now - (one.now + one.len);
        before.max(now)
    };
    let mut best = (0.0, 0..0);
    let (mut sum, mut start) = (0.0_f64, 0);
    for (at, run) in runs.iter().enumerate() {
        if let Some(last) = at.checked_sub(1) {
            sum -= APART * far(&runs[last], run) as f64;
        }
        if sum <= 0.0 {
            (sum, start) = (0.0, at);
        }
        sum += run.len as f64;
        if sum > best.0 {
            best = (sum, start..at + 1);
        }
    }
    &runs[best.1]
}

struct Differences<'a> {
    piece: &'a Piece,
    side: &'a Side<'a>,
    found: Vec<Difference>,
    /// Words that turned out to be the same.
    kept: usize,
    /// Whether anything differs but how words are parted, which alone is no difference.
    is_other: bool,
}

impl Differences<'_> {
    /// What stands in the text for the beginning of the quote: from the beginning of its sentence, if that is near.
    fn before(&self, was: Range<usize>, end: usize) -> Option<Range<usize>> {
        if was.is_empty() {
            return None;
        }
        let furthest = 2 * was.len() + 3;
        let mut start = end;
        while start > 0 && end - start < furthest && !self.is_end(start) {
            start -= 1;
        }
        Some(if self.is_end(start) {
            start..end
        } else {
            end.saturating_sub(was.len())..end
        })
    }

    /// As [`Self::before`], for its end.
    fn behind(&self, was: Range<usize>, start: usize) -> Option<Range<usize>> {
        if was.is_empty() {
            return None;
        }
        let most = self.side.words.len();
        let furthest = 2 * was.len() + 3;
        let mut end = start;
        while end < most && end - start < furthest && !self.is_end(end) {
            end += 1;
        }
        Some(if self.is_end(end) {
            start..end
        } else {
            start..(start + was.len()).min(most)
        })
    }

    /// Whether a part of a sentence, or a line, ends before this word of the text.
    fn is_end(&self, at: usize) -> bool {
        let words = &self.side.words;
        let before = at.checked_sub(1).and_then(|last| words.get(last));
        let Some((before, next)) = before.zip(words.get(at)) else {
            return true;
        };
        let between = self.side.text.get(before.end as usize..next.start as usize);
        between.is_none_or(|between| between.contains(ENDS))
    }

    /// Notes that words of the quote stand as others, unless that is how they are set.
    fn add(&mut self, was: Range<usize>, now: Range<usize>) {
        if was.is_empty() && now.is_empty() {
            return;
        }
        let words = self.side.words.get(now.clone()).unwrap_or_default();
        if was.is_empty() && self.is_between(&now) {
            return;
        }
        let own = self.piece.words.get(was.clone()).unwrap_or_default();
        let said = slice(&self.piece.text, own);
        let says = self.side.said(&now);
        let is_same = is_set_apart(said, says);
        self.kept += if is_same { was.len() } else { 0 };
        self.is_other |= !is_same;
        self.found.push(difference(said, own, says, words));
    }

    /// Whether these words of the text are lines of their own between two paragraphs.
    fn is_between(&self, now: &Range<usize>) -> bool {
        let words = &self.side.words;
        let breaks = |before: Option<&Word>, next: Option<&Word>| match (before, next) {
            (Some(before), Some(next)) => {
                self.side.text[before.end as usize..next.start as usize].contains('\n')
            }
            _ => true,
        };
        now.len() <= MOST_BETWEEN
            && breaks(
                now.start.checked_sub(1).map(|at| &words[at]),
                words.get(now.start),
            )
            && breaks(words.get(now.end - 1), words.get(now.end))
    }
}

/// What ends a part of a sentence, or a line.
const ENDS: [char; 16] = [
    '\n', '.', '!', '?', ',', ';', ':', '—', '–', '(', ')', '。', '！', '？', '؟', '।',
];

/// What words of a text say, with what stands between them.
fn slice<'a>(text: &'a str, words: &[Word]) -> &'a str {
    match (words.first(), words.last()) {
        (Some(first), Some(last)) => text
            .get(first.start as usize..last.end as usize)
            .unwrap_or_default(),
        _ => "",
    }
}

/// Whether two texts are the same letters, only parted otherwise: `web site` and `website`; or with the mark of a footnote
/// that ran into a word. Numbers are not.
fn is_set_apart(said: &str, says: &str) -> bool {
    let is_letters = said.chars().all(char::is_alphabetic) && said.len() > 2;
    let mark = says.strip_prefix(said).unwrap_or_default();
    if is_letters && (1..=2).contains(&mark.len()) && mark.bytes().all(|byte| byte.is_ascii_digit())
    {
        return true;
    }
    let joined = |text: &str| {
        let has_number = text.chars().any(char::is_numeric);
        let is_letter = |c: &char| c.is_alphabetic() || is_combining_mark(*c);
        let letters: String = text.chars().filter(is_letter).collect();
        let joined: Vec<u64> = words(&letters).iter().map(|word| word.hash).collect();
        (!has_number && !joined.is_empty()).then_some(joined)
    };
    let joined_said = joined(said);
    joined_said.is_some() && joined_said == joined(says)
}

fn difference(was: &str, was_words: &[Word], now: &str, now_words: &[Word]) -> Difference {
    let of = |words: &[Word], kind| {
        let mut hashes: Vec<u64> = words
            .iter()
            .filter(|word| word.kind == kind || (kind == Kind::Number && word.kind == Kind::Symbol))
            .map(|word| word.hash)
            .collect();
        hashes.sort_unstable();
        hashes
    };
    let differs = |kind| of(was_words, kind) != of(now_words, kind);
    let weight = if differs(Kind::Negation) {
        Weight::Negation
    } else if differs(Kind::Number) {
        Weight::Number
    } else {
        Weight::Plain
    };
    Difference {
        was: shown(was),
        now: shown(now),
        weight,
    }
}

/// Words on one line, and not too many.
fn shown(text: &str) -> String {
    let mut shown = String::with_capacity(text.len().min(MOST_CHARS));
    let mut chars = 0;
    for word in text.split_whitespace() {
        if chars > 0 {
            shown.push(' ');
        }
        for c in word.chars() {
            if chars >= MOST_CHARS {
                shown.push('…');
                return shown;
            }
            shown.push(c);
            chars += 1;
        }
        chars += 1;
    }
    shown
}
