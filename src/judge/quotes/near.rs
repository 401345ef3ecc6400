//! The place in a text that is most like a passage, and which words of the two are the same.

use std::collections::HashMap;
use std::ops::Range;

use super::wording::Word;
use super::{LEAST_SHARE, Passage, Read};
use crate::judge::quotes::exact::SHORT;

/// A place that is like a passage.
#[derive(Debug)]
pub(super) struct Near {
    /// Words that are the same: that of the passage, that of the text. In order.
    pub(super) pairs: Vec<(usize, usize)>,
    /// How much of the passage's weight they are.
    pub(super) share: f64,
}

impl Near {
    /// The words of the text from the first to the last that is the passage's.
    pub(super) fn range(&self) -> Range<usize> {
        match (self.pairs.first(), self.pairs.last()) {
            (Some(first), Some(last)) => first.1..last.1 + 1,
            _ => 0..0,
        }
    }
}

/// How many places are looked at closely.
const MAX_PLACES: usize = 4;
/// How many times the text's words are the most seeds that are looked at.
const SEEDS_PER_WORD: usize = 4;
/// How many words longer than the passage its place may be.
const MORE: usize = 80;
/// The most pairs of words that are compared one by one; larger gaps are cut at runs that occur once in both.
const MAX_CELLS: usize = 400_000;
/// How dense the passage's words have to stand, as a share.
const LEAST_DENSE: f64 = 0.3;

/// The place most like a passage; where two are, that at or behind a word.
pub(super) fn nearest(passage: &Passage, read: &Read<'_>, last: usize) -> Option<Near> {
    if read.words.is_empty() {
        return None;
    }
    let weights = weights(passage, &read.words);
    let all: f64 = weights.iter().sum();
    let mut best: Option<Near> = None;
    for window in windows(passage, &read.words, last) {
        let base = window.start;
        let mut pairs = aligned(&passage.words, &weights, &read.words[window]);
        for pair in &mut pairs {
            pair.1 += base;
        }
        super::differences::run_together(passage, read, &mut pairs);
        let mut there: Vec<usize> = pairs.iter().map(|pair| pair.0).collect();
        there.dedup();
        let share = there.into_iter().map(|at| weights[at]).sum::<f64>() / all;
        let near = Near { pairs, share };
        if best.as_ref().is_none_or(|best| near.share > best.share) {
            best = Some(near);
        }
    }
    let near = best?;
    let is_whole = super::differences::between(passage, read, &near.pairs).is_empty();
    if is_whole && near.share >= LEAST_SHARE {
        return Some(near);
    }
    let dense = near.pairs.len() as f64 / near.range().len().max(1) as f64;
    (passage.words.len() > SHORT
        && near.pairs.len() >= SHORT
        && near.share >= LEAST_SHARE
        && dense >= LEAST_DENSE)
        .then_some(near)
}

/// How often each of a passage's words is in a text.
fn counts(passage: &Passage, text: &[Word]) -> HashMap<u64, usize> {
    let mut counts: HashMap<u64, usize> = passage.words.iter().map(|word| (word.hash, 0)).collect();
    for word in text {
        if let Some(count) = counts.get_mut(&word.hash) {
            *count += 1;
        }
    }
    counts
}

/// What each word of a passage weighs: one that is everywhere, little. A word that is not there weighs as much as one
/// that is there once.
fn weights(passage: &Passage, text: &[Word]) -> Vec<f64> {
    let counts = counts(passage, text);
    passage
        .words
        .iter()
        .map(|word| {
            let count = counts.get(&word.hash).copied().unwrap_or(0).max(1);
            1.0 / (1.0 + (count as f64).ln() / 4.0)
        })
        .collect()
}

/// The parts of a text in which a passage may stand, the likeliest first: those on which most of its words, the rare ones
/// above all, stand as far from each other as in the passage.
fn windows(passage: &Passage, text: &[Word], last: usize) -> Vec<Range<usize>> {
    let wanted = &passage.words;
    let counts = counts(passage, text);
    // For each word, where it is in the passage: the first places only, as repeats say little.
    let mut places: HashMap<u64, Vec<usize>> = HashMap::new();
    for (at, word) in wanted.iter().enumerate() {
        let places = places.entry(word.hash).or_default();
        if places.len() < 4 {
            places.push(at);
        }
    }
    // The rarest first, as long as there is room.
    let mut seeds: Vec<(usize, u64)> = counts
        .iter()
        .filter(|(_, count)| **count > 0)
        .map(|(hash, count)| (*count, *hash))
        .collect();
    seeds.sort_unstable();
    let mut room = text.len().saturating_mul(SEEDS_PER_WORD);
    let mut taken: HashMap<u64, f32> = HashMap::new();
    for (count, hash) in seeds {
        let hits = count.saturating_mul(places.get(&hash).map_or(0, Vec::len));
        if hits > room {
            break;
        }
        room -= hits;
        taken.insert(hash, 1.0 / (count as f32).sqrt());
    }
    let width = (wanted.len() / 4).max(12);
    let mut buckets = vec![0.0_f32; (text.len() + wanted.len()) / width + 2];
    for (at, word) in text.iter().enumerate() {
        let Some(weight) = taken.get(&word.hash) else {
            continue;
        };
        for place in places.get(&word.hash).into_iter().flatten() {
            buckets[(at + wanted.len() - place) / width] += weight;
        }
    }
    let mut best: Vec<(f32, usize)> = Vec::new();
    for (bucket, pair) in buckets.windows(2).enumerate() {
        let mut sum = pair[0] + pair[1];
        if sum <= 0.0 {
            continue;
        }
        // Of places that are as good, that behind the passage before.
        if bucket * width + 2 * width >= last + wanted.len() {
            sum *= 1.001;
        }
        if let Some(before) = best.last_mut().filter(|(_, before)| before + 1 == bucket) {
            // Neighbours are the same place.
            if before.0 < sum {
                *before = (sum, bucket);
            }
        } else if best.len() < MAX_PLACES {
            best.push((sum, bucket));
        } else {
            let least = (0..best.len()).min_by(|a, b| best[*a].0.total_cmp(&best[*b].0));
            if let Some(least) = least.filter(|least| best[*least].0 < sum) {
                best.remove(least);
                best.push((sum, bucket));
            }
        }
    }
    best.sort_by(|one, other| other.0.total_cmp(&one.0));
    best.into_iter()
        .map(|(_, bucket)| {
            let start = (bucket * width).saturating_sub(wanted.len());
            let slack = width + MORE.min(wanted.len());
            let from = start.saturating_sub(slack).min(text.len());
            let to = (start + 2 * width + wanted.len() + slack).min(text.len());
            from..to
        })
        .collect()
}

/// Which words are the same: a longest common subsequence that prefers what stands together. The text may have anything
/// before and behind the passage.
fn aligned(wanted: &[Word], weights: &[f64], text: &[Word]) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    // Gaps that are still to be aligned, the first on top; and whether their ends are the text's free ones.
    let mut gaps = vec![(0..wanted.len(), 0..text.len(), true, true)];
    while let Some((a, b, opens, closes)) = gaps.pop() {
        if a.is_empty() || b.is_empty() {
            continue;
        }
        if a.len().saturating_mul(b.len()) <= MAX_CELLS {
            align(
                &wanted[a.clone()],
                &weights[a.clone()],
                &text[b.clone()],
                opens,
                closes,
                |i, j| {
                    pairs.push((a.start + i, b.start + j));
                },
            );
            continue;
        }
        let anchors = anchors(&wanted[a.clone()], &text[b.clone()]);
        if anchors.is_empty() {
            // What has no run of its own is aligned without gaps.
            let shift = shift(&wanted[a.clone()], &text[b.clone()]);
            let from = shift.1.saturating_sub(shift.0);
            let same = a.clone().zip(b.start + from..b.end);
            let same = same.map(|(i, j)| (i + shift.0.saturating_sub(shift.1), j));
            pairs.extend(same.filter(|(i, j)| *i < a.end && wanted[*i].hash == text[*j].hash));
            continue;
        }
        let (mut i, mut j, mut opens) = (a.start, b.start, opens);
        let mut parts = Vec::new();
        for (x, y) in anchors {
            parts.push((i..a.start + x, j..b.start + y, opens, false));
            pairs.push((a.start + x, b.start + y));
            (i, j, opens) = (a.start + x + 1, b.start + y + 1, false);
        }
        parts.push((i..a.end, j..b.end, opens, closes));
        gaps.extend(parts);
    }
    pairs.sort_unstable();
    pairs
}

/// How far the one is to be shifted for most of some words of it to stand on the same: both numbers are places of the same
/// word.
fn shift(wanted: &[Word], text: &[Word]) -> (usize, usize) {
    const SAMPLES: usize = 32;
    let mut votes = vec![0_u32; wanted.len() + text.len()];
    for sample in 0..SAMPLES.min(wanted.len()) {
        let at = sample * wanted.len() / SAMPLES.min(wanted.len());
        for (place, word) in text.iter().enumerate() {
            if word.hash == wanted[at].hash {
                votes[place + wanted.len() - at] += 1;
            }
        }
    }
    let most = votes.iter().max().copied().unwrap_or(0);
    let best = votes.iter().position(|votes| *votes == most).unwrap_or(0);
    (wanted.len(), best)
}

/// Words that begin a run of three that occurs once in both, in the order of both (the longest such sequence: patience).
fn anchors(wanted: &[Word], text: &[Word]) -> Vec<(usize, usize)> {
    const RUN: usize = 3;
    fn once(words: &[Word]) -> HashMap<[u64; RUN], Option<usize>> {
        let mut runs = HashMap::with_capacity(words.len());
        for (at, run) in words.windows(RUN).enumerate() {
            runs.entry([run[0].hash, run[1].hash, run[2].hash])
                .and_modify(|place| *place = None)
                .or_insert(Some(at));
        }
        runs
    }
    let (one, other) = (once(wanted), once(text));
    let mut both: Vec<(usize, usize)> = one
        .iter()
        .filter_map(|(run, at)| Some(((*at)?, (*other.get(run)?)?)))
        .collect();
    both.sort_unstable();
    let mut tails: Vec<usize> = Vec::new();
    let mut before = vec![None; both.len()];
    for at in 0..both.len() {
        let place = tails.partition_point(|tail| both[*tail].1 < both[at].1);
        before[at] = place.checked_sub(1).map(|place| tails[place]);
        if place == tails.len() {
            tails.push(at);
        } else {
            tails[place] = at;
        }
    }
    let mut chain = Vec::new();
    let mut at = tails.last().copied();
    while let Some(place) = at {
        chain.push(both[place]);
        at = before[place];
    }
    chain.reverse();
    chain
}

/// Aligns two runs of words, comparing each with each.
fn align(
    wanted: &[Word],
    weights: &[f64],
    text: &[Word],
    opens: bool,
    closes: bool,
    mut pair: impl FnMut(usize, usize),
) {
    // A word that is everywhere may stand anywhere by chance.
    const SAME: f64 = 6.0;
    const TOGETHER: i32 = 2;
    const SKIP: i32 = 1;
    let columns = text.len() + 1;
    let cost = |free: bool| if free { 0 } else { SKIP };
    // For each cell, where its best score comes from: 0 from the same word, 1 without the passage's, 2 without the text's.
    let mut from = vec![2_u8; (wanted.len() + 1) * columns];
    let mut row: Vec<i32> = (0..columns).map(|at| -(at as i32) * cost(opens)).collect();
    let mut was_same = vec![false; columns];
    for (i, word) in wanted.iter().enumerate() {
        let is_last = closes && i + 1 == wanted.len();
        let worth = 1 + (SAME * weights[i] * weights[i]) as i32;
        let mut corner = row[0];
        let mut corner_same = was_same[0];
        row[0] -= SKIP;
        from[(i + 1) * columns] = 1;
        for (j, other) in text.iter().enumerate() {
            let above = row[j + 1] - SKIP;
            let left = row[j] - cost(is_last);
            let (mut score, mut way) = if above > left { (above, 1) } else { (left, 2) };
            if word.hash == other.hash {
                let same = corner + worth + if corner_same { TOGETHER } else { 0 };
                if same >= score {
                    (score, way) = (same, 0);
                }
            }
            corner = row[j + 1];
            corner_same = was_same[j + 1];
            row[j + 1] = score;
            was_same[j + 1] = way == 0;
            from[(i + 1) * columns + j + 1] = way;
        }
    }
    let (mut i, mut j) = (wanted.len(), text.len());
    while i > 0 && j > 0 {
        match from[i * columns + j] {
            0 => {
                (i, j) = (i - 1, j - 1);
                pair(i, j);
            }
            1 => i -= 1,
            _ => j -= 1,
        }
    }
}
