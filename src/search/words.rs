//! From text to the words that are looked for.

use std::borrow::Cow;
use std::str::CharIndices;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// What is longer than so many characters is no word that anybody looks for; its beginning stands for it.
const MAX_WORD: usize = 64;
/// So many words of a text are indexed.
const MAX_WORDS: usize = 1 << 20;

/// A word of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word<'t> {
    /// In the form in which it is compared: lower case, without accents, letters and digits only.
    pub folded: Cow<'t, str>,
    /// Where it begins in the text, in bytes.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
}

/// The words of a text, in order.
pub fn words(text: &str) -> impl Iterator<Item = Word<'_>> {
    Words {
        text,
        chars: text.char_indices(),
        next: None,
    }
}

/// A text as the index takes it: its words, with spaces between them.
pub fn indexed(text: &str) -> String {
    if text.is_ascii() {
        return indexed_ascii(text);
    }
    let mut all = String::with_capacity(text.len());
    for word in words(text).take(MAX_WORDS) {
        if !all.is_empty() {
            all.push(' ');
        }
        all.push_str(&word.folded);
    }
    all
}

/// The same of a text of nothing but ASCII, of which most are: it takes a fraction of the time.
fn indexed_ascii(text: &str) -> String {
    let mut all = Vec::with_capacity(text.len() + 1);
    let between = |byte: &u8| !byte.is_ascii_alphanumeric();
    let words = text
        .as_bytes()
        .split(between)
        .filter(|word| !word.is_empty());
    for word in words.take(MAX_WORDS) {
        all.extend_from_slice(&word[..word.len().min(MAX_WORD)]);
        all.push(b' ');
    }
    all.pop();
    all.make_ascii_lowercase();
    // It is ASCII.
    String::from_utf8(all).unwrap_or_default()
}

struct Words<'t> {
    text: &'t str,
    chars: CharIndices<'t>,
    /// A character that was looked at already.
    next: Option<(usize, char)>,
}

impl Words<'_> {
    fn step(&mut self) -> Option<(usize, char)> {
        self.next.take().or_else(|| self.chars.next())
    }

    /// Goes on for as long as characters belong to the word, and says where it ends.
    fn end(&mut self, belongs: impl Fn(char) -> bool) -> usize {
        for (at, c) in self.chars.by_ref() {
            if !belongs(c) {
                self.next = Some((at, c));
                return at;
            }
        }
        self.text.len()
    }
}

impl<'t> Iterator for Words<'t> {
    type Item = Word<'t>;

    fn next(&mut self) -> Option<Word<'t>> {
        while let Some((start, c)) = self.step() {
            if !c.is_alphanumeric() {
                continue;
            }
            let end = if stands_alone(c) {
                self.end(is_mark)
            } else {
                self.end(|c| {
                    (c.is_alphanumeric() && !stands_alone(c)) || is_mark(c) || is_joiner(c)
                })
            };
            let folded = folded(&self.text[start..end]);
            if !folded.is_empty() {
                return Some(Word { folded, start, end });
            }
        }
        None
    }
}

/// Whether a character is of a script that puts no spaces between words.
fn stands_alone(c: char) -> bool {
    matches!(c,
        // Thai and Lao; Burmese; Khmer.
        '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{a9e0}'..='\u{a9ff}' | '\u{aa60}'..='\u{aa7f}'
        | '\u{1780}'..='\u{17ff}'
        // Radicals and Han, with their extensions; Kana, Bopomofo, and the halfwidth forms.
        | '\u{2e80}'..='\u{2fdf}' | '\u{3005}'..='\u{3007}' | '\u{3021}'..='\u{312f}' | '\u{31a0}'..='\u{31ff}'
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{ff66}'..='\u{ff9f}'
        | '\u{20000}'..='\u{3ffff}')
}

/// Whether a character belongs to the letter before it.
fn is_mark(c: char) -> bool {
    // The voicing marks of halfwidth Kana are letters of their own only by their encoding.
    !c.is_ascii() && (is_combining_mark(c) || matches!(c, '\u{ff9e}' | '\u{ff9f}'))
}

/// Whether a character may stand inside of a word, and says nothing there: soft hyphens, joiners.
fn is_joiner(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{200c}' | '\u{200d}' | '\u{2060}' | '\u{feff}'
    )
}

/// Whether a mark is left out: accents, vowel points of Hebrew and Arabic and the like, without which people write too.
fn is_left_out(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{591}'..='\u{5c7}' | '\u{640}' | '\u{64b}'..='\u{65f}' | '\u{670}')
}

fn folded(word: &str) -> Cow<'_, str> {
    if word.is_ascii() {
        let word = &word[..word.len().min(MAX_WORD)];
        return if word.bytes().any(|byte| byte.is_ascii_uppercase()) {
            Cow::Owned(word.to_ascii_lowercase())
        } else {
            Cow::Borrowed(word)
        };
    }
    let mut folded = String::with_capacity(word.len());
    let letters = word.chars().take(MAX_WORD).nfkd();
    for c in letters.flat_map(char::to_lowercase) {
        match c {
            'ß' => folded.push_str("ss"),
            'ς' => folded.push('σ'),
            c if is_left_out(c) => {}
            c if c.is_alphanumeric() || is_mark(c) => folded.push(c),
            _ => {}
        }
    }
    Cow::Owned(folded.nfc().collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn case_accents_and_forms_make_no_difference() {
        assert_eq!(indexed("The Café, naïve"), "the cafe naive");
        assert_eq!(indexed("cafe\u{301}"), "cafe");
        assert_eq!(indexed("Straße STRASSE"), "strasse strasse");
        assert_eq!(indexed("ΣΊΣΥΦΟΣ Σίσυφος"), "σισυφοσ σισυφοσ");
        assert_eq!(indexed("ﬁne Ｗｉｄｅ x²"), "fine wide x2");
        assert_eq!(indexed("Ёлка İstanbul"), "елка istanbul");
        assert_eq!(
            indexed("co\u{ad}operate don't 3.14"),
            "cooperate don t 3 14"
        );
        assert_eq!(indexed("שָׁלוֹם كِتَاب"), "שלום كتاب");
        assert_eq!(indexed("हिन्दी में"), "हिन्दी में");
        assert_eq!(indexed("한국어 책"), "한국어 책");
    }

    #[test]
    fn what_is_written_without_spaces_is_taken_apart() {
        assert_eq!(indexed("東京タワー、2024年"), "東 京 タ ワ ー 2024 年");
        assert_eq!(indexed("ﾀﾞﾑ"), "ダ ム");
        assert_eq!(indexed("abc漢字def"), "abc 漢 字 def");
        assert_eq!(indexed("ภาษา"), "ภ า ษ า");
        // A letter that stands for two.
        assert_eq!(indexed("น้ำ"), "น้ \u{e4d}า");
    }

    #[test]
    fn long_words_are_cut_and_many_are_bounded() {
        assert_eq!(indexed(&"a".repeat(10 << 20)).len(), MAX_WORD);
        assert_eq!(indexed(&"é".repeat(1 << 20)).len(), MAX_WORD);
        let bomb = "a ".repeat(MAX_WORDS + 10);
        assert_eq!(indexed(&bomb).len(), 2 * MAX_WORDS - 1);
    }

    proptest! {
        #[test]
        fn ascii_is_taken_as_all_else(text in "[ -~\n\t]{0,300}") {
            let words: Vec<_> = words(&text).map(|word| word.folded.into_owned()).collect();
            prop_assert_eq!(indexed(&text), words.join(" "));
        }
    }

    proptest! {
        #[test]
        fn words_hold_letters_and_digits_only(text in "\\PC{0,60}") {
            for word in words(&text) {
                prop_assert!(text.get(word.start..word.end).is_some());
                prop_assert!(!word.folded.chars().any(|c| c.is_ascii() && !c.is_ascii_alphanumeric()));
                prop_assert!(!word.folded.contains(char::is_whitespace));
            }
        }

        #[test]
        fn what_was_made_into_words_stays_as_it_is(text in "[a-zA-ZäÖéß 漢字かがΣς0-9.-]{0,40}") {
            let once = indexed(&text);
            prop_assert_eq!(indexed(&once), once);
        }
    }
}
