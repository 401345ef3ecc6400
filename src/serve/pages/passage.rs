//! Passages of what strangers wrote, as pages show them: safe, and no longer than is read.

use crate::report::printable;

/// Characters of a long passage that are shown beside what matters in it.
const AROUND: usize = 240;

/// Text with its line ends, without what is not to be seen in it.
pub(super) fn safe(text: &str) -> String {
    let lines: Vec<String> = text.split('\n').map(printable).collect();
    lines.join("\n")
}

/// Its beginning, where it is long.
pub(super) fn clipped(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{} ⋯", &text[..end]),
        None => text.to_owned(),
    }
}

/// A passage without what is far from its ends, as far as these are to be kept.
pub(super) fn shortened(text: &str, keeps_first: bool, keeps_last: bool) -> String {
    let many = text.chars().count();
    let keep = AROUND * (usize::from(keeps_first) + usize::from(keeps_last));
    if many <= keep + AROUND {
        return text.to_owned();
    }
    let place = |chars: usize| {
        text.char_indices()
            .nth(chars)
            .map_or(text.len(), |(at, _)| at)
    };
    let first = if keeps_first {
        let cut = &text[..place(AROUND)];
        cut.rfind(char::is_whitespace).map_or(cut, |at| &cut[..at])
    } else {
        ""
    };
    let last = if keeps_last {
        let cut = &text[place(many - AROUND)..];
        cut.find(char::is_whitespace).map_or(cut, |at| &cut[at..])
    } else {
        ""
    };
    format!("{first} ⋯{last}")
}
