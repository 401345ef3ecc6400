//! From a text to its words, as they are compared: by quotes and by drift.
//!
//! How a text is set is no difference: typographic quotes and dashes, ligatures, soft hyphens and hyphens at the end of a
//! line, white space, case, composed and decomposed accents (Unicode, Annex 15), marks that lead to footnotes. What it says
//! is: accents count, and so do the inside of numbers, signs before them, and what they are counted in. Of languages that
//! set no spaces, every cluster that a reader takes for one sign is a word.

pub(in crate::judge) mod align;
mod kind;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::{decompose_compatible, is_combining_mark};

pub use kind::Kind;

/// A word of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word {
    /// The byte at which it begins.
    pub start: u32,
    /// The byte behind its end.
    pub end: u32,
    /// What it is compared by: two words of the same hash are the same word.
    pub hash: u64,
    /// What weighs in it.
    pub kind: Kind,
}

/// The longest word, in bytes of what it is folded to; the rest is the next word.
const LONGEST_WORD: usize = 256;

/// The longest white space after a hyphen over which a word goes on, in bytes.
const LONGEST_BREAK: usize = 64;

/// The words of a text, in its order. Of a text of more than 4 GiB, those that end within its first 4 GiB.
///
/// Takes time in proportion to the text.
pub fn words(text: &str) -> Vec<Word> {
    let mut end = text.len().min(u32::MAX as usize);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let text = &text[..end];
    // A word and what parts it from the next take six bytes or more, in most texts.
    let mut reader = Reader {
        text,
        words: Vec::with_capacity(text.len() / 6),
        folded: String::with_capacity(LONGEST_WORD),
        start: 0,
        end: 0,
        is_ascii: true,
    };
    reader.read();
    reader.words
}

/// What a character is to a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    /// Part of a word.
    Letter,
    /// A word of its own, with the marks that follow.
    Alone,
    /// A word of its own.
    Sign,
    /// A word of its own, beside a number.
    Relation,
    /// Belongs to what stands before.
    Mark,
    /// Nothing that is read.
    Nothing,
    /// Joins two letters.
    Hyphen,
    /// Joins two letters, and parts numbers.
    Apostrophe,
    /// Leads to a footnote.
    Raised,
    /// Whatever else parts words.
    Break,
}

struct Reader<'a> {
    text: &'a str,
    words: Vec<Word>,
    /// The word that is being read, folded but for composition.
    folded: String,
    start: usize,
    end: usize,
    is_ascii: bool,
}

impl Reader<'_> {
    fn read(&mut self) {
        let mut at = 0;
        while let Some(c) = self.text[at..].chars().next() {
            if let Some(end) = self.plain_word(at) {
                at = end;
                continue;
            }
            let after = at + c.len_utf8();
            at = match class(c) {
                Class::Letter => self.letter(c, at, after),
                Class::Alone => {
                    if self.folded.len() < LONGEST_WORD
                        && !self.folded.is_empty()
                        && self.folded.chars().all(is_before_its_letter)
                    {
                        self.push(c, self.start, after);
                    } else {
                        self.finish();
                        self.push(c, at, after);
                    }
                    after
                }
                Class::Mark => {
                    // Nobody writes so many over one letter.
                    if !self.folded.is_empty() && self.folded.len() < LONGEST_WORD {
                        self.push(c, self.start, after);
                    }
                    after
                }
                Class::Sign => {
                    self.finish();
                    self.push(c, at, after);
                    self.finish();
                    after
                }
                Class::Relation => {
                    self.finish();
                    let is_number = |c: Option<char>| c.is_some_and(char::is_numeric);
                    let (before, behind) =
                        (self.text[..at].trim_end(), self.text[after..].trim_start());
                    if is_number(before.chars().next_back()) || is_number(behind.chars().next()) {
                        self.push(c, at, after);
                        self.finish();
                    }
                    after
                }
                Class::Nothing | Class::Raised => after,
                Class::Hyphen => self.hyphen(c, at, after),
                Class::Apostrophe => self.apostrophe(at, after),
                Class::Break => self.parting(c, at, after),
            };
        }
        self.finish();
    }

    /// Reads a word of nothing but ASCII letters and digits, as most are, at once; gives its end. What stands behind it must
    /// part words whatever follows.
    fn plain_word(&mut self, at: usize) -> Option<usize> {
        if !self.folded.is_empty() {
            return None;
        }
        let bytes = self.text.as_bytes().get(at..)?;
        let run = bytes.iter().take(LONGEST_WORD);
        let len = run.take_while(|byte| byte.is_ascii_alphanumeric()).count();
        let word = bytes.get(..len).filter(|word| !word.is_empty())?;
        let parts = match bytes.get(len) {
            None | Some(b' ' | b'\n') => true,
            Some(b'.' | b',' | b';' | b':' | b'!' | b'?' | b'"' | b')') => {
                word[len - 1].is_ascii_alphabetic()
            }
            Some(_) => false,
        };
        if !parts {
            return None;
        }
        let hash = hash(
            word.iter()
                .map(|byte| char::from(byte.to_ascii_lowercase())),
        );
        let kind = if word[0].is_ascii_digit() {
            Kind::Number
        } else {
            kind::of_hash(hash)
        };
        let end = at + len;
        if let (Ok(start), Ok(end)) = (u32::try_from(at), u32::try_from(end)) {
            self.words.push(Word {
                start,
                end,
                hash,
                kind,
            });
        }
        Some(end)
    }

    fn letter(&mut self, c: char, at: usize, after: usize) -> usize {
        if self.folded.is_empty() {
            self.start = at;
        } else if self.is_alone() || self.folded.len() >= LONGEST_WORD {
            self.finish();
        }
        let start = if self.folded.is_empty() {
            at
        } else {
            self.start
        };
        self.push(c, start, after);
        after
    }

    /// Whether what is being read is a cluster of a script without spaces, to which no letter belongs.
    fn is_alone(&self) -> bool {
        self.folded.chars().next().is_some_and(is_unspaced)
    }

    /// Between two letters a hyphen joins them, and at the end of a line it is no more than the printer's; between two
    /// digits it parts them; before a number it is a sign.
    fn hyphen(&mut self, c: char, at: usize, after: usize) -> usize {
        let rest = &self.text[after..];
        let next = self.next(after);
        if self.folded.is_empty() || self.is_alone() {
            self.finish();
            let before = self.text[..at].chars().next_back();
            let is_sign =
                before.is_none_or(|c| c.is_whitespace() || matches!(c, '(' | '[' | '“' | '"'));
            // A dash between words is no sign: it has a space on both sides, or on none.
            if is_sign && matches!(c, '-' | '−' | '–') && next.is_some_and(char::is_numeric) {
                self.push('-', at, after);
            }
            return after;
        }
        let joins = |c: char| class(c) == Class::Letter;
        let last_is_digit = self.folded.ends_with(|c: char| c.is_numeric());
        if next.is_some_and(joins) && !(last_is_digit && next.is_some_and(char::is_numeric)) {
            return after;
        }
        let space = rest.len() - rest.trim_start().len();
        let is_line_end =
            space > 0 && space <= LONGEST_BREAK && rest[..space].contains(['\n', '\r']);
        if is_line_end
            && self.folded.ends_with(char::is_alphabetic)
            && rest[space..].chars().next().is_some_and(char::is_lowercase)
        {
            return after + space;
        }
        self.finish();
        after
    }

    /// Between two letters an apostrophe is part of the word, whatever its style; between groups of digits it is none.
    fn apostrophe(&mut self, at: usize, after: usize) -> usize {
        let joins = self
            .next(after)
            .is_some_and(|next| class(next) == Class::Letter);
        if !joins || self.folded.is_empty() {
            return self.parting('\'', at, after);
        }
        if self.folded.ends_with(|c: char| c.is_numeric())
            && self.next(after).is_some_and(char::is_numeric)
        {
            return self.parting('\'', at, after);
        }
        after
    }

    /// Within a number, what parts its digits is part of it; what groups them by three is not.
    fn parting(&mut self, c: char, at: usize, after: usize) -> usize {
        let is_within = self.folded.ends_with(|c: char| c.is_numeric())
            && self.next(after).is_some_and(char::is_numeric);
        if is_within && self.groups(c, after) {
            return after;
        }
        if is_within && matches!(c, '.' | ',' | ':' | '/' | '٫' | '٬') {
            self.push(c, self.start, after);
            return after;
        }
        self.finish();
        match c {
            '[' => self.footnote(at, after),
            _ => after,
        }
    }

    /// Whether this groups digits: a comma, an apostrophe or a thin or fixed space, with three digits behind it and no
    /// fourth.
    fn groups(&self, c: char, after: usize) -> bool {
        if !matches!(c, ',' | '\'' | '\u{a0}' | '\u{2009}' | '\u{202f}' | '٬') {
            return false;
        }
        let has_point = self.folded.contains('.');
        let mut digits = self.text[after..].chars();
        let three = (0..3).all(|_| digits.next().is_some_and(char::is_numeric));
        !has_point && three && !digits.next().is_some_and(char::is_numeric)
    }

    /// Marks such as `[12]` or `[a]` behind a word lead to a footnote; where else they stand, they are read.
    fn footnote(&self, at: usize, after: usize) -> usize {
        let is_behind = self.text[..at]
            .chars()
            .next_back()
            .is_some_and(|before| !before.is_whitespace());
        // No further than a mark is long, or brackets without end would take their time.
        let near = self.text[after..]
            .bytes()
            .take(4)
            .position(|byte| byte == b']');
        let inside = near
            .and_then(|len| self.text.get(after..after + len))
            .unwrap_or_default();
        let is_closed =
            inside.len() <= 3 && self.text[after..].get(inside.len()..=inside.len()) == Some("]");
        let is_mark = !inside.is_empty()
            && (inside.bytes().all(|byte| byte.is_ascii_digit())
                || (inside.len() == 1 && inside.bytes().all(|byte| byte.is_ascii_lowercase())));
        if is_behind && is_closed && is_mark {
            after + inside.len() + 1
        } else {
            after
        }
    }

    /// The next character that is read.
    fn next(&self, after: usize) -> Option<char> {
        self.text[after..]
            .chars()
            .take(4)
            .find(|c| class(*c) != Class::Nothing)
    }

    fn push(&mut self, c: char, start: usize, end: usize) {
        if self.folded.is_empty() {
            self.is_ascii = true;
        }
        (self.start, self.end) = (start, end);
        if c.is_ascii() {
            self.folded.push(c.to_ascii_lowercase());
            return;
        }
        self.is_ascii = false;
        let folded = &mut self.folded;
        decompose_compatible(c, |part| match part {
            'ß' => folded.push_str("ss"),
            'ς' => folded.push('σ'),
            'ſ' => folded.push('s'),
            '−' | '‐' => folded.push('-'),
            // Fractions come apart with a sign of their own.
            '\u{2044}' => folded.push('/'),
            part => folded.extend(part.to_lowercase()),
        });
    }

    /// Hands over the word that was being read.
    fn finish(&mut self) {
        if self.folded.is_empty() {
            return;
        }
        let hash = if self.is_ascii {
            hash(self.folded.chars())
        } else {
            hash(self.folded.nfc())
        };
        let kind = kind::of(&self.folded, hash);
        // The text was cut to what fits.
        if let (Ok(start), Ok(end)) = (u32::try_from(self.start), u32::try_from(self.end)) {
            self.words.push(Word {
                start,
                end,
                hash,
                kind,
            });
        }
        self.folded.clear();
    }
}

/// FNV-1a over characters instead of bytes, mixed by the finalizer of `SplitMix64` (Steele et al., OOPSLA 2014).
fn hash(chars: impl Iterator<Item = char>) -> u64 {
    let mut hash = chars.fold(0xcbf2_9ce4_8422_2325_u64, |hash, c| {
        (hash ^ u64::from(c)).wrapping_mul(0x0100_0000_01b3)
    });
    hash = (hash ^ hash >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ hash >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ hash >> 31
}

fn class(c: char) -> Class {
    match c {
        'a'..='z' | 'A'..='Z' | '0'..='9' => Class::Letter,
        '\'' | '\u{2018}' | '\u{2019}' | '\u{201b}' | '\u{2bc}' | '\u{2b9}' | '\u{ff07}' | '`'
        | '´' => Class::Apostrophe,
        '-' | '\u{2010}'..='\u{2013}' | '\u{2212}' | '\u{fe63}' | '\u{ff0d}' | '\u{58a}' => {
            Class::Hyphen
        }
        '%'
        | '‰'
        | '$'
        | '±'
        | '×'
        | '÷'
        | '≤'
        | '≥'
        | '≠'
        | '≈'
        | '&'
        | '°'
        | '¢'..='¥'
        | '\u{20a0}'..='\u{20cf}'
        | '\u{ff04}'
        | '\u{ff05}'
        | '\u{ffe0}'
        | '\u{ffe1}'
        | '\u{ffe5}'
        | '\u{ffe6}' => Class::Sign,
        '+' | '=' | '<' | '>' => Class::Relation,
        '\0'..='\u{7f}' => Class::Break,
        // Raised digits lead to footnotes, as a rule; as an exponent they are missed.
        '²' | '³' | '¹' | '\u{2070}'..='\u{207f}' => Class::Raised,
        // Soft hyphen, tatweel, joiners, marks of direction, variation selectors, byte order mark.
        '\u{ad}'
        | '\u{34f}'
        | '\u{640}'
        | '\u{61c}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}'
        | '\u{e0100}'..='\u{e01ef}' => Class::Nothing,
        _ if is_combining_mark(c) => Class::Mark,
        _ if is_unspaced(c) => Class::Alone,
        _ if c.is_alphanumeric() => Class::Letter,
        _ => Class::Break,
    }
}

/// Whether a letter belongs to a script that sets no spaces between words.
fn is_unspaced(c: char) -> bool {
    matches!(c,
        '\u{e00}'..='\u{eff}' // Thai, Lao
        | '\u{1000}'..='\u{109f}' // Myanmar
        | '\u{1780}'..='\u{17ff}' // Khmer
        | '\u{3005}'..='\u{3007}' | '\u{3021}'..='\u{3029}' | '\u{3041}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}'
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'
        | '\u{ff66}'..='\u{ff9f}' | '\u{20000}'..='\u{3ffff}')
        && c.is_alphanumeric()
}

/// Thai and Lao vowels that are written before the letter they belong to.
fn is_before_its_letter(c: char) -> bool {
    matches!(c, '\u{e40}'..='\u{e44}' | '\u{ec0}'..='\u{ec4}')
}

#[cfg(test)]
mod tests;
