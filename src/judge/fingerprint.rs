//! Fingerprints of texts: one that tells how alike two texts are, and one that tells how much of a text is in another.
//!
//! Both are over shingles of four words, where a character of a script without spaces counts as a word. [`SimHash`] is
//! Charikar's (STOC 2002), 64 bits. [`Sketch`] is a FracMinHash (Irber et al. 2022; Hera et al., Genome Research 2023):
//! of all shingles' hashes those below a bound, so that what two sketches share estimates containment even where one
//! text is much longer than the other.

use serde::{Deserialize, Serialize};

/// A fingerprint of 64 bits; texts that are alike differ in few of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
pub struct SimHash(pub u64);

impl SimHash {
    /// In how many bits two differ, 0 to 64.
    pub fn distance(self, other: Self) -> u32 {
        (self.0 ^ other.0).count_ones()
    }
}

/// A sample of a page's shingles. Each knows whether it stands in the main text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct Sketch {}

/// Which part of a page is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The main text.
    Main,
    /// All of it.
    Whole,
}

impl Sketch {
    /// An estimate of how much of this text's part is in another's, 0 to 1; `None` where too few shingles are known.
    pub fn share_in(&self, part: Part, other: &Self, of_other: Part) -> Option<f64> {
        let _ = (part, other, of_other);
        None
    }
}
