//! Fingerprints of texts: one that tells how alike two texts are, and one that tells how much of a text is in another.
//!
//! Both are over shingles of four words, where a character of a script without spaces counts as a word. [`SimHash`] is
//! Charikar's (STOC 2002), 64 bits. [`Sketch`] is a `FracMinHash` (Irber et al. 2022; Hera et al., Genome Research 2023):
//! of all shingles' hashes those below a bound, so that what two sketches share estimates containment even where one
//! text is much longer than the other.
//!
//! Words are compared without case and accents. The hashes are our own and part of what is stored: a change to any of
//! this is a change of the features' version.

mod words;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use serde::{Deserialize, Serialize};

/// So many hashes are kept of a text at most.
const MAX_HASHES: usize = 128;

/// With fewer hashes to compare, a sample says nothing.
const FEWEST_HASHES: usize = 6;

/// How long a hash is, in bits. One more says whether it is of the main text.
const HASH_BITS: u32 = 31;

/// A fingerprint of 64 bits; texts that are alike differ in few of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
pub struct SimHash(pub u64);

impl SimHash {
    /// The fingerprint of a text; 0 where it has no words.
    pub fn of(text: &str) -> Self {
        Self::of_shingles(&words::shingles(text))
    }

    fn of_shingles(shingles: &[u64]) -> Self {
        /// So many shingles are counted before a count of 16 bits could be full.
        const AT_ONCE: usize = 65_535;
        let mut ones = [0_u64; 64];
        for some in shingles.chunks(AT_ONCE) {
            // Of each byte, eight counts at a time.
            let mut counts = [[0_u16; 8]; 8];
            for shingle in some {
                for (byte, counts) in shingle.to_le_bytes().into_iter().zip(&mut counts) {
                    for (count, bit) in counts.iter_mut().zip(BITS[usize::from(byte)]) {
                        *count += bit;
                    }
                }
            }
            for (all, count) in ones.iter_mut().zip(counts.as_flattened()) {
                *all += u64::from(*count);
            }
        }
        let mut hash = 0;
        for (bit, ones) in ones.iter().enumerate() {
            hash |= u64::from(2 * ones > shingles.len() as u64) << bit;
        }
        Self(hash)
    }

    /// In how many bits two differ, 0 to 64.
    pub fn distance(self, other: Self) -> u32 {
        (self.0 ^ other.0).count_ones()
    }
}

/// The bits of each byte, the lowest first.
static BITS: [[u16; 8]; 256] = {
    let mut bits = [[0; 8]; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut bit = 0;
        while bit < 8 {
            bits[byte][bit] = (byte >> bit & 1) as u16;
            bit += 1;
        }
        byte += 1;
    }
    bits
};

/// Both fingerprints of a page, whose texts are read once for both.
pub(super) fn of(main: &str, whole: &str) -> (SimHash, Sketch) {
    let (of_main, of_whole) = words::shingles_of_both(main, whole);
    (
        SimHash::of_shingles(&of_main),
        Sketch::of_shingles(&of_main, &of_whole),
    )
}

/// A hash of all bytes of a text; 0 for an empty one.
pub(super) fn hash(text: &str) -> u64 {
    const START: u64 = 0x9e37_79b9_7f4a_7c15;
    if text.is_empty() {
        return 0;
    }
    let (chunks, rest) = text.as_bytes().as_chunks::<8>();
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    let mut hash = START ^ text.len() as u64;
    for chunk in chunks.iter().chain([&last]) {
        hash = (hash ^ u64::from_le_bytes(*chunk)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        hash ^= hash >> 32;
    }
    hash.max(1)
}

/// A sample of a page's shingles. Each knows whether it stands in the main text.
///
/// One of `2^scale` shingles is in it, chosen by its hash alone, so that of two sketches the finer one can be thinned
/// out to the scale of the other. A text of up to 128 shingles is in it whole.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct Sketch {
    /// The logarithm, to the base 2, of how many shingles one hash stands for.
    scale: u32,
    /// Ascending: the hash, and in the lowest bit whether it is of the main text.
    hashes: Vec<u32>,
}

/// Which part of a page is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The main text.
    Main,
    /// All of it.
    Whole,
}

impl Sketch {
    /// The sketch of a page. What is in the main text is taken to be in the whole text.
    pub fn of(main: &str, whole: &str) -> Self {
        Self::of_shingles(&words::shingles(main), &words::shingles(whole))
    }

    fn of_shingles(main: &[u64], whole: &[u64]) -> Self {
        let mut sample = Sample::default();
        for shingle in main {
            sample.add(*shingle, true);
        }
        for shingle in whole {
            sample.add(*shingle, false);
        }
        sample.settle();
        Self {
            scale: sample.scale,
            hashes: sample.hashes,
        }
    }

    /// How many different shingles a part has: exact for up to 128, an estimate above.
    pub fn shingles(&self, part: Part) -> u64 {
        (self.part(part, self.scale).count() as u64) << self.scale
    }

    /// An estimate of how much of this text's part is in another's, 0 to 1; `None` where too few shingles are known.
    pub fn share_in(&self, part: Part, other: &Self, of_other: Part) -> Option<f64> {
        let scale = self.scale.max(other.scale);
        let (mut known, mut shared) = (0_usize, 0_usize);
        let mut others = other.part(of_other, scale).peekable();
        for hash in self.part(part, scale) {
            known += 1;
            while others.next_if(|other| *other < hash).is_some() {}
            shared += usize::from(others.peek() == Some(&hash));
        }
        let is_sample = scale > 0;
        if known == 0 || (is_sample && known < FEWEST_HASHES) {
            return None;
        }
        Some(shared as f64 / known as f64)
    }

    /// The hashes of a part, at a scale that is no finer than the sketch's own.
    fn part(&self, part: Part, scale: u32) -> impl Iterator<Item = u32> {
        let is_wanted = move |kept: &&u32| part == Part::Whole || **kept & 1 == 1;
        let hashes = self.hashes.iter().filter(is_wanted);
        hashes
            .map(|kept| kept >> 1)
            .take_while(move |hash| is_within(*hash, scale))
    }
}

/// Whether a hash is in the sample at a scale.
fn is_within(hash: u32, scale: u32) -> bool {
    hash.checked_shr(HASH_BITS.saturating_sub(scale)) == Some(0)
}

/// A sample while it is taken: it never holds more than a few times what it may keep.
#[derive(Default)]
struct Sample {
    scale: u32,
    /// As in a [`Sketch`], but in no order and more than once until it is settled.
    hashes: Vec<u32>,
}

impl Sample {
    fn add(&mut self, shingle: u64, is_main: bool) {
        let hash = (shingle >> (64 - HASH_BITS)) as u32;
        if is_within(hash, self.scale) {
            if self.hashes.len() == 4 * MAX_HASHES {
                self.settle();
            }
            self.hashes.push(hash << 1 | u32::from(is_main));
        }
    }

    /// Keeps one of each hash, and no more than the finest scale that has room for them.
    fn settle(&mut self) {
        self.hashes.sort_unstable();
        self.hashes.dedup_by(|next, kept| {
            let is_same = *next >> 1 == *kept >> 1;
            if is_same {
                *kept |= *next;
            }
            is_same
        });
        while self.hashes.len() > MAX_HASHES {
            self.scale += 1;
            let scale = self.scale;
            self.hashes.retain(|kept| is_within(kept >> 1, scale));
        }
    }
}

/// A sketch in JSON.
#[derive(Serialize, Deserialize, Default)]
#[serde(default)]
struct Stored {
    scale: u32,
    hashes: String,
}

impl From<Sketch> for Stored {
    fn from(sketch: Sketch) -> Self {
        let bytes: Vec<u8> = sketch.hashes.iter().flat_map(|h| h.to_be_bytes()).collect();
        Self {
            scale: sketch.scale,
            hashes: BASE64.encode(bytes),
        }
    }
}

impl TryFrom<Stored> for Sketch {
    type Error = String;

    fn try_from(stored: Stored) -> Result<Self, String> {
        let bytes = BASE64
            .decode(&stored.hashes)
            .map_err(|error| format!("the hashes of a sketch: {error}"))?;
        let (hashes, rest) = bytes.as_chunks::<4>();
        let hashes: Vec<u32> = hashes.iter().map(|h| u32::from_be_bytes(*h)).collect();
        let is_sound = rest.is_empty()
            && stored.scale <= HASH_BITS
            && hashes.len() <= MAX_HASHES
            && hashes.is_sorted_by(|a, b| a >> 1 < b >> 1)
            && hashes.iter().all(|hash| is_within(hash >> 1, stored.scale));
        if !is_sound {
            return Err("the hashes of a sketch are not what they should be".to_owned());
        }
        Ok(Self {
            scale: stored.scale,
            hashes,
        })
    }
}

#[cfg(test)]
mod tests;
