//! Which words of one text stand in another, in the same order.
//!
//! In the manner of patience and histogram diffs: what stands out is paired first (paragraphs, then four words in a row,
//! then single words, each only where it is found equally often on both sides), the longest sequence of pairs that does
//! not cross is kept, and what is left between them is compared word by word (Myers, Algorithmica 1986), as long as it
//! is short. Each step counts what it looks at and goes over it once, so that a text of nothing but repetitions takes
//! hardly longer than any other.

use foldhash::HashMap;

/// So many words in a row are looked for first.
const GRAM: usize = 4;
/// A paragraph of so many words stands out.
const LONG: usize = 8;
/// So many words, of both sides together, are compared one by one.
const MOST_WORDS: usize = 6000;
/// A text of so many words shares some row of them with any that says the same.
const LONG_TEXT: usize = 1000;
/// So few are compared whatever they share.
const FEW_WORDS: usize = 64;
/// They may differ in so many.
const MOST_EDITS: usize = 256;
/// So many steps may be made at that, in all.
const MOST_STEPS: usize = 3_000_000;

/// Words of one side: their hashes, and where paragraphs begin among them.
#[derive(Debug, Clone, Copy)]
pub(in crate::judge) struct Row<'a> {
    pub(in crate::judge) hashes: &'a [u64],
    /// The first word of each paragraph, rising; the end is not among them.
    pub(in crate::judge) starts: &'a [usize],
}

/// So many words that are the same on both sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::judge) struct Run {
    pub(in crate::judge) before: usize,
    pub(in crate::judge) now: usize,
    pub(in crate::judge) len: usize,
}

/// What lies between two runs.
#[derive(Debug, Clone, Copy)]
struct Gap {
    before: (usize, usize),
    now: (usize, usize),
}

impl Gap {
    fn is_open(&self) -> bool {
        self.before.0 < self.before.1 && self.now.0 < self.now.1
    }
}

/// The words that are the same on both sides, in their order; no two runs cross or touch on both sides.
pub(in crate::judge) fn align(before: Row<'_>, now: Row<'_>) -> Vec<Run> {
    let mut aligned = Aligned {
        before,
        now,
        runs: Vec::new(),
        steps: MOST_STEPS,
        grams_in_common: 0,
    };
    let mut gaps = vec![aligned.trimmed(Gap {
        before: (0, before.hashes.len()),
        now: (0, now.hashes.len()),
    })];
    for round in [
        Round::Paragraphs(LONG),
        Round::Grams(GRAM),
        Round::Paragraphs(1),
        Round::Grams(1),
    ] {
        let mut left = Vec::new();
        for gap in gaps {
            if gap.is_open() {
                aligned.anchor(gap, round, &mut left);
            }
        }
        gaps = left;
        if matches!(round, Round::Grams(GRAM)) && aligned.are_strangers() {
            gaps.clear();
            break;
        }
    }
    for gap in gaps {
        if gap.is_open() {
            aligned.word_by_word(gap);
        }
    }
    let mut runs = aligned.joined();
    slide(&mut runs, before, now);
    runs
}

/// What is paired.
#[derive(Debug, Clone, Copy)]
enum Round {
    /// Paragraphs of so many words or more.
    Paragraphs(usize),
    /// So many words in a row.
    Grams(usize),
}

struct Aligned<'a> {
    before: Row<'a>,
    now: Row<'a>,
    runs: Vec<Run>,
    steps: usize,
    /// How many of the rows of [`GRAM`] words now stand somewhere before, however often.
    grams_in_common: usize,
}

impl Aligned<'_> {
    fn same(&self, before: usize, now: usize) -> bool {
        self.before.hashes[before] == self.now.hashes[now]
    }

    /// Whether two long texts share hardly a row of words: what single words they share is chance.
    fn are_strangers(&self) -> bool {
        let shorter = self.before.hashes.len().min(self.now.hashes.len());
        let paired: usize = self.runs.iter().map(|run| run.len).sum();
        shorter >= LONG_TEXT && 20 * self.grams_in_common.max(paired) < shorter
    }

    /// Takes off what is the same at both ends.
    fn trimmed(&mut self, gap: Gap) -> Gap {
        let (mut before, mut now) = (gap.before, gap.now);
        let start = (before.0, now.0);
        while before.0 < before.1 && now.0 < now.1 && self.same(before.0, now.0) {
            before.0 += 1;
            now.0 += 1;
        }
        self.push(start.0, start.1, before.0 - start.0);
        let end = (before.1, now.1);
        while before.0 < before.1 && now.0 < now.1 && self.same(before.1 - 1, now.1 - 1) {
            before.1 -= 1;
            now.1 -= 1;
        }
        self.push(before.1, now.1, end.0 - before.1);
        Gap { before, now }
    }

    fn push(&mut self, before: usize, now: usize, len: usize) {
        if len > 0 {
            self.runs.push(Run { before, now, len });
        }
    }

    /// Pairs what stands out in a gap, and says what is left between.
    fn anchor(&mut self, gap: Gap, round: Round, left: &mut Vec<Gap>) {
        let (mut pairs, in_common) = paired(
            &keys(self.before, gap.before, round),
            &keys(self.now, gap.now, round),
        );
        if matches!(round, Round::Grams(GRAM)) {
            self.grams_in_common += in_common;
        }
        pairs.sort_unstable();
        let (mut before, mut now) = (gap.before.0, gap.now.0);
        for (at, other) in rising(&pairs) {
            if at < before || other < now || !self.same(at, other) {
                continue;
            }
            let (mut start, mut start_now) = (at, other);
            while start > before && start_now > now && self.same(start - 1, start_now - 1) {
                start -= 1;
                start_now -= 1;
            }
            let (mut end, mut end_now) = (at, other);
            while end < gap.before.1 && end_now < gap.now.1 && self.same(end, end_now) {
                end += 1;
                end_now += 1;
            }
            left.push(Gap {
                before: (before, start),
                now: (now, start_now),
            });
            self.push(start, start_now, end - start);
            (before, now) = (end, end_now);
        }
        let rest = Gap {
            before: (before, gap.before.1),
            now: (now, gap.now.1),
        };
        if rest.is_open() {
            let rest = self.trimmed(rest);
            left.push(rest);
        }
    }

    /// The shortest script of edits, if it is short.
    fn word_by_word(&mut self, gap: Gap) {
        let gap = self.trimmed(gap);
        if !gap.is_open() {
            return;
        }
        let before = &self.before.hashes[gap.before.0..gap.before.1];
        let now = &self.now.hashes[gap.now.0..gap.now.1];
        if before.len() + now.len() > MOST_WORDS {
            return;
        }
        for (at, other) in script(before, now, &mut self.steps) {
            self.push(gap.before.0 + at, gap.now.0 + other, 1);
        }
    }

    /// The runs in order, those that go on from each other as one.
    fn joined(mut self) -> Vec<Run> {
        self.runs.sort_unstable_by_key(|run| (run.before, run.now));
        let mut joined: Vec<Run> = Vec::with_capacity(self.runs.len());
        for run in self.runs {
            if let Some(last) = joined.last_mut()
                && last.before + last.len == run.before
                && last.now + last.len == run.now
            {
                last.len += run.len;
                continue;
            }
            joined.push(run);
        }
        joined
    }
}

/// Where words are in one text only, between words that are in both, and could as well be some words further on or before:
/// they are whole paragraphs, where they can be.
fn slide(runs: &mut Vec<Run>, before: Row<'_>, now: Row<'_>) {
    for at in 1..runs.len() {
        let (left, right) = (runs[at - 1], runs[at]);
        let gap = (left.before + left.len, right.before);
        let gap_now = (left.now + left.len, right.now);
        let shift = if gap_now.0 == gap_now.1 {
            shift(before, gap, left.len, right.len)
        } else if gap.0 == gap.1 {
            shift(now, gap_now, left.len, right.len)
        } else {
            None
        };
        // How many words the left run gains from the right one, or loses to it.
        let Some(shift) = shift else { continue };
        runs[at - 1].len = left.len.saturating_add_signed(shift);
        runs[at].before = right.before.saturating_add_signed(shift);
        runs[at].now = right.now.saturating_add_signed(shift);
        runs[at].len = right.len.saturating_add_signed(-shift);
    }
    runs.retain(|run| run.len > 0);
}

/// How far a range can be moved, with the same words in it, so that it begins and ends with a paragraph.
fn shift(row: Row<'_>, (start, end): (usize, usize), left: usize, right: usize) -> Option<isize> {
    const FURTHEST: usize = 64;
    let is_start = |at: usize| at == row.hashes.len() || row.starts.binary_search(&at).is_ok();
    for by in 0..=left.min(FURTHEST) {
        if by > 0 && row.hashes[start - by] != row.hashes[end - by] {
            break;
        }
        if is_start(start - by) && is_start(end - by) {
            return Some(-(by as isize));
        }
    }
    for by in 1..=right.min(FURTHEST) {
        if row.hashes[start + by - 1] != row.hashes[end + by - 1] {
            break;
        }
        if is_start(start + by) && is_start(end + by) {
            return Some(by as isize);
        }
    }
    None
}

/// What is to be paired within a range, each with where it begins.
fn keys(row: Row<'_>, (start, end): (usize, usize), round: Round) -> Vec<(u64, usize)> {
    match round {
        Round::Grams(len) => row.hashes[start..end]
            .windows(len)
            .enumerate()
            .map(|(at, words)| (together(words), start + at))
            .collect(),
        Round::Paragraphs(least) => {
            let first = row.starts.partition_point(|at| *at < start);
            let mut keys = Vec::new();
            for (at, &from) in row.starts.iter().enumerate().skip(first) {
                let to = row.starts.get(at + 1).copied().unwrap_or(row.hashes.len());
                if to > end {
                    break;
                }
                if to - from >= least {
                    keys.push((together(&row.hashes[from..to]), from));
                }
            }
            keys
        }
    }
}

/// One hash of several.
pub(in crate::judge) fn together(words: &[u64]) -> u64 {
    let hash = words.iter().fold(0x9e37_79b9_7f4a_7c15, |hash: u64, word| {
        (hash ^ word)
            .wrapping_mul(0xff51_afd7_ed55_8ccd)
            .rotate_left(31)
    });
    (hash ^ hash >> 29).wrapping_mul(0x94d0_49bb_1331_11eb)
}

/// How often a key is found, and where its pairs stand among all.
#[derive(Default)]
struct Found {
    before: u32,
    now: u32,
    /// The place of the next pair to be filled in, on either side.
    next_before: usize,
    next_now: usize,
}

/// Pairs what is found equally often on both sides, the first with the first; in no order. Says too how much of what is
/// now was before, however often.
fn paired(before: &[(u64, usize)], now: &[(u64, usize)]) -> (Vec<(usize, usize)>, usize) {
    let mut found: HashMap<u64, Found> =
        HashMap::with_capacity_and_hasher(before.len(), foldhash::fast::RandomState::default());
    for (key, _) in before {
        found.entry(*key).or_default().before += 1;
    }
    let mut in_common = 0;
    for (key, _) in now {
        if let Some(found) = found.get_mut(key) {
            found.now += 1;
            in_common += 1;
        }
    }
    let mut pairs: Vec<(usize, usize)> = Vec::new();
    for (key, at) in before {
        let Some(found) = found.get_mut(key).filter(|found| found.before == found.now) else {
            continue;
        };
        if found.next_before == 0 {
            // Counted from one, so that zero says that nothing was filled in.
            found.next_before = pairs.len() + 1;
            found.next_now = pairs.len() + 1;
            pairs.resize(pairs.len() + found.before as usize, (0, 0));
        }
        pairs[found.next_before - 1].0 = *at;
        found.next_before += 1;
    }
    for (key, at) in now {
        if let Some(found) = found.get_mut(key).filter(|found| found.before == found.now) {
            pairs[found.next_now - 1].1 = *at;
            found.next_now += 1;
        }
    }
    (pairs, in_common)
}

/// The longest sequence of pairs, ordered by their first, whose second rises too (Fredman, 1975).
fn rising(pairs: &[(usize, usize)]) -> Vec<(usize, usize)> {
    // For each length, the pair that ends the sequence of that length with the lowest end.
    let mut ends: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::with_capacity(pairs.len());
    for (at, (_, second)) in pairs.iter().enumerate() {
        let len = ends.partition_point(|end| pairs[*end].1 < *second);
        before.push(len.checked_sub(1).map(|len| ends[len]));
        if len == ends.len() {
            ends.push(at);
        } else {
            ends[len] = at;
        }
    }
    let mut sequence = Vec::with_capacity(ends.len());
    let mut at = ends.last().copied();
    while let Some(one) = at {
        sequence.push(pairs[one]);
        at = before[one];
    }
    sequence.reverse();
    sequence
}

/// How many edits it takes at least: every word that only one of two texts has is one.
fn fewest_edits(before: &[u64], now: &[u64]) -> usize {
    let mut counts: HashMap<u64, isize> = HashMap::default();
    for word in before {
        *counts.entry(*word).or_default() += 1;
    }
    for word in now {
        *counts.entry(*word).or_default() -= 1;
    }
    counts.values().map(|count| count.unsigned_abs()).sum()
}

/// Myers' greedy algorithm: the pairs of equal words in a shortest script of edits; nothing where it is too long.
fn script(before: &[u64], now: &[u64], steps: &mut usize) -> Vec<(usize, usize)> {
    let all = before.len() + now.len();
    // Of two passages that share hardly a word in five, those that they share are chance.
    let most = if all > FEW_WORDS { all * 4 / 5 } else { all };
    let most = most.min(MOST_EDITS);
    let offset = most as isize + 1;
    if all > FEW_WORDS && fewest_edits(before, now) > most {
        return Vec::new();
    }
    let mut furthest = vec![0_usize; 2 * most + 3];
    // How far each diagonal was after so many edits, one after the other: those after `n` begin at `n * n`.
    let mut trace: Vec<usize> = Vec::new();
    let mut found = None;
    'search: for edits in 0..=most as isize {
        for diagonal in (-edits..=edits).step_by(2) {
            let at = (offset + diagonal) as usize;
            let goes_down =
                diagonal == -edits || (diagonal != edits && furthest[at - 1] < furthest[at + 1]);
            let mut x = if goes_down {
                furthest[at + 1]
            } else {
                furthest[at - 1] + 1
            };
            let mut y = (x as isize - diagonal) as usize;
            let from = x;
            while x < before.len() && y < now.len() && before[x] == now[y] {
                x += 1;
                y += 1;
            }
            furthest[at] = x;
            *steps = steps.saturating_sub(1 + x - from);
            if x >= before.len() && y >= now.len() {
                found = Some(edits);
                break 'search;
            }
        }
        if *steps == 0 {
            return Vec::new();
        }
        let low = (offset - edits) as usize;
        trace.extend_from_slice(&furthest[low..=(offset + edits) as usize]);
    }
    let Some(edits) = found else {
        return Vec::new();
    };
    let mut pairs = Vec::new();
    let (mut x, mut y) = (before.len() as isize, now.len() as isize);
    for edit in (0..edits).rev() {
        let begin = (edit * edit) as usize;
        let known = &trace[begin..=begin + 2 * edit as usize];
        let reached = |diagonal: isize| -> isize {
            usize::try_from(diagonal + edit)
                .ok()
                .and_then(|at| known.get(at))
                .map_or(-1, |x| *x as isize)
        };
        let diagonal = x - y;
        let goes_down = diagonal == -(edit + 1)
            || (diagonal != edit + 1 && reached(diagonal - 1) < reached(diagonal + 1));
        let from = if goes_down {
            diagonal + 1
        } else {
            diagonal - 1
        };
        let (from_x, from_y) = (reached(from), reached(from) - from);
        let start = if goes_down {
            (from_x, from_y + 1)
        } else {
            (from_x + 1, from_y)
        };
        while x > start.0 && y > start.1 {
            x -= 1;
            y -= 1;
            pairs.push((x as usize, y as usize));
        }
        (x, y) = (from_x, from_y);
    }
    while x > 0 && y > 0 {
        x -= 1;
        y -= 1;
        pairs.push((x as usize, y as usize));
    }
    pairs.reverse();
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(words: &[u64]) -> Row<'_> {
        Row {
            hashes: words,
            starts: &[0],
        }
    }

    fn check(before: &[u64], now: &[u64]) -> usize {
        let runs = align(row(before), row(now));
        let (mut a, mut b) = (0, 0);
        for run in &runs {
            assert!(run.before >= a && run.now >= b && run.len > 0);
            assert_eq!(
                before[run.before..run.before + run.len],
                now[run.now..run.now + run.len]
            );
            (a, b) = (run.before + run.len, run.now + run.len);
        }
        assert!(a <= before.len() && b <= now.len());
        runs.iter().map(|run| run.len).sum()
    }

    #[test]
    fn finds_what_is_common() {
        assert_eq!(check(&[], &[]), 0);
        assert_eq!(check(&[1], &[]), 0);
        assert_eq!(check(&[1, 2, 3], &[1, 2, 3]), 3);
        assert_eq!(check(&[1, 2, 3], &[1, 9, 3]), 2);
        assert_eq!(check(&[1, 2, 3, 4, 5], &[1, 3, 4, 6, 5]), 4);
        assert_eq!(check(&[1, 1, 1, 2, 1, 1], &[1, 1, 2, 1, 1, 1, 1]), 5);
        assert_eq!(check(&[1, 2, 3, 4], &[3, 4, 1, 2]), 2);
    }

    #[test]
    fn is_as_good_as_the_longest_common_sequence_where_texts_are_short() {
        let mut seed = 7_u64;
        let mut random = |below: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 33) % below
        };
        for _ in 0..300 {
            let before: Vec<u64> = (0..random(30)).map(|_| random(6)).collect();
            let now: Vec<u64> = (0..random(30)).map(|_| random(6)).collect();
            let mut steps = MOST_STEPS;
            let found = script(&before, &now, &mut steps);
            let mut best = vec![vec![0; now.len() + 1]; before.len() + 1];
            for (i, a) in before.iter().enumerate() {
                for (j, b) in now.iter().enumerate() {
                    best[i + 1][j + 1] = if a == b {
                        best[i][j] + 1
                    } else {
                        best[i][j + 1].max(best[i + 1][j])
                    };
                }
            }
            assert_eq!(found.len(), best[before.len()][now.len()]);
            assert!(found.iter().all(|(a, b)| before[*a] == now[*b]));
            assert!(found.is_sorted_by(|one, other| one.0 < other.0 && one.1 < other.1));
            check(&before, &now);
        }
    }

    #[test]
    fn long_texts_that_share_single_words_only_share_nothing() {
        let mut seed = 3_u64;
        let mut random = |below: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 33) % below
        };
        let before: Vec<u64> = (0..5000).map(|_| random(900)).collect();
        let now: Vec<u64> = (0..5000).map(|_| random(900)).collect();
        assert!(check(&before, &now) < 50);
        // What is told twice now has no row as often as before, and stands all the same.
        let twice = [&[1_000_000], &before[..], &[1_000_001], &before[..]].concat();
        assert_eq!(check(&before, &twice), 5000);
    }

    #[test]
    fn repetitions_take_no_longer() {
        let before: Vec<u64> = (0..400_000).map(|at| at % 2).collect();
        let mut now = before.clone();
        now.drain(200_000..200_011);
        now.insert(100_000, 7);
        assert!(check(&before, &now) > 100_000);
        let same = vec![1; 400_000];
        assert_eq!(check(&same, &same[..300_000]), 300_000);
    }
}
