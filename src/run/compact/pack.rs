//! Packing one payload as small as it gets: with a dictionary of its kind, or as a difference from an earlier version.

use std::collections::HashMap;

use zstd::bulk::Compressor;
use zstd::dict::{DecoderDictionary, EncoderDictionary};
use zstd::zstd_safe::{CCtx, CParameter, DCtx};

use crate::capture::kind::{Kind, kind};
use crate::store::{DeltaSums, DictionaryRow, ToPack, Way};

/// How hard payloads are packed: what takes long only once is worth it for as long as they are kept.
const LEVEL: i32 = 19;
/// Payloads above this are packed less hard, so that none takes more than a second or so.
const LARGE: usize = 2 << 20;
const LEVEL_OF_LARGE: i32 = 12;
/// Above this, a dictionary makes no difference.
const NO_DICTIONARY: usize = 1 << 20;
/// The beginning of a payload that is looked at to tell its kind.
const BEGINNING: usize = 512;
/// Levels look back so far by themselves; a difference of larger payloads has to be told to.
const USUAL_WINDOW: usize = 8 << 20;

/// A dictionary, ready to pack and to unpack with.
pub(super) struct Prepared {
    id: i64,
    pack: EncoderDictionary<'static>,
    unpack: DecoderDictionary<'static>,
}

impl Prepared {
    /// `None` where it is none that zstd can read.
    pub(super) fn new(id: i64, data: &[u8]) -> Option<Self> {
        Some(Self {
            id,
            pack: EncoderDictionary::try_copy(data, LEVEL).ok()?,
            unpack: DecoderDictionary::try_copy(data).ok()?,
        })
    }

    /// Bytes that a payload takes with it.
    pub(super) fn size_of(&self, payload: &[u8]) -> Option<usize> {
        let mut packing = Compressor::with_prepared_dictionary(&self.pack).ok()?;
        packing.compress(payload).ok().map(|data| data.len())
    }
}

/// The newest dictionary of each kind.
#[derive(Default)]
pub(super) struct Dictionaries(HashMap<String, Prepared>);

impl Dictionaries {
    pub(super) fn new(rows: &[DictionaryRow]) -> Self {
        let prepared = rows
            .iter()
            .filter_map(|row| Some((row.kind.clone(), Prepared::new(row.id, &row.data)?)));
        Self(prepared.collect())
    }

    pub(super) fn of(&self, kind: Kind) -> Option<&Prepared> {
        self.0.get(kind.name())
    }
}

/// A whole payload that another may be a difference from.
pub(super) struct Base<'a> {
    pub(super) id: i64,
    pub(super) payload: &'a [u8],
    /// The differences that there are from it.
    pub(super) sums: DeltaSums,
}

/// Packs a payload. `None` where it is as small as it gets, or its format packs it already.
pub(super) fn pack(
    blob: &ToPack,
    payload: &[u8],
    dictionaries: &Dictionaries,
    bases: &[Base<'_>],
) -> Option<(Way, Vec<u8>)> {
    let kind = kind(
        blob.media_type.as_deref(),
        &payload[..payload.len().min(BEGINNING)],
    );
    if kind.is_packed() {
        return None;
    }
    let is_free = !blob.is_base;
    let deltas = bases.iter().filter(|_| is_free).filter_map(|base| {
        let data = difference(base.payload, payload)?;
        Some((base, data))
    });
    let delta = deltas.min_by_key(|(_, data)| data.len());
    // Where next to nothing changed, the payload need not be packed by itself to see that.
    let is_clear = |data: &[u8]| data.len() * 8 < blob.stored;
    let whole = match &delta {
        Some((_, data)) if is_clear(data) => None,
        _ => whole(payload, dictionaries.of(kind)),
    };
    // A little more than it takes now is no reason to write it anew.
    let worth = blob.stored - (blob.stored / 50).max(8).min(blob.stored);
    let whole = whole.filter(|(_, data)| data.len() < worth);
    let alone = whole.as_ref().map_or(blob.stored, |(_, data)| data.len());
    if let Some((base, data)) = delta
        && data.len() * 5 < alone * 4
        && !is_time_for_a_base(base.sums, data.len(), alone)
    {
        return Some((Way::Difference(base.id), data));
    }
    whole
}

/// Whether the differences from a base have grown so much that another base would have paid by now: each version that
/// goes on from the one before is a larger difference from the first. `alone` is what the payload takes by itself.
fn is_time_for_a_base(sums: DeltaSums, delta: usize, alone: usize) -> bool {
    if sums.count == 0 {
        return false;
    }
    let delta = delta as u64;
    let least = sums.smallest.min(delta) * (sums.count + 1);
    (sums.stored + delta).saturating_sub(least) > alone as u64
}

/// A payload by itself, as small as it gets.
pub(super) fn by_itself(
    media_type: Option<&str>,
    payload: &[u8],
    dictionaries: &Dictionaries,
) -> (Way, Vec<u8>) {
    let kind = kind(media_type, &payload[..payload.len().min(BEGINNING)]);
    whole(payload, dictionaries.of(kind))
        .filter(|(_, data)| data.len() < payload.len())
        .unwrap_or_else(|| (Way::Plain, payload.to_vec()))
}

/// A payload with the dictionary, if there is one and it matters, else without.
fn whole(payload: &[u8], dictionary: Option<&Prepared>) -> Option<(Way, Vec<u8>)> {
    let found = match dictionary {
        Some(dictionary) if payload.len() <= NO_DICTIONARY => {
            let mut packing = Compressor::with_prepared_dictionary(&dictionary.pack).ok()?;
            let data = packing.compress(payload).ok()?;
            let mut unpacking =
                zstd::bulk::Decompressor::with_prepared_dictionary(&dictionary.unpack).ok()?;
            let back = unpacking.decompress(&data, payload.len()).ok()?;
            (back == payload).then_some((Way::Dictionary(dictionary.id), data))?
        }
        _ => {
            let level = if payload.len() > LARGE {
                LEVEL_OF_LARGE
            } else {
                LEVEL
            };
            let data = zstd::bulk::compress(payload, level).ok()?;
            let back = zstd::bulk::decompress(&data, payload.len()).ok()?;
            (back == payload).then_some((Way::Zstd, data))?
        }
    };
    Some(found)
}

/// What a payload takes by itself, without a dictionary.
pub(super) fn size_alone(payload: &[u8]) -> Option<usize> {
    let data = zstd::bulk::compress(payload, LEVEL).ok()?;
    Some(data.len())
}

/// A payload as a difference from another one.
pub(super) fn difference(base: &[u8], payload: &[u8]) -> Option<Vec<u8>> {
    let both = base.len() + payload.len();
    let level = if both > LARGE { LEVEL_OF_LARGE } else { LEVEL };
    let mut packing = CCtx::try_create()?;
    packing
        .set_parameter(CParameter::CompressionLevel(level))
        .ok()?;
    if both > USUAL_WINDOW {
        let window = both.next_power_of_two().ilog2().min(27);
        packing.set_parameter(CParameter::WindowLog(window)).ok()?;
        packing
            .set_parameter(CParameter::EnableLongDistanceMatching(true))
            .ok()?;
    }
    packing.ref_prefix(base).ok()?;
    let mut data = Vec::with_capacity(zstd::zstd_safe::compress_bound(payload.len()));
    packing.compress2(&mut data, payload).ok()?;
    let mut back = Vec::with_capacity(payload.len());
    let mut unpacking = DCtx::try_create()?;
    unpacking.ref_prefix(base).ok()?;
    unpacking.decompress(&mut back, &data).ok()?;
    data.shrink_to_fit();
    (back == payload).then_some(data)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(seed: u32, paragraphs: u32) -> Vec<u8> {
        let mut page = b"<!doctype html><html><body>".to_vec();
        for at in 0..paragraphs {
            let words = u64::from(seed) * 7919 + u64::from(at) * 104_729;
            page.extend(format!("<p>{:x} {:x}</p>\n", words * words, words * 31).bytes());
        }
        page
    }

    fn blob(payload: &[u8], stored: usize) -> ToPack {
        ToPack {
            id: 2,
            sha256: crate::store::sha256(payload),
            size: payload.len(),
            stored,
            way: Way::Zstd,
            is_base: false,
            media_type: Some("text/html".to_owned()),
            family: None,
            earlier: Vec::new(),
        }
    }

    #[test]
    fn a_changed_page_is_a_difference_and_one_that_is_a_base_stays_whole() {
        let (first, mut second) = (page(1, 400), page(1, 400));
        second.splice(900..900, b"<p>A paragraph that is new</p>".iter().copied());
        let stored = zstd::bulk::compress(&second, 3).unwrap().len();
        let base = Base {
            id: 1,
            payload: &first,
            sums: DeltaSums::default(),
        };
        let none = Dictionaries::default();
        let one = blob(&second, stored);
        let (way, data) = pack(&one, &second, &none, &[base]).unwrap();
        assert_eq!(way, Way::Difference(1));
        assert!(data.len() < 100, "{}", data.len());
        let base = Base {
            id: 1,
            payload: &first,
            sums: DeltaSums::default(),
        };
        let held = ToPack {
            is_base: true,
            ..blob(&second, stored)
        };
        let held = pack(&held, &second, &none, &[base]);
        assert!(held.is_none_or(|(way, _)| way == Way::Zstd));
    }

    #[test]
    fn a_page_that_became_another_stands_by_itself() {
        let (first, other) = (page(1, 400), page(99, 400));
        let base = Base {
            id: 1,
            payload: &first,
            sums: DeltaSums::default(),
        };
        let one = blob(&other, zstd::bulk::compress(&other, 3).unwrap().len());
        let found = pack(&one, &other, &Dictionaries::default(), &[base]);
        assert!(found.is_none_or(|(way, _)| way == Way::Zstd));
    }

    #[test]
    fn once_differences_have_grown_there_is_a_new_base() {
        let sums = |count, stored, smallest| DeltaSums {
            count,
            stored,
            smallest,
        };
        assert!(!is_time_for_a_base(sums(0, 0, 0), 5_000, 10_000));
        assert!(!is_time_for_a_base(sums(40, 40 * 100, 100), 120, 10_000));
        assert!(is_time_for_a_base(sums(10, 10 * 1_500, 100), 3_000, 10_000));
    }

    #[test]
    fn a_payload_that_begins_like_a_dictionary_is_a_base_like_any_other() {
        let mut first = 0xEC30_A437_u32.to_le_bytes().to_vec();
        first.extend(page(3, 100));
        let mut second = first.clone();
        second.extend(b"and more");
        let data = difference(&first, &second).unwrap();
        assert!(data.len() < 64, "{}", data.len());
    }

    #[test]
    fn large_payloads_are_differences_too() {
        let first: Vec<u8> = (0..400_000_u64)
            .flat_map(|at| (at.wrapping_mul(0x9E37_79B9_7F4A_7C15)).to_le_bytes())
            .chain((0..3_000_000_u32).flat_map(|at| (at / 1000).to_le_bytes()))
            .collect();
        let mut second = first.clone();
        second[17] ^= 1;
        let data = difference(&first, &second).unwrap();
        assert!(data.len() < 20_000, "{}", data.len());
    }
}
