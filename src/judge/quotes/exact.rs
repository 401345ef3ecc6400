//! Passages that stand in a text as they are.

use std::ops::Range;

use super::Passage;
use super::wording::Word;

/// A passage of more words identifies itself, wherever it stands; a shorter one has to stand by the others.
pub(super) const SHORT: usize = 3;

/// How far a short passage may be from the one before it, in words.
const REACH: usize = 2000;

/// How many places of the first passage are tried.
const MAX_STARTS: usize = 64;

/// Where all passages stand, if they do: in their order, or else wherever the long ones are.
pub(super) fn all(passages: &[Passage], text: &[Word]) -> Option<Vec<Range<usize>>> {
    let (first, others) = passages.split_first()?;
    let starts = places(first, text, MAX_STARTS);
    if others.is_empty() {
        return Some(vec![starts.first()?.clone()]);
    }
    let mut places_of = vec![starts];
    for passage in others {
        let places = places(passage, text, 4 * MAX_STARTS);
        if places.is_empty() {
            return None;
        }
        places_of.push(places);
    }
    let mut best: Option<Vec<Range<usize>>> = None;
    let span = |chain: &[Range<usize>]| match chain {
        [first, .., last] => last.end.abs_diff(first.start),
        _ => 0,
    };
    for start in &places_of[0] {
        let mut chain = vec![start.clone()];
        for (passage, places) in others.iter().zip(&places_of[1..]) {
            let last = chain.last().map_or(0, |at| at.end);
            let next = places.iter().find(|at| at.start >= last);
            let next = match next {
                Some(at) if passage.words.len() > SHORT || at.start - last <= REACH => at,
                _ if passage.words.len() > SHORT => &places[0],
                _ => break,
            };
            chain.push(next.clone());
        }
        let is_whole = chain.len() == passages.len();
        if is_whole && best.as_ref().is_none_or(|best| span(&chain) < span(best)) {
            best = Some(chain);
        }
    }
    best
}

/// Where one passage stands: at or behind a word if it does, near it if it is short.
pub(super) fn one(passage: &Passage, text: &[Word], last: usize) -> Option<Range<usize>> {
    let behind = find(passage, &text[last..], 1).first().map(|at| at + last);
    let length = passage.words.len();
    match behind {
        Some(at) if last == 0 || length > SHORT || at - last <= REACH => Some(at..at + length),
        _ if length > SHORT => find(passage, text, 1).first().map(|at| *at..at + length),
        _ => None,
    }
}

fn places(passage: &Passage, text: &[Word], most: usize) -> Vec<Range<usize>> {
    find(passage, text, most)
        .into_iter()
        .map(|at| at..at + passage.words.len())
        .collect()
}

/// The first places at which a passage stands (Knuth, Morris, Pratt 1977: linear whatever repeats).
fn find(passage: &Passage, text: &[Word], most: usize) -> Vec<usize> {
    let wanted = &passage.words;
    let mut found = Vec::new();
    if wanted.is_empty() || wanted.len() > text.len() || !passage.holes.is_empty() {
        return found;
    }
    let mut borders = vec![0_usize; wanted.len()];
    let mut length = 0;
    for at in 1..wanted.len() {
        while length > 0 && wanted[at].hash != wanted[length].hash {
            length = borders[length - 1];
        }
        length += usize::from(wanted[at].hash == wanted[length].hash);
        borders[at] = length;
    }
    let mut length = 0;
    for (at, word) in text.iter().enumerate() {
        while length > 0 && word.hash != wanted[length].hash {
            length = borders[length - 1];
        }
        length += usize::from(word.hash == wanted[length].hash);
        if length == wanted.len() {
            found.push(at + 1 - length);
            if found.len() == most {
                break;
            }
            length = borders[length - 1];
        }
    }
    found
}
