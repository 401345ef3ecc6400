//! A quote that stands word for word.

use std::ops::Range;

use super::Side;
use super::pattern::{Gap, Pattern, Piece};

/// So many words may have been left out between two pieces.
const LEFT_OUT: usize = 5000;
/// So many words may stand where others are written in brackets.
const A_FEW: usize = 15;
/// So many places of a piece are looked at.
const MOST_PLACES: usize = 20_000;
/// A piece of so many words is itself wherever it stands.
const CLEAR: usize = 5;

/// The words of a text at which each piece of a quote stands, in their order.
pub(super) fn find(pattern: &Pattern, side: &Side<'_>) -> Option<Vec<Range<usize>>> {
    let mut places = Vec::with_capacity(pattern.pieces.len());
    for piece in &pattern.pieces {
        let found = all(&piece.hashes, &side.hashes);
        if found.is_empty() {
            return None;
        }
        places.push(found);
    }
    chain(&pattern.pieces, &places).or_else(|| apart(&pattern.pieces, &places))
}

/// The first place of each piece that has one for the next behind it, near enough.
fn chain(pieces: &[Piece], places: &[Vec<usize>]) -> Option<Vec<Range<usize>>> {
    // For each place of a piece, which place of the piece before it can follow.
    let mut before: Vec<Vec<Option<usize>>> = Vec::with_capacity(pieces.len());
    for (at, piece) in pieces.iter().enumerate() {
        let Some(last) = at.checked_sub(1) else {
            before.push((0..places[0].len()).map(Some).collect());
            continue;
        };
        let furthest = match piece.gap {
            Gap::Ellipsis => LEFT_OUT,
            Gap::Few => A_FEW,
        };
        let len = pieces[last].hashes.len();
        let mut nearest = None;
        let mut next = 0;
        let reached = places[at].iter().map(|start| {
            while let Some(place) = places[last].get(next)
                && place + len <= *start
            {
                if before[last][next].is_some() {
                    nearest = Some(next);
                }
                next += 1;
            }
            nearest.filter(|nearest| start - (places[last][*nearest] + len) <= furthest)
        });
        let reached = reached.collect();
        before.push(reached);
    }
    let mut at = before.last()?.iter().position(Option::is_some)?;
    let mut ranges = Vec::with_capacity(pieces.len());
    for (piece, (places, before)) in pieces.iter().zip(places.iter().zip(&before)).rev() {
        let start = places[at];
        ranges.push(start..start + piece.hashes.len());
        at = before[at]?;
    }
    ranges.reverse();
    Some(ranges)
}

/// Each piece for itself, where each is long enough to be meant.
fn apart(pieces: &[Piece], places: &[Vec<usize>]) -> Option<Vec<Range<usize>>> {
    let is_clear = |piece: &Piece| piece.hashes.len() >= CLEAR && piece.gap == Gap::Ellipsis;
    if !pieces.iter().all(is_clear) {
        return None;
    }
    let ranges = pieces.iter().zip(places).map(|(piece, places)| {
        let start = places.first()?;
        Some(*start..start + piece.hashes.len())
    });
    ranges.collect()
}

/// Where a row of words stands in another (Knuth, Morris and Pratt, 1977): at most so many places, the first ones.
pub(super) fn all(wanted: &[u64], text: &[u64]) -> Vec<usize> {
    let mut places = Vec::new();
    if wanted.is_empty() || wanted.len() > text.len() {
        return places;
    }
    // For each beginning of what is wanted, how much of its end is a beginning too.
    let mut again = vec![0_usize; wanted.len()];
    let mut len = 0;
    for at in 1..wanted.len() {
        while len > 0 && wanted[at] != wanted[len] {
            len = again[len - 1];
        }
        len += usize::from(wanted[at] == wanted[len]);
        again[at] = len;
    }
    let mut len = 0;
    for (at, word) in text.iter().enumerate() {
        while len > 0 && (len == wanted.len() || *word != wanted[len]) {
            len = again[len - 1];
        }
        len += usize::from(*word == wanted[len]);
        if len == wanted.len() {
            places.push(at + 1 - len);
            if places.len() == MOST_PLACES {
                break;
            }
        }
    }
    places
}
