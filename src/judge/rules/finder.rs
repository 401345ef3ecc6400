//! Many phrases, found in one pass over a text.
//!
//! Pages are long and rules are many, and most pages bear none of them. So of each phrase, four bytes that are rare in pages are
//! its key, and a text is read only for keys, by a table that fits into the processor's nearest memory; where one stands,
//! its phrases are compared. (An automaton of all phrases, as `aho-corasick` builds, is two times as slow or takes
//! fourteen megabytes; the idea is that of Wu and Manber, "A fast algorithm for multi-pattern searching", 1994.)

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::iter::Peekable;

use aho_corasick::{AhoCorasick, FindOverlappingIter};

use super::RulesError;

/// Bytes of a key.
const KEY: usize = 4;
/// Bits of the hash of a key.
const BITS: u32 = 16;
/// Words that have a bit for each.
const WORDS: usize = 1 << (BITS - 6);

/// Phrases, ready to be found.
#[derive(Debug)]
pub(super) struct Finder {
    phrases: Vec<Vec<u8>>,
    ignores_case: bool,
    /// A bit for each hash of a key.
    is_key: Box<[u64; WORDS]>,
    /// By key.
    keys: Vec<Key>,
    /// The phrases that are too short to have a key.
    short: Option<(AhoCorasick, Vec<usize>)>,
}

/// The key of a phrase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    /// Its bytes, with the bit set that makes letters small.
    bytes: u32,
    phrase: u32,
    /// Where it ends in the phrase.
    end: u32,
}

/// A phrase that stands in a text, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hit {
    /// Which phrase.
    pub(super) phrase: usize,
    /// Where it begins.
    pub(super) start: usize,
    /// Where it ends.
    pub(super) end: usize,
}

impl Finder {
    /// Finds these phrases; `ignores_case` is about ASCII letters.
    pub(super) fn new<P: AsRef<[u8]>>(
        phrases: impl IntoIterator<Item = P>,
        ignores_case: bool,
    ) -> Result<Self, RulesError> {
        let phrases: Vec<Vec<u8>> = phrases.into_iter().map(|p| p.as_ref().to_vec()).collect();
        let mut is_key = Box::new([0; WORDS]);
        let mut keys = Vec::new();
        let mut short = Vec::new();
        for (at, phrase) in phrases.iter().enumerate() {
            let Some((bytes, end)) = rarest(phrase) else {
                short.push(at);
                continue;
            };
            let (word, bit) = place(bytes);
            is_key[word] |= bit;
            keys.push(Key {
                bytes,
                phrase: at as u32,
                end: end as u32,
            });
        }
        keys.sort_unstable();
        let short = if short.is_empty() {
            None
        } else {
            let all = AhoCorasick::builder()
                .ascii_case_insensitive(ignores_case)
                .build(short.iter().map(|at| &phrases[*at]))
                .map_err(|error| RulesError::new(error.to_string()))?;
            Some((all, short))
        };
        Ok(Self {
            phrases,
            ignores_case,
            is_key,
            keys,
            short,
        })
    }

    /// Every place where a phrase stands, also where they overlap: in the order in which they end, the longer first.
    pub(super) fn find<'a>(&'a self, text: &'a [u8]) -> impl Iterator<Item = Hit> + 'a {
        let short = self.short.as_ref().map(|(all, which)| Short {
            hits: all.find_overlapping_iter(text).peekable(),
            which,
        });
        Hits {
            finder: self,
            text,
            read: 0,
            is_read: false,
            short,
            found: BinaryHeap::new(),
        }
    }

    /// The phrases that have this key.
    fn of_key(&self, bytes: u32) -> &[Key] {
        let from = self.keys.partition_point(|key| key.bytes < bytes);
        let many = self.keys[from..].partition_point(|key| key.bytes == bytes);
        &self.keys[from..from + many]
    }

    /// The phrase of a key that ends here, if it stands there.
    fn around(&self, key: &Key, text: &[u8], end_of_key: usize) -> Option<Hit> {
        let phrase = &self.phrases[key.phrase as usize];
        let start = end_of_key.checked_sub(key.end as usize)?;
        let end = start + phrase.len();
        let stands = text.get(start..end)?;
        let is_it = if self.ignores_case {
            stands.eq_ignore_ascii_case(phrase)
        } else {
            stands == phrase
        };
        is_it.then_some(Hit {
            phrase: key.phrase as usize,
            start,
            end,
        })
    }
}

/// What is found in a text.
struct Hits<'a> {
    finder: &'a Finder,
    text: &'a [u8],
    /// Up to here it was read for keys.
    read: usize,
    /// Whether all of it was.
    is_read: bool,
    short: Option<Short<'a>>,
    /// Hits that have not been given out. Those of keys further on end further on.
    found: BinaryHeap<Reverse<(usize, usize, usize)>>,
}

/// The phrases without a key, where they stand.
struct Short<'a> {
    hits: Peekable<FindOverlappingIter<'a, 'a>>,
    which: &'a [usize],
}

impl Hits<'_> {
    fn put(&mut self, hit: Hit) {
        self.found.push(Reverse((hit.end, hit.start, hit.phrase)));
    }

    /// Reads up to the next key, and finds what ends up to there.
    fn read_on(&mut self) {
        // A key that ends behind what was read begins so many bytes before.
        let rest = &self.text[self.read.saturating_sub(KEY - 1)..];
        let many = rest.windows(KEY).position(|window| {
            let (word, bit) = place(key(window));
            self.finder.is_key[word] & bit != 0
        });
        if let Some(many) = many {
            self.read = self.read.saturating_sub(KEY - 1) + many + KEY;
            let last = key(&rest[many..many + KEY]);
            for key in self.finder.of_key(last) {
                if let Some(hit) = self.finder.around(key, self.text, self.read) {
                    self.put(hit);
                }
            }
        } else {
            self.read = self.text.len();
            self.is_read = true;
        }
        while let Some(short) = &mut self.short
            && let Some(hit) = short.hits.next_if(|hit| hit.end() <= self.read)
        {
            let phrase = short.which[hit.pattern().as_usize()];
            let (start, end) = (hit.start(), hit.end());
            self.put(Hit { phrase, start, end });
        }
    }
}

impl Iterator for Hits<'_> {
    type Item = Hit;

    fn next(&mut self) -> Option<Hit> {
        loop {
            if let Some(Reverse((end, start, phrase))) = self.found.peek().copied()
                && (end <= self.read || self.is_read)
            {
                self.found.pop();
                return Some(Hit { phrase, start, end });
            }
            if self.is_read {
                return None;
            }
            self.read_on();
        }
    }
}

/// The word and the bit in it that stand for a key.
fn place(key: u32) -> (usize, u64) {
    let hash = key.wrapping_mul(0x9e37_79b1) >> (32 - BITS);
    ((hash >> 6) as usize, 1 << (hash & 63))
}

/// The key of the four bytes of a phrase that pages have least often, and where they end; none where it is shorter.
fn rarest(phrase: &[u8]) -> Option<(u32, usize)> {
    let commonness = |window: &[u8]| window.iter().map(|byte| common(*byte)).sum::<u32>();
    let (at, window) = phrase
        .windows(KEY)
        .enumerate()
        .min_by_key(|(_, window)| commonness(window))?;
    Some((key(window), at + KEY))
}

/// Four bytes as a key. Letters of either case are the same in it, and so are some other characters; what stands there is
/// compared afterwards.
fn key(window: &[u8]) -> u32 {
    const SMALL: u32 = 0x2020_2020;
    window
        .first_chunk()
        .map_or(0, |bytes| u32::from_le_bytes(*bytes))
        | SMALL
}

/// About how common a byte is in pages: the more, the more.
fn common(byte: u8) -> u32 {
    match byte.to_ascii_lowercase() {
        b' ' | b'e' | b't' | b'a' | b'i' | b'o' | b'n' | b's' | b'r' => 8,
        // In the scripts that have them, the first bytes of characters are very common, and others less.
        b'l' | b'd' | b'h' | b'c' | b'u' | 0xc0..=0xff => 6,
        b'm' | b'p' | b'f' | b'g' | b'y' | b'b' | b'w' | b'"' | b'=' | b'<' | b'>' | b'/' => 4,
        0x80..=0xbf => 3,
        b'v' | b'k' | b'.' | b'-' | b',' | b'0'..=b'9' => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(phrases: &[String], text: &str, ignores_case: bool) -> Vec<Hit> {
        let finder = Finder::new(phrases, ignores_case).unwrap();
        finder.find(text.as_bytes()).collect()
    }

    fn expected(phrases: &[String], text: &str, ignores_case: bool) -> Vec<Hit> {
        let automaton = AhoCorasick::builder()
            .ascii_case_insensitive(ignores_case)
            .build(phrases)
            .unwrap();
        let hits = automaton.find_overlapping_iter(text).map(|hit| Hit {
            phrase: hit.pattern().as_usize(),
            start: hit.start(),
            end: hit.end(),
        });
        let mut all: Vec<Hit> = hits.collect();
        all.sort_by_key(|hit| (hit.end, hit.start, hit.phrase));
        all
    }

    #[test]
    fn phrases_are_found_at_the_edges_and_in_each_other() {
        let phrases = ["page not found", "not found", "found", "404", "Not Found"];
        let phrases = phrases.map(str::to_owned);
        for text in [
            "page not found",
            "404 Page Not Found 404",
            "foun",
            "",
            "foundfound",
        ] {
            for ignores_case in [false, true] {
                assert_eq!(
                    all(&phrases, text, ignores_case),
                    expected(&phrases, text, ignores_case),
                    "{text}"
                );
            }
        }
        assert_eq!(all(&[], "anything", false), []);
    }

    proptest! {
        #[test]
        fn the_same_is_found_as_by_an_automaton(
            phrases in proptest::collection::vec("[abAB\u{0}é漢]{1,7}", 0..8),
            text in "[abAB\u{0}é漢]{0,60}",
            ignores_case: bool,
        ) {
            prop_assert_eq!(all(&phrases, &text, ignores_case), expected(&phrases, &text, ignores_case));
        }
    }
}
