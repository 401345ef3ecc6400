//! From a text to the hashes of its shingles.

use unicode_normalization::UnicodeNormalization;

/// How many words make a shingle.
const WORDS: usize = 4;

/// The hash of an empty word.
const START: u64 = 0x9e37_79b9_7f4a_7c15;

/// The hash of each shingle, in the text's order. A text of fewer words is one shingle.
pub(super) fn shingles(text: &str) -> Vec<u64> {
    together_in_order(&words(text))
}

/// The shingles of a page's main text, and those of its whole text which are not among them, or are once more.
pub(super) fn shingles_of_both(main: &str, whole: &str) -> (Vec<u64>, Vec<u64>) {
    let in_main = words(main);
    let of_main = together_in_order(&in_main);
    // Mostly, one is a part of the other, and need not be read twice.
    let of_whole = match place_in(main, whole) {
        _ if main == whole => Vec::new(),
        Some(at) if in_main.len() >= WORDS => {
            let mut before = words(&whole[..at]);
            before.extend_from_slice(&in_main[..WORDS - 1]);
            let mut after = in_main[in_main.len() - (WORDS - 1)..].to_vec();
            after.extend(words(&whole[at + main.len()..]));
            let around = [before, after];
            let around = around.iter().flat_map(|words| words.windows(WORDS));
            around.map(together).collect()
        }
        _ => shingles(whole),
    };
    (of_main, of_whole)
}

/// Where a text stands in another, with space around it.
fn place_in(part: &str, text: &str) -> Option<usize> {
    const BEGINNING: usize = 64;
    /// Beginnings that are looked behind.
    const MOST: usize = 16;
    let mut end = part.len().min(BEGINNING);
    while !part.is_char_boundary(end) {
        end -= 1;
    }
    let is_apart = |at: usize| {
        let (before, behind) = (&text[..at], &text[at + part.len()..]);
        !before.ends_with(|c: char| !c.is_whitespace())
            && !behind.starts_with(|c: char| !c.is_whitespace())
    };
    text.match_indices(&part[..end])
        .take(MOST)
        .map(|(at, _)| at)
        .find(|at| text[*at..].starts_with(part) && is_apart(*at))
}

/// The hash of each word, in the text's order.
fn words(text: &str) -> Vec<u64> {
    // A word and what parts it from the next take six bytes or more, in most texts.
    let mut words = Vec::with_capacity(text.len() / 6);
    each_word(text, |word| words.push(word));
    words
}

fn together_in_order(words: &[u64]) -> Vec<u64> {
    if words.len() < WORDS {
        words.chunks(WORDS).map(together).collect()
    } else {
        words.windows(WORDS).map(together).collect()
    }
}

fn together(words: &[u64]) -> u64 {
    let hash = words.iter().fold(START, |hash, word| {
        (hash ^ word)
            .wrapping_mul(0xff51_afd7_ed55_8ccd)
            .rotate_left(29)
    });
    mixed(hash)
}

/// The finalizer of `SplitMix64` (Steele et al., OOPSLA 2014).
fn mixed(mut hash: u64) -> u64 {
    hash = (hash ^ hash >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ hash >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ hash >> 31
}

/// A word while it is read.
struct Word {
    hash: u64,
    is_empty: bool,
}

impl Word {
    const EMPTY: Self = Self {
        hash: START,
        is_empty: true,
    };

    fn push(&mut self, c: char) {
        // FNV-1a over characters instead of bytes.
        self.hash = (self.hash ^ u64::from(c)).wrapping_mul(0x0100_0000_01b3);
        self.is_empty = false;
    }

    fn end(&mut self, each: &mut impl FnMut(u64)) {
        if !self.is_empty {
            each(mixed(self.hash));
            *self = Self::EMPTY;
        }
    }
}

/// Letters and digits of ASCII, in lower case; 0 for all else.
static LETTERS: [u8; 256] = {
    let mut letters = [0; 256];
    let mut byte = 0;
    while byte < 128 {
        if (byte as u8).is_ascii_alphanumeric() {
            letters[byte] = (byte as u8).to_ascii_lowercase();
        }
        byte += 1;
    }
    letters
};

/// How many bytes of ASCII a text begins with.
fn plain_bytes(text: &str) -> usize {
    const AT_ONCE: usize = 64;
    let (chunks, _) = text.as_bytes().as_chunks::<AT_ONCE>();
    let plain = AT_ONCE * chunks.iter().take_while(|chunk| chunk.is_ascii()).count();
    let rest = text.as_bytes()[plain..].iter();
    plain + rest.take_while(|byte| byte.is_ascii()).count()
}

/// Calls with the hash of each word: letters and digits, lower case, without accents.
fn each_word(text: &str, mut each: impl FnMut(u64)) {
    let each = &mut each;
    let mut word = Word::EMPTY;
    let mut rest = text;
    while !rest.is_empty() {
        // Plain letters need no tables.
        let plain = plain_bytes(rest);
        for byte in rest[..plain].bytes() {
            match LETTERS[usize::from(byte)] {
                0 => word.end(each),
                letter => word.push(char::from(letter)),
            }
        }
        rest = &rest[plain..];
        let other = rest
            .bytes()
            .position(|byte| byte.is_ascii())
            .unwrap_or(rest.len());
        for c in rest[..other].chars() {
            for c in std::iter::once(c).nfkd().flat_map(char::to_lowercase) {
                if is_mark(c) {
                    continue;
                }
                if stands_alone(c) {
                    word.end(each);
                    word.push(c);
                    word.end(each);
                } else if c.is_alphanumeric() {
                    word.push(c);
                } else {
                    word.end(each);
                }
            }
        }
        rest = &rest[other..];
    }
    word.end(each);
}

/// Accents and points that texts have or have not, and marks without a shape.
fn is_mark(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36f}' | '\u{591}'..='\u{5c7}' | '\u{610}'..='\u{61a}' | '\u{640}' | '\u{64b}'..='\u{65f}'
        | '\u{670}' | '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
}

/// Characters of scripts that put no spaces between words.
pub(in crate::judge) fn stands_alone(c: char) -> bool {
    matches!(u32::from(c),
        0x0e00..=0x0eff | 0x1000..=0x109f | 0x1780..=0x17ff | 0x1950..=0x19df | 0x3040..=0x312f | 0x31a0..=0x31ff
        | 0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xaa60..=0xaa7f | 0xf900..=0xfaff | 0x2_0000..=0x3_ffff)
        && c.is_alphanumeric()
}
