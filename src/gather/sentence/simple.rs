//! Sentence bounds of texts in the plainest characters, found by looking only at what ends sentences.
//!
//! The whole of Annex 29 looks up each character in a table, which takes as long as everything else that is done with a
//! page. Here the same rules hold for Latin letters, figures and the usual marks; a text with any other character is left
//! to who knows them all.

/// What a character is to the rules (Annex 29, table 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Is {
    Lower,
    Upper,
    Numeric,
    Space,
    LineEnd,
    FullStop,
    OtherEnd,
    Continues,
    Close,
    Other,
}

fn is(character: char) -> Option<Is> {
    Some(match character {
        'a'..='z' | 'ß'..='ö' | 'ø'..='ÿ' => Is::Lower,
        'A'..='Z' | 'À'..='Ö' | 'Ø'..='Þ' => Is::Upper,
        '0'..='9' => Is::Numeric,
        ' ' | '\t' | '\u{a0}' => Is::Space,
        '\n' => Is::LineEnd,
        '.' => Is::FullStop,
        '!' | '?' => Is::OtherEnd,
        ',' | '-' | ':' | ';' | '–' | '—' => Is::Continues,
        '(' | ')' | '[' | ']' | '{' | '}' | '"' | '\'' | '‘' | '’' | '“' | '”' | '„' | '«'
        | '»' => Is::Close,
        '#' | '$' | '%' | '&' | '*' | '+' | '/' | '<' | '=' | '>' | '@' | '\\' | '^' | '_'
        | '`' | '|' | '~' | '…' | '•' | '·' | '©' | '®' | '™' | '€' | '£' | '°' | '→' | '×' => {
            Is::Other
        }
        _ => return None,
    })
}

/// Where the sentences of a text end, as far as it has only such characters; up to the first end behind `enough`.
pub(super) fn ends(text: &str, enough: usize) -> Option<Vec<usize>> {
    let mut ends = Vec::new();
    let mut before = Is::Other;
    let mut at = 0;
    while let Some(character) = text[at..].chars().next() {
        let kind = is(character)?;
        let next = at + character.len_utf8();
        let end = match kind {
            Is::LineEnd => Some(next),
            Is::FullStop | Is::OtherEnd => end_behind(text, next, kind, before)?,
            _ => None,
        };
        at = end.unwrap_or(next);
        before = kind;
        if let Some(end) = end {
            ends.push(end);
            before = Is::Other;
            if end > enough {
                return Some(ends);
            }
        }
    }
    if ends.last() != Some(&text.len()) && !text.is_empty() {
        ends.push(text.len());
    }
    Some(ends)
}

/// Where the sentence ends that a mark before `from` may end, or `None` where it goes on (rules SB6 to SB11).
#[expect(
    clippy::option_option,
    reason = "the outer one says that there is a character of another kind"
)]
fn end_behind(text: &str, from: usize, mark: Is, before: Is) -> Option<Option<usize>> {
    let mut at = from;
    let mut first = true;
    let mut spaces = false;
    loop {
        let Some(character) = text[at..].chars().next() else {
            return Some(Some(at));
        };
        let kind = is(character)?;
        let next = at + character.len_utf8();
        match kind {
            Is::Numeric if first && mark == Is::FullStop => return Some(None),
            Is::Upper
                if first && mark == Is::FullStop && matches!(before, Is::Upper | Is::Lower) =>
            {
                return Some(None);
            }
            Is::Close if !spaces => {}
            Is::Space => spaces = true,
            Is::LineEnd => return Some(Some(next)),
            Is::Continues | Is::FullStop | Is::OtherEnd => return Some(None),
            _ if mark == Is::FullStop && goes_on_small(&text[at..])? => return Some(None),
            _ => return Some(Some(at)),
        }
        first = false;
        at = next;
    }
}

/// Whether the next letter is a small one, with no end of a sentence before it (rule SB8).
fn goes_on_small(text: &str) -> Option<bool> {
    for character in text.chars() {
        match is(character)? {
            Is::Lower => return Some(true),
            Is::Upper | Is::LineEnd | Is::FullStop | Is::OtherEnd => return Some(false),
            _ => {}
        }
    }
    Some(false)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use unicode_segmentation::UnicodeSegmentation;

    use super::*;

    fn by_the_annex(text: &str) -> Vec<usize> {
        let mut at = 0;
        text.split_sentence_bounds()
            .map(|sentence| {
                at += sentence.len();
                at
            })
            .collect()
    }

    #[test]
    fn every_character_is_what_the_annex_says() {
        let known = (0..=0x2FFF)
            .filter_map(char::from_u32)
            .filter(|one| is(*one).is_some());
        for character in known {
            for around in [
                "a. {}b", "a. {}B", "a.{}", "a{} B", "a{} b", "A.{}A", "1.{}1", "a.){}) B",
                "a! {}b", "{}. B",
            ] {
                let text = around.replace("{}", &character.to_string());
                assert_eq!(
                    ends(&text, usize::MAX),
                    Some(by_the_annex(&text)),
                    "{text:?}"
                );
            }
        }
    }

    #[test]
    fn the_rest_is_not_known() {
        for text in ["日本。", "a\u{301}", "\u{ad}", "a. б", "\u{1F600}"] {
            assert_eq!(ends(text, usize::MAX), None, "{text}");
        }
        // What stands behind is not looked at.
        assert_eq!(ends("One. Two. 日本", 2), Some(vec![5]));
        assert_eq!(ends("", 0), Some(vec![]));
    }

    #[test]
    fn marks_without_end_cost_no_more() {
        let before = std::time::Instant::now();
        for text in [". ", ".)", ". )", "!) ", ".1", ". (1) "] {
            let _ = ends(&text.repeat(16_000), usize::MAX);
        }
        assert!(before.elapsed().as_secs() < 10);
    }

    proptest! {
        #[test]
        fn sentences_end_where_the_annex_ends_them(text in r#"[aéBÄ1 \n.!?,:()"“”’–/…\u{a0}]{0,24}"#) {
            prop_assert_eq!(ends(&text, usize::MAX), Some(by_the_annex(&text)));
        }
    }
}
