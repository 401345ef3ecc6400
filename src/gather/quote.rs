//! The passages that a text quotes: where quotation marks open and close, and where a quote leaves something out.
//!
//! Languages use the same marks in different roles: “ opens in English and closes in German, » does either, and ’ is an
//! apostrophe most of the time. So a mark opens by where it stands (before a word, not behind one), and what may close it
//! follows from the mark that opened. A passage inside of another is part of it.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;
use url::Url;

use super::Quote;

/// What stands between two passages of one quote.
pub(super) const BETWEEN: &str = " […] ";

/// Why a passage was tied to a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Tie {
    /// The block quote names the address as its source (`cite`), or is an embedded post of that address.
    Cite,
    /// The link stands in the block quote or right after it, as its attribution.
    Attribution,
    /// The paragraph before the block quote introduces it with the link.
    Introduction,
    /// The link is around the quoted words, or within them.
    Around,
    /// The quoted words and the link stand in one sentence.
    Sentence,
    /// The quoted words stand in a sentence beside that of the link.
    Adjoining,
    /// The user, or the document's author in a column of their own, said so.
    Declared,
}

#[expect(
    clippy::unwrap_used,
    reason = "the pattern is a constant that the tests compile"
)]
static LEFT_OUT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?ix) \s* (?: [\[(<{/*] \s* (?: \.{2,} | … | snip | snipped | cut | gekürzt | sic\ snip | omissis | elided | break | more\ text | -+ \s* snip \s* -+ ) \s* [\])>}/*]
          | \.(?:\s?\.){2,} | … | ⋯ | -+ \s* (?:8<|>8|✂) \s* -+ | <\s*snip\s*> ) \s*",
    )
    .unwrap()
});

/// The passages that a quote consists of: what stands between `[…]`, `...`, `[snip]`, `/snip/` and the like.
pub fn quote_parts(quote: &str) -> Vec<&str> {
    LEFT_OUT
        .split(quote)
        .map(str::trim)
        .filter(|part| part.chars().any(char::is_alphanumeric))
        .collect()
}

/// The passage that an address points to in its fragment: `#:~:text=[prefix-,]start[,end][,-suffix]` (WICG, URL Fragment
/// Text Directives). Several directives are several passages.
pub(super) fn of_text_fragment(url: &Url) -> Option<Quote> {
    let (_, directives) = url.fragment()?.split_once(":~:")?;
    let mut text = String::new();
    for directive in directives
        .split('&')
        .filter_map(|one| one.strip_prefix("text="))
    {
        let mut passage = String::new();
        for part in directive.split(',') {
            if part.ends_with('-') || part.starts_with('-') {
                continue;
            }
            // A plus is a plus here.
            let pair = format!("t={}", part.replace('+', "%2B"));
            let decoded = url::form_urlencoded::parse(pair.as_bytes()).next()?.1;
            if !passage.is_empty() {
                passage.push_str(BETWEEN);
            }
            passage.extend(decoded.split_whitespace().flat_map(|word| [word, " "]));
            passage.truncate(passage.trim_end().len());
        }
        if !text.is_empty() && !passage.is_empty() {
            text.push_str(BETWEEN);
        }
        text.push_str(&passage);
    }
    (!text.is_empty()).then_some(Quote {
        text,
        confidence: 100,
        tie: Tie::Declared,
    })
}

/// The text directives of an address, as written, and the passage they point to; what an address says behind `:~:text=`
/// is a quote.
pub fn text_directives(url: &Url) -> Option<(String, String)> {
    let (_, directives) = url.fragment()?.split_once(":~:")?;
    let passage = of_text_fragment(url)?;
    Some((directives.to_owned(), passage.text))
}

/// A passage in quotation marks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Passage {
    /// With its marks.
    pub(super) outer: Range<usize>,
    /// Without them.
    pub(super) inner: Range<usize>,
    /// The mark that closes it is missing: it goes on in the next paragraph.
    pub(super) is_open: bool,
}

/// Marks that open, each with what may close it.
const PAIRS: &[(char, &[char])] = &[
    ('“', &['”', '“', '‟', '"']),
    ('„', &['“', '”', '‟', '"']),
    ('‟', &['”', '“']),
    ('«', &['»']),
    ('»', &['«', '»']),
    ('‹', &['›']),
    ('›', &['‹']),
    ('”', &['”']),
    ('"', &['"']),
    ('‘', &['’']),
    ('‚', &['‘', '’']),
    ('\'', &['\'']),
    ('「', &['」']),
    ('『', &['』']),
    ('﹁', &['﹂']),
    ('〝', &['〟', '〞']),
    ('＂', &['＂']),
];

/// Whether a text holds any mark at all: most blocks do not, and need no closer look.
pub(super) fn has_marks(text: &str) -> bool {
    let bytes = text.as_bytes();
    memchr::memchr2(b'"', b'\'', bytes).is_some()
        || memchr::memchr3(0xE2, 0xE3, 0xEF, bytes).is_some()
        || memchr::memchr(0xC2, bytes).is_some()
}

/// The outermost passages in quotation marks, in order.
pub(super) fn passages(text: &str) -> Vec<Passage> {
    let mut found = Vec::new();
    if !has_marks(text) {
        return found;
    }
    // A mark that nothing closed is closed by nothing further on either.
    let mut hopeless: Vec<char> = Vec::new();
    let mut at = 0;
    while let Some((start, mark, closers)) = next_opening(text, at) {
        let inner_start = start + mark.len_utf8();
        at = inner_start;
        if hopeless.contains(&mark) {
            continue;
        }
        // Some close with a curved mark what they opened with a straight one.
        let found_end = closing(text, inner_start, mark, closers).or_else(|| {
            (mark == '"')
                .then(|| closing(text, inner_start, mark, &['”']))
                .flatten()
        });
        let Some((end, closer)) = found_end else {
            hopeless.push(mark);
            let before = text[..start].trim_end();
            let begins = before.is_empty() || before.ends_with([':', '：']);
            if begins && !matches!(mark, '\'' | '‘' | '”') {
                found.push(Passage {
                    outer: start..text.len(),
                    inner: inner_start..text.len(),
                    is_open: true,
                });
                break;
            }
            continue;
        };
        let outer = start..end + closer.len_utf8();
        at = outer.end;
        found.push(Passage {
            inner: inner_start..end,
            outer,
            is_open: false,
        });
    }
    found
}

fn next_opening(text: &str, from: usize) -> Option<(usize, char, &'static [char])> {
    for (offset, mark) in text[from..].char_indices() {
        if mark.is_ascii_alphanumeric() || mark == ' ' {
            continue;
        }
        let Some((_, closers)) = PAIRS.iter().find(|(opening, _)| *opening == mark) else {
            continue;
        };
        let at = from + offset;
        if opens(text, at, mark) {
            return Some((at, mark, closers));
        }
    }
    None
}

/// Whether a mark stands where one opens: before a word and not behind one.
fn opens(text: &str, at: usize, mark: char) -> bool {
    let before = text[..at].chars().next_back();
    let mut behind = text[at + mark.len_utf8()..].chars();
    let after = behind.next();
    if matches!(mark, '「' | '『' | '﹁' | '„' | '‚' | '〝') {
        return after.is_some();
    }
    let is_free = before.is_none_or(|before| {
        before.is_whitespace()
            || matches!(
                before,
                '(' | '['
                    | '{'
                    | '—'
                    | '–'
                    | '-'
                    | '/'
                    | ':'
                    | ';'
                    | ','
                    | '>'
                    | '“'
                    | '‘'
                    | '"'
                    | '\''
                    | '«'
                    | '*'
                    | '_'
                    | '，'
                    | '：'
                    | '（'
            )
            || is_wide(before)
    });
    let is_before_word = match after {
        None => false,
        // French sets a space between the mark and the word.
        Some(space) if space.is_whitespace() => {
            matches!(mark, '«' | '‹') || (mark == '“' && space == '\u{202f}')
        }
        Some(other) => {
            !matches!(other, '.' | ',' | ';' | ':' | '!' | '?' | ')' | ']') || other == '.'
        }
    };
    if !is_before_word {
        return false;
    }
    match mark {
        '“' | '«' | '‟' | '‹' => {
            is_free || before.is_some_and(|before| !before.is_alphanumeric())
        }
        // An apostrophe at the beginning of a word ('90s, 'em) is followed by a figure or a short word.
        '\'' | '‘' => is_free && after.is_some_and(|after| after.is_alphabetic() || after == '['),
        _ => is_free,
    }
}

/// Characters of scripts that set no space between words.
fn is_wide(character: char) -> bool {
    matches!(character, '\u{2e80}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '\u{f900}'..='\u{faff}' | '\u{ff00}'..='\u{ffef}' | '\u{0e00}'..='\u{0e7f}')
}

/// Where the passage that began here is closed, and by which mark.
fn closing(text: &str, from: usize, mark: char, closers: &[char]) -> Option<(usize, char)> {
    let mut depth = 0_u32;
    let mut before = None;
    let mut characters = text[from..].char_indices().peekable();
    while let Some((offset, character)) = characters.next() {
        let at = from + offset;
        let after = characters.peek().map(|(_, next)| *next);
        if character == mark && !closers.contains(&mark) {
            depth += 1;
        } else if closers.contains(&character) && closes(mark, character, before, after) {
            if depth == 0 {
                return Some((at, character));
            }
            depth -= 1;
        }
        before = Some(character);
    }
    None
}

/// Whether a closing mark stands where one closes.
fn closes(mark: char, character: char, before: Option<char>, after: Option<char>) -> bool {
    let ends_word = after.is_none_or(|after| !after.is_alphanumeric() || is_wide(after));
    let follows_word = before.is_some_and(|before| !before.is_whitespace());
    match (mark, character) {
        // Both may be apostrophes.
        ('\'' | '‘' | '‚', _) => ends_word && follows_word,
        // The same mark on both sides closes behind a word.
        ('"' | '”' | '＂', _) | ('“', '“') | ('»', '»') | ('“' | '„', '"') => {
            ends_word && follows_word
        }
        _ => true,
    }
}

/// How many words a passage has; in scripts without spaces two characters count as one.
pub(super) fn word_count(text: &str) -> usize {
    let mut words = 0;
    for word in text.split_whitespace() {
        let wide = word.chars().filter(|character| is_wide(*character)).count();
        words += match wide {
            0 => usize::from(word.chars().any(char::is_alphanumeric)),
            wide => wide.div_ceil(2),
        };
    }
    words
}

/// Whether a passage looks like the title of a work: most of its longer words are capitalised, and it is no sentence.
pub(super) fn looks_like_a_title(text: &str) -> bool {
    let mut long = 0;
    let mut capitalised = 0;
    for word in text
        .split_whitespace()
        .filter(|word| word.chars().count() > 3)
    {
        if let Some(first) = word.chars().find(|character| character.is_alphabetic()) {
            long += 1;
            capitalised += usize::from(first.is_uppercase());
        }
    }
    long > 0 && capitalised * 10 >= long * 7 && word_count(text) <= 16
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<&str> {
        passages(text)
            .into_iter()
            .map(|one| text[one.inner].trim())
            .collect()
    }

    #[test]
    fn marks_of_many_languages() {
        for (text, expected) in [
            (
                "He said “it's fine, really” and left.",
                vec!["it's fine, really"],
            ),
            (
                "He said \"it is fine\", then \"no\".",
                vec!["it is fine", "no"],
            ),
            ("Er sagte: „Das ist gut“, und ging.", vec!["Das ist gut"]),
            ("Er sagte: »Das ist gut«, und ging.", vec!["Das ist gut"]),
            ("Han sa ”det är bra” och gick.", vec!["det är bra"]),
            ("Hän sanoi: »Se on hyvä» ja lähti.", vec!["Se on hyvä"]),
            ("Il a dit : « C’est bien », puis rien.", vec!["C’est bien"]),
            ("Powiedział: „To dobrze” i wyszedł.", vec!["To dobrze"]),
            ("It was ‘the dogs’ breakfast’ again.", vec!["the dogs"]),
            (
                "It was ‘a dog’s breakfast’ again.",
                vec!["a dog’s breakfast"],
            ),
            ("He said 'it isn't so' twice.", vec!["it isn't so"]),
            ("In the '90s it wasn't so, in the '80s neither.", vec![]),
            ("他说：“这很好。”然后走了。", vec!["这很好。"]),
            (
                "彼は「これは『良い』です」と言った。",
                vec!["これは『良い』です"],
            ),
            ("“Outer ‘inner’ words” end", vec!["Outer ‘inner’ words"]),
            ("A 12\" disc and a 7\" one", vec![]),
            (
                "“An opening without end. And so on.",
                vec!["An opening without end. And so on."],
            ),
            ("Not here “an opening without end.", vec![]),
            ("(“in brackets”)", vec!["in brackets"]),
            (
                "l’“exception culturelle” française",
                vec!["exception culturelle"],
            ),
            ("", vec![]),
        ] {
            assert_eq!(found(text), expected, "{text}");
        }
    }

    #[test]
    fn text_fragments_are_quotes() {
        for (fragment, expected) in [
            (
                "#:~:text=struck%20three%20times",
                Some("struck three times"),
            ),
            (
                "#rods:~:text=the-,steeple%20was,three%20times,-in",
                Some("steeple was […] three times"),
            ),
            (
                "#:~:text=one%20two&text=three+four",
                Some("one two […] three+four"),
            ),
            ("#:~:text=", None),
            ("#rods", None),
            ("", None),
        ] {
            let url = Url::parse(&format!("https://a.example/{fragment}")).unwrap();
            let found = of_text_fragment(&url).map(|quote| quote.text);
            assert_eq!(found.as_deref(), expected, "{fragment}");
        }
    }

    #[test]
    fn what_is_left_out_of_a_quote() {
        for (quote, expected) in [
            ("one two", vec!["one two"]),
            ("one [...] two", vec!["one", "two"]),
            ("one … two ... three", vec!["one", "two", "three"]),
            (
                "one. [snip] Two. /snip/ Three (…) four . . . five",
                vec!["one.", "Two.", "Three", "four", "five"],
            ),
            ("a militant sanctuary…", vec!["a militant sanctuary"]),
            ("…", vec![]),
        ] {
            assert_eq!(quote_parts(quote), expected, "{quote}");
        }
    }

    #[test]
    fn titles_are_told_from_sentences() {
        assert!(looks_like_a_title("Hackers and Painters"));
        assert!(looks_like_a_title("The Discipline of Content Strategy"));
        assert!(!looks_like_a_title("We sold more books today"));
        assert!(!looks_like_a_title("the cloud"));
    }

    #[test]
    fn a_text_made_to_be_slow_is_not() {
        let before = std::time::Instant::now();
        for text in [
            " “a", " \"a", "«", " ‘a", " 'a ", "„", "”", "\" a \" ", "« »",
        ] {
            let long = text.repeat(300_000 / text.len());
            passages(&long);
            quote_parts(&long);
        }
        let dots = ". ".repeat(200_000);
        quote_parts(&dots);
        quote_parts(&"[".repeat(200_000));
        quote_parts(&" ".repeat(400_000));
        assert!(before.elapsed().as_secs() < 20);
    }
}
