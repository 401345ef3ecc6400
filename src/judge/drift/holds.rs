//! Small changes that change for whom, for what or where a text holds: within an exception, in the definition of a term, and
//! of an address to write to.

use super::side::Side;
use super::vocabulary as known;
use crate::judge::wording::Kind;

/// An exception goes on for so many words behind the word that begins it, as a rule.
const EXCEPTION: usize = 8;
/// What changes an exception or a definition is no more words than these.
const MOST_WORDS: usize = 6;
/// A definition is looked for so many bytes behind what changed.
const DEFINITION_BYTES: usize = 120;
/// A term that is defined stands so often in the text, at least.
const TERM_STANDS: usize = 5;
/// A text of so many words may be asked about terms; in a longer one it takes too long.
const MOST_ASKED: usize = 100_000;

/// Whether a word says something by itself.
fn says_something(side: &Side<'_>, at: usize) -> bool {
    let word = side.word(at);
    matches!(word.kind, Kind::Plain | Kind::Number | Kind::Negation)
        && !side.is_address(at)
        && !known::LITTLE.has(word.hash)
}

/// Whether words in this range of counted words were put into an exception or a condition, or taken out of one.
pub(super) fn is_in_exception(side: &Side<'_>, words: &[usize]) -> bool {
    let Some(&first) = words.first() else {
        return false;
    };
    if words.len() > MOST_WORDS || !words.iter().any(|at| says_something(side, *at)) {
        return false;
    }
    let (start, _) = side.paragraphs[side.paragraph_of(first)].counted;
    (start.max(first.saturating_sub(EXCEPTION))..first)
        .rev()
        .take_while(|at| !side.ends_sentence(*at))
        .any(|at| known::EXCEPT.has(side.word(at).hash))
}

/// Whether words stand in the definition of a term that the text then uses: `application (“Bumble” or the “App”)`.
pub(super) fn is_in_definition(side: &Side<'_>, words: &[usize]) -> bool {
    let Some(&last) = words.last() else {
        return false;
    };
    if words.len() > MOST_WORDS
        || side.hashes.len() > MOST_ASKED
        || !words.iter().any(|at| says_something(side, *at))
        || !side.is_prose(side.paragraph_of(last))
    {
        return false;
    }
    let from = side.word(last).end as usize;
    let mut to = side.text.len().min(from + DEFINITION_BYTES);
    while !side.text.is_char_boundary(to) {
        to -= 1;
    }
    let behind = &side.text[from..to];
    let end = behind.find(['\n', ';']).unwrap_or(behind.len());
    let end = behind.find(". ").map_or(end, |at| at.min(end));
    let behind = &behind[..end];
    let Some(bracket) = behind.find('(') else {
        return false;
    };
    let inside = &behind[bracket + 1..];
    let inside = &inside[..inside.find(')').unwrap_or(0)];
    // Every other part stands between quotation marks.
    let terms = inside
        .split(['"', '“', '”', '„', '«', '»'])
        .skip(1)
        .step_by(2);
    terms
        .filter_map(|term| crate::judge::wording::words(term).first().copied())
        .any(|term| {
            let stands = side.hashes.iter().filter(|hash| **hash == term.hash);
            stands.take(TERM_STANDS + 1).count() > TERM_STANDS
        })
}

/// Whether an address of mail in running text became another: the one is shown, and so is the other.
pub(super) fn is_other_mailbox(
    old: &Side<'_>,
    words: &[usize],
    new: &Side<'_>,
    others: &[usize],
) -> bool {
    let mailbox = |side: &Side<'_>, words: &[usize]| -> Option<String> {
        let at = *words.iter().find(|at| side.is_address(**at))?;
        if !side.is_prose(side.paragraph_of(at)) {
            return None;
        }
        let is_end = |c: char| {
            c.is_whitespace() || matches!(c, '<' | '>' | '(' | ')' | '[' | ']' | '"' | ',' | ';')
        };
        let start = side.word(at).start as usize;
        let from = side.text[..start].rfind(is_end).map_or(0, |at| {
            at + side.text[at..].chars().next().map_or(1, char::len_utf8)
        });
        let to = side.text[start..]
            .find(is_end)
            .map_or(side.text.len(), |at| start + at);
        let address = side.text.get(from..to)?.trim_start_matches("mailto:");
        let (local, host) = address.trim_end_matches('.').split_once('@')?;
        let is_shown =
            !local.is_empty() && host.contains('.') && !local.contains(['*', '…', '/', ':']);
        is_shown.then(|| address.to_lowercase())
    };
    match (mailbox(old, words), mailbox(new, others)) {
        (Some(was), Some(is)) => was != is && !is.contains(&was) && !was.contains(&is),
        _ => false,
    }
}
