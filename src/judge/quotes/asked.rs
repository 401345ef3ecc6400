//! A quote as its author wrote it, and what of it are the page's words.

use std::sync::LazyLock;

use regex::Regex;

use super::wording::{Word, words};
use crate::gather::quote_parts;

/// How many passages are looked for; the rest of a quote counts for nothing.
const MAX_PASSAGES: usize = 64;

/// What is looked for as one: the words between two omissions.
#[derive(Debug)]
pub(super) struct Passage {
    /// Its text, without what the quoting author put in.
    pub(super) text: String,
    pub(super) words: Vec<Word>,
    /// Before which of its words any few words may stand, as the quoting author put others in their place.
    pub(super) holes: Vec<usize>,
}

/// What a quote asks for.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) passages: Vec<Passage>,
}

#[expect(
    clippy::unwrap_used,
    reason = "the pattern is a constant that the tests compile"
)]
static REMARK: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?ix) [\[(] \s* (?: sic [!.]? | (?:my\ |our\ )? emphas[ie]s (?:\ (?:added|mine|ours|in\ (?:the\ )?original))?
          | italics\ (?:added|mine) | hervorhebung[^\])]{0,40} | c'est\ (?:moi|nous)\ qui\ souligne[^\])]{0,20} ) \s* [\])]",
    )
    .unwrap()
});

/// The longest edit in brackets, in bytes.
const MAX_EDIT: usize = 100;

impl Asked {
    pub(super) fn read(quote: &str) -> Self {
        let passages = quote_parts(quote)
            .into_iter()
            .take(MAX_PASSAGES)
            .map(Passage::read)
            .filter(|passage| !passage.words.is_empty())
            .collect();
        Self { passages }
    }
}

impl Passage {
    fn read(part: &str) -> Self {
        let part = REMARK.replace_all(part, " ");
        let mut text = String::with_capacity(part.len());
        // Where in the text something was left out for an edit.
        let mut holes = Vec::new();
        let mut rest = part.as_ref();
        while let Some(open) = rest.find('[') {
            text.push_str(&rest[..open]);
            let inside = &rest[open + 1..];
            let end = inside
                .char_indices()
                .map(|(at, _)| at)
                .find(|at| *at >= MAX_EDIT);
            let window = &inside[..end.unwrap_or(inside.len())];
            let Some(close) = window
                .find([']', '['])
                .filter(|at| window[*at..].starts_with(']'))
            else {
                text.push(' ');
                rest = inside;
                continue;
            };
            let edit = &inside[..close];
            let after = &inside[close + 1..];
            let touches =
                text.ends_with(char::is_alphabetic) || after.starts_with(char::is_alphabetic);
            if edit.chars().all(char::is_numeric) && !edit.is_empty() {
                // A footnote's mark, or a year that was put in.
                if !text.ends_with(char::is_whitespace) {
                    rest = after;
                    continue;
                }
                holes.push(text.len());
            } else if touches && edit.chars().all(char::is_alphabetic) {
                // "[T]he", "cat[s]".
                text.push_str(edit);
            } else {
                text.push(' ');
                holes.push(text.len());
                // What is left of "[the company]'s".
                rest = after
                    .strip_prefix(['\'', '’'])
                    .and_then(|rest| rest.strip_prefix("s "))
                    .unwrap_or(after);
                continue;
            }
            rest = after;
        }
        text.push_str(rest);
        let words = words(&text);
        let mut holes: Vec<usize> = holes
            .into_iter()
            .map(|at| words.partition_point(|word| (word.start as usize) < at))
            .collect();
        holes.dedup();
        Self { text, words, holes }
    }

    /// Its words from one to another, as they are written.
    pub(super) fn written(&self, at: std::ops::Range<usize>) -> &str {
        super::differences::written(&self.text, &self.words, at)
    }
}
